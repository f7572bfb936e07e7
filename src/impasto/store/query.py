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
from impasto.store.about import property_name
from impasto.store.columns import integers

SortKey = Literal["added", "name", "size", "width", "height", "label"]


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
    selection : str or None
        Images of that selection.
    usable : bool
        Only images that were read and have a picture.
    gone : bool
        Also images whose file is gone, which are left out otherwise.
    """

    label: str | None = None
    unlabelled: bool = False
    tags: tuple[str, ...] = ()
    split: Split | None = None
    flag: FlagKind | None = None
    text: str = ""
    selection: str | None = None
    usable: bool = False
    gone: bool = False

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
        "property:NAME". Images without the value come last; ties go by id, in the same
        direction.
    descending : bool
    """

    key: str = "added"
    descending: bool = False

    def __post_init__(self) -> None:
        """Check the key."""
        if self.key not in get_args(SortKey) and not self.key.startswith("property:"):
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
        Among the flags "gone" counts images that only a filter for it shows.
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
    elif not wanted.gone:
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
    if wanted.selection is not None:
        parts.append(
            "i.id IN (SELECT image FROM selected "
            "WHERE selection = (SELECT id FROM selections WHERE name = ?))"
        )
        values.append(wanted.selection)
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


@dataclass(frozen=True, slots=True)
class _Ordering:
    """How SQL sorts: by `key` where there is one, then (`without` one) by id alone."""

    source: str
    key: str
    without: str | None = None
    values: tuple[str, ...] = ()


_ORDERINGS = {
    "added": _Ordering("images i", "i.id"),
    "name": _Ordering("images i", "i.path"),
    "size": _Ordering("images i", "i.size"),
    "width": _Ordering("images i", "i.width"),
    "height": _Ordering("images i", "i.height"),
    "label": _Ordering(
        "labels l CROSS JOIN images i INDEXED BY images_label ON i.label = l.id",
        "l.name",
        without="i.label IS NULL",
    ),
}


def _ordering(sort: Sort) -> _Ordering:
    if sort.key in _ORDERINGS:
        return _ORDERINGS[sort.key]
    value = "json_extract(i.properties, ?)"
    path = f'$."{property_name(sort.key.removeprefix("property:"))}"'
    return _Ordering("images i", value, without=f"{value} IS NULL", values=(path,))


def order(db: sqlite3.Connection, wanted: Filter, sort: Sort) -> NDArray[np.int64]:
    """Return all matching ids, in order."""
    by = _ordering(sort)
    way = "DESC" if sort.descending else "ASC"
    if sort.key == "name" and wanted == EVERYTHING:  # all from the index on paths
        (ids,) = integers(db, f"SELECT id FROM images ORDER BY path {way}, id {way}")
        (gone,) = integers(db, "SELECT id FROM images WHERE gone IS NOT NULL")
        return ids[~np.isin(ids, gone)] if len(gone) else ids
    where, values = condition(wanted)
    there = f"{where} AND {by.key} IS NOT NULL" if by.values else where
    (ids,) = integers(
        db,
        f"SELECT i.id AS id FROM {by.source} WHERE {there} ORDER BY {by.key} {way}, i.id {way}",
        [*values, *by.values, *by.values],
    )
    if by.without is None:
        return ids
    (others,) = integers(
        db,
        f"SELECT i.id AS id FROM images i WHERE {where} AND {by.without} ORDER BY i.id {way}",
        [*values, *by.values],
    )
    return np.concatenate([ids, others])


def page_ids(
    db: sqlite3.Connection, wanted: Filter, sort: Sort, after: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Return the ids of one page and the cursor of the next."""
    if limit < 1:
        raise InvalidInput(f"A page holds at least one image, not {limit}.")
    by = _ordering(sort)
    way, beyond = ("DESC", "<") if sort.descending else ("ASC", ">")
    where, values = condition(wanted)
    last = None if after is None else _read_cursor(after, sort)
    rows: list[tuple[int, Any]] = []
    if last is None or last[0] is not None:
        there = f"{where} AND {by.key} IS NOT NULL" if by.without else where
        bound = [*values, *by.values] if by.without else [*values]
        if last is not None:
            there += f" AND ({by.key}, i.id) {beyond} (?, ?)"
            bound += [*by.values, *last]
        rows = db.execute(
            f"SELECT i.id, {by.key} FROM {by.source} WHERE {there} "
            f"ORDER BY {by.key} {way}, i.id {way} LIMIT ?",
            [*by.values, *bound, *by.values, limit + 1],
        ).fetchall()
    if by.without is not None and len(rows) <= limit:
        there, bound = f"{where} AND {by.without}", [*values, *by.values]
        if last is not None and last[0] is None:
            there += f" AND i.id {beyond} ?"
            bound += [last[1]]
        rows += db.execute(
            f"SELECT i.id, NULL FROM images i WHERE {there} ORDER BY i.id {way} LIMIT ?",
            [*bound, limit + 1 - len(rows)],
        ).fetchall()
    ids = [image for image, _ in rows[:limit]]
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
    source, gone = "images", 0
    if wanted == EVERYTHING:
        shown = "gone IS NULL"
        tags = _counts(db, "SELECT tag, count(*) FROM image_tags GROUP BY 1")
        for tag, n in _counts(db, _TAGS.format("images", "m.gone IS NOT NULL")).items():
            tags[tag] -= n
        gone = db.execute("SELECT count(*) FROM images WHERE gone IS NOT NULL").fetchone()[0]
    else:
        source, shown = "matched", "1"  # a temporary table, undone with the transaction
        where, values = condition(wanted)
        db.execute("CREATE TEMP TABLE matched (id INTEGER PRIMARY KEY, label, split, gone)")
        db.execute(
            "INSERT INTO matched SELECT i.id, i.label, i.split, i.gone "
            f"FROM images i WHERE {where} ORDER BY i.id",
            values,
        )
        tags = _counts(db, _TAGS.format("matched", "1"))
        gone = db.execute("SELECT count(*) FROM matched WHERE gone IS NOT NULL").fetchone()[0]
    labels = _counts(db, f"SELECT label, count(*) FROM {source} WHERE {shown} GROUP BY 1")
    splits = _counts(db, f"SELECT split, count(*) FROM {source} WHERE {shown} GROUP BY 1")
    flags = _counts(
        db,
        f"SELECT f.kind, count(*) FROM flags f CROSS JOIN {source} m ON m.id = f.image "
        f"WHERE {shown} GROUP BY 1",
    )
    label_names: dict[int, str] = dict(db.execute("SELECT id, name FROM labels"))
    tag_names: dict[int, str] = dict(db.execute("SELECT id, name FROM tags"))
    return Facets(
        total=sum(labels.values()),
        unlabelled=labels.pop(None, 0),
        labels=_ranked({label_names[key]: n for key, n in labels.items()}),
        tags=_ranked({tag_names[key]: n for key, n in tags.items()}),
        splits=_ranked({key: n for key, n in splits.items() if key is not None}),
        flags=_ranked(flags | {"gone": gone}),
    )


_TAGS = (
    "SELECT x.tag, count(*) FROM {} m CROSS JOIN image_tags x ON x.image = m.id WHERE {} GROUP BY 1"
)


def _counts(db: sqlite3.Connection, sql: str) -> dict[Any, int]:
    return dict(db.execute(sql).fetchall())


def _ranked(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    present = ((name, n) for name, n in counts.items() if n)
    return tuple(sorted(present, key=lambda pair: (-pair[1], pair[0])))
