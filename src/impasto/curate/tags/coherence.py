"""What the pictures of a tag have in common, beside what random pictures have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.curate.duplicates import unit_rows


@dataclass(frozen=True, slots=True)
class Coherence:
    """How alike the pictures of a tag are.

    Parameters
    ----------
    images : int
        Pictures compared; near-duplicates count once.
    value : float
        Mean cosine of all pairs of them; NaN for fewer than two.
    chance : float
        The same of a random group of that size: the mean over all pairs of the collection.
    z : float
        Distance from chance in standard deviations of random groups of that size.
    """

    images: int
    value: float
    chance: float
    z: float

    @property
    def excess(self) -> float:
        """Share of the way from chance to identical pictures."""
        return (self.value - self.chance) / (1 - self.chance) if self.chance < 1 else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Vectors, and what random groups of them are like.

    Parameters
    ----------
    unit : ndarray of shape (n_images, n_features), float32
        Of length 1.
    pairs, squares, chains : float
        Sums over all pairs of different images: of their cosines, of the squares of these, and
        of the products of two cosines that share one image.
    """

    unit: NDArray[np.float32]
    pairs: float
    squares: float
    chains: float

    @property
    def mean(self) -> float:
        """Mean cosine of two different images."""
        n = len(self.unit)
        return self.pairs / (n * (n - 1) / 2)

    def deviation(self, size: int) -> float:
        """Return the standard deviation of the mean cosine inside random groups of a size.

        Exact for groups drawn without repetition, in closed form: the second moment of a sum over
        the pairs of a random group needs only how often two pairs are the same, share an image,
        or share none.
        """
        n = len(self.unit)
        if not 2 <= size <= n:
            return math.nan
        same = size * (size - 1) / (n * (n - 1))
        chained = same * (size - 2) / max(n - 2, 1)
        apart = chained * (size - 3) / max(n - 3, 1)
        second = (
            same * self.squares
            + chained * self.chains
            + apart * (self.pairs**2 - self.squares - self.chains)
        )
        inside = size * (size - 1) / 2
        return math.sqrt(max(second / inside**2 - self.mean**2, 0.0))

    def of(self, rows: NDArray[np.int64]) -> Coherence:
        """Return how alike the pictures of some rows are."""
        m = len(rows)
        if m < 2:
            return Coherence(m, math.nan, self.mean, math.nan)
        total = self.unit[rows].sum(axis=0, dtype=np.float64)
        value = float((total @ total - m) / (m * (m - 1)))
        spread = self.deviation(m)
        z = (value - self.mean) / spread if spread > 1e-9 else math.nan
        return Coherence(m, value, self.mean, z)


def ground(values: NDArray[np.floating[Any]]) -> Ground:
    """Prepare vectors for the comparison of groups with random ones.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float16 or float32
        At least 4 images, none of them a vector of zeros.
    """
    unit = unit_rows(values)
    if len(unit) < 4 or not unit.any(axis=1).all():
        raise InvalidInput("To compare groups takes at least 4 images with vectors that are not 0.")
    n = len(unit)
    total = unit.sum(axis=0, dtype=np.float64)
    pairs = (total @ total - n) / 2
    gram = (unit.T @ unit).astype(np.float64)  # (n_features, n_features)
    squares = ((gram**2).sum() - n) / 2
    rows = unit.astype(np.float64) @ total - 1  # sum of cosines to all others, (n_images,)
    return Ground(unit, float(pairs), float(squares), float((rows**2).sum() - 2 * squares))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like each other the pictures of two tags are, without the pictures that have both.

    Parameters
    ----------
    cosine : float
        Of their mean vectors, the mean of the collection taken off.
    chance : float
        What two random groups reach in 5 of 100 comparisons as many as were made.
    alike : float
        Mean cosine across the two tags over the geometric mean of those inside each (chance
        taken off everywhere): 1 when the two might be one tag.
    """

    cosine: float
    chance: float
    alike: float


def likenesses(
    ground: Ground, members: Sequence[NDArray[np.int64]], *, nearest: int = 8, at_least: int = 5
) -> dict[tuple[int, int], Likeness]:
    """Compare the mean vectors of tags, each with those nearest to it.

    Parameters
    ----------
    ground : Ground
    members : sequence of ndarray of int64
        Rows of the pictures of each tag.
    nearest : int
        Tags that each is compared with.
    at_least : int
        Pictures that both need beside those they share.

    Returns
    -------
    dict of (int, int) to Likeness
        By places of the tags, the earlier first; only where the cosine is above chance.

    Notes
    -----
    Means of two random groups point apart by chance: their cosine has mean 0 and the standard
    deviation sqrt(tr(S²)) / tr(S), S being the covariance of the vectors, whatever the sizes. The
    level is its normal quantile for as many pairs as there are (Bonferroni).
    """
    from scipy.special import ndtri

    places = [i for i, rows in enumerate(members) if len(rows) >= at_least]
    if len(places) < 2:
        return {}
    centred = ground.unit - ground.unit.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64) / len(centred)
    spread = math.sqrt((covariance**2).sum()) / np.trace(covariance)
    level = float(spread * ndtri(1 - 0.05 / (len(places) * (len(places) - 1) / 2)))
    means = np.array([centred[members[i]].mean(axis=0) for i in places])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    cosines = means @ means.T
    np.fill_diagonal(cosines, -2)
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :nearest]
    found = {}
    for a, row in enumerate(near.tolist()):
        for b in row:
            pair = (places[min(a, b)], places[max(a, b)])
            if pair in found:
                continue
            one, other = (members[i] for i in pair)
            one, other = np.setdiff1d(one, other), np.setdiff1d(other, one)
            if min(len(one), len(other)) < at_least:
                continue
            cosine, alike = _compare(centred, one, other)
            if cosine > level:
                found[pair] = Likeness(cosine, level, alike)
    return found


def _compare(
    centred: NDArray[np.float32], one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[float, float]:
    sums = [centred[rows].sum(axis=0, dtype=np.float64) for rows in (one, other)]
    lengths = [float((centred[rows].astype(np.float64) ** 2).sum()) for rows in (one, other)]
    inside = [
        (total @ total - length) / (len(rows) * (len(rows) - 1))
        for total, length, rows in zip(sums, lengths, (one, other), strict=True)
    ]
    across = sums[0] @ sums[1] / (len(one) * len(other))
    cosine = sums[0] @ sums[1] / (np.linalg.norm(sums[0]) * np.linalg.norm(sums[1]))
    alike = across / math.sqrt(inside[0] * inside[1]) if min(inside) > 0 else math.nan
    return float(cosine), float(alike)
