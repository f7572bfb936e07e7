"""Where the originals lie: folders kept relative to the collection when they are beside it."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from impasto.core.errors import InvalidInput, not_found


@dataclass(frozen=True, slots=True)
class Place:
    """How files of one folder are named in the catalogue.

    Parameters
    ----------
    root : int
    prefix : str
        Put before a path ("" or ending in a slash).
    inner : tuple of (str, int)
        Sub-folders (ending in a slash) that are roots themselves, longest first.
    """

    root: int
    prefix: str
    inner: tuple[tuple[str, int], ...]

    def name(self, path: str) -> tuple[str, int]:
        """Return the catalogue's (path, root) of a file, so that one file has one name."""
        for folder, root in self.inner:
            if path.startswith(folder):
                return path[len(folder) :], root
        return self.prefix + path, self.root


def store(folder: Path, home: Path) -> str:
    """Write a root as the catalogue keeps it.

    Parameters
    ----------
    folder : Path
        Absolute.
    home : Path
        The collection's folder.
    """
    if folder.is_relative_to(home.parent):
        return Path(os.path.relpath(folder, home)).as_posix()
    return str(folder)


def restore(text: str, home: Path) -> Path:
    """Return the absolute folder of a stored root."""
    return Path(os.path.normpath(home / text))


def known(db: sqlite3.Connection, home: Path) -> dict[int, Path]:
    """Return all roots by their id."""
    rows = db.execute("SELECT id, folder FROM roots ORDER BY id")
    return {root: restore(text, home) for root, text in rows}


def place(db: sqlite3.Connection, folder: Path, home: Path) -> Place | None:
    """Tell how the files of a folder are named, or None when no root holds it.

    A folder below a known root belongs to that root; a folder above one keeps it as it is.
    """
    folder = folder.resolve()
    roots = known(db, home)
    inner = sorted(
        (
            (f"{path.relative_to(folder).as_posix()}/", root)
            for root, path in roots.items()
            if path != folder and path.is_relative_to(folder)
        ),
        key=lambda pair: (-len(pair[0]), pair),
    )
    above = [(root, path) for root, path in roots.items() if folder.is_relative_to(path)]
    if above:
        root, path = max(above, key=lambda pair: len(pair[1].parts))
        relative = folder.relative_to(path).as_posix()
        return Place(root, "" if relative == "." else f"{relative}/", tuple(inner))
    return Place(-1, "", tuple(inner)) if inner else None


def place_or_add(db: sqlite3.Connection, folder: Path, home: Path) -> Place:
    """Tell how the files of a folder are named; a folder outside all roots becomes one."""
    found = place(db, folder, home)
    if found is not None and found.root >= 0:
        return found
    folder = Path(storable(str(folder.resolve())))
    cursor = db.execute("INSERT INTO roots (folder) VALUES (?)", (store(folder, home),))
    if cursor.lastrowid is None:
        raise InvalidInput(f"{folder} could not be added.")
    return Place(cursor.lastrowid, "", found.inner if found else ())


def storable(path: str) -> str:
    """Return a path that is text, or raise InvalidInput."""
    if not path.isascii():
        try:
            path.encode()
        except UnicodeEncodeError:
            raise InvalidInput(
                f"{path!r} is not valid UTF-8 and can't be stored; rename the file or folder."
            ) from None
    return path


def existing_place(db: sqlite3.Connection, folder: Path, home: Path) -> Place:
    """Return the place of a folder that was gathered, or raise NotFound."""
    found = place(db, folder, home)
    if found is None:
        raise not_found("root", str(folder.resolve()), map(str, known(db, home).values()))
    return found


def covered(where: Place) -> list[tuple[int, str]]:
    """List the (root, prefix) pairs that together hold all files of a folder."""
    own = [(where.root, where.prefix)] if where.root >= 0 else []
    return own + [(root, "") for _, root in where.inner]


def relocate(db: sqlite3.Connection, old: Path, new: Path, home: Path) -> None:
    """Say that a root lies elsewhere now."""
    old, new = old.resolve(), new.resolve()
    roots = known(db, home)
    root = next((root for root, path in roots.items() if path == old), None)
    if root is None:
        raise not_found("root", str(old), map(str, roots.values()))
    if new in roots.values() and roots[root] != new:
        raise InvalidInput(f"{new} is a root of this collection already.")
    if not new.is_dir():
        raise InvalidInput(f"{new} is not a folder; give the folder where the images are now.")
    db.execute("UPDATE roots SET folder = ? WHERE id = ?", (store(new, home), root))
