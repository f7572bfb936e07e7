"""Several queries side by side: how far apart their distributions and rankings are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors, check_same_space
from impasto.explore.distribution import Distribution, distribution
from impasto.explore.queries import Query
from impasto.explore.ranks import rank_biased_overlap, ranks_along, standing
from impasto.explore.similarity import nearest, similarities

Values = NDArray[np.float32]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Distributions of several queries over the same images, and distances query by query.

    The images that a query is made of count like all others, so that every query is compared
    over the same ones.

    Parameters
    ----------
    space : Space
    titles : tuple of str
    distributions : tuple of Distribution
        One per query, in the same bins.
    ks : ndarray of shape (n_queries, n_queries), float64
        Kolmogorov-Smirnov distance of the distributions, 0 to 1.
    wasserstein : ndarray of shape (n_queries, n_queries), float64
        Mean shift of similarity that turns one distribution into the other, 0 to 2.
    spearman : ndarray of shape (n_queries, n_queries), float64
        Rank correlation over all images, -1 to 1; 0 where a query ranks nothing.
    overlap : ndarray of shape (n_queries, n_queries), float64
        Share of common images among the `k` nearest.
    rbo : ndarray of shape (n_queries, n_queries), float64
        Rank-biased overlap of the `k` nearest: like `overlap`, the first ranks weigh most.
    k : int
        Neighbours compared, at most the number of images.
    """

    space: Space
    titles: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    ks: Matrix
    wasserstein: Matrix
    spearman: Matrix
    overlap: Matrix
    rbo: Matrix
    k: int


def compare(
    vectors: Vectors,
    queries: Sequence[Query],
    *,
    bins: int = 200,
    limits: tuple[float, float] = (-1.0, 1.0),
    k: int = 100,
) -> Comparison:
    """Compare queries of one space over all its images.

    Parameters
    ----------
    vectors : Vectors
    queries : sequence of Query
        At least two.
    bins, limits
        Of the histograms.
    k : int
        Neighbours for `overlap` and `rbo`.

    Returns
    -------
    Comparison
    """
    if len(queries) < 2:
        raise InvalidInput(f"A comparison needs at least two queries, not {len(queries)}.")
    for query in queries:
        check_same_space(vectors.space, query.space)
    found = similarities(vectors, np.stack([query.vector for query in queries]))
    valid = ~np.isnan(found).any(axis=0)
    if not valid.any():
        raise InvalidInput(f"There are no vectors in {vectors.space.title} to compare with.")
    ids, found = vectors.ids[valid], found[:, valid]
    tops = [nearest(vectors.space, ids, row, k).ids for row in found]
    order = np.argsort(found, axis=1, kind="stable")
    rising = np.take_along_axis(found, order, axis=1)
    stands = [standing(ranks_along(*pair)) for pair in zip(rising, order, strict=True)]
    many = len(queries)
    return Comparison(
        space=vectors.space,
        titles=tuple(query.title for query in queries),
        distributions=tuple(distribution(row, bins=bins, limits=limits) for row in found),
        ks=_matrix(many, 0.0, lambda i, j: _ks(rising[i], rising[j])),
        wasserstein=_matrix(many, 0.0, lambda i, j: _wasserstein(rising[i], rising[j])),
        spearman=_matrix(many, 1.0, lambda i, j: float(stands[i] @ stands[j])),
        overlap=_matrix(many, 1.0, lambda i, j: float(np.isin(tops[i], tops[j]).mean())),
        rbo=_matrix(many, 1.0, lambda i, j: rank_biased_overlap(tops[i], tops[j])),
        k=min(k, len(ids)),
    )


def _matrix(size: int, diagonal: float, measure: Callable[[int, int], float]) -> Matrix:
    """Fill a symmetric matrix with `measure` of every pair."""
    filled = np.full((size, size), diagonal)
    for i, j in zip(*np.triu_indices(size, 1), strict=True):
        filled[i, j] = filled[j, i] = measure(int(i), int(j))
    return filled


def _ks(first: Values, second: Values) -> float:
    """Largest distance of two distribution functions, from rising values of equal number.

    Where the second runs ahead of the first the distance is largest just before a value of the
    first, where it lags behind at a value of the first: its values are enough.
    """
    n = len(first)
    ahead = np.searchsorted(second, first, "left") - np.searchsorted(first, first, "left")
    behind = np.searchsorted(first, first, "right") - np.searchsorted(second, first, "right")
    return float(max(ahead.max(), behind.max())) / n


def _wasserstein(first: Values, second: Values) -> float:
    """Mean distance of the i-th smallest values, from rising values of equal number."""
    return float(np.abs(first - second).mean(dtype=np.float64))
