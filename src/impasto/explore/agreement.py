"""One query in two spaces: how far they agree on what is near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import Neighbours
from impasto.core.space import Space
from impasto.explore.ranks import (
    chance_rank_biased_overlap,
    mean_ranks,
    rank_biased_overlap,
    standing,
)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How alike two spaces rank the same images for the same query.

    Images that have a vector in one of the spaces only don't count.

    Parameters
    ----------
    first, second : Space
    images : int
        With a vector in both, without those that the query is made of.
    k : int
        Nearest images compared, at most `images`.
    shared : ndarray of shape (n_shared,), int64
        Ids among the `k` nearest in both, nearest in the first space first.
    overlap, overlap_chance : float
        Share of the `k` nearest that is shared, 0 to 1; two random rankings share
        ``k / images``.
    rbo, rbo_chance : float
        Rank-biased overlap of the `k` nearest: like `overlap`, the first ranks weigh most.
    spearman : float
        Correlation of the two rankings of all common images, -1 to 1; chance gives 0.
    """

    first: Space
    second: Space
    images: int
    k: int
    shared: NDArray[np.int64]
    overlap: float
    overlap_chance: float
    rbo: float
    rbo_chance: float
    spearman: float


def agreement(first: Neighbours, second: Neighbours, *, k: int = 50) -> Agreement:
    """Compare two whole rankings of a query, each in a space of its own.

    Parameters
    ----------
    first, second : Neighbours
        All images of each space, best first.
    k : int

    Returns
    -------
    Agreement

    Raises
    ------
    InvalidInput
        When no image has a vector in both spaces.
    """
    if k < 1:
        raise InvalidInput(f"Compare at least one neighbour, not {k}.")
    _, at_first, at_second = np.intersect1d(
        first.ids, second.ids, assume_unique=True, return_indices=True
    )
    n = len(at_first)
    if n == 0:
        raise InvalidInput(
            f"No image has a vector in both {first.space.title} and {second.space.title}; "
            "embed the same images in both."
        )
    k = min(k, n)
    tops = [
        ranking.ids[np.sort(at)[:k]] for ranking, at in ((first, at_first), (second, at_second))
    ]
    shared = tops[0][np.isin(tops[0], tops[1])]
    stands = [
        standing(mean_ranks(ranking.similarities[at]))
        for ranking, at in ((first, at_first), (second, at_second))
    ]
    return Agreement(
        first=first.space,
        second=second.space,
        images=n,
        k=k,
        shared=shared,
        overlap=len(shared) / k,
        overlap_chance=k / n,
        rbo=rank_biased_overlap(tops[0], tops[1]),
        rbo_chance=chance_rank_biased_overlap(k, n),
        spearman=float(np.clip(stands[0] @ stands[1], -1, 1)),
    )


def places(ranking: Neighbours, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the rank of images in a whole ranking.

    Parameters
    ----------
    ranking : Neighbours
    ids : ndarray of shape (n,), int64

    Returns
    -------
    ndarray of shape (n,), int64
        From 1; 0 for an image that is not in the ranking.
    """
    at = np.flatnonzero(np.isin(ranking.ids, ids))
    known = dict(zip(ranking.ids[at].tolist(), (at + 1).tolist(), strict=True))
    return np.array([known.get(id_, 0) for id_ in ids.tolist()], np.int64)
