"""The whole distribution of similarities: histogram, quantiles, and what random pairs give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors
from impasto.explore import kernel
from impasto.explore.queries import NEGATIVE_WEIGHT
from impasto.explore.rows import scales_of, unit

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)

PAIRS = "random pairs of images"
LIKE_IT = "random queries of as many images"

_SAMPLE_ROWS = 2048
_RANDOM_QUERIES = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """How similarities spread.

    Parameters
    ----------
    edges : ndarray of shape (n_bins + 1,), float64
        Uniform; bins are half open, the last one is closed.
    counts : ndarray of shape (n_bins,), int64
    total : int
        Similarities, also those outside the edges; NaN doesn't count.
    mean, std : float
        0 when `total` is 0.
    quantiles : mapping of float to float
        Exact, linearly interpolated; empty when `total` is 0.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    total: int
    mean: float
    std: float
    quantiles: Mapping[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Similarities of what is not related: random pairs of images, or of queries and images.

    Parameters
    ----------
    space : Space
    similarities : ndarray of shape (n_pairs,), float32
        Rising; empty when the space has fewer than two images.
    mean, std : float
        0 when there is no pair.
    of : str
        What was compared at random.
    """

    space: Space
    similarities: NDArray[np.float32]
    mean: float
    std: float
    of: str = PAIRS

    def percentile(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the share of random pairs below each value, 0 to 100; ties count half."""
        wide = self.similarities.astype(np.float64)
        below = np.searchsorted(wide, values, side="left")
        upto = np.searchsorted(wide, values, side="right")
        return 50.0 * (below + upto) / max(1, len(wide))

    def z(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return how many standard deviations each value lies above the mean of random pairs.

        0 everywhere when all random pairs are equal.
        """
        distance = np.asarray(values, np.float64) - self.mean
        return distance / self.std if self.std > 0 else np.zeros_like(distance)

    def distribution(
        self, *, bins: int = 200, limits: tuple[float, float] = (-1.0, 1.0)
    ) -> Distribution:
        """Return the histogram of the random pairs, in the bins of another distribution."""
        return distribution(self.similarities, bins=bins, limits=limits)


def distribution(
    similarities: NDArray[np.float32],
    *,
    bins: int = 200,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> Distribution:
    """Describe the similarities of one query to all images.

    Parameters
    ----------
    similarities : ndarray of shape (n_images,), float32
        NaN is left out.
    bins : int
    limits : tuple of two floats
        Outer edges of the histogram; mean, std and quantiles count everything.

    Returns
    -------
    Distribution
    """
    edges = uniform_edges(bins, limits)
    valid = ~np.isnan(similarities)
    values = similarities if valid.all() else similarities[valid]
    if len(values) == 0:
        return Distribution(edges, np.zeros(bins, np.int64), 0, 0.0, 0.0, {})
    return Distribution(
        edges,
        kernel.histogram(values, edges),
        len(values),
        float(values.mean(dtype=np.float64)),
        float(values.std(dtype=np.float64)),
        dict(zip(QUANTILES, np.quantile(values, QUANTILES).astype(float).tolist(), strict=True)),
    )


def background(
    vectors: Vectors,
    *,
    parts: tuple[int, ...] = (1,),
    pairs: int = 100_000,
    seed: int = 0,
) -> Background:
    """Compare random pairs of different images of a space, or random queries with images.

    For a query of one image: all pairs among a random sample of up to 2,048 images. For one
    of several, as a label's mean, 1,024 queries are made the same way of random images of that
    sample and compared with its other images: means lie nearer to everything than images do.
    Of all these similarities `pairs` are kept: as good as pairs drawn from the whole space for
    the eye, and it reads few rows from disk.

    Parameters
    ----------
    vectors : Vectors
    parts : tuple of int
        What the query is made of, as `Query.parts` says. Parts that together take more than
        half of the sample are made smaller in proportion.
    pairs : int
        All there are when there are not so many.
    seed : int

    Returns
    -------
    Background
    """
    if pairs < 1:
        raise InvalidInput(f"The background needs at least one pair, not {pairs}.")
    parts = as_asked(parts)
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    m = min(_SAMPLE_ROWS, len(usable))
    rows = np.sort(rng.choice(usable, m, replace=False))
    directions = unit(vectors.values[rows])
    pairwise = parts == (1,)
    of = PAIRS if pairwise else LIKE_IT
    if pairwise or m < 2:
        asking, (first, second) = directions, np.triu_indices(m, 1)
    else:
        asking, apart = _random_queries(directions, parts, rng)
        first, second = np.nonzero(apart)
    if len(first) > pairs:
        kept = np.sort(rng.choice(len(first), pairs, replace=False))
        first, second = first[kept], second[kept]
    found = (asking @ directions.T)[first, second]
    if vectors.mirrored is not None:
        np.maximum(found, (asking @ unit(vectors.mirrored[rows]).T)[first, second], out=found)
    found = np.sort(np.clip(found, -1, 1))
    if len(found) == 0:
        return Background(vectors.space, found, 0.0, 0.0, of)
    wide = found.astype(np.float64)
    return Background(vectors.space, found, float(wide.mean()), float(wide.std()), of)


def as_asked(parts: tuple[int, ...]) -> tuple[int, ...]:
    """Return the parts of the random queries for those of a query: equal ones share a background.

    A query of one large part, as a label's mean, is like any other of more than half the sample.
    """
    return (min(parts[0], _SAMPLE_ROWS // 2),) if len(parts) == 1 else parts


def _random_queries(
    directions: NDArray[np.float32], parts: tuple[int, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Make queries of random images, as `combine` makes those of a person.

    Returns
    -------
    queries : ndarray of shape (n_queries, n_features), float32
    apart : ndarray of shape (n_queries, n_images), bool
        Which images each query is not made of.
    """
    m, wanted = len(directions), sum(map(abs, parts))
    scale = min(1.0, m / 2 / wanted)
    sizes = [max(1, int(abs(part) * scale)) for part in parts]
    order = rng.permuted(np.tile(np.arange(m), (_RANDOM_QUERIES, 1)), axis=1)
    apart = np.ones((_RANDOM_QUERIES, m), bool)
    queries = np.zeros((_RANDOM_QUERIES, directions.shape[1]), np.float32)
    towards = sum(part > 0 for part in parts)
    begin = 0
    for part, size in zip(parts, sizes, strict=True):
        chosen = order.take(np.arange(begin, begin + size), axis=1, mode="wrap")
        begin += size
        np.put_along_axis(apart, chosen, False, axis=1)
        picked = np.zeros((_RANDOM_QUERIES, m), np.float32)
        np.put_along_axis(picked, chosen, 1, axis=1)
        means = directions[chosen[:, 0]] if size == 1 else unit(picked @ directions)
        share = 1 / towards if part > 0 else -NEGATIVE_WEIGHT / (len(parts) - towards)
        queries += share * means
    return unit(queries), apart


def between(
    similarities: NDArray[np.float32], ids: NDArray[np.int64], low: float, high: float
) -> NDArray[np.int64]:
    """List the images whose similarity lies in ``[low, high)``, most similar first.

    With `low` and `high` two edges of a `Distribution` these are exactly the images that its
    bins between them count; similarities of 1, in the closed last bin, belong to ``high >= 1``.

    Parameters
    ----------
    similarities : ndarray of shape (n_images,), float32
    ids : ndarray of shape (n_images,), int64
    low, high : float

    Returns
    -------
    ndarray of shape (n,), int64
        Ties by id.
    """
    if not low <= high:
        raise InvalidInput(f"The lower bound {low} lies above the upper bound {high}; swap them.")
    # NumPy would round a Python float to 32 bits before comparing, and move the edge.
    below = similarities < np.float64(high) if high < 1 else similarities <= np.float64(high)
    rows = np.flatnonzero(below & (similarities >= np.float64(low)))
    return ids[rows[np.lexsort((ids[rows], -similarities[rows]))]]


def uniform_edges(bins: int, limits: tuple[float, float]) -> NDArray[np.float64]:
    """Return the edges of `bins` equal bins, shape (bins + 1,)."""
    low, high = limits
    if bins < 1 or not low < high:
        raise InvalidInput(
            f"A histogram needs at least one bin and a range that rises, not {bins} bins "
            f"from {low} to {high}."
        )
    return np.linspace(low, high, bins + 1)
