"""Which images, in which order: filters, sorting, pages by key, facets."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import base64
import binascii
import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import FlagKind, Image, Split
from impasto.store.about import property_name
from impasto.store.columns import integers
from impasto.store.scores import MODEL, parse

SortKey = Literal["added", "name", "label", "size", "width", "height", "aspect", "pixels"]

MEASURES = {
    "size": "i.size",
    "width": "i.width",
    "height": "i.height",
    "aspect": "CAST(i.width AS REAL) / i.height",
    "pixels": "i.width * i.height",
}
"""What is known of images in numbers, and how SQL says it; all but size is of the picture."""

PROPERTY = "property:"


@dataclass(frozen=True, slots=True)
class Range:
    """Images with a number between two others, both included.

    Parameters
    ----------
    key : str
        "size" (bytes), "width", "height", "aspect" (width over height), "pixels",
        "property:NAME", or what a model said when it was tested on the image,
        "model:NAME:score" and so on (`impasto.core.answered.Answered.values`).
    low, high : float or None
        None: no limit on that side.
    """

    key: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Check the key and that the limits are numbers."""
        check_measure(self.key)
        for limit in (self.low, self.high):
            if limit is not None and not math.isfinite(limit):
                raise InvalidInput(f"The limits of {self.key} must be finite, not {limit}.")


