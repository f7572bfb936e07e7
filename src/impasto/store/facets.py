"""What one can filter by, counted: labels, tags, splits, flags, properties, numbers."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import not_found
from impasto.store.about import property_name
from impasto.store.columns import integers
from impasto.store.query import (
    AS_ADDED,
    EVERYTHING,
    GONE,
    HIDDEN,
    MEASURES,
    PROPERTY,
    Filter,
    check_measure,
    condition,
    count,
    order,
)
from impasto.store.scores import MODEL

BINS = 40
MOST_VALUES = 500


@dataclass(frozen=True, slots=True)
class Facets:
    """How many images there are of each kind, most frequent first.

    Parameters
    ----------
    total, unlabelled : int
    labels, tags, splits, flags : tuple of (str, int)
        Among the flags "gone" and "hidden" count images that only a filter for them shows.
    """

    total: int
    unlabelled: int
    labels: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    splits: tuple[tuple[str, int], ...]
    flags: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a histogram.

    Parameters
    ----------
    start, end : float
        From `start` to below `end` (the last one includes it).
    count : int
    low, high : float
        The least and the greatest number in it, `start` and `end` when it is empty. A `Range`
        from the `low` of one bar to the `high` of another holds exactly what the bars count.
    """

    start: float
    end: float
    count: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Facet:
    """How the matching images divide by one property or number.

    Parameters
    ----------
    key : str
        "property:NAME", or a number that every image has: "size", "width" and so on.
    values : tuple of (str, int)
        Of a property of words: value and images, the most frequent first, at most `MOST_VALUES`.
    bins : tuple of Bin
        Of numbers: bars of equal width over the numbers of all images.
    distinct : int
        Different values.
    images : int
        Matching images that have one.
    """

    key: str
    values: tuple[tuple[str, int], ...]
    bins: tuple[Bin, ...]
    distinct: int
    images: int


def facets(db: sqlite3.Connection, wanted: Filter) -> Facets:
    """Count the matching images by label, tag, split and flag.

    All images are counted from indexes; of those that match and those that don't, the fewer
    are looked at one by one.
    """
    subtract = _gather_fewer(db, wanted)  # into a temporary table, undone with the transaction

    def counts(everything: str, some: str) -> Counter[Any]:
        found = Counter(dict(db.execute(f"{some} GROUP BY 1").fetchall()))
        if not subtract:
            return found
        every = Counter(dict(db.execute(f"{everything} GROUP BY 1").fetchall()))
        every.subtract(found)
        return every

    labels = counts("SELECT label, count(*) FROM images", "SELECT label, count(*) FROM fewer")
    splits = counts(_SPLITS, "SELECT split, count(*) FROM fewer")
    gone = counts(
        f"SELECT 1, count(*) FROM {GONE}", "SELECT 1, count(*) FROM fewer WHERE gone IS NOT NULL"
    )
    tags = counts(
        "SELECT tag, count(*) FROM image_tags",
        "SELECT x.tag, count(*) FROM fewer m CROSS JOIN image_tags x ON x.image = m.id",
    )
    flags = counts(
        "SELECT kind, count(*) FROM flags",
        "SELECT f.kind, count(*) FROM flags f CROSS JOIN fewer m ON m.id = f.image",
    )
    flags["gone"] = gone[1]
    if wanted == EVERYTHING:
        for kind in ("gone", "hidden"):
            flags[kind] = count(db, Filter(flag=kind))
    label_names: dict[int, str] = dict(db.execute("SELECT id, name FROM labels"))
    tag_names: dict[int, str] = dict(db.execute("SELECT id, name FROM tags"))
    return Facets(
        total=labels.total(),
        unlabelled=labels.pop(None, 0),
        labels=_ranked({label_names[key]: n for key, n in labels.items()}),
        tags=_ranked({tag_names[key]: n for key, n in tags.items()}),
        splits=_ranked({key: n for key, n in splits.items() if key is not None}),
        flags=_ranked(flags),
    )


_SPLITS = f"""SELECT split, sum(n) FROM (
  SELECT split, count(*) AS n FROM images WHERE gone IS NULL GROUP BY 1
  UNION ALL SELECT split, count(*) FROM {GONE} GROUP BY 1)"""  # from the index, which has no others


def facet(db: sqlite3.Connection, key: str, wanted: Filter, bins: int = BINS) -> Facet:
    """Divide the matching images by one property or number."""
    check_measure(key)
    if key in MEASURES:
        return _measured(db, key, wanted, bins)
    if key.startswith(MODEL):
        return _said(db, key, wanted, bins)
    types: dict[str, str] = dict(db.execute("SELECT name, type FROM property_types"))
    name = property_name(key.removeprefix(PROPERTY))
    if name not in types:
        raise not_found("property", name, types)
    source = "SELECT value, image FROM property_values WHERE name = ?"
    grouped = _grouped(source, [name], wanted)
    if types[name] in ("int", "float"):
        limits = db.execute(f"SELECT {_LIMITS} FROM ({source})", (name,)).fetchone()
        rows = db.execute(*grouped).fetchall()
        numbers = np.fromiter((value for value, _ in rows), np.float64, len(rows))
        return _divided(key, numbers, np.array([n for _, n in rows], np.int64), limits, bins)
    values = Counter[str]()
    for value, n in db.execute(*grouped):
        values[str(value) if types[name] == "str" else ("false", "true")[value]] += n
    return Facet(key, _ranked(values)[:MOST_VALUES], (), len(values), values.total())


_LIMITS = "min(value), max(value), min(value = CAST(value AS INTEGER))"


