"""95 % intervals of shares, in which near-duplicates do not count as independent evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.intervals import Z, wilson
from impasto.core.records import Estimate


def share(right: NDArray[np.bool_], groups: NDArray[np.integer[Any]], chance: float) -> Estimate:
    """Estimate a share with Wilson's interval (1927) at the effective number of images.

    Images of one group are taken to stand or fall together, the cautious extreme, so that
    n images in groups of m_g count as ``n² / Σ m_g²`` (Kish's effective sample size).

    Parameters
    ----------
    right : ndarray of shape (n_images,), bool
    groups : ndarray of shape (n_images,), int
    chance : float

    Returns
    -------
    Estimate
        NaN where there is no image.

    Examples
    --------
    >>> estimate = share(np.array([True] * 8 + [False] * 2), np.arange(10), 0.5)
    >>> round(estimate.low, 3), estimate.value, round(estimate.high, 3)
    (0.49, 0.8, 0.943)
    """
    n = len(right)
    if n == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), chance)
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    effective = n * n / float(sizes @ sizes)
    value = float(right.mean())
    low, high = wilson(value, effective)
    return Estimate(value, low, high, chance)


def gain(
    ours: NDArray[np.bool_], theirs: NDArray[np.bool_], groups: NDArray[np.integer[Any]]
) -> Estimate:
    """Estimate how much more often one way of answering is right than another, image by image.

    Normal interval of the mean difference with variance clustered by group (Liang & Zeger 1986).
    Far narrower than what two separate intervals suggest, as both answer the same images.

    Parameters
    ----------
    ours, theirs : ndarray of shape (n_images,), bool
    groups : ndarray of shape (n_images,), int

    Returns
    -------
    Estimate
        In [-1, 1]; chance is 0.

    Examples
    --------
    >>> ours, theirs = np.array([True] * 6 + [False] * 4), np.array([True] * 4 + [False] * 6)
    >>> estimate = gain(ours, theirs, np.arange(10))
    >>> round(estimate.low, 3), round(estimate.value, 3), round(estimate.high, 3)
    (-0.061, 0.2, 0.461)
    """
    difference = ours.astype(np.float64) - theirs
    value = float(difference.mean())
    _, cluster = np.unique(groups, return_inverse=True)
    sums = np.bincount(cluster, weights=difference - value)
    k = len(sums)
    if k < 2:
        return Estimate(value, -1.0, 1.0, 0.0)
    half = Z * float(np.sqrt(sums @ sums * k / (k - 1))) / len(difference)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), 0.0)
