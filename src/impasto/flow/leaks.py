"""Leaks of a collection's test and validation parts into what else was learned from."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.core.records import SPLITS
from impasto.flow.ask import choose_space
from impasto.flow.gather import open_collection
from impasto.flow.teach import model_place
from impasto.flow.teaching import learned_from

if TYPE_CHECKING:
    from impasto.curate import Leaks
    from impasto.store import Collection

PAIRS = 100
"""Leaking images that are named with what they are like."""

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class LeakPair:
    """An image that is held back, and its like in a set that was learned from.

    Parameters
    ----------
    image : int
        Id of the image that is held back.
    path, other : str
        Its path, and that of its like there.
    similarity : float
        Cosine of both; 1 for copies, NaN for an image that is only in one group with the other.
    exact : bool
        Whether the files have the same bytes.
    """

    image: int
    path: str
    other: str
    similarity: float
    exact: bool

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; a similarity that is not known is None."""
        known = None if math.isnan(self.similarity) else self.similarity
        return {
            "image": self.image,
            "path": self.path,
            "other": self.other,
            "similarity": known,
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True)
class LeakedFrom:
    """What of the validation and test parts another set was trained on.

    Parameters
    ----------
    source : str
        What that set is, in words.
    known : int
        Images it holds.
    images : int
        Images of the validation and test parts that are in it.
    exact : int
        Those of them whose file is the same.
    pairs : tuple of LeakPair
        Some of them, at most `PAIRS`, the most alike first.
    """

    source: str
    known: int
    images: int
    exact: int
    pairs: tuple[LeakPair, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "source": self.source,
            "known": self.known,
            "images": self.images,
            "exact": self.exact,
            "pairs": [pair.to_json() for pair in self.pairs],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What is held back from learning, and what it must not be like.

    Parameters
    ----------
    ids : ndarray of shape (n_images,), int64
    parts : ndarray of shape (n_images,), str
        "train", "validation" or "test".
    groups : ndarray of shape (n_images,), int64
    own : str or None
        What to call the train part, if it is to be compared too: near-duplicates may straddle.
    """

    ids: NDArray[np.int64]
    parts: NDArray[np.str_]
    groups: NDArray[np.int64]
    own: str | None = None


def find_leaks(
    collection: Collection,
    held: Held,
    against: Sequence[str],
    space: str | None,
    notes: list[str],
    progress: Progress,
) -> tuple[tuple[LeakedFrom, ...], NDArray[np.bool_]]:
    """Compare the test and validation parts with every other set that was learned from.

    Returns
    -------
    tuple of LeakedFrom
        First the train part itself, if so asked; then `against`, also where nothing leaks; then
        the models of the collection that learned from images held back now.
    leaking : ndarray of shape (n_images,), bool
        Images that leak from `against`.
    """
    from impasto import curate

    rows = np.flatnonzero((held.parts == "validation") | (held.parts == "test"))
    ids = held.ids[rows]
    values, name = values_of(collection, ids, space)
    hashes = collection.hashes(ids)
    told: list[LeakedFrom] = []
    leaking = np.zeros(len(held.ids), bool)

    def tell(
        source: str, known: int, found: Leaks, paths_of: Callable[[Sequence[int]], list[str]]
    ) -> None:
        first = np.argsort(-found.similarities, kind="stable")[:PAIRS]
        here = collection.images(ids[found.rows[first]].tolist())
        pairs = tuple(
            LeakPair(image.id, image.path, other, float(alike), bool(same))
            for image, other, alike, same in zip(
                here,
                paths_of(found.others[first].tolist()),
                found.similarities[first],
                found.exact[first],
                strict=True,
            )
        )
        told.append(LeakedFrom(source, known, len(found), int(found.exact.sum()), pairs))

    if held.own is not None:
        train = held.ids[held.parts == "train"]
        own = None if values is None else rows_of(collection, train, name)
        found = curate.find_leaks(hashes, collection.hashes(train), values, own)
        tell(held.own, len(train), found, partial(_paths, collection, train))
    for path in against:
        progress.stage("leaks", unit="images")
        with _against(path) as (source, other, theirs):
            found = _compared(hashes, values, name, other, theirs, notes)
            leaking[rows[found.rows]] = True
            tell(source, len(theirs), found, partial(_paths, other, theirs))
    for record in collection.models():
        learned = learned_from(record)
        if learned is None:
            notes.append(
                f"Model {record.name} does not say which images it learned from; learn it anew to "
                "have it checked."
            )
            continue
        found = _in_groups(held, rows, learned)
        if len(found):
            source = f"model {record.name} of this collection"
            tell(source, len(learned), found, partial(_paths, collection, held.ids))
    notes.extend(
        f"{network} was tuned on another collection; name that with --against to find what it "
        "learned from here."
        for network in _tuned_elsewhere(collection)
    )
    return tuple(told), leaking


def _tuned_elsewhere(collection: Collection) -> list[str]:
    """Return the tuned networks behind spaces that are no models of this collection."""
    from impasto.networks import TUNED

    own = {f"{TUNED}{record.name}" for record in collection.models()}
    networks = (info.space.network for info in collection.spaces() if info.rows)
    return sorted({each for each in networks if each.startswith(TUNED)} - own)


def values_of(
    collection: Collection, ids: NDArray[np.int64], space: str | None
) -> tuple[Values | None, str]:
    """Return vectors of images, rows of NaN where there is none, and the name of the space.

    None and "" when no space was named and the collection has none.
    """
    if space is None and not any(info.rows for info in collection.spaces()):
        return None, ""
    chosen = choose_space(collection, space)
    return rows_of(collection, ids, chosen.name), chosen.name


def rows_of(collection: Collection, ids: NDArray[np.int64], space: str) -> Values:
    """Return vectors of images in a space, rows of NaN where there is none."""
    vectors = collection.vectors(space)
    order = np.argsort(vectors.ids, kind="stable")
    at = np.minimum(np.searchsorted(vectors.ids[order], ids), max(len(order) - 1, 0))
    values = np.full((len(ids), vectors.space.dimension), np.nan, vectors.values.dtype)
    if len(order):
        row = order[at]
        here = vectors.ids[row] == ids
        values[here] = vectors.values[row[here]]
    return values


def _paths(collection: Collection, ids: NDArray[np.int64], rows: Sequence[int]) -> list[str]:
    """Return the paths of images by their places among `ids`."""
    return [image.path for image in collection.images(ids[list(rows)].tolist())]


def _in_groups(held: Held, rows: NDArray[np.int64], learned: NDArray[np.int64]) -> Leaks:
    """Find what is held back and was learned from, or is in one group with what was.

    The places of the others are those among all images; an image that was learned from itself is
    its own.
    """
    from impasto.curate import Leaks

    known = np.flatnonzero(np.isin(held.ids, learned))
    groups, first = np.unique(held.groups[known], return_index=True)
    at = np.flatnonzero(np.isin(held.groups[rows], groups))
    same = np.isin(held.ids[rows[at]], learned)
    like = known[first[np.searchsorted(groups, held.groups[rows[at]])]]
    return Leaks(
        at,
        np.where(same, rows[at], like),
        np.where(same, 1, np.nan).astype(np.float32),
        same,
        np.nan,
    )


@contextmanager
def _against(path: str) -> Generator[tuple[str, Collection, NDArray[np.int64]], None, None]:
    """Open another collection, or that of a model, and tell what was or may be learned from."""
    place, model = model_place(Path(path), None)
    with open_collection(place, writable=False) as other:
        if model is not None:
            learned = learned_from(other.model(model))
            if learned is None:
                raise InvalidInput(
                    f"Model {model} of {other.name} does not say which images it learned from; "
                    f"learn it anew, or check against the whole collection: --against {place}"
                )
            yield (
                f"model {model} of {other.name}",
                other,
                np.intersect1d(learned, other.order()),
            )
            return
        split_ids, codes = other.splits()
        tested = split_ids[codes == SPLITS.index("test")]
        source = f"collection {other.name}" + (" without its test part" if len(tested) else "")
        yield source, other, np.setdiff1d(other.order(), tested)


def _compared(
    hashes: Sequence[bytes | None],
    values: Values | None,
    space: str,
    other: Collection,
    theirs: NDArray[np.int64],
    notes: list[str],
) -> Leaks:
    """Look for images among those of another collection, by bytes and, where it can be, vectors."""
    from impasto import curate

    there = None
    if space and space in other.space_names():
        there = rows_of(other, theirs, space)
    elif values is not None:
        notes.append(
            f"{other.name} has no vectors in the space {space}, so only exact copies were "
            "looked for there; embed it alike to find near-duplicates."
        )
    return curate.find_leaks(hashes, other.hashes(theirs), values, there)
