"""What people change: labels, splits and tags, each change written down."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from impasto.core.errors import InvalidInput
from impasto.core.records import SPLITS, Split
from impasto.store import about as abouts
from impasto.store.catalogue import listed

Edit = tuple[int, str | None, str | None]  # image, before, after


def set_label(db: sqlite3.Connection, ids: Iterable[int], label: str | None) -> int:
    """Set or take away the label; return how many images changed."""
    name = None if label is None else abouts.clean(label)
    if name == "":
        raise InvalidInput("A label needs at least one character; None takes it away.")
    key = abouts.name_ids(db, "labels", [name])[name] if name else None
    wanted = listed(db, ids)
    rows = db.execute(
        "SELECT i.id, l.name FROM json_each(?) j CROSS JOIN images i ON i.id = j.value "
        "LEFT JOIN labels l ON l.id = i.label",
        (wanted,),
    )
    edits = [(image, before, name) for image, before in rows if before != name]
    db.execute(
        "UPDATE images SET label = ?, label_by = 'user' "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (key, wanted),
    )
    _write_down(db, "label", edits)
    abouts.refresh_search(db, [image for image, _, _ in edits])
    return len(edits)


def set_split(db: sqlite3.Connection, ids: Iterable[int], split: Split | None) -> int:
    """Set or take away the split; return how many images changed."""
    if split is not None and split not in SPLITS:
        raise InvalidInput(f"A split is one of {', '.join(SPLITS)}, not {split!r}.")
    wanted = listed(db, ids)
    rows = db.execute(
        "SELECT i.id, i.split FROM json_each(?) j CROSS JOIN images i ON i.id = j.value", (wanted,)
    )
    edits = [(image, before, split) for image, before in rows if before != split]
    db.execute(
        "UPDATE images SET split = ?, split_by = 'user' "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (split, wanted),
    )
    _write_down(db, "split", edits)
    return len(edits)


def add_tags(db: sqlite3.Connection, ids: Iterable[int], tags: Iterable[str]) -> int:
    """Give images tags; return how many images changed."""
    wanted = listed(db, ids)
    names = _named(tags)
    keys = abouts.name_ids(db, "tags", names)
    edits: list[Edit] = []
    for name in names:
        rows = db.execute(
            "SELECT value FROM json_each(?) WHERE value NOT IN "
            "(SELECT image FROM image_tags WHERE tag = ?)",
            (wanted, keys[name]),
        )
        new = [(image, keys[name]) for (image,) in rows]
        db.executemany("INSERT INTO image_tags (image, tag) VALUES (?, ?)", new)
        edits += [(image, None, name) for image, _ in new]
    return _retagged(db, edits)


def remove_tags(db: sqlite3.Connection, ids: Iterable[int], tags: Iterable[str]) -> int:
    """Take tags from images; return how many images changed."""
    wanted = listed(db, ids)
    edits: list[Edit] = []
    for name in _named(tags):
        rows = db.execute(
            "SELECT x.image, x.tag FROM json_each(?) j CROSS JOIN image_tags x "
            "ON x.image = j.value AND x.tag = (SELECT id FROM tags WHERE name = ?)",
            (wanted, name),
        ).fetchall()
        db.executemany("DELETE FROM image_tags WHERE image = ? AND tag = ?", rows)
        edits += [(image, name, None) for image, _ in rows]
    return _retagged(db, edits)


def _retagged(db: sqlite3.Connection, edits: Sequence[Edit]) -> int:
    changed = sorted({image for image, _, _ in edits})
    db.execute(
        "UPDATE images SET tags_by = 'user' WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(changed),),
    )
    _write_down(db, "tag", edits)
    abouts.refresh_search(db, changed)
    return len(changed)


def _write_down(db: sqlite3.Connection, field: str, edits: Iterable[Edit]) -> None:
    action = db.execute("SELECT coalesce(max(action), 0) + 1 FROM edits").fetchone()[0]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.executemany(
        "INSERT INTO edits (action, at, image, field, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        ((action, now, image, field, before, after) for image, before, after in edits),
    )


def _named(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise InvalidInput(f"Give a list of tags, not the one text {tags!r}.")
    names = abouts.clean_tags(tags)
    if not names:
        raise InvalidInput("Give at least one tag with at least one character.")
    return names
