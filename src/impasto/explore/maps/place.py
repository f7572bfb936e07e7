"""New images on a map that is there: put beside those they resemble, nobody else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress
from impasto.core.space import Vectors
from impasto.explore.among import among

K = 15
"""Images that say where a new one goes."""

_BLOCK = 4096  # new images placed at a time
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
    progress.stage("Placing", len(new))
    for begin in range(0, len(new), _BLOCK):
        some = slice(begin, begin + _BLOCK)
        near, similar = among(vectors, new[some], rows, K)
        apart = 2 - 2 * similar.astype(np.float64)
        found[some] = median(positions[near].astype(np.float64), 1 / (apart + 1e-6))
        progress.advance(len(near))
    return found


def median(places: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted median of points in the plane; of many sets of points at once.

    Parameters
    ----------
    places : ndarray of shape (..., k, 2)
    weights : ndarray of shape (..., k)
        Above 0.

    Returns
    -------
    ndarray of shape (..., 2)
    """
    tiny = 1e-6 * np.ptp(places, axis=-2).max(axis=-1)[..., None]
    tiny[tiny == 0] = 1  # all in one place
    middle = _mean(places, weights)
    for _ in range(_STEPS):
        away = np.linalg.norm(places - middle[..., None, :], axis=-1)
        middle = _mean(places, weights / np.maximum(away, tiny))
    return middle


def _mean(places: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = (places * weights[..., None]).sum(axis=-2)
    total /= weights.sum(axis=-1)[..., None]
    return total
