"""What people change: labels, splits, tags, flags, what is hidden; each change can be undone.

An edit is written down first, as what was and what is to be, one row per image; then what was
written down is carried out. Undo and redo carry out the same rows backwards and forwards, so one
action is one edit of however many images, and all of it happens or none. `several` makes edits
that give each image a value of its own.
"""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import SPLITS, Split
from impasto.store import about as abouts
from impasto.store.catalogue import listed

Field = Literal["label", "split", "tag", "flagged", "hidden"]


@dataclass(frozen=True, slots=True)
class Action:
    """One edit of any number of images, as people did it.

    Parameters
    ----------
    id : int
        Later actions have greater ones.
    at : str
        ISO 8601, UTC.
    title : str
        What was done, in words: "Tagged sea".
    images : int
        How many it changed.
    undone : bool
        Whether it was undone and can be done again.
    """

    id: int
    at: str
    title: str
    images: int
    undone: bool


def set_label(db: sqlite3.Connection, ids: Iterable[int], label: str | None) -> int:
    """Set or take away the label; return how many images changed."""
    name = None if label is None else abouts.clean(label)
    if name == "":
        raise InvalidInput("A label needs at least one character; None takes it away.")
    wanted = listed(db, ids)
    abouts.name_ids(db, "labels", [name] if name else [])
    action = begin(db, f"Labelled {name}" if name else "Label taken away")
    db.execute(
        "INSERT INTO edits (action, image, field, before, after, before_by) "
        "SELECT ?, i.id, 'label', l.name, ?, i.label_by FROM json_each(?) j "
        "CROSS JOIN images i ON i.id = j.value LEFT JOIN labels l ON l.id = i.label "
        "WHERE l.name IS NOT ?",
        (action, name, wanted, name),
    )
    confirm(db, "label_by", wanted)
    return carry_out(db, action)


def set_split(db: sqlite3.Connection, ids: Iterable[int], split: Split | None) -> int:
    """Set or take away the split; return how many images changed."""
    if split is not None and split not in SPLITS:
        raise InvalidInput(f"A split is one of {', '.join(SPLITS)}, not {split!r}.")
    wanted = listed(db, ids)
    action = begin(db, f"Put into {split}" if split else "Taken out of the split")
    db.execute(
        "INSERT INTO edits (action, image, field, before, after, before_by) "
        "SELECT ?, i.id, 'split', i.split, ?, i.split_by FROM json_each(?) j "
        "CROSS JOIN images i ON i.id = j.value WHERE i.split IS NOT ?",
        (action, split, wanted, split),
    )
    confirm(db, "split_by", wanted)
    return carry_out(db, action)


def add_tags(db: sqlite3.Connection, ids: Iterable[int], tags: Iterable[str]) -> int:
    """Give images tags; return how many images changed."""
    names = _named(tags)
    wanted = listed(db, ids)
    keys = abouts.name_ids(db, "tags", names)
    action = begin(db, f"Tagged {', '.join(names)}")
    for name in names:
        db.execute(
            "INSERT INTO edits (action, image, field, after, before_by) "
            "SELECT ?, i.id, 'tag', ?, i.tags_by FROM json_each(?) j "
            "CROSS JOIN images i ON i.id = j.value "
            "WHERE NOT EXISTS (SELECT 1 FROM image_tags WHERE image = i.id AND tag = ?)",
            (action, name, wanted, keys[name]),
        )
    return carry_out(db, action)


def remove_tags(db: sqlite3.Connection, ids: Iterable[int], tags: Iterable[str]) -> int:
    """Take tags from images; return how many images changed."""
    names = _named(tags)
    wanted = listed(db, ids)
    action = begin(db, f"Untagged {', '.join(names)}")
    for name in names:
        db.execute(
            "INSERT INTO edits (action, image, field, before, before_by) "
            "SELECT ?, i.id, 'tag', ?, i.tags_by FROM json_each(?) j "
            "CROSS JOIN images i ON i.id = j.value JOIN image_tags x ON x.image = i.id "
            "AND x.tag = (SELECT id FROM tags WHERE name = ?)",
            (action, name, wanted, name),
        )
    return carry_out(db, action)


def set_flag(db: sqlite3.Connection, ids: Iterable[int], note: str | None) -> int:
    """Flag images with a note (which may be empty), or take the flag away with None."""
    text = None if note is None else abouts.clean(note)
    title = "Flag taken away" if text is None else f"Flagged: {text}" if text else "Flagged"
    return _mark(db, ids, "flagged", text, title)


def set_hidden(db: sqlite3.Connection, ids: Iterable[int], hidden: bool) -> int:
    """Hide images, or show them again; return how many changed."""
    text = "A person hid it." if hidden else None
    return _mark(db, ids, "hidden", text, "Hidden" if hidden else "Shown again")


def undo(db: sqlite3.Connection) -> Action:
    """Take back the latest action that holds."""
    return _step(db, _UNDO, back=True)


def redo(db: sqlite3.Connection) -> Action:
    """Do again what was undone last."""
    return _step(db, _REDO, back=False)


def next_steps(db: sqlite3.Connection) -> tuple[Action | None, Action | None]:
    """Return what would be undone and what would be done again, None for nothing."""
    return _first(db, _UNDO), _first(db, _REDO)


