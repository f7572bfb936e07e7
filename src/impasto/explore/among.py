"""The nearest of some images among others: like a graph, but nobody else is compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Vectors
from impasto.explore.blocks import Directions, Floats, Lists, blocks

_SPARE = 5  # candidates besides the k wanted, should products by BLAS differ in their last digits
_AGAIN = 256  # images whose candidates are compared once more at a time


def among(
    vectors: Vectors, rows: NDArray[np.int64], others: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], Floats]:
    """Find the `k` nearest of each image among others, exactly.

    Products of whole blocks find the candidates; these are compared once more, each pair by
    itself, so that the answer does not depend on which images ask together.

    Parameters
    ----------
    vectors : Vectors
    rows : ndarray of shape (n,), int64
        Rows of the images that ask; rows that count.
    others : ndarray of shape (n_others,), int64
        Rows of those that answer, none of which asks; at least one.
    k : int

    Returns
    -------
    places : ndarray of shape (n, min(k, n_others)), int64
        In `others`, best first, ties by place.
    similarities : ndarray of shape (n, min(k, n_others)), float32
    """
    n = len(others)
    k = min(k, n)
    directions = Directions(vectors, np.concatenate([others, rows]))
    lists = Lists.empty(len(rows), min(k + _SPARE, n))
    for targets in blocks(np.arange(len(rows))):
        asking = directions.block(n + targets)
        for nodes in blocks(np.arange(n)):
            lists.offer(targets, nodes, asking.against(directions.block(nodes)))
    candidates = lists.nodes.astype(np.int64)
    found = np.empty(candidates.shape, np.float32)
    for begin in range(0, len(rows), _AGAIN):
        part = slice(begin, begin + _AGAIN)
        found[part] = _similarities(directions, n + np.arange(len(rows))[part], candidates[part])
    order = np.lexsort((candidates, -found), axis=-1)[:, :k]
    return np.take_along_axis(candidates, order, 1), np.take_along_axis(found, order, 1)


def _similarities(
    directions: Directions, asking: NDArray[np.int64], candidates: NDArray[np.int64]
) -> Floats:
    """Compare each image with its own candidates, shape (n, n_candidates)."""
    ours = directions.block(asking)
    theirs = directions.block(candidates.ravel())
    shape = (*candidates.shape, ours.own.shape[1])
    found: Floats = np.einsum("mkd,md->mk", theirs.own.reshape(shape), ours.own)
    if theirs.mirrored is not None:
        turned = np.einsum("mkd,md->mk", theirs.mirrored.reshape(shape), ours.own)
        np.maximum(found, turned, out=found)
    np.clip(found, -1, 1, out=found)
    return found
