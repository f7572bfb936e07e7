"""Several queries side by side: how far apart their distributions and rankings are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors, check_same_space
from impasto.explore.distribution import Background, Distribution, background, distribution
from impasto.explore.queries import Query
from impasto.explore.ranks import (
    chance_rank_biased_overlap,
    falling_order,
    rank_biased_overlap,
    ranks_along,
    standing,
)
from impasto.explore.similarity import similarities

Values = NDArray[np.float32]
Matrix = NDArray[np.float64]

_STEP = 0.02
"""Width of a bin, and what the limits of the histograms are multiples of."""

_MANY = 20_000  # images from which bins are half as wide: fewer would draw a saw


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Several queries over the same images: similarities, ranks, and distances query by query.

    The images that a query is made of count like all others, so that every query is compared
    over the same ones.

    Parameters
    ----------
    space : Space
    titles : tuple of str
    ids : ndarray of shape (n_images,), int64
        Rising.
    similarities : ndarray of shape (n_queries, n_images), float32
    ranks : ndarray of shape (n_queries, n_images), int32
        From 1, the most similar; ties by id.
    distributions : tuple of Distribution
        One per query, in the same bins.
    backgrounds : tuple of Distribution
        What random queries, made in the same way as each of them, give; in the same bins.
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
    ids: NDArray[np.int64]
    similarities: Values
    ranks: NDArray[np.int32]
    distributions: tuple[Distribution, ...]
    backgrounds: tuple[Distribution, ...]
    ks: Matrix
    wasserstein: Matrix
    spearman: Matrix
    overlap: Matrix
    rbo: Matrix
    k: int

    @property
    def overlap_chance(self) -> float:
        """Overlap to expect of two queries that have nothing to do with each other."""
        return self.k / len(self.ids)

    @property
    def rbo_chance(self) -> float:
        """Rank-biased overlap to expect of two such queries."""
        return chance_rank_biased_overlap(self.k, len(self.ids))

    @property
    def distances(self) -> dict[str, Matrix]:
        """The matrices by what people call them."""
        return {
            "KS": self.ks,
            "Wasserstein": self.wasserstein,
            "Spearman": self.spearman,
            f"overlap@{self.k}": self.overlap,
            "RBO": self.rbo,
        }

    @property
    def cuts(self) -> tuple[float, ...]:
        """Similarity of each query's `k`-th nearest image."""
        return tuple(
            float(row[rank == self.k][0])
            for row, rank in zip(self.similarities, self.ranks, strict=True)
        )

    @property
    def cumulative(self) -> Matrix:
        """Share of the images below each edge of the bins, shape (n_queries, n_bins + 1)."""
        counts = np.stack([one.counts for one in self.distributions])
        return np.pad(counts.cumsum(axis=1), ((0, 0), (1, 0))) / len(self.ids)


