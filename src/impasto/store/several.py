"""Edits that give each image a value of its own: one action, undone as one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from impasto.core.errors import InvalidInput
from impasto.core.records import SPLITS, Split
from impasto.store import about as abouts
from impasto.store.catalogue import listed
from impasto.store.edits import begin, carry_out, confirm


def assign_labels(db: sqlite3.Connection, labels: Mapping[int, str | None], title: str) -> int:
    """Give each image its label, None taking it away; return how many changed."""
    names = {image: None if name is None else abouts.clean(name) for image, name in labels.items()}
    if "" in names.values():
        raise InvalidInput("A label needs at least one character; None takes it away.")
    wanted = listed(db, names)
    abouts.name_ids(db, "labels", sorted({name for name in names.values() if name}))
    action = begin(db, title)
    db.execute(
        "INSERT INTO edits (action, image, field, before, after, before_by) "
        "SELECT ?, i.id, 'label', l.name, json_extract(j.value, '$[1]'), i.label_by "
        "FROM json_each(?) j CROSS JOIN images i ON i.id = json_extract(j.value, '$[0]') "
        "LEFT JOIN labels l ON l.id = i.label WHERE l.name IS NOT json_extract(j.value, '$[1]')",
        (action, _pairs(names)),
    )
    confirm(db, "label_by", wanted)
    return carry_out(db, action)


def assign_splits(db: sqlite3.Connection, splits: Mapping[int, Split | None], title: str) -> int:
    """Put each image into its split, None taking it out; return how many changed."""
    unknown = set(splits.values()) - {*SPLITS, None}
    if unknown:
        raise InvalidInput(f"A split is one of {', '.join(SPLITS)}, not {unknown.pop()!r}.")
    wanted = listed(db, splits)
    action = begin(db, title)
    db.execute(
        "INSERT INTO edits (action, image, field, before, after, before_by) "
        "SELECT ?, i.id, 'split', i.split, json_extract(j.value, '$[1]'), i.split_by "
        "FROM json_each(?) j CROSS JOIN images i ON i.id = json_extract(j.value, '$[0]') "
        "WHERE i.split IS NOT json_extract(j.value, '$[1]')",
        (action, _pairs(splits)),
    )
    confirm(db, "split_by", wanted)
    return carry_out(db, action)


def change_tags(
    db: sqlite3.Connection,
    add: Mapping[str, Iterable[int]],
    remove: Mapping[str, Iterable[int]],
    hide: Iterable[int],
    title: str,
) -> int:
    """Give tags to images, take others away and hide some images; return how many changed.

    A tag that is both added to an image and removed from it is removed.
    """
    names = [*add, *remove]
    if abouts.clean_tags(names) != tuple(dict.fromkeys(names)):
        raise InvalidInput("A tag needs at least one character, and no space around it.")
    keys = abouts.name_ids(db, "tags", names)
    action = begin(db, title)
    for name, ids in add.items():
        db.execute(
            "INSERT INTO edits (action, image, field, after, before_by) "
            "SELECT ?, i.id, 'tag', ?, i.tags_by FROM json_each(?) j "
            "CROSS JOIN images i ON i.id = j.value WHERE NOT EXISTS "
            "(SELECT 1 FROM image_tags WHERE image = i.id AND tag = ?)",
            (action, name, _without(db, ids, remove.get(name, ())), keys[name]),
        )
    for name, ids in remove.items():
        db.execute(
            "INSERT INTO edits (action, image, field, before, before_by) "
            "SELECT ?, i.id, 'tag', ?, i.tags_by FROM json_each(?) j "
            "CROSS JOIN images i ON i.id = j.value "
            "JOIN image_tags x ON x.image = i.id AND x.tag = ?",
            (action, name, listed(db, ids), keys[name]),
        )
    db.execute(
        "INSERT INTO edits (action, image, field, after) "
        "SELECT ?, j.value, 'hidden', ? FROM json_each(?) j WHERE j.value NOT IN "
        "(SELECT image FROM flags WHERE kind = 'hidden')",
        (action, "None of the chosen tags.", listed(db, hide)),
    )
    return carry_out(db, action)


def _pairs(values: Mapping[int, str | None]) -> str:
    return json.dumps([[int(image), value] for image, value in values.items()])


def _without(db: sqlite3.Connection, ids: Iterable[int], others: Iterable[int]) -> str:
    leaving = {int(image) for image in others}
    return listed(db, [image for image in ids if int(image) not in leaving])
