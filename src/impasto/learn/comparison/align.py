"""Several models on the images that all of them were tested on, and what needs no learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered, Kind
from impasto.core.errors import InvalidInput
from impasto.learn.tag_scores import Told

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way of answering: a model, or something that learned nothing.

    Parameters
    ----------
    name, title : str
        For programs and for people.
    kind : {"model", "baseline"}
    told : Told
        Of labels: the true class, the scores of all classes, the first answer.
    """

    name: str
    title: str
    kind: Literal["model", "baseline"]
    told: Told


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What is compared.

    Parameters
    ----------
    target : {"label", "tags"}
    names : tuple of str
        Labels that any model tells, or tags that all of them tell.
    ids : ndarray of shape (n_images,), int64
        Images that all models were tested on, rising.
    ways : tuple of Way
        The models in the order given, then what needs no learning.
    notes : tuple of str
        What was left out.
    """

    target: Literal["label", "tags"]
    names: tuple[str, ...]
    ids: NDArray[np.int64]
    ways: tuple[Way, ...]
    notes: tuple[str, ...]

    @property
    def models(self) -> tuple[Way, ...]:
        """The models, in the order given."""
        return tuple(way for way in self.ways if way.kind == "model")


def align(kept: Mapping[str, Answered], spaces: Mapping[str, str]) -> Common:
    """Bring the answers of several models to the same images and names.

    Parameters
    ----------
    kept : mapping of str to Answered
        By the name of the model.
    spaces : mapping of str to str
        What the vectors of each model are called.

    Raises
    ------
    InvalidInput
        When there is nothing to compare; the message says why.
    """
    kind, ids = one_kind(kept), shared_ids(kept)
    names = _names(kept, kind)
    notes = []
    rows = {name: rows_of(one, ids) for name, one in kept.items()}
    truths = [_truth(one, rows[name], names) for name, one in kept.items()]
    same = np.all([(truth == truths[0]).all(axis=1) for truth in truths], axis=0)
    if not same.all():
        notes.append(
            f"Left out: {int((~same).sum()):,} images whose {_TELLS[kind]} changed between two "
            "of the learnings."
        )
        ids, rows = ids[same], {name: row[same] for name, row in rows.items()}
        truths = [truth[same] for truth in truths]
    if not len(ids):
        raise InvalidInput("The labels of all images changed between two of the learnings.")
    for name, one in kept.items():
        notes += tested_elsewhere(name, one, len(ids))
        if kind == "tags" and len(one.names) > len(names):
            notes.append(f"{name} tells {len(one.names) - len(names)} tags that others do not.")
    groups = joined_groups([one.groups[rows[name]] for name, one in kept.items()])
    made = _Ways(kept, spaces, rows, names, truths[0], groups, kind)
    return Common(
        "tags" if kind == "tags" else "label", names, ids, made.all_of_them(), tuple(notes)
    )


_TELLS = {"label": "labels", "tags": "tags", "number": "numbers"}


def one_kind(kept: Mapping[str, Answered]) -> Kind:
    """Return what all of the models tell, or raise InvalidInput when that differs."""
    kinds = {name: answered.kind for name, answered in kept.items()}
    if len(kept) < 2:
        raise InvalidInput("A comparison takes at least two models.")
    if len(set(kinds.values())) > 1:
        said = ", ".join(f"{name} tells {_TELLS[kind]}" for name, kind in kinds.items())
        raise InvalidInput(f"Only models that tell the same can be compared: {said}.")
    return next(iter(kinds.values()))


def shared_ids(kept: Mapping[str, Answered]) -> NDArray[np.int64]:
    """Return the images that all models were tested on, rising; InvalidInput without any."""
    ids: NDArray[np.int64] = reduce(np.intersect1d, (one.ids for one in kept.values()))
    if not len(ids):
        raise InvalidInput(
            "No image was tested by all of these models. Learn them with the same --seed and "
            "division, or with --folds, which tests every image."
        )
    return ids


def tested_elsewhere(name: str, one: Answered, shared: int) -> list[str]:
    """Say that a model was tested on more images than are compared."""
    if len(one) == shared:
        return []
    return [
        f"{name} was tested on {len(one):,} images; compared are the {shared:,} that all models "
        "were tested on."
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    kept: Mapping[str, Answered]
    spaces: Mapping[str, str]
    rows: Mapping[str, Rows]
    names: tuple[str, ...]
    truth: NDArray[np.bool_]
    groups: NDArray[np.int64]
    kind: str

    def all_of_them(self) -> tuple[Way, ...]:
        return (*self.models(), *self.nearest(), self.blind())

    def told(self, scores: NDArray[Any], given: NDArray[np.bool_] | None) -> Told:
        if given is None:
            given = one_hot(scores.argmax(axis=1), len(self.names))
        return Told(self.truth, scores.astype(np.float64), given, self.groups)

    def models(self) -> list[Way]:
        made = []
        for name, one in self.kept.items():
            row = self.rows[name]
            scores = _columns(one.scores[row], one.names, self.names)
            given = None
            if one.given is not None:
                given = _columns(one.given[row], one.names, self.names)
            made.append(Way(name, name, "model", self.told(scores, given)))
        return made

    def nearest(self) -> list[Way]:
        """Return one row for each space and division, as far as they differ."""
        made: dict[bytes, Way] = {}
        for name, one in self.kept.items():
            if one.nearest is None:
                continue
            row = self.rows[name]
            blank = 0 if self.kind == "tags" else -2  # as for a class that training did not hold
            scores = _columns(one.nearest[row], one.names, self.names, blank)
            given = None
            if one.nearest_given is not None:
                given = _columns(one.nearest_given[row], one.names, self.names)
            told = self.told(scores, given)
            what = "Nearest neighbour" if self.kind == "label" else "Nearest images"
            key = told.given.tobytes()
            made.setdefault(
                key, Way(f"nearest:{name}", f"{what}, {self.spaces[name]}", "baseline", told)
            )
        titles = [way.title for way in made.values()]
        return [
            way
            if titles.count(way.title) == 1
            else Way(way.name, f"{way.title} (as {way.name.partition(':')[2]})", way.kind, way.told)
            for way in made.values()
        ]

    def blind(self) -> Way:
        """Return what answers without looking at the picture."""
        n, k = self.truth.shape
        if self.kind == "tags":
            told = self.told(np.zeros((n, k)), np.ones((n, k), bool))
            return Way("always", "Every tag for every image", "baseline", told)
        scores = np.broadcast_to(self.truth.mean(axis=0), (n, k))
        for name, one in self.kept.items():
            if one.prior is not None:
                row = self.rows[name]
                scores = _columns(one.prior[one.fold[row]], one.names, self.names)
                break
        told = self.told(scores, None)
        return Way("majority", "Always the commonest class", "baseline", told)


def one_hot(codes: NDArray[np.integer[Any]], k: int) -> NDArray[np.bool_]:
    """Return which class each image is of, shape (n_images, k)."""
    marks: NDArray[np.bool_] = codes[:, None] == np.arange(k)
    return marks


def _names(kept: Mapping[str, Answered], kind: str) -> tuple[str, ...]:
    if kind == "label":
        return tuple(sorted({name for one in kept.values() for name in one.names}))
    first, *others = kept.values()
    shared = [name for name in first.names if all(name in one.names for one in others)]
    if not shared:
        raise InvalidInput("These models have no tag in common.")
    return tuple(shared)


def rows_of(one: Answered, ids: NDArray[np.int64]) -> Rows:
    """Return where the answers to some images are."""
    order = np.argsort(one.ids)
    found: Rows = order[np.searchsorted(one.ids, ids, sorter=order)]
    return found


def _truth(one: Answered, rows: Rows, names: tuple[str, ...]) -> NDArray[np.bool_]:
    truth = one.truth[rows]
    if one.kind == "label":
        truth = one_hot(truth, len(one.names))
    return _columns(truth, one.names, names)


def _columns(
    values: NDArray[Any], own: tuple[str, ...], names: tuple[str, ...], blank: float = 0
) -> NDArray[Any]:
    """Put the columns of a model in the places of the names; `blank` where it has none."""
    place = {name: column for column, name in enumerate(own)}
    found = np.full((len(values), len(names)), blank, values.dtype)
    for column, name in enumerate(names):
        if name in place:
            found[:, column] = values[:, place[name]]
    return found


def joined_groups(each: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Join what any of the models held for near-duplicates."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, start = len(each[0]), len(each[0])
    left, right = [], []
    for groups in each:
        numbers = np.unique(groups, return_inverse=True)[1]
        left.append(np.arange(n))
        right.append(start + numbers)  # a node for each group, joined to its images
        start += int(numbers.max()) + 1
    pairs = np.concatenate(left), np.concatenate(right)
    net = coo_array((np.ones(len(pairs[0])), pairs), shape=(start, start))
    found: NDArray[np.int64] = connected_components(net, directed=False)[1][:n].astype(np.int64)
    return found
