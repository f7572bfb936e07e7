"""What was added, so that it can be looked through again: folders, tables, files."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from impasto.store import roots


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Something that was added.

    Parameters
    ----------
    path : Path
        Absolute: a folder, a table or a picture.
    labels : str
        What its folder names were taken for ("auto", "parent", "top", "none").
    """

    path: Path
    labels: str


def remember(db: sqlite3.Connection, home: Path, source: SourceRecord) -> None:
    """Keep a source, over what was kept of it before."""
    path = roots.store(Path(roots.storable(str(source.path.resolve()))), home)
    db.execute(
        "INSERT INTO sources (path, labels) VALUES (?, ?) "
        "ON CONFLICT (path) DO UPDATE SET labels = excluded.labels",
        (path, source.labels),
    )


def known(db: sqlite3.Connection, home: Path) -> list[SourceRecord]:
    """Return all sources in the order in which they were first added."""
    rows = db.execute("SELECT path, labels FROM sources ORDER BY id")
    return [SourceRecord(roots.restore(path, home), labels) for path, labels in rows]


def relocate(db: sqlite3.Connection, home: Path, old: Path, new: Path) -> None:
    """Say that what lay below a folder lies elsewhere now."""
    for source in known(db, home):
        if source.path.is_relative_to(old):
            moved = new / source.path.relative_to(old)
            db.execute(
                "UPDATE OR REPLACE sources SET path = ? WHERE path = ?",
                (roots.store(moved, home), roots.store(source.path, home)),
            )
