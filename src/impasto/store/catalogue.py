"""Reading what the catalogue knows about images."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound, not_found
from impasto.core.records import SPLITS, Flag, Image
from impasto.store import roots
from impasto.store.about import property_name
from impasto.store.columns import integers

_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many images there are.

    Parameters
    ----------
    images : int
        All whose file is there.
    usable : int
        Of these, read and with a picture.
    unread : int
        Of these, new or changed since they were read.
    gone : int
        Not among these: the file is missing.
    """

    images: int
    usable: int
    unread: int
    gone: int


@dataclass(frozen=True, slots=True, eq=False)
class Memberships:
    """Which image belongs to which label or tag, all at once.

    Parameters
    ----------
    names : tuple of str
        Of the labels or tags that have images, the most frequent first.
    ids : ndarray of shape (n_memberships,), int64
        Images; one with several tags is there several times.
    codes : ndarray of shape (n_memberships,), int64
        Places in `names`.
    """

    names: tuple[str, ...]
    ids: NDArray[np.int64]
    codes: NDArray[np.int64]


def counts(db: sqlite3.Connection) -> Counts:
    """Count the images: those that are as they mostly are by what they differ in."""

    def number(condition: str, index: str = "images_state") -> int:
        sql = f"SELECT count(*) FROM images INDEXED BY {index} WHERE {condition}"
        found: int = db.execute(sql).fetchone()[0]
        return found

    there = number("gone IS NULL")
    without = number("gone IS NULL AND fresh IN (0, 1) AND usable IS NULL")
    without += number("gone IS NULL AND fresh IN (0, 1) AND usable = 0")
    return Counts(
        images=there,
        usable=there - without,
        unread=number("gone IS NULL AND fresh = 0"),
        gone=number("gone IS NOT NULL", "images_gone"),
    )


def images(db: sqlite3.Connection, home: Path, ids: Iterable[int]) -> list[Image]:
    """Return images in the order of their ids; raise NotFound when one is missing."""
    wanted = [int(image) for image in ids]
    made: dict[int, Image] = {}
    for start in range(0, len(wanted), _CHUNK):
        made |= _some(db, home, wanted[start : start + _CHUNK])
    missing = next((image for image in wanted if image not in made), None)
    if missing is not None:
        raise NotFound(f"No image {missing} in this collection.")
    return [made[image] for image in wanted]


def _some(db: sqlite3.Connection, home: Path, ids: list[int]) -> dict[int, Image]:
    places = roots.known(db, home)
    listed = json.dumps(ids)
    tags: dict[int, list[str]] = {}
    for image, tag in db.execute(
        "SELECT DISTINCT x.image, t.name FROM json_each(?) j "
        "CROSS JOIN image_tags x ON x.image = j.value JOIN tags t ON t.id = x.tag "
        "ORDER BY t.name",
        (listed,),
    ):
        tags.setdefault(image, []).append(tag)
    flags: dict[int, list[Flag]] = {}
    for image, kind, reason in db.execute(
        "SELECT DISTINCT f.image, f.kind, f.reason FROM json_each(?) j "
        "CROSS JOIN flags f ON f.image = j.value",
        (listed,),
    ):
        flags.setdefault(image, []).append(Flag(kind, reason))
    rows = db.execute(
        "SELECT i.id, i.root, i.path, i.size, i.width, i.height, i.format, i.sha256, l.name, "
        "i.split, i.properties, i.gone FROM json_each(?) j CROSS JOIN images i ON i.id = j.value "
        "LEFT JOIN labels l ON l.id = i.label",
        (listed,),
    )
    made = {}
    for image, root, path, size, width, height, kind, sha256, label, split, extra, gone in rows:
        own = flags.get(image, [])
        if gone is not None:
            own = [*own, Flag("gone", f"The file was missing when it was looked for at {gone}.")]
        made[image] = Image(
            image, places[root], path, size, width, height, kind, sha256, label, split,
            tuple(tags.get(image, ())), tuple(own), json.loads(extra) if extra != "{}" else {},
        )  # fmt: skip
    return made


def places(db: sqlite3.Connection, ids: Iterable[int]) -> list[tuple[str, str | None]]:
    """Return path and label of images, several times faster than all that is known of them."""
    wanted = [int(image) for image in ids]
    rows = db.execute(
        "SELECT i.id, i.path, l.name FROM json_each(?) j CROSS JOIN images i ON i.id = j.value "
        "LEFT JOIN labels l ON l.id = i.label",
        (json.dumps(wanted),),
    )
    found = {image: (path, label) for image, path, label in rows}
    missing = next((image for image in wanted if image not in found), None)
    if missing is not None:
        raise NotFound(f"No image {missing} in this collection.")
    return [found[image] for image in wanted]


