"""A grid without overlaps: every point gets a cell of its own, near ones near."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

WIDEST = 3.0
"""A grid is at most so many times as wide as high, or as high as wide."""


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


def cells(points: NDArray[np.float32]) -> NDArray[np.int32]:
    """Give every point a cell of its own.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32

    Returns
    -------
    ndarray of shape (n, 2), int32
        Column and row of each point. The same points get the same cells.
    """
    columns, rows = shape_of(points)
    found = np.zeros((len(points), 2), np.int32)
    wide = points.astype(np.float64)
    left = [(np.arange(len(points)), 0, 0, columns, rows)]
    while left:
        some, x, y, w, h = left.pop()
        if not len(some):
            continue
        if w * h == 1:
            found[some[0]] = (x, y)
            continue
        # Cut the longer side in the middle; the halves get points in proportion to their cells.
        axis = int(h > w)
        first = (w if axis == 0 else h) // 2
        share = first / (w if axis == 0 else h)
        inside = first * (h if axis == 0 else w)
        number = min(max(round(len(some) * share), len(some) - (w * h - inside)), inside)
        order = some[np.lexsort((some, wide[some, 1 - axis], wide[some, axis]))]
        if axis == 0:
            left += [
                (order[:number], x, y, first, h),
                (order[number:], x + first, y, w - first, h),
            ]
        else:
            left += [
                (order[:number], x, y, w, first),
                (order[number:], x, y + first, w, h - first),
            ]
    return found
