"""What sources say about images, written unless a person said otherwise since."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from impasto.core.records import About, Value

SILENT = About()


def clean(text: str) -> str:
    """Return text that can be stored: no lone surrogates, no NUL, no space around it."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "").strip()


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags without empty ones and repetitions, in their order."""
    return tuple(dict.fromkeys(tag for tag in map(clean, tags) if tag))


def property_name(name: str) -> str:
    """Return the name of a property without what a JSON path can't say."""
    readable = "".join(letter if letter.isprintable() else " " for letter in clean(name))
    return readable.replace('"', "'").replace("\\", "/").strip() or "_"


def clean_properties(properties: Mapping[str, Value]) -> dict[str, Value]:
    """Return what JSON and SQLite can hold; NaN and infinities say nothing and are left out."""
    kept: dict[str, Value] = {}
    for name, value in properties.items():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            value = float(str(value))  # integers have 64 bits there
        if not (isinstance(value, float) and not math.isfinite(value)):
            kept[property_name(name)] = clean(value) if isinstance(value, str) else value
    return kept


def name_ids(db: sqlite3.Connection, table: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of labels or tags by their names; unknown names are added.

    Parameters
    ----------
    table : {"labels", "tags"}
    """
    wanted = list(dict.fromkeys(names))
    db.executemany(f"INSERT OR IGNORE INTO {table} (name) VALUES (?)", ((n,) for n in wanted))
    rows = db.execute(
        f"SELECT x.name, x.id FROM json_each(?) j CROSS JOIN {table} x ON x.name = j.value",
        (json.dumps(wanted),),
    )
    return dict(rows)


def apply(db: sqlite3.Connection, said: Sequence[tuple[int, About]]) -> None:
    """Write what a source says about distinct images."""
    said = [(image, about) for image, about in said if about != SILENT]
    if not said:
        return
    ids = json.dumps([image for image, _ in said])
    labels = name_ids(
        db, "labels", (name for _, about in said if (name := clean(about.label or "")))
    )
    rows = db.execute(
        "SELECT i.id, i.label, i.label_by, i.split, i.split_by, i.tags_by, i.properties "
        "FROM json_each(?) j CROSS JOIN images i ON i.id = j.value",
        (ids,),
    )
    before = {row[0]: row[1:] for row in rows}
    new_labels, new_splits, new_properties = [], [], []
    values: list[tuple[str, Value, int]] = []  # to search and count by
    outdated: list[tuple[str, Value, int]] = []
    for image, about in said:
        label, label_by, split, split_by, _, properties = before[image]
        if about.label is not None and label_by != "user":
            wanted = labels.get(clean(about.label))
            if (label, label_by) != (wanted, "source"):
                new_labels.append((wanted, image))
        if about.split is not None and split_by != "user" and split != about.split:
            new_splits.append((about.split, image))
        if about.properties:
            old = json.loads(properties)
            merged = old | clean_properties(about.properties)
            if merged != old:
                new_properties.append((json.dumps(merged, ensure_ascii=False), image))
                outdated += [(name, value, image) for name, value in old.items()]
                values += [(name, value, image) for name, value in merged.items()]
    db.executemany("UPDATE images SET label = ?, label_by = 'source' WHERE id = ?", new_labels)
    db.executemany("UPDATE images SET split = ?, split_by = 'source' WHERE id = ?", new_splits)
    db.executemany("UPDATE images SET properties = ? WHERE id = ?", new_properties)
    db.executemany(
        "DELETE FROM property_values WHERE name = ? AND value = ? AND image = ?", outdated
    )
    values.sort(key=_rank)
    db.executemany("INSERT INTO property_values (name, value, image) VALUES (?, ?, ?)", values)
    _register_properties(db, chain.from_iterable(a.properties.items() for _, a in said))
    edited = {image for image, row in before.items() if row[4] == "user"}
    _write_tags(db, said, edited)


def _rank(row: tuple[str, Value, int]) -> tuple[str, bool, Value, int]:
    """Order rows about as their table is, so that they are written page after page."""
    name, value, image = row
    return name, isinstance(value, str), value, image


def _write_tags(
    db: sqlite3.Connection, said: Sequence[tuple[int, About]], edited: set[int]
) -> None:
    wanted = {image: clean_tags(about.tags) for image, about in said if about.tags is not None}
    if not wanted:
        return
    for image in edited & wanted.keys():
        wanted[image] = _with_edits(db, image, wanted[image])
    tags = name_ids(db, "tags", chain.from_iterable(wanted.values()))
    have: dict[int, set[int]] = {image: set() for image in wanted}
    rows = db.execute(
        "SELECT x.image, x.tag FROM json_each(?) j CROSS JOIN image_tags x ON x.image = j.value",
        (json.dumps(list(wanted)),),
    )
    for image, tag in rows:
        have[image].add(tag)
    add, remove = [], []
    for image, names in wanted.items():
        goal = {tags[name] for name in names}
        add += [(image, tag) for tag in sorted(goal - have[image])]
        remove += [(image, tag) for tag in sorted(have[image] - goal)]
    db.executemany("INSERT INTO image_tags (image, tag) VALUES (?, ?)", add)
    db.executemany("DELETE FROM image_tags WHERE image = ? AND tag = ?", remove)
    changed = {image for image, _ in chain(add, remove)}
    db.executemany(
        "UPDATE images SET tags_by = 'source' WHERE id = ? AND tags_by IS NULL",
        ((image,) for image in changed),
    )


def _with_edits(db: sqlite3.Connection, image: int, names: Iterable[str]) -> tuple[str, ...]:
    """Replay what people added to and removed from an image's tags."""
    tags = dict.fromkeys(names)
    rows = db.execute(
        "SELECT e.before, e.after FROM edits e JOIN actions a ON a.id = e.action "
        "WHERE e.image = ? AND e.field = 'tag' AND NOT a.undone ORDER BY e.id",
        (image,),
    )
    for before, after in rows:
        if before is not None:
            tags.pop(before, None)
        if after is not None:
            tags[after] = None
    return tuple(tags)


def _register_properties(db: sqlite3.Connection, pairs: Iterable[tuple[str, Value]]) -> None:
    types = {(property_name(name), type(value).__name__) for name, value in pairs}
    if not types:
        return
    known: dict[str, str] = dict(db.execute("SELECT name, type FROM property_types"))
    merged = dict(known)
    for name, kind in sorted(types):
        merged[name] = _wider(merged.get(name, kind), kind)
    db.executemany(
        "INSERT INTO property_types (name, type) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET type = excluded.type",
        (pair for pair in merged.items() if known.get(pair[0]) != pair[1]),
    )


def _wider(first: str, second: str) -> str:
    if first == second:
        return first
    return "float" if {first, second} == {"int", "float"} else "str"
