"""Rows of a space: where an image's vector is, and what scales it to length 1."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import NotFound
from impasto.core.space import Vectors

_TINY = np.finfo(np.float32).tiny


def rows_of(vectors: Vectors, ids: Collection[int]) -> NDArray[np.int64]:
    """Find the row of each image, in the given order.

    Returns
    -------
    ndarray of shape (len(ids),), int64

    Raises
    ------
    NotFound
        When an image has no vector in this space.
    """
    wanted = np.fromiter(ids, np.int64, len(ids))
    rows = np.flatnonzero(np.isin(vectors.ids, wanted) & (vectors.ids >= 0))
    order = np.argsort(vectors.ids[rows], kind="stable")
    known = vectors.ids[rows][order]
    at = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
    missing = wanted if len(known) == 0 else wanted[known[at] != wanted]
    if len(missing):
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotFound(
            f"Image {missing[0]}{others} has no vector in {vectors.space.title}; "
            "it does not exist, has no picture, or was not embedded yet (impasto embed)."
        )
    found: NDArray[np.int64] = rows[order][at]
    return found


def unit(array: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Scale each row to length 1; rows of zeros stay as they are.

    Parameters
    ----------
    array : ndarray of shape (n, n_features)

    Returns
    -------
    ndarray of shape (n, n_features), float32
    """
    wide = array.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    scaled: NDArray[np.float64] = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > 0)
    return scaled.astype(np.float32)


def scales_of(norms: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Turn lengths into factors: 0 for a vector of zeros, NaN for a row that doesn't count."""
    scales = np.divide(1, norms, out=np.zeros_like(norms), where=norms >= _TINY)
    scales[(ids < 0) | ~np.isfinite(norms)] = np.nan
    return scales


def lots(ids: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Draw a number for every id, the same whatever other ids there are (SplitMix64)."""
    start = (seed + 1) * 0x9E3779B97F4A7C15 % 2**64
    mixed = ids.astype(np.uint64) + np.array([start], np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