def check_measure(key: str) -> None:
    """Raise InvalidInput for what is no number of an image."""
    if key.startswith(MODEL):
        parse(key)
    elif key not in MEASURES and not key.startswith(PROPERTY):
        raise InvalidInput(
            f"Images have the numbers {', '.join(MEASURES)}, property:NAME and model:NAME:WHAT, "
            f"not {key!r}."
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which images are meant: those that meet every condition given.

    Parameters
    ----------
    label : str or sequence of str, optional
        Images of that class, or of any of several.
    unlabelled : bool
        Images without a label; with labels, those too.
    tags : tuple of str
        Images that have all of them.
    any_tag : bool
        One of the tags is enough.
    split : {"train", "validation", "test"} or sequence of them, optional
        Images of that part, or of any of several.
    flag : str or sequence of str, optional
        Images with that flag, or any of several; "gone" shows images whose file is missing.
    text : str
        Words, or beginnings of words, that all occur in path, label or tags.
    selection : str or None
        Images of that selection.
    values : tuple of (str, str)
        Properties and what they must be, as people write it: ("medium", "oil"), ("year", "1900"),
        ("signed", "true"). Of several values of one property any will do.
    ranges : tuple of Range
    answers : tuple of (str, str)
        Models and what they must have answered when they were tested on the image: a label, as
        the first answer, or a tag.
    usable : bool
        Only images that were read and have a picture.
    gone : bool
        Also images whose file is gone, which are left out otherwise.
    hidden : bool
        Also images that a person hid, which are left out otherwise; the flag "hidden" shows them
        alone.
    """

    label: Sequence[str] | None = ()
    unlabelled: bool = False
    tags: tuple[str, ...] = ()
    any_tag: bool = False
    split: Sequence[str] | None = ()
    flag: Sequence[str] | None = ()
    text: str = ""
    selection: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    ranges: tuple[Range, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    usable: bool = False
    gone: bool = False
    hidden: bool = False

    def __post_init__(self) -> None:
        """Keep what may be one or several as several, and check what there are few of."""
        for field in ("label", "tags", "split", "flag"):
            object.__setattr__(self, field, _several(getattr(self, field)))
        object.__setattr__(self, "any_tag", self.any_tag and len(self.tags) > 1)
        for field, known in (("split", get_args(Split)), ("flag", get_args(FlagKind))):
            unknown = [name for name in getattr(self, field) if name not in known]
            if unknown:
                raise InvalidInput(
                    f"There are the {field}s {', '.join(known)}, not {unknown[0]!r}."
                )


@dataclass(frozen=True, slots=True)
class Sort:
    """In which order.

    Parameters
    ----------
    key : str
        "added" (the default), "name" (path), "label", "size", "width", "height", "aspect" (width
        over height), "pixels", "property:NAME", or "model:NAME:WHAT" with a number that a `Range`
        takes. Images without the value come last; ties go by id, in the same direction.
    descending : bool
    """

    key: str = "added"
    descending: bool = False

    def __post_init__(self) -> None:
        """Check the key."""
        if self.key.startswith(MODEL):
            parse(self.key)
        elif self.key not in get_args(SortKey) and not self.key.startswith(PROPERTY):
            raise InvalidInput(
                f"Can't sort by {self.key!r}; there are {', '.join(get_args(SortKey))}, "
                "property:NAME and model:NAME:WHAT."
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


def _several(names: Sequence[str] | None) -> tuple[str, ...]:
    """Return one name, several or none as several, each once."""
    one = (names,) if isinstance(names, str) else names or ()
    return tuple(dict.fromkeys(one))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


EVERYTHING = Filter()
AS_ADDED = Sort()


def condition(wanted: Filter) -> tuple[str, list[Any]]:
    """Return the SQL condition on ``images i`` and its values."""
    parts: list[str] = []
    values: list[Any] = []
    flags, labels, splits = (_several(x) for x in (wanted.flag, wanted.label, wanted.split))
    if not wanted.gone and "gone" not in flags:
        parts.append("i.gone IS NULL")
    if not wanted.hidden and "hidden" not in flags:
        parts.append(f"i.id NOT IN ({HIDDEN})")
    if flags == ("gone",):
        parts.append("i.gone IS NOT NULL")
    elif flags:
        gone = " OR i.gone IS NOT NULL" if "gone" in flags else ""
        parts.append(f"(i.id IN (SELECT image FROM flags WHERE kind IN ({_marks(flags)})){gone})")
        values += flags
    if labels or wanted.unlabelled:
        bare = ["i.label IS NULL"] if wanted.unlabelled else []
        named = [f"i.label IN (SELECT id FROM labels WHERE name IN ({_marks(labels)}))"]
        parts.append(f"({' OR '.join([*bare, *(named if labels else [])])})")
        values += labels
    for tags in [wanted.tags] if wanted.any_tag and wanted.tags else zip(wanted.tags):
        parts.append(
            "i.id IN (SELECT image FROM image_tags "
            f"WHERE tag IN (SELECT id FROM tags WHERE name IN ({_marks(tags)})))"
        )
        values += tags
    if splits:
        parts.append(f"i.split IN ({_marks(splits)})")
        values += splits
    if wanted.selection is not None:
        parts.append(
            "i.id IN (SELECT image FROM selected "
            "WHERE selection = (SELECT id FROM selections WHERE name = ?))"
        )
        values.append(wanted.selection)
    if wanted.usable:
        parts.append("i.usable = 1")
    for name, any_of in _by_property(wanted.values).items():
        parts.append(
            "i.id IN (SELECT image FROM property_values "
            f"WHERE name = ? AND value IN ({_marks(any_of)}))"
        )
        values += [name, *any_of]
    for one in wanted.ranges:
        part, limits = _within(one)
        parts.append(part)
        values += limits
    for answer in wanted.answers:
        parts.append("i.id IN (SELECT value FROM json_each(answered(?, ?)))")
        values += answer
    for word in words(wanted.text) or ['""'] * bool(wanted.text.strip()):
        parts.append(f"i.id IN ({_FOUND})")
        values += [word] * 3
    return " AND ".join(parts) or "1", values


GONE = "images INDEXED BY images_gone WHERE gone IS NOT NULL"
HIDDEN = "SELECT image FROM flags WHERE kind = 'hidden'"
_FOUND = """SELECT rowid FROM search WHERE search MATCH ?
 UNION ALL SELECT id FROM images WHERE label IN
  (SELECT rowid FROM label_search WHERE label_search MATCH ?)
 UNION ALL SELECT image FROM image_tags WHERE tag IN
  (SELECT rowid FROM tag_search WHERE tag_search MATCH ?)"""


def words(text: str) -> list[str]:
    """Turn each word a person typed into an FTS5 query that can't be a syntax error.

    Examples
    --------
    >>> words('blue "cat')
    ['"blue"*', '"cat"*']
    """
    typed = text.replace('"', " ").replace("\0", " ").split()
    usable = [word.encode("utf-8", "replace").decode() for word in typed]
    return [f'"{word}"*' for word in usable]


def _by_property(values: tuple[tuple[str, str], ...]) -> dict[str, list[Any]]:
    """Gather what each property may be, each value as text and as the number that it says."""
    found: dict[str, list[Any]] = {}
    for name, value in values:
        found.setdefault(property_name(name), []).extend((value, _number(value)))
    return found


def _number(text: str) -> float | int | None:
    """Return the number that a text says, with yes and no as SQLite keeps them; else None."""
    if text in ("true", "false"):
        return int(text == "true")
    try:
        return float(text)
    except ValueError:
        return None


def _within(one: Range) -> tuple[str, list[Any]]:
    """Return the SQL condition of a range, which only numbers meet, and its values."""
    if one.key.startswith(MODEL):
        limits_ = [one.key, one.low, one.high]
        return "i.id IN (SELECT value FROM json_each(scored_within(?, ?, ?)))", limits_
    prefix = one.key.startswith(PROPERTY)
    what = "value" if prefix else MEASURES[one.key]
    limits = [
        (f"{what} {sign} ?", limit)
        for sign, limit in ((">=", one.low), ("<=", one.high))
        if limit is not None
    ]
    said = " AND ".join(["1", *(part for part, _ in limits)])
    values: list[Any] = [limit for _, limit in limits]
    if one.key == "size":
        return f"({said})", values
    if not prefix:
        return f"(i.width > 0 AND {said})", values
    return (
        "i.id IN (SELECT image FROM property_values "
        f"WHERE name = ? AND value < '' AND {said})",  # text comes after all numbers
        [property_name(one.key.removeprefix(PROPERTY)), *values],
    )


@dataclass(frozen=True, slots=True)
class _Ordering:
    """How SQL sorts: by `key` where there is one, then (`without` one) by id alone."""

    source: str
    key: str
    there: str = "1"  # condition on the source
    without: str | None = None
    values: tuple[str, ...] = ()  # of `there`, and of `without`


_ORDERINGS = {
    "added": _Ordering("images i", "i.id"),
    "name": _Ordering("images i", "i.path"),
    "size": _Ordering("images i", "i.size"),
    "width": _Ordering("images i", "i.width"),
    "height": _Ordering("images i", "i.height"),
    "pixels": _Ordering("images i", "i.width * i.height"),
    "aspect": _Ordering(
        "images i", MEASURES["aspect"], there="i.height > 0", without="i.height = 0"
    ),
    "label": _Ordering(
        "labels l CROSS JOIN images i INDEXED BY images_label ON i.label = l.id",
        "l.name",
        without="i.label IS NULL",
    ),
}


def _ordering(sort: Sort) -> _Ordering:
    if sort.key in _ORDERINGS:
        return _ORDERINGS[sort.key]
    return _Ordering(
        "property_values v CROSS JOIN images i ON i.id = v.image",
        "v.value",
        there="v.name = ?",
        without="i.id NOT IN (SELECT image FROM property_values WHERE name = ?)",
        values=(property_name(sort.key.removeprefix(PROPERTY)),),
    )


def order(db: sqlite3.Connection, wanted: Filter, sort: Sort) -> NDArray[np.int64]:
    """Return all matching ids, in order."""
    by = _ordering(sort)
    way = "DESC" if sort.descending else "ASC"
    if sort.key in ("name", "added") and wanted == EVERYTHING:  # all from one index
        return _everything(db, sort)
    if sort.key not in _ORDERINGS:  # all that have a value, in order; then those that match
        ids = _valued(db, sort)
        matching = order(db, wanted, Sort("added", sort.descending))
        return np.concatenate([ids[np.isin(ids, matching)], matching[~np.isin(matching, ids)]])
    where, values = condition(wanted)
    (ids,) = integers(
        db,
        f"SELECT i.id AS id FROM {by.source} WHERE {by.there} AND {where} "
        f"ORDER BY {by.key} {way}, i.id {way}",
        [*by.values, *values],
    )
    if by.without is None:
        return ids
    (others,) = integers(
        db,
        f"SELECT i.id AS id FROM images i WHERE {by.without} AND {where} ORDER BY i.id {way}",
        [*by.values, *values],
    )
    return np.concatenate([ids, others])


def _valued(db: sqlite3.Connection, sort: Sort) -> NDArray[np.int64]:
    """Return the ids that have a property, or of which a model said something, in order."""
    way = "DESC" if sort.descending else "ASC"
    if sort.key.startswith(MODEL):
        (ids,) = integers(
            db,
            f"SELECT value FROM json_each(scored_in_order(?)) ORDER BY key {way}",
            [sort.key],
        )
        return ids
    name = property_name(sort.key.removeprefix(PROPERTY))
    (ids,) = integers(
        db,
        f"SELECT image FROM property_values WHERE name = ? ORDER BY value {way}, image {way}",
        [name],
    )
    return ids


def _everything(db: sqlite3.Connection, sort: Sort) -> NDArray[np.int64]:
    """Return all ids by path or as they came, without reading the images themselves."""
    (unseen,) = integers(db, f"SELECT id FROM {GONE} UNION {HIDDEN}")
    if sort.key == "name":
        way = "DESC" if sort.descending else "ASC"
        (ids,) = integers(db, f"SELECT id FROM images ORDER BY path {way}, id {way}")
    else:
        ids = _all(db)[:: -1 if sort.descending else 1]
    return ids[~np.isin(ids, unseen)]


def _all(db: sqlite3.Connection) -> NDArray[np.int64]:
    """Return the ids of all that is there, rising; also others where that needs no reading."""
    first, last, number = (
        db.execute(f"SELECT {what} FROM images").fetchone()[0] or 0
        for what in ("min(id)", "max(id)", "count(*)")  # together they would read all rows
    )
    if last - first + 1 == number:
        return np.arange(first, last + 1, dtype=np.int64)
    (ids,) = integers(db, "SELECT id FROM images INDEXED BY images_state WHERE gone IS NULL")
    return np.sort(ids)


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
        there, bound = f"{by.there} AND {where}", [*by.values, *values]
        if last is not None:
            there += f" AND ({by.key}, i.id) {beyond} (?, ?)"
            bound += last
        rows = db.execute(
            f"SELECT i.id, {by.key} FROM {by.source} WHERE {there} "
            f"ORDER BY {by.key} {way}, i.id {way} LIMIT ?",
            [*bound, limit + 1],
        ).fetchall()
    if by.without is not None and len(rows) <= limit:
        there, bound = f"{by.without} AND {where}", [*by.values, *values]
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


def page_of(
    ids: NDArray[np.int64], sort: Sort, after: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Return the ids of one page out of all ids in order, and the cursor of the next."""
    if limit < 1:
        raise InvalidInput(f"A page holds at least one image, not {limit}.")
    start = 0
    if after is not None:
        _, last = _read_cursor(after, sort)
        found = np.flatnonzero(ids == last)
        if not len(found):
            raise InvalidInput(
                "The image that the page before ended with is no longer among these; begin again."
            )
        start = int(found[0]) + 1
    page: list[int] = ids[start : start + limit].tolist()
    more = start + limit < len(ids)
    return page, _write_cursor(sort, None, page[-1]) if more else None


def count(db: sqlite3.Connection, wanted: Filter) -> int:
    """Count the matching images."""
    where, values = condition(wanted)
    number: int = db.execute(f"SELECT count(*) FROM images i WHERE {where}", values).fetchone()[0]
    return number
