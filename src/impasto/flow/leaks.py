"""Leaks of a collection's test and validation parts into what else was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

EXAMPLES = 5
"""Leaking images that are named."""

Values = NDArray[np.floating[Any]]


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
    examples : tuple of str
        Paths of some.
    """

    source: str
    known: int
    images: int
    exact: int
    examples: tuple[str, ...]


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

    def tell(source: str, known: int, at: NDArray[np.int64], exact: int) -> None:
        paths = tuple(image.path for image in collection.images(ids[at[:EXAMPLES]].tolist()))
        told.append(LeakedFrom(source, known, len(at), exact, paths))

    if held.own is not None:
        train = held.ids[held.parts == "train"]
        own = None if values is None else rows_of(collection, train, name)
        found = curate.find_leaks(hashes, collection.hashes(train), values, own)
        tell(held.own, len(train), found.rows, int(found.exact.sum()))
    for path in against:
        progress.stage("leaks", unit="images")
        source, known, found = _against(path, hashes, values, name, notes)
        leaking[rows[found.rows]] = True
        tell(source, known, found.rows, int(found.exact.sum()))
    for record in collection.models():
        learned = learned_from(record)
        if learned is None:
            notes.append(
                f"Model {record.name} does not say which images it learned from; learn it anew to "
                "have it checked."
            )
            continue
        groups = held.groups[np.isin(held.ids, learned)]
        at = np.flatnonzero(np.isin(held.groups[rows], groups))
        if len(at):
            same = int(np.isin(ids[at], learned).sum())
            tell(f"model {record.name} of this collection", len(learned), at, same)
    return tuple(told), leaking


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


def _against(
    path: str, hashes: Sequence[bytes | None], values: Values | None, space: str, notes: list[str]
) -> tuple[str, int, Leaks]:
    """Compare with what another collection, or a model in one, was or may be trained on."""
    from impasto import curate

    place, model = model_place(Path(path), None)
    with open_collection(place, writable=False) as other:
        if model is not None:
            learned = learned_from(other.model(model))
            if learned is None:
                raise InvalidInput(
                    f"Model {model} of {other.name} does not say which images it learned from; "
                    f"learn it anew, or check against the whole collection: --against {place}"
                )
            ids, source = np.intersect1d(learned, other.order()), f"model {model} of {other.name}"
        else:
            split_ids, codes = other.splits()
            tested = split_ids[codes == SPLITS.index("test")]
            ids = np.setdiff1d(other.order(), tested)
            source = f"collection {other.name}" + (" without its test part" if len(tested) else "")
        theirs = None
        if space and space in other.space_names():
            theirs = rows_of(other, ids, space)
        elif values is not None:
            notes.append(
                f"{other.name} has no vectors in the space {space}, so only exact copies were "
                "looked for there; embed it alike to find near-duplicates."
            )
        return source, len(ids), curate.find_leaks(hashes, other.hashes(ids), values, theirs)
