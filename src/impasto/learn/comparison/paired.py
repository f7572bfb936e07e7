"""Is one way of answering better than another? Paired tests, near-duplicates having one vote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 999
_BLOCK = 1 << 22  # numbers of a block of exchanges (32 MB)


def mcnemar(
    ours: NDArray[np.bool_], theirs: NDArray[np.bool_], groups: NDArray[np.int64]
) -> tuple[int, int, float]:
    """Test whether two ways of answering are right equally often, exactly (McNemar 1947).

    Images that both get right, or both wrong, say nothing; under the null hypothesis each of the
    others is a fair coin. A group of near-duplicates is one coin, for whichever way is right more
    often in it.

    Parameters
    ----------
    ours, theirs : ndarray of shape (n_images,), bool
        Whether the answers are right.
    groups : ndarray of shape (n_images,), int64

    Returns
    -------
    ours_alone, theirs_alone : int
        Groups where only one of them is right, or right more often.
    p : float
        Two-sided.

    Examples
    --------
    >>> a, b = np.array([True] * 9 + [False]), np.array([False] * 9 + [True])
    >>> mcnemar(a, b, np.arange(10))
    (9, 1, 0.021484375)
    """
    from scipy.stats import binom

    _, group = np.unique(groups, return_inverse=True)
    votes = np.bincount(group, weights=ours.astype(np.float64) - theirs)
    first, second = int((votes > 0).sum()), int((votes < 0).sum())
    p = min(1.0, 2 * float(binom.cdf(min(first, second), first + second, 0.5)))
    return first, second, p


def bootstrap_p(drawn: NDArray[np.float64]) -> float:
    """Return twice the smaller share of resamples on either side of no difference.

    Parameters
    ----------
    drawn : ndarray of shape (n_resamples,), float64
        Differences on resampled images.
    """
    drawn = drawn[~np.isnan(drawn)]
    n = len(drawn) + 1
    sides = int((drawn <= 0).sum()), int((drawn >= 0).sum())
    return min(1.0, 2 * (1 + min(sides)) / n)


def exchange_p(
    truth: NDArray[np.bool_],
    ours: NDArray[np.bool_],
    theirs: NDArray[np.bool_],
    groups: NDArray[np.int64],
    *,
    times: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """Test the difference in macro F1 by exchanging the answers of the two, group by group.

    Under the null hypothesis it does not matter who gave which answer (Yeh 2000, "More accurate
    tests for the statistical significance of result differences").

    Parameters
    ----------
    truth, ours, theirs : ndarray of shape (n_images, n_classes), bool
        What is true, and what the two gave.
    groups : ndarray of shape (n_images,), int64
        Near-duplicates are exchanged together.
    times : int
        Random exchanges.
    seed : int

    Returns
    -------
    float
        Share of the exchanges, the real division among them, whose difference is as large.
    """
    there = truth.any(axis=0)
    truth, ours, theirs = truth[:, there], ours[:, there], theirs[:, there]
    _, group = np.unique(groups, return_inverse=True)
    differ = (ours != theirs).any(axis=1)  # all other images stay as they are
    having = truth.sum(axis=0)
    hits = [(truth & given).astype(np.float64) for given in (ours, theirs)]
    named = [given.astype(np.float64) for given in (ours, theirs)]

    def gap(swap: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the difference for each row of who is exchanged, shape (times, n_differ)."""
        scores = []
        for first, second in ((0, 1), (1, 0)):
            both, all_named = (
                each[first].sum(axis=0) + swap @ (each[second] - each[first])[differ]
                for each in (hits, named)
            )
            scores.append((2 * both / (all_named + having)).mean(axis=1))
        found: NDArray[np.float64] = scores[0] - scores[1]
        return found

    real = abs(float(gap(np.zeros((1, int(differ.sum()))))[0]))
    rng = np.random.default_rng(seed)
    _, number = np.unique(group[differ], return_inverse=True)
    step = max(1, _BLOCK // max(1, len(number)))
    as_large = 1
    for begin in range(0, times, step):
        rows = min(step, times - begin)
        coins = rng.integers(0, 2, (rows, int(number.max(initial=-1)) + 1))
        as_large += int((np.abs(gap(coins[:, number].astype(np.float64))) >= real - 1e-12).sum())
    return as_large / (times + 1)


def signs_p(
    differences: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    times: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """Test whether differences have the mean 0 by changing their signs, group by group.

    Under the null hypothesis it does not matter which of the two answers was whose (Fisher 1935).

    Parameters
    ----------
    differences : ndarray of shape (n_images,), float64
        How far off the first is, minus how far off the second is.
    groups : ndarray of shape (n_images,), int64
        Near-duplicates change their signs together.
    times : int
        Random choices of signs.
    seed : int

    Returns
    -------
    float
        Share of the choices, the real one among them, whose mean is as far from 0.
    """
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, weights=differences)
    sums = sums[sums != 0]
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // max(1, len(sums)))
    as_large, real = 1, abs(sums.sum())
    for begin in range(0, times, step):
        signs = rng.integers(0, 2, (min(step, times - begin), len(sums))) * 2 - 1
        as_large += int((np.abs(signs @ sums) >= real * (1 - 1e-12)).sum())
    return as_large / (times + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """Correct p values for there being several of them (Holm 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    found, most = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(ps) - rank) * ps[i]))
        found[i] = most
    return found
