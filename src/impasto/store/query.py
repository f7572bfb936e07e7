"""Which images, in which order: filters, sorting, pages by key, facets."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import FlagKind, Image, Split

SortKey = Literal["added", "name", "size", "width", "height", "label"]
_COLUMNS = {
    "added": "i.id",
    "name": "i.path",
    "size": "i.size",
    "width": "i.width",
    "height": "i.height",
    "label": "(SELECT name FROM labels WHERE id = i.label)",
}
_PROPERTY = "(SELECT value FROM json_each(i.properties) WHERE key = ?)"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which images are meant: those that meet every condition given.

    Parameters
    ----------
    label : str or None
        Images of that class (None: of any, and of none).
    unlabelled : bool
        Images without a label.
    tags : tuple of str
        Images that have all of them.
    split : {"train", "validation", "test"} or None
    flag : str or None
        Images with that flag; "gone" shows images whose file is missing.
    text : str
        Words, or beginnings of words, that all occur in path, label or tags.
    usable : bool
        Only images that were read and have a picture.
    hidden : bool
        Also images whose file is gone, which are left out otherwise.
    """

    label: str | None = None
    unlabelled: bool = False
    tags: tuple[str, ...] = ()
    split: Split | None = None
    flag: FlagKind | None = None
    text: str = ""
    usable: bool = False
    hidden: bool = False

    def __post_init__(self) -> None:
        """Check that the conditions can be met."""
        if self.unlabelled and self.label is not None:
            raise InvalidInput("Ask for a label or for unlabelled images, not for both.")


@dataclass(frozen=True, slots=True)
class Sort:
    """In which order.

    Parameters
    ----------
    key : str
        "added" (the default), "name" (path), "size", "width", "height", "label", or
        "property:NAME". Images without the value come last; ties go by id.
    descending : bool
    """

    key: str = "added"
    descending: bool = False

    def __post_init__(self) -> None:
        """Check the key."""
        if self.key not in _COLUMNS and not self.key.startswith("property:"):
            raise InvalidInput(
                f"Can't sort by {self.key!r}; there are {', '.join(get_args(SortKey))} "
                "and property:NAME."
            )


