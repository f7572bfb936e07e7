"""Exports made in the app: each one file to be fetched, kept until the server ends."""

from __future__ import annotations

import shutil
import zipfile
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

from impasto.core.errors import NotFound

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.export import Exported
    from impasto.serve.exporting import Wish

MOST = 5
"""Exports kept; the oldest gives way to the next."""

PACKED_ALREADY = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".tar", ".parquet"}
_CHUNK = 1 << 20


class Exports:
    """Files that jobs made and browsers fetch, in a temporary folder (``TMPDIR`` says where)."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._made: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def __getitem__(self, id_: str) -> Path:
        """Return the file that a job made, or raise NotFound."""
        with self._lock:
            if id_ in self._made:
                return self._made[id_]
        raise NotFound("This export is not kept any more. Export again.")

    def make(self, id_: str, wish: Wish, progress: Progress) -> tuple[Path, list[str]]:
        """Export to one file: what is a folder is packed into a ZIP archive.

        Parameters
        ----------
        id_ : str
            Of the job.
        wish : Wish
        progress : Progress

        Returns
        -------
        file : Path
        gone : list of str
            Jobs whose files gave way to this one.
        """
        home = self._home(id_)
        try:
            done = wish.write(home / wish.name, progress)
            tell(done, progress)
            file = done.destination
            if file.is_dir():
                file = packed(file, progress)
        except BaseException:
            shutil.rmtree(home)
            raise
        with self._lock:
            self._made[id_] = file
            gone = list(self._made)[:-MOST]
            for old in gone:
                shutil.rmtree(self._made.pop(old).parent, ignore_errors=True)
        return file, gone

    def close(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._made.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _home(self, id_: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="impasto-exports-")
            home = Path(self._folder.name) / id_
        home.mkdir()
        return home


def packed(folder: Path, progress: Progress) -> Path:
    """Turn a folder into a ZIP archive beside it, file by file, so that little more disk is used.

    Returns
    -------
    Path
        The archive, which holds the folder; the folder itself is gone.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    target = folder.with_name(f"{folder.name}.zip")
    progress.stage("packing", len(files), "files")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in files:
            entry = zipfile.ZipInfo.from_file(
                file, file.relative_to(folder.parent), strict_timestamps=False
            )
            small = file.suffix.lower() in PACKED_ALREADY
            entry.compress_type = zipfile.ZIP_STORED if small else zipfile.ZIP_DEFLATED
            with file.open("rb") as stream, archive.open(entry, "w") as out:
                shutil.copyfileobj(stream, out, _CHUNK)
            file.unlink()
            progress.advance()
    shutil.rmtree(folder)
    return target


def tell(done: Exported, progress: Progress) -> None:
    """Note what was written, and what was not."""
    progress.note(f"{done.images:,} images exported as {done.format}.")
    for note in done.notes:
        progress.note(note)
    if done.skipped:
        first = done.skipped[0]
        progress.note(
            f"{len(done.skipped):,} stayed out, such as {first.path}: {first.reason}"
            + (" skipped.csv names them all." if done.destination.is_dir() else "")
        )