def _measured(db: sqlite3.Connection, key: str, wanted: Filter, bins: int) -> Facet:
    """Divide by what is known of every file: whole columns, which NumPy sorts faster."""
    columns = ("width", "height") if key in ("aspect", "pixels") else (key,)
    there = "i.gone IS NULL" if key == "size" else "i.gone IS NULL AND i.width > 0"
    limits = db.execute(
        f"SELECT {_LIMITS} FROM (SELECT {MEASURES[key]} AS value FROM images i WHERE {there})"
    ).fetchone()
    where, bound = condition(wanted)
    named = ", ".join(f"i.{column}" for column in columns)
    first, *rest = integers(db, f"SELECT {named} FROM images i WHERE {there} AND {where}", bound)
    numbers: NDArray[Any] = first
    if key == "aspect":
        numbers = first / rest[0]
    elif key == "pixels":
        numbers = first * rest[0]
    values, counts = np.unique(numbers.astype(np.float64), return_counts=True)
    return _divided(key, values, counts, limits, bins)


def _said(db: sqlite3.Connection, key: str, wanted: Filter, bins: int) -> Facet:
    """Divide by what a model said when it was tested on the images."""
    (text,) = db.execute("SELECT scored(?)", (key,)).fetchone()
    ids, numbers = (np.array(column) for column in json.loads(text))
    if not len(ids):
        return Facet(key, (), (), 0, 0)
    limits = float(numbers.min()), float(numbers.max()), int((numbers == np.floor(numbers)).all())
    matching = np.isin(ids, order(db, wanted, AS_ADDED))
    values, counts = np.unique(numbers[matching], return_counts=True)
    return _divided(key, values, counts, limits, bins)


def _divided(
    key: str,
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    limits: tuple[float | None, float, int],
    bins: int,
) -> Facet:
    """Put numbers into bars.

    Parameters
    ----------
    values, counts : ndarray of shape (n_values,)
        Different values, rising, and how many images have them.
    limits : tuple
        Least and greatest number of all images (None when there is none), and whether all are
        integers.
    """
    least, greatest, whole = limits
    if least is None:
        return Facet(key, (), (), 0, 0)
    edges = edges_of(float(least), float(greatest), bins, whole=bool(whole))
    firsts = np.searchsorted(values, edges[:-1]).tolist()
    ends = [*firsts[1:], len(values)]
    running = np.concatenate([[0], np.cumsum(counts)]).tolist()
    made = []
    for start, end, first, last in zip(edges[:-1], edges[1:], firsts, ends, strict=True):
        low, high = (values[first], values[last - 1]) if last > first else (start, end)
        count = running[last] - running[first]
        made.append(Bin(float(start), float(end), count, float(low), float(high)))
    return Facet(key, (), tuple(made), len(values), running[-1])


def edges_of(least: float, greatest: float, bins: int, *, whole: bool) -> NDArray[np.float64]:
    """Return the edges of at most `bins` bars of equal width that hold all numbers.

    Parameters
    ----------
    whole : bool
        The numbers are integers: each bar holds the same number of them.

    Examples
    --------
    >>> edges_of(1, 5, 40, whole=True)
    array([1., 2., 3., 4., 5., 6.])
    >>> edges_of(0.0, 1.0, 4, whole=False)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    if whole:
        width = math.ceil((greatest - least + 1) / bins)
        return least + width * np.arange(math.ceil((greatest - least + 1) / width) + 1.0)
    return np.linspace(least, greatest if greatest > least else least + 1, bins + 1)


def _grouped(source: str, named: list[str], wanted: Filter) -> tuple[str, list[Any]]:
    """Return the SQL that counts the matching images by `value`, rising, and its values."""
    where, values = condition(wanted)
    if wanted == EVERYTHING:  # few images don't match: faster than looking for all that do
        chosen = f"image NOT IN (SELECT id FROM {GONE} UNION {HIDDEN})"
    else:
        chosen = f"image IN (SELECT i.id FROM images i WHERE {where})"
    return (
        f"SELECT value, count(*) AS n FROM ({source}) WHERE {chosen} GROUP BY value ORDER BY value",
        [*named, *values],
    )


def _gather_fewer(db: sqlite3.Connection, wanted: Filter) -> bool:
    """Fill ``fewer`` with the images that match or, when these are fewer, with all others."""
    db.execute("CREATE TEMP TABLE fewer (id INTEGER PRIMARY KEY, label, split, gone)")
    columns = "INSERT INTO fewer SELECT i.id, i.label, i.split, i.gone FROM"
    if wanted == EVERYTHING:
        db.execute(
            f"{columns} (SELECT id FROM {GONE} UNION {HIDDEN}) x CROSS JOIN images i ON i.id = x.id"
        )
        return True
    where, values = condition(wanted)
    matching = db.execute(f"{columns} images i WHERE {where} ORDER BY i.id", values).rowcount
    (every,) = db.execute("SELECT count(*) FROM images").fetchone()
    if 2 * matching <= every:
        return False
    db.execute("CREATE TEMP TABLE others (id INTEGER PRIMARY KEY, label, split, gone)")
    db.execute(
        "INSERT INTO others SELECT id, label, split, gone FROM images "
        "WHERE id NOT IN (SELECT id FROM fewer)"
    )
    db.execute("DROP TABLE fewer")
    db.execute("ALTER TABLE others RENAME TO fewer")
    return True


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    present = ((name, n) for name, n in counts.items() if n)
    return tuple(sorted(present, key=lambda pair: (-pair[1], pair[0])))
