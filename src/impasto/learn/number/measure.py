"""How close told numbers come, with intervals from resampled images."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.records import Estimate
from impasto.learn.number.records import NumberScored

Values = NDArray[np.float64]
_ROUNDS = 400


def r2(truth: Values, told: Values, blind: Values) -> float:
    """Return the share of the squared distance from `blind` that is explained.

    Parameters
    ----------
    truth, told, blind : ndarray of shape (n_images,)
        `blind` is the mean of what was learned from, which looks at no picture.
    """
    rest = float(((truth - blind) ** 2).sum())
    return 1 - float(((truth - told) ** 2).sum()) / rest if rest else float("nan")


def spearman(truth: Values, told: Values) -> float:
    """Return the rank correlation, ties sharing their ranks; 0 where one side is constant."""
    first, second = _ranks(truth), _ranks(told)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def mae(truth: Values, told: Values) -> float:
    """Return the mean distance."""
    return float(np.abs(truth - told).mean())


class Resampled:
    """The same resamples of tested images for every measure, near-duplicates drawn together.

    Parameters
    ----------
    groups : ndarray of shape (n_images,), int64
    seed : int
    """

    def __init__(self, groups: NDArray[np.int64], seed: int = 0) -> None:
        _, code = np.unique(groups, return_inverse=True)
        order = np.argsort(code, kind="stable")
        starts = np.searchsorted(code[order], np.arange(code.max() + 2))
        members = [order[a:b] for a, b in pairwise(starts)]
        rng = np.random.default_rng(seed)
        self.rounds = [
            np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
            for _ in range(_ROUNDS)
        ]

    def estimate(
        self, measure: Callable[..., float], *columns: NDArray[Any], chance: float = 0.0
    ) -> Estimate:
        """Return a measure of columns with the 2.5 and 97.5 percentiles of its resamples."""
        drawn = [measure(*(column[rows] for column in columns)) for rows in self.rounds]
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        return Estimate(measure(*columns), float(low), float(high), chance)


def scored(
    name: str,
    title: str,
    truth: Values,
    told: Values,
    blind: tuple[Values, Values],
    resampled: Resampled,
) -> NumberScored:
    """Measure one way of telling numbers; `blind` are mean and median of what was learned from."""
    mean, median = blind
    return NumberScored(
        name,
        title,
        resampled.estimate(r2, truth, told, mean),
        resampled.estimate(spearman, truth, told),
        resampled.estimate(mae, truth, told, chance=mae(truth, median)),
    )


def _ranks(values: Values) -> Values:
    from scipy.stats import rankdata

    ranks: Values = rankdata(values)
    return ranks
