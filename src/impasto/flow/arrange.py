"""Images in the order of what a space says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.flow.ask import choose_space, query
from impasto.flow.terms import Term

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.core.space import Vectors
    from impasto.store import Collection, Filter

Score = Literal["similarity", "typicality", "outlyingness"]
SCORES: tuple[Score, ...] = get_args(Score)


def score(
    collection: Collection,
    vectors: Vectors,
    by: Score,
    terms: Sequence[Term] = (),
    pictures: Mapping[str, Picture] | None = None,
    *,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Give each image of a space a number.

    Parameters
    ----------
    collection : Collection
    vectors : Vectors
    by : {"similarity", "typicality", "outlyingness"}
        To the query that the terms make; see `impasto.explore.typicality` for the others.
    terms : sequence of Term
        For "similarity".
    pictures : mapping of str to PIL.Image.Image
        What the terms of kind ``upload`` stand for.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), float32
        In the order of the vectors; NaN where there is none.
    """
    from impasto.explore import outlyingness, similarities_of, typicality

    if by == "similarity":
        if not terms:
            raise InvalidInput("Sorting by similarity needs a query: at least one term.")
        return similarities_of(vectors, query(collection, vectors, terms, pictures))
    if by == "typicality":
        return typicality(vectors)
    return outlyingness(vectors, seed=seed)


def arrange(
    collection: Collection,
    wanted: Filter,
    by: Score,
    terms: Sequence[Term] = (),
    pictures: Mapping[str, Picture] | None = None,
    *,
    descending: bool = True,
    space: str | None = None,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Return the ids of all images that pass a filter, in the order of a score.

    Parameters
    ----------
    collection : Collection
    wanted : Filter
    by, terms, pictures, seed
        As `score` takes them.
    descending : bool
        The greatest first.
    space : str or None
        None: the newest.

    Returns
    -------
    ndarray of shape (n_images,), int64
        Images without a vector come last; ties go by id.
    """
    vectors = collection.vectors(choose_space(collection, space))
    scores = score(collection, vectors, by, terms, pictures, seed=seed)
    return in_order(collection.order(wanted), vectors.ids, scores, descending=descending)


def in_order(
    ids: NDArray[np.int64],
    known: NDArray[np.int64],
    scores: NDArray[np.float32],
    *,
    descending: bool,
) -> NDArray[np.int64]:
    """Sort ids by scores; those without one come last, ties go by id.

    Parameters
    ----------
    ids : ndarray of shape (n_wanted,), int64
        Rising.
    known : ndarray of shape (n_images,), int64
        The images that have scores; -1 for rows that don't count.
    scores : ndarray of shape (n_images,), float32
        NaN for none.
    descending : bool
    """
    there = known >= 0
    by_id = np.full(max(int(ids.max(initial=0)), int(known.max(initial=0))) + 1, np.nan, np.float32)
    by_id[known[there]] = scores[there]
    own = by_id[ids]
    return ids[np.argsort(-own if descending else own, kind="stable")]  # NaN goes last
