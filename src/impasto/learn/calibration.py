"""Whether probabilities are honest: how often answers of a given probability are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.learn.records import Bin

BINS = 10


def reliability(
    probabilities: NDArray[np.float64], right: NDArray[np.bool_], n: int = BINS
) -> tuple[Bin, ...]:
    """Sort answers into `n` bins of equal width by their probability; empty bins are left out.

    Parameters
    ----------
    probabilities : ndarray of shape (n_answers,), float64
    right : ndarray of shape (n_answers,), bool
    """
    which = np.minimum((probabilities * n).astype(np.int64), n - 1)
    counts = np.bincount(which, minlength=n)
    said, seen = (np.bincount(which, each, n) for each in (probabilities, right))
    return tuple(
        Bin(int(counts[b]), float(said[b] / counts[b]), float(seen[b] / counts[b]))
        for b in np.flatnonzero(counts)
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean distance of probability and share right.

    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015.
    """
    total = sum(b.images for b in bins)
    return sum(b.images * abs(b.probability - b.right) for b in bins) / total
