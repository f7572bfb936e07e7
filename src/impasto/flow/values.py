"""One value per image: what a map can be coloured by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, not_found
from impasto.core.records import SPLITS

if TYPE_CHECKING:
    from impasto.flow.maps import Mapped
    from impasto.store import Collection

Kind = Literal["category", "number"]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """One value per image.

    Parameters
    ----------
    by : str
        What it was asked for by.
    title : str
        What people read.
    kind : {"category", "number"}
    data : ndarray of shape (n_images,), int32 or float32
        Categories: position in `categories`, -1 where an image has none. Numbers: NaN where an
        image has none.
    categories : tuple of str
        The most frequent first; empty with numbers.
    """

    by: str
    title: str
    kind: Kind
    data: NDArray[Any]
    categories: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Count the images without a value."""
        none = np.isnan(self.data) if self.kind == "number" else self.data < 0
        return int(np.count_nonzero(none))

    @property
    def counts(self) -> tuple[int, ...]:
        """Count the images of each category."""
        if self.kind == "number":
            return ()
        there = self.data[self.data >= 0]
        return tuple(np.bincount(there, minlength=len(self.categories)).tolist())

    @property
    def range(self) -> tuple[float, float] | None:
        """Least and greatest number; None with categories, or when no image has one."""
        if self.kind == "category" or self.missing == len(self.data):
            return None
        return float(np.nanmin(self.data)), float(np.nanmax(self.data))


def values(
    collection: Collection, by: str, ids: NDArray[np.int64], mapped: Mapped | None = None
) -> Values:
    """Look up one value per image.

    Parameters
    ----------
    collection : Collection
    by : str
        ``label``, ``split``, ``tag:NAME``, ``selection:NAME``, ``property:NAME``, ``model:NAME``
        (the label that the model gave when it was tested on the image), ``model:NAME:WHAT``
        (`impasto.core.answered.Answered.values` says what there is: ``score``, ``confidence``,
        ``error``, ``tag:NAME`` and more), or, with a map, ``placed``.
    ids : ndarray of shape (n_images,), int64
    mapped : Mapped, optional
        The map whose images these are.

    Raises
    ------
    NotFound
        When there is no such tag, selection, property or model.
    InvalidInput
        When `by` is none of the above.
    """
    kind, _, name = by.partition(":")
    if by in ("label", "split"):
        return (_label if by == "label" else _split)(collection, ids)
    if by == "placed" and mapped is not None:
        code = mapped.placed.astype(np.int32)
        told = ("laid out", "put beside those they resemble")
        return _named("placed", "How it got its place", code, told)
    named: dict[str, Callable[[Collection, str, NDArray[np.int64]], Values]] = {
        "tag": partial(_within, "tag"),
        "selection": partial(_within, "selection"),
        "property": _property,
        "model": _model,
    }
    if kind not in named or not name:
        raise InvalidInput(
            "Images have values by label, split, tag:NAME, selection:NAME, property:NAME, "
            f"model:NAME, model:NAME:score, model:NAME:error and the like, not by {by!r}."
        )
    return named[kind](collection, name, ids)


def _label(collection: Collection, ids: NDArray[np.int64]) -> Values:
    known, labels = collection.labelled()
    names, codes = np.unique(labels, return_inverse=True)
    return _named("label", "Label", _placed(ids, known, codes, -1), names.tolist())


def _split(collection: Collection, ids: NDArray[np.int64]) -> Values:
    known, codes = collection.splits()
    return _named("split", "Split", _placed(ids, known, codes, -1), SPLITS)


def _within(kind: str, collection: Collection, name: str, ids: NDArray[np.int64]) -> Values:
    having = np.isin(ids, collection.ids_with(**{kind: name})).astype(np.int32)
    return _named(f"{kind}:{name}", f"{kind.title()} {name}", having, [f"without {name}", name])


def _property(collection: Collection, name: str, ids: NDArray[np.int64]) -> Values:
    types = collection.properties()
    if name not in types:
        raise not_found("property", name, types)
    known, found = collection.property_values(name)
    by = f"property:{name}"
    if types[name] in ("int", "float"):
        numbers = np.array(found, np.float32)
        return Values(by, name, "number", _placed(ids, known, numbers, np.nan))
    texts = [("no", "yes")[bool(v)] if types[name] == "bool" else str(v) for v in found]
    names, codes = np.unique(np.array(texts, np.str_), return_inverse=True)
    return _named(by, name, _placed(ids, known, codes, -1), names.tolist())


def _model(collection: Collection, name: str, ids: NDArray[np.int64]) -> Values:
    from impasto.store import BY_MODEL, parse_said

    model, what = parse_said(f"{BY_MODEL}{name}")
    tested = collection.tested(model)
    by = f"{BY_MODEL}{name}"
    said = tested.values(what)
    if tested.kind == "label" and what == "predicted":
        codes = _placed(ids, tested.ids, said.astype(np.int32), -1)
        return _named(by, f"Answer of {model}", codes, tested.names)
    if tested.kind == "label" and what == "error":
        wrong = _placed(ids, tested.ids, said.astype(np.int32), -1)
        return _named(by, f"Errors of {model}", wrong, ["right", "wrong"])
    title = f"{_SAID[tested.kind].get(what, what)} ({model})"
    return Values(by, title, "number", _placed(ids, tested.ids, said, np.nan))


_SAID = {
    "label": {
        "score": "Probability of the true label",
        "confidence": "Probability of the answer",
        "margin": "First answer before the second",
    },
    "tags": {
        "score": "Mean probability of its tags",
        "confidence": "Greatest probability of a tag",
        "missing": "Tags it may lack",
        "superfluous": "Tags it may have wrongly",
        "error": "Tags that are told wrongly",
    },
    "number": {"predicted": "Number told", "error": "Distance from the truth"},
}


def _placed(
    ids: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[Any], none: float
) -> NDArray[Any]:
    """Bring values of some images into the order of others; `none` where there is none."""
    kind = np.float32 if values.dtype.kind == "f" else np.int32
    found = np.full(len(ids), none, kind)
    if len(known):
        order = np.argsort(known, kind="stable")
        at = order[np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)]
        there = known[at] == ids
        found[there] = values[at[there]]
    return found


def _named(by: str, title: str, codes: NDArray[Any], names: Sequence[str]) -> Values:
    """Keep the categories that occur, the most frequent first, ties by name."""
    counts = Counter(codes[codes >= 0].tolist())
    order = sorted(counts, key=lambda code: (-counts[code], names[code]))
    renumbered = np.full(len(names) + 1, -1, np.int32)  # the last one is for -1
    renumbered[order] = np.arange(len(order))
    return Values(by, title, "category", renumbered[codes], tuple(names[code] for code in order))
