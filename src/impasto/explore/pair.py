"""Two queries of a comparison against each other: what is in one and not in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.explore.compare import Comparison

Corner = Literal["first", "second", "both", "neither"]
"""Near the first query only, near the second only, near both, near neither."""


@dataclass(frozen=True, slots=True)
class Box:
    """A range of similarities to one query and a range of similarities to another.

    Parameters
    ----------
    low, high : float
        Similarity to the first query, in ``[low, high)``; a `high` of 1 or more is inside.
    bottom, top : float
        Likewise, to the second.
    """

    low: float
    high: float
    bottom: float
    top: float

    def __post_init__(self) -> None:
        """Check that both ranges rise."""
        if not (self.low <= self.high and self.bottom <= self.top):
            raise InvalidInput(
                f"The box from {self.low} to {self.high} and from {self.bottom} to {self.top} "
                "does not rise in both directions; swap its ends."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """How many images lie where, by their similarities to two queries.

    Parameters
    ----------
    edges : ndarray of shape (n_bins + 1,), float64
        Of both directions, those of the comparison's histograms where they hold all images.
    counts : ndarray of shape (n_bins, n_bins), int64
        By similarity to the first query, then to the second.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Images whose rank differs most between two queries.

    Parameters
    ----------
    ids : ndarray of shape (n,), int64
        The greatest change first, ties by the better of the two ranks, then by id.
    before, after : ndarray of shape (n,), int32
        Ranks by the first and by the second query, from 1.
    """

    ids: NDArray[np.int64]
    before: NDArray[np.int32]
    after: NDArray[np.int32]


def scatter(comparison: Comparison, first: int, second: int, *, bins: int = 100) -> Scatter:
    """Count images by their similarities to two queries.

    Parameters
    ----------
    comparison : Comparison
    first, second : int
        Places of the queries, from 0.
    bins : int
        In each direction.
    """
    x, y = _both(comparison, first, second)
    if bins < 1:
        raise InvalidInput(f"A scatter needs at least one bin, not {bins}.")
    drawn = comparison.distributions[0].edges
    edges = np.linspace(min(drawn[0], x.min(), y.min()), max(drawn[-1], x.max(), y.max()), bins + 1)
    cells = _bin(x, edges) * bins + _bin(y, edges)
    return Scatter(edges, np.bincount(cells, minlength=bins * bins).reshape(bins, bins))


def corner(comparison: Comparison, first: int, second: int, which: Corner) -> Box:
    """Return the box of images that are among the `k` nearest of one query, of both, of none.

    The `k` is that of the comparison: the corner "both" holds just the images that its overlap
    counts, when no similarities are equal.
    """
    _both(comparison, first, second)
    x, y = comparison.cuts[first], comparison.cuts[second]
    near_first, near_second = which in ("first", "both"), which in ("second", "both")
    return Box(
        x if near_first else -1.0,
        1.0 if near_first else x,
        y if near_second else -1.0,
        1.0 if near_second else y,
    )


def within(comparison: Comparison, first: int, second: int, box: Box) -> NDArray[np.int64]:
    """List the images in a box, those furthest out in its corner first.

    A box that is nearer to the greatest similarity to a query than to the least lies towards it,
    the other way round away from it; images come by the sum of their similarities in these
    directions. So "near the first, far from the second" begins with what is most like the first
    and least like the second.

    Parameters
    ----------
    comparison : Comparison
    first, second : int
    box : Box

    Returns
    -------
    ndarray of shape (n,), int64
        Ties by id.
    """
    x, y = _both(comparison, first, second)
    rows = np.flatnonzero(_inside(x, box.low, box.high) & _inside(y, box.bottom, box.top))
    out = _side(x, box.low, box.high) * x[rows].astype(np.float64)
    out += _side(y, box.bottom, box.top) * y[rows].astype(np.float64)
    return comparison.ids[rows[np.argsort(-out, kind="stable")]]


def changes(
    comparison: Comparison, first: int, second: int, count: int = 20
) -> tuple[Changes, Changes]:
    """Find the images that gain and that lose most ranks from one query to another.

    Parameters
    ----------
    comparison : Comparison
    first, second : int
    count : int
        How many of each, at most.

    Returns
    -------
    gains, losses : Changes
        Nearer to the second query than to the first, and the other way round.
    """
    _both(comparison, first, second)
    before, after = comparison.ranks[first], comparison.ranks[second]
    gain = before.astype(np.int64) - after
    return (
        _greatest(comparison, before, after, gain, count),
        _greatest(comparison, before, after, -gain, count),
    )


def _greatest(
    comparison: Comparison,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    change: NDArray[np.int64],
    count: int,
) -> Changes:
    count = min(count, len(change))
    bound = -np.partition(-change, count - 1)[count - 1] if count else np.inf
    rows = np.flatnonzero(change >= max(bound, 1))  # what did not change has not gained
    best = np.minimum(before[rows], after[rows])
    rows = rows[np.lexsort((rows, best, -change[rows]))[:count]]
    return Changes(comparison.ids[rows], before[rows], after[rows])


def _both(
    comparison: Comparison, first: int, second: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    many = len(comparison.titles)
    if not (0 <= first < many and 0 <= second < many) or first == second:
        raise InvalidInput(
            f"Name two different queries by their places, 0 to {many - 1}, not {first} and "
            f"{second}."
        )
    return comparison.similarities[first], comparison.similarities[second]


def _bin(values: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each value; bins are half open, the last one is closed."""
    found = np.searchsorted(edges, values, side="right") - 1
    return np.minimum(found, len(edges) - 2)


def _inside(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.bool_]:
    # NumPy would round a Python float to 32 bits before comparing, and move the edge.
    below = values < np.float64(high) if high < 1 else values <= np.float64(high)
    return below & (values >= np.float64(low))


def _side(values: NDArray[np.float32], low: float, high: float) -> float:
    """Return 1 for a range nearer to the greatest value, -1 to the least, 0 for neither."""
    below = max(low - float(values.min()), 0)
    above = max(float(values.max()) - high, 0)
    return float(np.sign(below - above))