def history(db: sqlite3.Connection, limit: int) -> list[Action]:
    """Return the latest actions, newest first, those that were undone before all others."""
    rows = db.execute("SELECT * FROM actions ORDER BY id DESC LIMIT ?", (limit,))
    return [_action(row) for row in rows]


def _mark(
    db: sqlite3.Connection, ids: Iterable[int], kind: Field, text: str | None, title: str
) -> int:
    wanted = listed(db, ids)
    action = begin(db, title)
    db.execute(
        "INSERT INTO edits (action, image, field, before, after) "
        "SELECT ?, j.value, ?, f.reason, ? FROM json_each(?) j "
        "LEFT JOIN flags f ON f.image = j.value AND f.kind = ? WHERE f.reason IS NOT ?",
        (action, kind, text, wanted, kind, text),
    )
    return carry_out(db, action)


def begin(db: sqlite3.Connection, title: str) -> int:
    """Begin an action; what it changes is then written into the table `edits`."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    cursor = db.execute("INSERT INTO actions (at, title, images) VALUES (?, ?, 0)", (now, title))
    return int(cursor.lastrowid or 0)


def carry_out(db: sqlite3.Connection, action: int) -> int:
    """Do what was written down; what had been undone before can't be done again any more."""
    (changed,) = db.execute(
        "SELECT count(DISTINCT image) FROM edits WHERE action = ?", (action,)
    ).fetchone()
    if not changed:
        db.execute("DELETE FROM actions WHERE id = ?", (action,))
        return 0
    db.execute("DELETE FROM edits WHERE action IN (SELECT id FROM actions WHERE undone)")
    db.execute("DELETE FROM actions WHERE undone")
    db.execute("UPDATE actions SET images = ? WHERE id = ?", (changed, action))
    _turn(db, action, back=False)
    return int(changed)


_UNDO = "SELECT * FROM actions WHERE NOT undone ORDER BY id DESC LIMIT 1"
_REDO = "SELECT * FROM actions WHERE undone ORDER BY id LIMIT 1"


def _first(db: sqlite3.Connection, which: str) -> Action | None:
    row = db.execute(which).fetchone()
    return None if row is None else _action(row)


def _step(db: sqlite3.Connection, which: str, *, back: bool) -> Action:
    action = _first(db, which)
    if action is None:
        raise NotFound(f"There is nothing to {'undo' if back else 'redo'}.")
    _turn(db, action.id, back=back)
    db.execute("UPDATE actions SET undone = ? WHERE id = ?", (back, action.id))
    return replace(action, undone=back)


def _action(row: tuple[int, str, str, int, int]) -> Action:
    return Action(*row[:4], undone=bool(row[4]))


def _turn(db: sqlite3.Connection, action: int, *, back: bool) -> None:
    """Carry out the rows of an action, forwards or back."""
    fields: list[tuple[Field]] = db.execute(
        "SELECT DISTINCT field FROM edits WHERE action = ? ORDER BY field", (action,)
    ).fetchall()
    for (field,) in fields:
        _turn_field(db, action, field, back=back)


def _turn_field(db: sqlite3.Connection, action: int, field: Field, *, back: bool) -> None:
    was, now = ("after", "before") if back else ("before", "after")
    by = "e.before_by" if back else "'user'"
    mine = "e.action = ? AND e.field = ?"
    which = (action, field)
    if field == "label":
        db.execute(
            f"UPDATE images SET label = (SELECT id FROM labels WHERE name = e.{now}), "
            f"label_by = {by} FROM edits e WHERE {mine} AND images.id = e.image",
            which,
        )
    elif field == "split":
        db.execute(
            f"UPDATE images SET split = e.{now}, split_by = {by} "
            f"FROM edits e WHERE {mine} AND images.id = e.image",
            which,
        )
    elif field == "tag":
        db.execute(
            "DELETE FROM image_tags WHERE (image, tag) IN (SELECT e.image, t.id "
            f"FROM edits e JOIN tags t ON t.name = e.{was} WHERE {mine})",
            which,
        )
        db.execute(
            "INSERT OR IGNORE INTO image_tags (image, tag) SELECT e.image, t.id "
            f"FROM edits e JOIN tags t ON t.name = e.{now} WHERE {mine}",
            which,
        )
        db.execute(
            f"UPDATE images SET tags_by = {by} FROM edits e WHERE {mine} AND images.id = e.image",
            which,
        )
    else:
        db.execute(
            "DELETE FROM flags WHERE kind = ?2 "
            "AND image IN (SELECT e.image FROM edits e WHERE e.action = ?1 AND e.field = ?2)",
            which,
        )
        db.execute(
            "INSERT INTO flags (image, kind, reason) "
            f"SELECT e.image, e.field, e.{now} FROM edits e WHERE {mine} AND e.{now} IS NOT NULL",
            which,
        )


def confirm(db: sqlite3.Connection, column: str, wanted: str) -> None:
    """Note that a person said so, also of images that had the value already."""
    db.execute(
        f"UPDATE images SET {column} = 'user' WHERE {column} IS NOT 'user' "
        "AND id IN (SELECT value FROM json_each(?))",
        (wanted,),
    )


def _named(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise InvalidInput(f"Give a list of tags, not the one text {tags!r}.")
    names = abouts.clean_tags(tags)
    if not names:
        raise InvalidInput("Give at least one tag with at least one character.")
    return names
