"""Named sets of images that a person keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from impasto.core.errors import InvalidInput, not_found
from impasto.store.about import clean
from impasto.store.catalogue import listed

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """A named set of images.

    Parameters
    ----------
    name : str
    images : int
        How many it holds, also those that are gone.
    saved : str
        When it was last saved, ISO 8601, UTC.
    """

    name: str
    images: int
    saved: str


def save(db: sqlite3.Connection, name: str, ids: Iterable[int]) -> Selection:
    """Keep images under a name, instead of those that had it."""
    name = _named(name)
    wanted = listed(db, ids)
    if wanted == "[]":
        raise InvalidInput(f"The selection {name!r} would be empty; choose at least one image.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    (number,) = db.execute(
        "INSERT INTO selections (name, saved) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET saved = excluded.saved RETURNING id",
        (name, now),
    ).fetchone()
    db.execute("DELETE FROM selected WHERE selection = ?", (number,))
    cursor = db.execute(
        "INSERT INTO selected (selection, image) SELECT ?, value FROM json_each(?)",
        (number, wanted),
    )
    return Selection(name, cursor.rowcount, now)


def known(db: sqlite3.Connection) -> list[Selection]:
    """Return all selections, by name."""
    rows = db.execute(
        "SELECT s.name, (SELECT count(*) FROM selected WHERE selection = s.id), s.saved "
        "FROM selections s ORDER BY s.name"
    )
    return [Selection(*row) for row in rows]


def rename(db: sqlite3.Connection, name: str, new: str) -> None:
    """Give a selection another name, which no other one has."""
    number = number_of(db, name)
    new = _named(new)
    if db.execute("SELECT 1 FROM selections WHERE name = ? AND id <> ?", (new, number)).fetchone():
        raise InvalidInput(f"There is a selection {new!r} already; choose another name.")
    db.execute("UPDATE selections SET name = ? WHERE id = ?", (new, number))


def remove(db: sqlite3.Connection, name: str) -> None:
    """Forget a selection; its images stay as they are."""
    number = number_of(db, name)
    db.execute("DELETE FROM selected WHERE selection = ?", (number,))
    db.execute("DELETE FROM selections WHERE id = ?", (number,))


def number_of(db: sqlite3.Connection, name: str) -> int:
    """Return the id of a selection, or raise NotFound."""
    row = db.execute("SELECT id FROM selections WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise not_found("selection", name, (one.name for one in known(db)))
    return int(row[0])


def _named(name: str) -> str:
    name = clean(name)
    if not 1 <= len(name) <= LONGEST or not name.strip("."):
        raise InvalidInput(
            f"A selection is named with 1 to {LONGEST} characters that are not all dots, "
            f"not {name[:LONGEST]!r}."
        )
    return name
