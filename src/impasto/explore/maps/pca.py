"""Principal axes of the directions of a space, exactly, in one or two passes over the vectors.

The vectors are scaled to length 1 first, as similarities see them. Blocks are read in order and
sums are kept in 64-bit floats, so the same vectors give the same axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress, Quiet
from impasto.core.space import Vectors
from impasto.explore import kernel
from impasto.explore.rows import scales_of

_BLOCK = 4096


def principal_axes(
    vectors: Vectors, rows: NDArray[np.int64], k: int, *, progress: Progress | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the mean and the directions along which unit vectors vary most.

    The covariance is summed in blocks and its eigenvectors are taken; where there are fewer
    images than features, those of the matrix of products between images give the same axes.

    Parameters
    ----------
    vectors : Vectors
    rows : ndarray of shape (n_images,), int64
    k : int
        How many axes; those beyond the rank of the vectors are zeros.
    progress : Progress, optional

    Returns
    -------
    mean : ndarray of shape (n_features,), float64
    axes : ndarray of shape (k, n_features), float64
        Of length 1, at right angles, most variance first; the entry of greatest magnitude of
        each is positive.
    """
    progress = progress or Quiet()
    n, d = len(rows), vectors.space.dimension
    axes = np.zeros((k, d))
    if n == 0:
        return np.zeros(d), axes
    progress.stage("Averaging", n)
    mean = np.zeros(d)
    for _, block in blocks(vectors, rows):
        mean += block.sum(axis=0, dtype=np.float64)
        progress.advance(len(block))
    mean /= n
    progress.stage("Finding axes", n)
    found = _by_features if d <= n else _by_images
    best = found(vectors, rows, mean, min(k, n, d), progress)
    largest = best[np.arange(len(best)), np.abs(best).argmax(axis=1)]
    axes[: len(best)] = best * np.where(largest < 0, -1.0, 1.0)[:, None]
    return mean, axes


def project(
    vectors: Vectors,
    rows: NDArray[np.int64],
    mean: NDArray[np.floating[Any]],
    axes: NDArray[np.floating[Any]],
    *,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Measure unit vectors along axes, from the mean on.

    Returns
    -------
    ndarray of shape (n_images, n_axes), float32
    """
    progress = progress or Quiet()
    progress.stage("Projecting", len(rows))
    turned = axes.T.astype(np.float64)
    found = np.empty((len(rows), len(axes)), np.float32)
    for begin, block in blocks(vectors, rows):
        found[begin : begin + len(block)] = (block - mean) @ turned
        progress.advance(len(block))
    return found


def blocks(
    vectors: Vectors, rows: NDArray[np.int64], size: int = _BLOCK
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Read unit vectors block by block: (position of the first, rows of the block)."""
    for begin in range(0, len(rows), size):
        some = rows[begin : begin + size]
        scales = scales_of(vectors.norms[some], vectors.ids[some])
        yield begin, kernel.scaled(vectors.values, some, scales)


def _by_features(
    vectors: Vectors,
    rows: NDArray[np.int64],
    mean: NDArray[np.float64],
    k: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """Take the eigenvectors of the covariance."""
    d = len(mean)
    total = np.zeros((d, d))
    for _, block in blocks(vectors, rows):
        centred = block - mean.astype(np.float32)
        total += centred.T @ centred
        progress.advance(len(block))
    _, turned = _largest(total / len(rows), k)
    return turned.T


def _by_images(
    vectors: Vectors,
    rows: NDArray[np.int64],
    mean: NDArray[np.float64],
    k: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """Take the eigenvectors of the products between images, and turn them into axes."""
    n = len(rows)
    products = np.empty((n, n))
    for i, left in blocks(vectors, rows, 1024):
        ours = left - mean
        for j, right in blocks(vectors, rows, 1024):
            products[i : i + len(left), j : j + len(right)] = ours @ (right - mean).T
        progress.advance(len(left))
    values, turned = _largest(products, k)
    axes = np.zeros((k, len(mean)))
    for begin, block in blocks(vectors, rows, 1024):
        axes += turned[begin : begin + len(block)].T @ (block - mean)
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    real = values > len(rows) * np.finfo(np.float32).eps * max(values[0], 0.0)
    scaled: NDArray[np.float64] = np.divide(
        axes, lengths, out=np.zeros_like(axes), where=real[:, None] & (lengths > 0)
    )
    return scaled


def _largest(
    matrix: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the `k` largest eigenvalues of a symmetric matrix, falling, and their vectors."""
    from scipy.linalg import eigh

    n = len(matrix)
    values, turned = eigh(matrix, subset_by_index=(n - k, n - 1), check_finite=False)
    return values[::-1], turned[:, ::-1]