@dataclass(frozen=True, slots=True)
class Page:
    """Some images in order, and what to ask for to get those after them.

    Parameters
    ----------
    images : tuple of Image
    next : str or None
        Give it back as `after`; None on the last page.
    """

    images: tuple[Image, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many images there are of each kind, most frequent first.

    Parameters
    ----------
    total, unlabelled : int
    labels, tags, splits, flags : tuple of (str, int)
    """

    total: int
    unlabelled: int
    labels: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    splits: tuple[tuple[str, int], ...]
    flags: tuple[tuple[str, int], ...]


EVERYTHING = Filter()
AS_ADDED = Sort()


def condition(wanted: Filter) -> tuple[str, list[Any]]:
    """Return the SQL condition on ``images i`` and its values."""
    parts: list[str] = []
    values: list[Any] = []
    if wanted.flag == "gone":
        parts.append("i.gone IS NOT NULL")
    elif not wanted.hidden:
        parts.append("i.gone IS NULL")
    if wanted.flag is not None and wanted.flag != "gone":
        parts.append("i.id IN (SELECT image FROM flags WHERE kind = ?)")
        values.append(wanted.flag)
    if wanted.label is not None:
        parts.append("i.label = (SELECT id FROM labels WHERE name = ?)")
        values.append(wanted.label)
    if wanted.unlabelled:
        parts.append("i.label IS NULL")
    for tag in wanted.tags:
        parts.append(
            "i.id IN (SELECT image FROM image_tags "
            "WHERE tag = (SELECT id FROM tags WHERE name = ?))"
        )
        values.append(tag)
    if wanted.split is not None:
        parts.append("i.split = ?")
        values.append(wanted.split)
    if wanted.usable:
        parts.append("i.usable = 1")
    if wanted.text.strip():
        parts.append("i.id IN (SELECT rowid FROM search WHERE search MATCH ?)")
        values.append(match(wanted.text))
    return " AND ".join(parts) or "1", values


def match(text: str) -> str:
    """Turn what a person typed into an FTS5 query that can't be a syntax error.

    Examples
    --------
    >>> match('blue "cat')
    '"blue"* "cat"*'
    """
    words = text.replace('"', " ").replace("\0", " ").split()
    usable = [word.encode("utf-8", "replace").decode() for word in words]
    return " ".join(f'"{word}"*' for word in usable) or '""'


def _key(sort: Sort) -> tuple[str, list[Any]]:
    if sort.key.startswith("property:"):
        return _PROPERTY, [sort.key.removeprefix("property:")]
    return _COLUMNS[sort.key], []


def order(db: sqlite3.Connection, wanted: Filter, sort: Sort) -> NDArray[np.int64]:
    """Return all matching ids, in order."""
    where, values = condition(wanted)
    if sort.key == "added":
        rows = db.execute(f"SELECT i.id FROM images i WHERE {where}", values)
        ids = np.sort(_column(rows))
        return ids[::-1].copy() if sort.descending else ids
    key, key_values = _key(sort)
    way = "DESC" if sort.descending else "ASC"
    rows = db.execute(
        f"SELECT i.id FROM images i WHERE {where} ORDER BY {key} {way} NULLS LAST, i.id",
        values + key_values,
    )
    return _column(rows)


def _column(rows: sqlite3.Cursor) -> NDArray[np.int64]:
    return np.fromiter((row[0] for row in rows), np.int64)


def page_ids(
    db: sqlite3.Connection, wanted: Filter, sort: Sort, after: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Return the ids of one page and the cursor of the next."""
    if limit < 1:
        raise InvalidInput(f"A page holds at least one image, not {limit}.")
    where, values = condition(wanted)
    key, key_values = _key(sort)
    way, beyond = ("DESC", "<") if sort.descending else ("ASC", ">")
    by_id = sort.key == "added"
    if after is not None:
        last, image = _read_cursor(after, sort)
        if by_id:
            where += f" AND i.id {beyond} ?"
            values = [*values, image]
        elif last is None:
            where += f" AND {key} IS NULL AND i.id > ?"
            values = [*values, *key_values, image]
        else:
            where += f" AND ({key} {beyond} ? OR ({key} = ? AND i.id > ?) OR {key} IS NULL)"
            values = [*values, *key_values, last, *key_values, last, image, *key_values]
    tail = f"i.id {way}" if by_id else f"{key} {way} NULLS LAST, i.id"
    rows = db.execute(
        f"SELECT i.id, {key} FROM images i WHERE {where} ORDER BY {tail} LIMIT ?",
        [*key_values, *values, *key_values, limit + 1],
    ).fetchall()
    ids = [row[0] for row in rows[:limit]]
    more = len(rows) > limit
    return ids, _write_cursor(sort, rows[limit - 1][1], ids[-1]) if more else None


def _write_cursor(sort: Sort, value: object, image: int) -> str:
    data = json.dumps([sort.key, sort.descending, value, image]).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read_cursor(text: str, sort: Sort) -> tuple[Any, int]:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key, descending, value, image = json.loads(data)
        if (key, descending) != (sort.key, sort.descending) or not isinstance(image, int):
            raise ValueError
        if not isinstance(value, str | int | float | None):
            raise ValueError
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInput(
            "`after` must be what the page before gave as `next`, with the same sort."
        ) from error
    return value, image


def count(db: sqlite3.Connection, wanted: Filter) -> int:
    """Count the matching images."""
    where, values = condition(wanted)
    number: int = db.execute(f"SELECT count(*) FROM images i WHERE {where}", values).fetchone()[0]
    return number


def facets(db: sqlite3.Connection, wanted: Filter) -> Facets:
    """Count the matching images by label, tag, split and flag."""
    where, values = condition(wanted)

    def counts(sql: str) -> dict[Any, int]:
        return dict(db.execute(sql, values).fetchall())

    labels = counts(f"SELECT i.label, count(*) FROM images i WHERE {where} GROUP BY 1")
    splits = counts(f"SELECT i.split, count(*) FROM images i WHERE {where} GROUP BY 1")
    if wanted == EVERYTHING:
        tags = dict(db.execute("SELECT tag, count(*) FROM image_tags GROUP BY tag"))
        hidden = db.execute(
            "SELECT x.tag, count(*) FROM images i CROSS JOIN image_tags x ON x.image = i.id "
            "WHERE i.gone IS NOT NULL GROUP BY 1"
        )
        for tag, n in hidden:
            tags[tag] -= n
    else:
        tags = counts(
            f"SELECT x.tag, count(*) FROM images i CROSS JOIN image_tags x ON x.image = i.id "
            f"WHERE {where} GROUP BY 1"
        )
    flags = counts(
        f"SELECT f.kind, count(*) FROM flags f CROSS JOIN images i ON i.id = f.image "
        f"WHERE {where} GROUP BY 1"
    )
    gone = db.execute("SELECT count(*) FROM images WHERE gone IS NOT NULL").fetchone()[0]
    if wanted == EVERYTHING and gone:  # so that a person can ask for them
        flags["gone"] = gone
    label_names: dict[int, str] = dict(db.execute("SELECT id, name FROM labels"))
    tag_names: dict[int, str] = dict(db.execute("SELECT id, name FROM tags"))
    return Facets(
        total=sum(labels.values()),
        unlabelled=labels.pop(None, 0),
        labels=_ranked({label_names[key]: n for key, n in labels.items()}),
        tags=_ranked({tag_names[key]: n for key, n in tags.items() if n}),
        splits=_ranked({key: n for key, n in splits.items() if key is not None}),
        flags=_ranked(flags),
    )


def _ranked(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
