"""What the user points at → the images it names: a folder, a table, one picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from impasto.collect import formats
from impasto.collect.scan import scan_folder
from impasto.collect.tables import TABLE_ENDINGS, read_table
from impasto.core.errors import InvalidInput
from impasto.core.records import Found, Skipped

SourceKind = Literal["folder", "table", "picture"]


@dataclass(frozen=True, slots=True)
class Source:
    """Something that names images.

    Parameters
    ----------
    kind : {"folder", "table", "picture"}
    path : Path
        Absolute.
    root : Path
        Absolute folder that the paths of its images are relative to.
    """

    kind: SourceKind
    path: Path
    root: Path

    @property
    def whole(self) -> bool:
        """Whether it names every image below its root: then what it does not name is gone."""
        return self.kind == "folder"

    def find(self) -> Iterator[Found | Skipped]:
        """List its images, in the same order every time, and what it leaves out."""
        if self.kind == "folder":
            return scan_folder(self.path)
        if self.kind == "table":
            return read_table(self.path)
        status = self.path.stat()
        return iter([Found(self.root, self.path.name, status.st_size, status.st_mtime_ns)])


def open_source(source: Path) -> Source:
    """Tell what kind of source a path is.

    Parameters
    ----------
    source : Path
        A folder, a table (.csv, .tsv, .jsonl, .parquet) or a picture.

    Returns
    -------
    Source

    Raises
    ------
    InvalidInput
        There is nothing there, or nothing that names images.
    """
    path = Path(os.path.abspath(source.expanduser()))  # noqa: PTH100 - keeps links as given
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput(f"The path {str(source)!a} is not valid Unicode.") from None
    if not path.exists():
        raise InvalidInput(f"There is no file or folder {str(source)!r}.{_similar(path)}")
    if path.is_dir():
        if path.name.endswith(".impasto"):
            raise InvalidInput(
                f"{str(source)!r} is a collection; name the folder or table that its images "
                "should come from."
            )
        return Source("folder", path, path)
    if path.suffix.lower() in TABLE_ENDINGS:
        return Source("table", path, path.parent)
    if _is_picture(path):
        return Source("picture", path, path.parent)
    what = formats.other_kind(path.name)
    raise InvalidInput(
        f"{str(source)!r} is {what or 'no picture'}; images come from a folder, a table "
        f"({', '.join(TABLE_ENDINGS)}) or a picture."
    )


def find(source: Path) -> Iterator[Found | Skipped]:
    """List the images that a folder, table or picture names (see `open_source`)."""
    return open_source(source).find()


def _is_picture(path: Path) -> bool:
    if formats.format_of_name(path.name) is not None:
        return True
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return formats.sniff(file.read(formats.SNIFF_BYTES)) is not None
    except OSError as error:
        raise InvalidInput(f"{str(path)!r} can't be read ({error.strerror}).") from error


def _similar(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, n=1)
    return f" Did you mean {str(path.parent / near[0])!r}?" if near else ""
