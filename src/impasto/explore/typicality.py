"""How much an image is like the others of a space, and how far it lies from all of them.

Two numbers, since they differ: an image of a small tight group is not typical of the collection,
but no outlier either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore import kernel
from impasto.explore.rows import scales_of
from impasto.explore.similarity import similarities

SAMPLE = 100

_BLOCK = 1024  # rows whose directions are summed at a time: 5 MB, which a cache holds
_TOGETHER = 8  # queries of one pass


def typicality(vectors: Vectors) -> NDArray[np.float32]:
    """Return the mean cosine of each image with all others.

    The sum of cosines with all images is one product with the sum of all directions, so this takes
    two passes over the vectors and not n. Vectors of mirror images don't count.

    Parameters
    ----------
    vectors : Vectors

    Returns
    -------
    ndarray of shape (n_images,), float32
        In [-1, 1]; NaN where a row has no similarity, or is the only one that has.
    """
    scales = scales_of(vectors.norms, vectors.ids)
    there = ~np.isnan(scales)
    known = np.nan_to_num(scales)
    total = np.zeros(vectors.space.dimension)
    for start in range(0, len(vectors), _BLOCK):
        rows = start + np.flatnonzero(known[start : start + _BLOCK])
        total += kernel.scaled(vectors.values, rows, known[rows]).sum(axis=0)
    n = np.count_nonzero(there)
    length = np.linalg.norm(total)
    if n < 2 or length == 0:
        return np.where(there & (n > 1), 0, np.nan).astype(np.float32)
    plain = Vectors(vectors.space, vectors.ids, vectors.values, vectors.norms)
    with_all = similarities(plain, total[None].astype(np.float32))[0].astype(np.float64) * length
    with_itself = known > 0  # the cosine of a direction with itself is 1, of none it is 0
    means: NDArray[np.float32] = ((with_all - with_itself) / (n - 1)).astype(np.float32)
    return means


def outlyingness(vectors: Vectors, *, sample: int = SAMPLE, seed: int = 0) -> NDArray[np.float32]:
    """Return how far each image lies from the nearest of some random images.

    Sugiyama and Borgwardt, "Rapid distance-based outlier detection via sampling" (NIPS 2013): the
    score of x is its least distance to a random sample that is drawn once, x itself apart. It takes
    linear time, where the distance to the k-th nearest of all images takes quadratic. Ours: the
    distance is 1 - cosine, and the sample is larger (they take 20), because a collection has many
    small groups.

    Parameters
    ----------
    vectors : Vectors
    sample : int
        Images to draw.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), float32
        In [0, 2]; NaN where a row has no similarity, or there is no other image in the sample.
    """
    if sample < 2:
        raise InvalidInput(f"The sample needs at least two images, not {sample}.")
    rows = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    rows = rows[np.argsort(vectors.ids[rows], kind="stable")]  # whatever the order of embedding
    drawn = np.random.default_rng(seed).permutation(len(rows))[:sample]
    best = np.full(len(vectors), -np.inf, np.float32)
    for start in range(0, len(drawn), _TOGETHER):
        some = rows[drawn[start : start + _TOGETHER]]
        found = similarities(vectors, vectors.values[some].astype(np.float32))
        found[np.arange(len(some)), some] = -np.inf
        np.fmax(best, found.max(axis=0), out=best)
        best[np.isnan(found[0])] = np.nan
    best[np.isneginf(best)] = np.nan
    return 1 - best
