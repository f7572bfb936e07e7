"""One streamed pass over a folder: what could be a picture, and what is left out and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from impasto.collect import formats
from impasto.core.errors import InvalidInput
from impasto.core.records import About, Found, Skipped

_LITTER = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx"})
_TABLES = frozenset({"metadata.csv", "metadata.jsonl", "metadata.parquet"})
_COLLECTION = ".impasto"
_TAG_FILE_BYTES = 1 << 16
_TAG_LENGTH = 100

_Folder = tuple[str, str, frozenset[tuple[int, int]]]
"""Path, the same relative to the root (with a slash at its end), folders it lies in."""


def scan_folder(folder: Path, *, follow_links: bool = True) -> Iterator[Found | Skipped]:
    """List the pictures below a folder, in the same order every time.

    Parameters
    ----------
    folder : Path
    follow_links : bool
        Whether symbolic links are followed (a picture is then listed under each of its names;
        its content shows that they are one). A link back to a folder that contains it never is.

    Yields
    ------
    Found or Skipped
        Pictures by their ending, or by their first bytes when the ending says nothing; the
        files that are not pictures, and folders that can't be entered, with the reason. Hidden
        files, litter of operating systems and impasto's own folders are left out entirely.
        Tags from ``a.txt`` or ``a.jpg.txt`` beside ``a.jpg`` come with the picture.

    Raises
    ------
    InvalidInput
        There is no such folder.

    Notes
    -----
    Only the entries of the folder at hand, and the names of folders still to be visited, are
    held in memory.
    """
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps links in the path as given
    if not root.is_dir():
        raise InvalidInput(f"There is no folder {str(folder)!r}.")
    return _scan(root, follow_links)


def tags_from_text(text: str) -> tuple[str, ...] | None:
    """Split the text of a tag file at commas and line ends; None if it does not hold tags.

    Examples
    --------
    >>> tags_from_text("cat, black cat,, cat")
    ('cat', 'black cat')
    """
    parts = (part.strip() for line in text.splitlines() for part in line.split(","))
    tags = tuple(dict.fromkeys(part for part in parts if part))
    if any(len(tag) > _TAG_LENGTH or not tag.isprintable() for tag in tags):
        return None
    return tags


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    path: str
    size: int
    mtime_ns: int


@dataclass(slots=True)
class _Listing:
    files: list[_Entry]
    folders: list[tuple[str, tuple[int, int]]]
    skipped: list[Skipped]


def _scan(root: Path, follow_links: bool) -> Iterator[Found | Skipped]:
    try:
        status = root.stat()
    except OSError as error:
        yield Skipped(".", _why(error))
        return
    todo: list[_Folder] = [(str(root), "", frozenset({(status.st_dev, status.st_ino)}))]
    while todo:
        path, relative, inside = todo.pop()
        try:
            listing = _list(path, relative, inside, follow_links)
        except OSError as error:
            yield Skipped(relative.rstrip("/") or ".", _why(error))
            continue
        yield from listing.skipped
        yield from _pictures(root, relative, listing.files)
        for name, identity in reversed(listing.folders):
            todo.append((f"{path}{os.sep}{name}", f"{relative}{name}/", inside | {identity}))


def _list(
    path: str, relative: str, inside: frozenset[tuple[int, int]], follow_links: bool
) -> _Listing:
    listing = _Listing([], [], [])

    def skip(name: str, reason: str) -> None:
        listing.skipped.append(Skipped(printable(relative + name), reason))

    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if _left_out(name):
                continue
            if not _is_unicode(name):
                skip(name, "its name is not valid Unicode; rename it")
                continue
            try:
                status = entry.stat()
                link = entry.is_symlink()
            except FileNotFoundError:
                skip(name, "a link that leads nowhere")
                continue
            except OSError as error:
                skip(name, _why(error))
                continue
            # On Windows the entry's own status has no identity.
            identity = (status.st_dev, status.st_ino or Path(entry.path).stat().st_ino)
            if link and not follow_links:
                skip(name, "a symbolic link")
            elif link and identity in inside:
                skip(name, "a link back to a folder that contains it")
            elif stat.S_ISREG(status.st_mode):
                file = _Entry(name, entry.path, status.st_size, status.st_mtime_ns)
                listing.files.append(file)
            elif stat.S_ISDIR(status.st_mode):
                listing.folders.append((name, identity))
            else:
                skip(name, "not a regular file")
    listing.files.sort(key=lambda file: file.name)
    listing.folders.sort()
    listing.skipped.sort(key=lambda skipped: skipped.path)
    return listing


def _left_out(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER or name.endswith(_COLLECTION)


def _pictures(root: Path, relative: str, files: list[_Entry]) -> Iterator[Found | Skipped]:
    texts = {file.name: file for file in files if file.name.lower().endswith(".txt")}
    used: set[str] = set()
    for file in files:
        ending = os.path.splitext(file.name)[1].lower()  # noqa: PTH122 - 5 times faster
        if ending not in formats.EXTENSIONS:
            continue
        about = About()
        if texts:
            beside = _tag_file(file.name, texts)
            if beside is not None:
                used.add(beside.name)
                tags = _read_tags(beside)
                if isinstance(tags, str):
                    yield Skipped(relative + beside.name, tags)
                else:
                    about = About(tags=tags)
        yield Found(root, relative + file.name, file.size, file.mtime_ns, about)
    for file in files:
        ending = os.path.splitext(file.name)[1].lower()  # noqa: PTH122
        if ending in formats.EXTENSIONS or file.name in used:
            continue
        reason = _why_no_picture(file, relative)
        if reason:
            yield Skipped(relative + file.name, reason)
        else:
            yield Found(root, relative + file.name, file.size, file.mtime_ns)


def _tag_file(name: str, texts: dict[str, _Entry]) -> _Entry | None:
    stem = os.path.splitext(name)[0]  # noqa: PTH122
    for candidate in (f"{name}.txt", f"{stem}.txt", f"{name}.TXT", f"{stem}.TXT"):
        if candidate in texts:
            return texts[candidate]
    return None


def _read_tags(file: _Entry) -> tuple[str, ...] | str:
    """Return the tags, or the reason why there are none."""
    if file.size > _TAG_FILE_BYTES:
        return f"too long for a tag file ({file.size:,} bytes)"
    try:
        tags = tags_from_text(Path(file.path).read_text("utf-8-sig"))
    except UnicodeDecodeError:
        return "a tag file must be UTF-8 text"
    except OSError as error:
        return _why(error)
    if tags is None:
        return f"not a tag file: tags are separated by commas and at most {_TAG_LENGTH} long"
    return tags


def _why_no_picture(file: _Entry, relative: str) -> str | None:
    """Return why a file without a picture's ending is none; None when its bytes are one."""
    if not relative and file.name.lower() in _TABLES:
        return "a table: add it by its own path to use what it says about the pictures"
    kind = formats.other_kind(file.name)
    if kind is not None:
        return f"not a picture: {kind}"
    try:
        with open(file.path, "rb", buffering=0) as source:  # noqa: PTH123 - 3 times faster
            head = source.read(formats.SNIFF_BYTES)
    except OSError as error:
        return _why(error)
    if not head:
        return "not a picture: no bytes and no picture's ending"
    if formats.sniff(head) is not None:
        return None
    return f"not a picture: {formats.describe(head)}"


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def printable(path: str) -> str:
    r"""Return a path that can be shown and stored, bytes that are no Unicode as ``\udc..``."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _why(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "the operating system does not allow reading it"
    return f"the operating system could not read it ({error.strerror or error})"
