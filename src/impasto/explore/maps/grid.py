"""A grid without overlaps: every point gets a cell of its own, near ones near.

Few points are assigned to cells so that the sum of the squared ways they move is the least there
is. Many are first dealt out by cutting the plane and the grid in two again and again; then small
windows of the grid are assigned in the best way, one after the other, with windows that overlap.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress, Quiet

WIDEST = 3.0
"""A grid is at most so many times as wide as high, or as high as wide."""

BEST = 1200
"""Up to so many points the best assignment of all is taken: a second at most."""

_WINDOW, _MANY, _SMALL = 16, 20_000, 8  # side of a window in cells; that above so many points

Places = NDArray[np.float64]


def shape_of(points: NDArray[np.float32]) -> tuple[int, int]:
    """Choose columns and rows: just enough cells, in about the shape of the points.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32

    Returns
    -------
    tuple of (int, int)
        Columns and rows; (0, 0) without points.
    """
    n = len(points)
    if n == 0:
        return 0, 0
    wide, high = np.ptp(points.astype(np.float64), axis=0).tolist()
    aspect = min(max(wide / high, 1 / WIDEST), WIDEST) if wide and high else 1.0
    columns = min(max(round(sqrt(n * aspect)), 1), n)
    return columns, ceil(n / columns)


def cells(points: NDArray[np.float32], *, progress: Progress | None = None) -> NDArray[np.int32]:
    """Give every point a cell of its own.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32
    progress : Progress, optional

    Returns
    -------
    ndarray of shape (n, 2), int32
        Column and row of each point. The same points get the same cells.
    """
    progress = progress or Quiet()
    columns, rows = shape_of(points)
    wanted = _stretched(points, columns, rows)
    if len(points) <= BEST:
        progress.stage("Laying the grid", len(points))
        everywhere = np.stack(np.divmod(np.arange(columns * rows), rows), axis=1)
        found = everywhere[_assigned(wanted, everywhere)] if len(points) else everywhere
        progress.advance(len(points))
        return found.astype(np.int32)
    found = _dealt(wanted, columns, rows)
    windows = _windows(columns, rows, _WINDOW if len(points) <= _MANY else _SMALL)
    progress.stage("Laying the grid", len(windows), "windows")
    holder = np.full((columns, rows), -1)
    holder[found[:, 0], found[:, 1]] = np.arange(len(found))
    for x, y in windows:
        _rearrange(wanted, holder, x, y)
        progress.advance()
    taken = np.argwhere(holder >= 0)
    found[holder[taken[:, 0], taken[:, 1]]] = taken
    return found.astype(np.int32)


def _stretched(points: NDArray[np.float32], columns: int, rows: int) -> Places:
    """Scale points so that cell (i, j) covers the unit square around (i, j)."""
    wide = points.astype(np.float64)
    if not len(wide):
        return wide
    low, size = wide.min(axis=0), np.ptp(wide, axis=0)
    share = np.divide(wide - low, size, out=np.full_like(wide, 0.5), where=size > 0)
    return np.asarray(share * (columns, rows) - 0.5)


def _assigned(wanted: Places, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose a place for each point so that the sum of squared ways is the least there is."""
    from scipy.optimize import linear_sum_assignment

    aside, down = (wanted[:, None, axis] - places[:, axis] for axis in (0, 1))
    chosen: NDArray[np.int64] = linear_sum_assignment(aside**2 + down**2)[1]
    return chosen


def _dealt(wanted: Places, columns: int, rows: int) -> NDArray[np.int64]:
    """Cut the longer side of the grid in the middle, and the points in proportion; go on."""
    found = np.zeros((len(wanted), 2), np.int64)
    left = [(np.arange(len(wanted)), np.array([0, 0]), np.array([columns, rows]))]
    while left:
        some, corner, size = left.pop()
        if len(some) == 0:
            continue
        if size.max() == 1:
            found[some[0]] = corner
            continue
        axis = int(size[1] > size[0])
        along, across = int(size[axis]), int(size[1 - axis])
        middle = along // 2
        number = round(len(some) * middle / along)
        number = min(max(number, len(some) - (along - middle) * across), middle * across)
        some = some[np.lexsort((some, wanted[some, 1 - axis], wanted[some, axis]))]
        step = np.eye(2, dtype=np.int64)[axis] * middle
        first = size.copy()
        first[axis] = middle
        left += [(some[:number], corner, first), (some[number:], corner + step, size - step)]
    return found


def _windows(columns: int, rows: int, side: int) -> list[tuple[slice, slice]]:
    """Cover the grid with windows four times, each time half a window aside."""
    half = side // 2
    return [
        (slice(max(x, 0), x + side), slice(max(y, 0), y + side))
        for left, up in ((0, 0), (half, half), (0, half), (half, 0))
        for x in range(-left, columns, side)
        for y in range(-up, rows, side)
    ]


def _rearrange(wanted: Places, holder: NDArray[np.int64], x: slice, y: slice) -> None:
    """Assign the points in a window of the grid in the best way; -1 is a free cell."""
    window = holder[x, y]
    members = window[window >= 0]
    cells = np.argwhere(np.ones_like(window)) + np.array([x.start, y.start])
    chosen = cells[_assigned(wanted[members], cells)]
    window[:] = -1
    holder[chosen[:, 0], chosen[:, 1]] = members
