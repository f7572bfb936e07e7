"""Cosine similarities of queries to every image of a space, and the nearest images.

A similarity is a 32-bit float in [-1, 1]. NaN means "no similarity": the row no longer counts
(its id is -1) or holds numbers that aren't finite. A vector of length zero resembles nothing:
its similarity is 0. In a space with ``flip="both"`` an image is as similar as the better of its
two vectors, as it is and mirrored.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.records import Neighbours
from impasto.core.space import Space, Vectors, check_same_space
from impasto.explore import kernel
from impasto.explore.queries import Query
from impasto.explore.rows import scales_of, unit

_SAMPLE = 64  # One similarity in so many is looked at to guess where the k-th best lies.


def similarities(vectors: Vectors, queries: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Compare every image with every query, in one pass over the vectors for up to 8 queries.

    Parameters
    ----------
    vectors : Vectors
    queries : ndarray of shape (n_queries, n_features)
        Of the same space (`similarities_of` checks that); any length but finite.

    Returns
    -------
    ndarray of shape (n_queries, n_images), float32
        Cosines in [-1, 1]; NaN where a row has no similarity.
    """
    if queries.ndim != 2 or queries.shape[1] != vectors.space.dimension:
        raise SpaceMismatch(
            f"Queries of shape {queries.shape} do not fit the space {vectors.space.name}; "
            f"give an array of shape (n_queries, {vectors.space.dimension})."
        )
    if not np.isfinite(queries).all():
        raise InvalidInput("A query holds numbers that aren't finite; compute its vector again.")
    directions = unit(queries)
    found = kernel.scan(vectors.values, directions, scales_of(vectors.norms, vectors.ids))
    if vectors.mirrored is not None:
        norms = kernel.lengths(vectors.mirrored)
        mirrored = kernel.scan(vectors.mirrored, directions, scales_of(norms, vectors.ids))
        np.maximum(found, mirrored, out=found)
    return found


def similarities_of(vectors: Vectors, query: Query, *, members: bool = True) -> NDArray[np.float32]:
    """Compare every image with one query of the same space.

    Parameters
    ----------
    vectors : Vectors
    query : Query
    members : bool
        Whether the images that the query is made of count; if not, theirs is NaN.

    Returns
    -------
    ndarray of shape (n_images,), float32

    Raises
    ------
    SpaceMismatch
        When `query` belongs to another space.
    """
    check_same_space(vectors.space, query.space)
    found: NDArray[np.float32] = similarities(vectors, query.vector[None])[0]
    if not members and query.members:
        found[np.isin(vectors.ids, np.array(query.members, np.int64))] = np.nan
    return found


def neighbours(
    vectors: Vectors, query: Query, k: int, *, exclude: Collection[int] = ()
) -> Neighbours:
    """Find the `k` images most similar to a query, without the images it is made of.

    Parameters
    ----------
    vectors : Vectors
    query : Query
    k : int
    exclude : collection of int
        Further images to leave out.

    Returns
    -------
    Neighbours
        Best first, ties by id; fewer than `k` when there are not so many.
    """
    found = similarities_of(vectors, query)
    return nearest(vectors.space, vectors.ids, found, k, exclude={*query.members, *exclude})


def nearest(
    space: Space,
    ids: NDArray[np.int64],
    similarities: NDArray[np.float32],
    k: int,
    *,
    exclude: Collection[int] = (),
) -> Neighbours:
    """Pick the `k` best of similarities that are known already.

    Parameters
    ----------
    space : Space
    ids : ndarray of shape (n_images,), int64
    similarities : ndarray of shape (n_images,), float32
        As `similarities_of` gives them; NaN is left out.
    k : int
    exclude : collection of int

    Returns
    -------
    Neighbours
        Best first, ties by id; fewer than `k` when there are not so many.
    """
    if k < 1:
        raise InvalidInput(f"Ask for at least one neighbour, not {k}.")
    left_out = np.fromiter(exclude, np.int64, len(exclude))
    rows = _candidates(similarities, k + len(left_out))
    rows = rows[~np.isin(ids[rows], left_out)]
    best = rows[np.lexsort((ids[rows], -similarities[rows]))[:k]]
    return Neighbours(space, ids[best], similarities[best])


def _candidates(similarities: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return rows among which are the `k` best and all their ties.

    A guess from a sample spares sorting: when at least `k` rows reach the guess, no row below it
    can belong to the `k` best; otherwise all rows are partitioned.
    """
    sample = similarities[::_SAMPLE]
    sample = sample[~np.isnan(sample)]
    rank = 2 * k // _SAMPLE + 16
    if rank < len(sample):
        guess = -np.partition(-sample, rank)[rank]
        rows = np.flatnonzero(similarities >= guess)
        if len(rows) >= k:
            return rows
    rows = np.flatnonzero(~np.isnan(similarities))
    if k >= len(rows):
        return rows
    bound = -np.partition(-similarities[rows], k - 1)[k - 1]
    return np.flatnonzero(similarities >= bound)