def compare(
    vectors: Vectors,
    queries: Sequence[Query],
    *,
    bins: int | None = None,
    limits: tuple[float, float] | None = None,
    k: int = 100,
    random: Sequence[Background] | None = None,
) -> Comparison:
    """Compare queries of one space over all its images.

    Parameters
    ----------
    vectors : Vectors
    queries : sequence of Query
        At least two.
    bins : int or None
        Of the histograms; None: 0.02 wide each, of many images 0.01.
    limits : tuple of two floats or None
        Outer edges of the histograms; None: where the similarities lie.
    k : int
        Neighbours for `overlap` and `rbo`.
    random : sequence of Background or None
        What is random for each query; None: `background` of queries made in the same way.

    Returns
    -------
    Comparison
    """
    if len(queries) < 2:
        raise InvalidInput(f"A comparison needs at least two queries, not {len(queries)}.")
    if k < 1:
        raise InvalidInput(f"Compare at least one neighbour, not {k}.")
    for query in queries:
        check_same_space(vectors.space, query.space)
    ids, found = _by_id(
        vectors.ids, similarities(vectors, np.stack([query.vector for query in queries]))
    )
    if not len(ids):
        raise InvalidInput(f"There are no vectors in {vectors.space.title} to compare with.")
    random = random or _backgrounds(vectors, queries)
    limits = limits or _limits(found, random)
    bins = bins or round((limits[1] - limits[0]) / _STEP) * (1 if len(ids) < _MANY else 2) or 1
    k = min(k, len(ids))
    orders = [falling_order(row) for row in found]
    rising = [row[order[::-1]] for row, order in zip(found, orders, strict=True)]
    stands = [
        standing(ranks_along(row, order[::-1])) for row, order in zip(rising, orders, strict=True)
    ]
    tops = [ids[order[:k]] for order in orders]
    ranks = np.empty(found.shape, np.int32)
    for row, order in zip(ranks, orders, strict=True):
        row[order] = np.arange(1, len(ids) + 1, dtype=np.int32)
    many = len(queries)
    return Comparison(
        space=vectors.space,
        titles=tuple(query.title for query in queries),
        ids=ids,
        similarities=found,
        ranks=ranks,
        distributions=tuple(distribution(row, bins=bins, limits=limits) for row in found),
        backgrounds=tuple(one.distribution(bins=bins, limits=limits) for one in random),
        ks=_matrix(many, 0.0, lambda i, j: _ks(rising[i], rising[j])),
        wasserstein=_matrix(many, 0.0, lambda i, j: _wasserstein(rising[i], rising[j])),
        spearman=_matrix(many, 1.0, lambda i, j: float(stands[i] @ stands[j])),
        overlap=_matrix(many, 1.0, lambda i, j: float(np.isin(tops[i], tops[j]).mean())),
        rbo=_matrix(many, 1.0, lambda i, j: rank_biased_overlap(tops[i], tops[j])),
        k=k,
    )


def _by_id(ids: NDArray[np.int64], found: Values) -> tuple[NDArray[np.int64], Values]:
    """Leave out images without a similarity; order the others by id."""
    valid = np.flatnonzero(~np.isnan(found).any(axis=0))
    rows = valid[np.argsort(ids[valid], kind="stable")]
    return ids[rows], found[:, rows]


def _backgrounds(vectors: Vectors, queries: Sequence[Query]) -> list[Background]:
    known = {parts: background(vectors, parts=parts) for parts in {q.parts for q in queries}}
    return [known[query.parts] for query in queries]


def _limits(found: Values, random: Sequence[Background]) -> tuple[float, float]:
    """Return the range of all similarities, rounded outwards."""
    ends = [found.min(), found.max()]
    ends += [end for one in random for end in (*one.similarities[:1], *one.similarities[-1:])]
    low = max(-1.0, round(float(np.floor(min(ends) / _STEP)) * _STEP, 2))
    high = min(1.0, round(float(np.ceil(max(ends) / _STEP)) * _STEP, 2))
    return (low, high) if low < high else (high - _STEP, high)


def _matrix(size: int, diagonal: float, measure: Callable[[int, int], float]) -> Matrix:
    """Fill a symmetric matrix with `measure` of every pair."""
    filled = np.full((size, size), diagonal)
    for i, j in zip(*np.triu_indices(size, 1), strict=True):
        filled[i, j] = filled[j, i] = measure(int(i), int(j))
    return filled


def _ks(first: Values, second: Values) -> float:
    """Largest distance of two distribution functions, from rising values of equal number.

    Both are merged; after each run of equal values it counts how far one is ahead of the other.
    """
    both = np.concatenate([first, second])
    order = np.argsort(both, kind="stable")  # two runs that rise: merging them is quick
    ahead = np.cumsum(np.where(order < len(first), 1, -1))
    merged = both[order]
    ends = np.append(merged[1:] != merged[:-1], True)
    return float(np.abs(ahead[ends]).max()) / len(first)


def _wasserstein(first: Values, second: Values) -> float:
    """Mean distance of the i-th smallest values, from rising values of equal number."""
    return float(np.abs(first - second).mean(dtype=np.float64))
