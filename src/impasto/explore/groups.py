"""One query's similarities group by group: inside against outside, and all labels at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.intervals import Z
from impasto.core.records import Estimate
from impasto.explore.distribution import Distribution, distribution, uniform_edges
from impasto.explore.ranks import mean_ranks


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """The similarities of one query inside a set of images, and outside of it.

    Parameters
    ----------
    inside, outside : Distribution
        In the same bins.
    auc : Estimate
        Chance that an image inside is more similar than one outside, ties half.
    ks : float
        Greatest distance of the two distribution functions (Kolmogorov-Smirnov), 0 to 1.
    shift : float
        Mean similarity inside minus mean similarity outside.
    """

    inside: Distribution
    outside: Distribution
    auc: Estimate
    ks: float
    shift: float


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The similarities of one query to each of many groups, the surest to be near first.

    Parameters
    ----------
    names : tuple of str
    edges : ndarray of shape (n_bins + 1,), float64
        Uniform; bins are half open, the last one is closed.
    counts : ndarray of shape (n_groups, n_bins), int64
    sizes : ndarray of shape (n_groups,), int64
        Images with a similarity, at least one.
    means : ndarray of shape (n_groups,), float64
    auc, low, high : ndarray of shape (n_groups,), float64
        Chance that an image of the group is more similar than one that isn't of it, with its
        95 % interval; 0.5 for a group that holds all images.
    mean : float
        Of all images.
    """

    names: tuple[str, ...]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    means: NDArray[np.float64]
    auc: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: float


def contrast(
    similarities: NDArray[np.float32],
    inside: NDArray[np.bool_],
    *,
    bins: int = 200,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> Contrast:
    """Compare a query's similarities inside a set of images with those outside.

    Parameters
    ----------
    similarities : ndarray of shape (n_images,), float32
        NaN is left out.
    inside : ndarray of shape (n_images,), bool
    bins : int
    limits : tuple of two floats
        Outer edges of the histograms.

    Returns
    -------
    Contrast

    Raises
    ------
    InvalidInput
        When no image is inside, or none outside.
    """
    valid = ~np.isnan(similarities)
    ours, theirs = similarities[valid & inside], similarities[valid & ~inside]
    if len(ours) == 0 or len(theirs) == 0:
        raise InvalidInput(
            f"Inside and outside need at least one image each, besides those of the query itself; "
            f"given were {len(ours)} and {len(theirs)}."
        )
    ranks = mean_ranks(np.concatenate([ours, theirs]))
    auc = _auc(ranks[: len(ours)].sum(), np.array(len(ours)), len(ranks))
    low, high = _interval(auc, np.array(len(ours)), len(ranks))
    parts = [distribution(part, bins=bins, limits=limits) for part in (ours, theirs)]
    return Contrast(
        inside=parts[0],
        outside=parts[1],
        auc=Estimate(float(auc), float(low), float(high), 0.5),
        ks=_ks(np.sort(ours), np.sort(theirs)),
        shift=parts[0].mean - parts[1].mean,
    )


def groups(
    similarities: NDArray[np.float32],
    names: Sequence[str],
    rows: NDArray[np.int64],
    codes: NDArray[np.int64],
    *,
    bins: int = 50,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> Groups:
    """Spread a query's similarities over many groups in one pass; groups may overlap.

    Parameters
    ----------
    similarities : ndarray of shape (n_images,), float32
        NaN is left out.
    names : sequence of str
        Of the groups.
    rows : ndarray of shape (n_memberships,), int64
        Which similarity, for each image in each of its groups.
    codes : ndarray of shape (n_memberships,), int64
        Which group.
    bins : int
    limits : tuple of two floats

    Returns
    -------
    Groups
        By the falling lower end of the AUC's interval, so that a group of one image which
        happens to be near does not come first; ties by name. Groups without a similarity are
        left out.
    """
    edges = uniform_edges(bins, limits)
    valid = ~np.isnan(similarities)
    kept = valid[rows]
    rows, codes = rows[kept], codes[kept]
    ranks = np.zeros(len(similarities))
    ranks[valid] = mean_ranks(similarities[valid])
    values = similarities[rows].astype(np.float64)
    bin_of = np.searchsorted(edges, values, side="right") - 1
    bin_of[values == edges[-1]] = bins - 1
    seen = (bin_of >= 0) & (bin_of < bins)
    many = len(names)
    counts = np.bincount(codes[seen] * bins + bin_of[seen], minlength=many * bins)
    sizes = np.bincount(codes, minlength=many)
    n = int(np.count_nonzero(valid))
    auc = _auc(np.bincount(codes, ranks[rows], minlength=many), sizes, n)
    low, high = _interval(auc, sizes, n)
    means = np.bincount(codes, values, minlength=many) / np.maximum(sizes, 1)
    order = np.lexsort((np.array(names), -low))
    order = order[sizes[order] > 0]
    return Groups(
        names=tuple(names[i] for i in order),
        edges=edges,
        counts=counts.reshape(many, bins)[order].astype(np.int64, copy=False),
        sizes=sizes[order].astype(np.int64, copy=False),
        means=means[order],
        auc=auc[order],
        low=low[order],
        high=high[order],
        mean=float(similarities[valid].mean(dtype=np.float64)) if n else 0.0,
    )


def _auc(rank_sums: NDArray[Any], sizes: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Return the Mann-Whitney statistic as a share of all pairs; 0.5 where there is no pair."""
    pairs = sizes * (n - sizes)
    wins = rank_sums - sizes * (sizes + 1) / 2
    share: NDArray[np.float64] = np.divide(
        wins, pairs, out=np.full(np.shape(sizes), 0.5), where=pairs > 0
    )
    return share


def _interval(
    auc: NDArray[np.float64], sizes: NDArray[np.int64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a 95 % interval of areas under the curve.

    Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve" (1982), with one imagined image more inside, half of it above
    all others and half below, so that three images at the very top don't claim certainty.
    """
    inside, outside = sizes + 1.0, np.maximum(n - sizes, 1.0)
    centre = (auc * sizes + 0.5) / inside
    both_in, both_out = centre / (2 - centre), 2 * centre**2 / (1 + centre)
    variance = (
        centre * (1 - centre)
        + (inside - 1) * (both_in - centre**2)
        + (outside - 1) * (both_out - centre**2)
    ) / (inside * outside)
    half = Z * np.sqrt(variance)
    return np.clip(centre - half, 0, auc), np.clip(centre + half, auc, 1)


def _ks(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Largest distance of two distribution functions, from rising values."""
    values = np.concatenate([first, second])
    below = [np.searchsorted(part, values, side="right") / len(part) for part in (first, second)]
    return float(np.abs(below[0] - below[1]).max())