def unread(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the images that have to be read: new, or changed since."""
    return _ids(db, "gone IS NULL AND fresh = 0")


def usable(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the images that were read, did not change since and have a picture."""
    return _ids(db, "gone IS NULL AND fresh = 1 AND usable = 1")


def out_of_sight(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the images that are gone, turned out to have no picture or were hidden."""
    missing = _ids(db, "gone IS NOT NULL", "images_gone")
    broken = _ids(db, "gone IS NULL AND usable = 0 AND fresh IN (0, 1)")
    return np.union1d(np.union1d(missing, broken), hidden(db))


def hidden(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the images that a person hid."""
    (ids,) = integers(db, "SELECT image FROM flags WHERE kind = 'hidden'")
    return np.sort(ids)


def _ids(db: sqlite3.Connection, where: str, index: str = "images_state") -> NDArray[np.int64]:
    (ids,) = integers(db, f"SELECT id FROM images INDEXED BY {index} WHERE {where}")
    return np.sort(ids)


def hashes(db: sqlite3.Connection, ids: NDArray[np.int64]) -> list[bytes | None]:
    """Return the SHA-256 of images, None for those never read."""
    known: dict[int, bytes | None] = {}
    for start in range(0, len(ids), _CHUNK):
        known |= dict(
            db.execute(
                "SELECT i.id, i.sha256 FROM json_each(?) j CROSS JOIN images i ON i.id = j.value",
                (json.dumps(ids[start : start + _CHUNK].tolist()),),
            )
        )
    return [known.get(image) for image in ids.tolist()]


def shapes(db: sqlite3.Connection) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the ids of images with a picture, rising, and their widths over their heights."""
    ids, widths, heights = integers(
        db, "SELECT id, width, height FROM images WHERE gone IS NULL AND usable = 1 AND width > 0"
    )
    rising = np.argsort(ids)
    return ids[rising], (widths / heights)[rising].astype(np.float32)


def labelled(db: sqlite3.Connection) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Return the ids of labelled images, rising, and their labels."""
    names: dict[int, str] = dict(db.execute("SELECT id, name FROM labels"))
    ids, labels = integers(
        db,
        "SELECT id, label FROM images WHERE gone IS NULL AND label IS NOT NULL "
        "AND id NOT IN (SELECT image FROM flags WHERE kind = 'hidden')",
    )
    rising = np.argsort(ids)
    used, codes = np.unique(labels[rising], return_inverse=True)
    return ids[rising], np.array([names[key] for key in used.tolist()], np.str_)[codes]


def splits(db: sqlite3.Connection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids of images in a split, rising, and the positions of theirs in SPLITS."""
    cases = " ".join(f"WHEN '{split}' THEN {code}" for code, split in enumerate(SPLITS))
    ids, codes = integers(
        db,
        f"SELECT id, CASE split {cases} END AS code FROM images "
        "WHERE gone IS NULL AND split IS NOT NULL",
    )
    rising = np.argsort(ids)
    return ids[rising], codes[rising]


def property_values(
    db: sqlite3.Connection, name: str
) -> tuple[NDArray[np.int64], list[str | int | float]]:
    """Return the ids of images that have a property, rising, and its values; a bool is 0 or 1."""
    rows = db.execute(
        "SELECT id, json_extract(properties, ?) AS value FROM images "
        "WHERE gone IS NULL AND value IS NOT NULL ORDER BY id",
        (f'$."{property_name(name)}"',),
    ).fetchall()
    return np.fromiter((image for image, _ in rows), np.int64, len(rows)), [v for _, v in rows]


def listed(db: sqlite3.Connection, ids: Iterable[int]) -> str:
    """Return distinct ids as a JSON list for SQL; raise NotFound when one is no image."""
    text = json.dumps(list(dict.fromkeys(int(image) for image in ids)))
    missing = db.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM images) LIMIT 1",
        (text,),
    ).fetchone()
    if missing is not None:
        raise NotFound(f"No image {missing[0]} in this collection.")
    return text


def memberships(db: sqlite3.Connection, by: Literal["label", "tag"]) -> Memberships:
    """Return which image has which label, or which tags, of those that are shown."""
    table, sql = {
        "label": ("labels", "SELECT id, label FROM images WHERE label NOT NULL"),
        "tag": ("tags", "SELECT image, tag FROM image_tags"),
    }[by]
    ids, keys = integers(db, sql)
    # By hand: a join of millions of tags with their images takes many times as long.
    (gone,) = integers(db, "SELECT id FROM images WHERE gone IS NOT NULL")
    there = ~np.isin(ids, np.union1d(gone, hidden(db)))
    ids, keys = ids[there], keys[there]
    names: dict[int, str] = dict(db.execute(f"SELECT id, name FROM {table}"))
    used = np.bincount(keys, minlength=max(names, default=0) + 1)
    kept = sorted(np.flatnonzero(used).tolist(), key=lambda key: (-used[key], names[key]))
    codes = np.empty(len(used), np.int64)
    codes[kept] = np.arange(len(kept))
    return Memberships(tuple(names[key] for key in kept), ids, codes[keys])


def without_tags(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the images, rising, from which a person took all tags: they are known to have none."""
    (ids,) = integers(
        db,
        "SELECT id FROM images WHERE tags_by = 'user' AND gone IS NULL "
        "AND id NOT IN (SELECT image FROM image_tags)",
    )
    return np.setdiff1d(ids, hidden(db))


def ids_with(
    db: sqlite3.Connection, label: str | None, tag: str | None, selection: str | None
) -> NDArray[np.int64]:
    """Return the images with a label, with a tag and in a selection, rising."""
    if label is None and tag is None and selection is None:
        raise InvalidInput("Give a label, a tag or a selection.")
    found: list[NDArray[np.int64]] = []
    for name, table, sql in (
        (label, "labels", "SELECT id FROM images WHERE gone IS NULL AND label = ?"),
        (
            tag,
            "tags",
            "SELECT i.id FROM image_tags x CROSS JOIN images i ON i.id = x.image "
            "WHERE x.tag = ? AND i.gone IS NULL",
        ),
        (
            selection,
            "selections",
            "SELECT i.id FROM selected x CROSS JOIN images i ON i.id = x.image "
            "WHERE x.selection = ? AND i.gone IS NULL",
        ),
    ):
        if name is None:
            continue
        row = db.execute(f"SELECT id FROM {table} WHERE name = ?", (name,)).fetchone()
        if row is None:
            names = (known for (known,) in db.execute(f"SELECT name FROM {table}"))
            raise not_found(table.removesuffix("s"), name, names)
        found += integers(db, sql, row)
    return np.setdiff1d(reduce(np.intersect1d, found), hidden(db))
