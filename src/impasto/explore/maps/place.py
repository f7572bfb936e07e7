"""New images on a map that is there: put beside those they resemble, nobody else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress
from impasto.core.space import Vectors
from impasto.explore.similarity import nearest, similarities

K = 15
"""Images that say where a new one goes."""

_BLOCK = 8  # new images that share one pass over the vectors
_STEPS = 30  # towards the median; a step gains about a digit every three


def beside(
    vectors: Vectors,
    rows: NDArray[np.int64],
    positions: NDArray[np.float32],
    new: NDArray[np.int64],
    progress: Progress,
) -> NDArray[np.float32]:
    """Find a place for new images: the weighted median of their nearest images' places.

    A neighbour's weight is one over its squared distance (of unit vectors), so an identical
    picture decides alone. The median in the plane (Weiszfeld 1937) is that point from which the
    weighted sum of distances is least: unlike a mean it lies in one of two groups, not between.

    Parameters
    ----------
    vectors : Vectors
    rows : ndarray of shape (n_images,), int64
        Rows of the images that have a place.
    positions : ndarray of shape (n_images, 2), float32
        Their places.
    new : ndarray of shape (n_new,), int64
        Rows of the new images.
    progress : Progress

    Returns
    -------
    ndarray of shape (n_new, 2), float32
    """
    found = np.empty((len(new), 2), np.float32)
    index = np.arange(len(rows))
    progress.stage("Placing", len(new))
    for begin in range(0, len(new), _BLOCK):
        some = new[begin : begin + _BLOCK]
        similar = similarities(vectors, np.asarray(vectors.values[some], np.float32))[:, rows]
        for at, line in enumerate(similar, begin):
            near = nearest(vectors.space, index, line, K)
            apart = 2 - 2 * near.similarities.astype(np.float64)
            found[at] = median(positions[near.ids].astype(np.float64), 1 / (apart + 1e-6))
        progress.advance(len(some))
    return found


def median(places: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted median of points in the plane.

    Parameters
    ----------
    places : ndarray of shape (k, 2)
    weights : ndarray of shape (k,)
        Above 0.

    Returns
    -------
    ndarray of shape (2,)
    """
    middle: NDArray[np.float64] = np.average(places, axis=0, weights=weights)
    tiny = 1e-6 * float(np.ptp(places, axis=0).max())
    if tiny == 0:
        return middle
    for _ in range(_STEPS):
        pull = weights / np.maximum(np.linalg.norm(places - middle, axis=1), tiny)
        middle = np.average(places, axis=0, weights=pull)
    return middle
