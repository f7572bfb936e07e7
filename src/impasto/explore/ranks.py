"""Two rankings of the same images: what they share, rank by rank, and what chance would give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

RBO_PERSISTENCE = 0.9
"""Weight of each further rank in `rank_biased_overlap`: 0.9 puts 86 % on the first ten."""


def rank_biased_overlap(
    first: NDArray[np.int64], second: NDArray[np.int64], *, p: float = RBO_PERSISTENCE
) -> float:
    """Compare two rankings of the same length, the first ranks most.

    Webber, Moffat and Zobel, "A similarity measure for indefinite rankings" (2010), the
    extrapolated form for lists of equal length: the agreement at the last rank stands for all
    further ones.

    Parameters
    ----------
    first, second : ndarray of shape (k,), int64
        Ids, best first, none twice.
    p : float
        Chance of looking one rank further, in (0, 1).

    Returns
    -------
    float
        0 (nothing in common) to 1 (equal).

    Examples
    --------
    >>> round(rank_biased_overlap(np.array([1, 2, 3]), np.array([1, 3, 2])), 3)
    0.955
    """
    k = len(first)
    if k != len(second) or k == 0:
        raise InvalidInput(f"Rankings of the same length are compared, not {k} and {len(second)}.")
    _, place_first, place_second = np.intersect1d(first, second, return_indices=True)
    joined = np.bincount(np.maximum(place_first, place_second), minlength=k)
    depth = np.arange(1, k + 1)
    agreement = np.cumsum(joined) / depth
    return float(agreement[-1] * p**k + (1 - p) / p * (agreement * p**depth).sum())


def chance_rank_biased_overlap(k: int, images: int, *, p: float = RBO_PERSISTENCE) -> float:
    """Return the expected `rank_biased_overlap` of the first `k` of two random orders.

    At depth d two random orders of n images share d / n of their first d on average, and the
    measure is a weighted mean of these shares; summed up, ``(1 - p**k) / ((1 - p) * n)``.

    Examples
    --------
    >>> round(chance_rank_biased_overlap(3, 3), 3)  # Orders of the same three, to their end.
    0.903
    """
    if not 1 <= k <= images:
        raise InvalidInput(f"The first k of {images} images are compared, k from 1, not {k}.")
    return (1 - p**k) / ((1 - p) * images)


def falling_order(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the places of values from the greatest to the least, ties by place.

    A value's bits, turned so that they sort as numbers do, and its place make one whole number;
    sorting these is more than twice as fast as a stable argsort.

    Parameters
    ----------
    values : ndarray of shape (n,), float32
        No NaN.

    Returns
    -------
    ndarray of shape (n,), int64

    Examples
    --------
    >>> falling_order(np.array([0.5, -1, 0.5, 2], np.float32)).tolist()
    [3, 0, 2, 1]
    """
    bits = (values + np.float32(0)).view(np.uint32)  # + 0: there is a negative zero
    sign = np.uint32(0x80000000)
    rising = np.where(bits & sign, ~bits, bits | sign)
    keys = (~rising).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(values), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def mean_ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rank values from 1 (the smallest); equal ones share the mean of their ranks.

    Parameters
    ----------
    values : ndarray of shape (n,), float32
        No NaN.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    order = np.argsort(values, kind="stable")
    return ranks_along(values[order], order)


def ranks_along(rising: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank values that are sorted already: `rising` is ``values[order]``."""
    starts = np.flatnonzero(np.r_[True, rising[1:] != rising[:-1]])
    ends = np.r_[starts[1:], len(rising)]
    ranks = np.empty(len(rising))
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks


def standing(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre ranks and scale them to length 1; zeros when all are equal.

    The product of two of them is Spearman's rank correlation.
    """
    centred: NDArray[np.float64] = ranks - ranks.mean()
    length = np.linalg.norm(centred)
    return centred / length if length > 0 else centred
