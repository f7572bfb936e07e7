"""Typicality and outlyingness against all pairs, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors
from impasto.explore import outlyingness, typicality

D = 12
SPACE = Space("net", "fc7", D, "00" * 32)


def made(values: NDArray[np.float32], ids: NDArray[np.int64] | None = None) -> Vectors:
    half = values.astype(np.float16)
    norms = np.linalg.norm(half.astype(np.float64), axis=1).astype(np.float32)
    numbers = np.arange(1, len(values) + 1) if ids is None else ids
    return Vectors(SPACE, numbers, half, norms)


def cosines(vectors: Vectors) -> NDArray[np.float64]:
    """All pairs, the slow obvious way; rows that don't count are NaN."""
    values = vectors.values.astype(np.float64)
    n = len(values)
    found = np.full((n, n), np.nan)
    for i in range(n):
        for j in range(n):
            if vectors.ids[i] >= 0 and vectors.ids[j] >= 0 and i != j:
                length = np.linalg.norm(values[i]) * np.linalg.norm(values[j])
                found[i, j] = values[i] @ values[j] / length if length else 0
    return found


@pytest.fixture
def vectors() -> Vectors:
    random = np.random.default_rng(4)
    values = (random.normal(size=(60, D)) + random.normal(size=D)).astype(np.float32)
    values[17] = 0
    ids = random.permutation(60) + 1
    ids[[3, 40]] = -1
    return made(values, ids)


def test_typicality_is_the_mean_cosine_with_all_others(vectors: Vectors) -> None:
    want = cosines(vectors)
    there = vectors.ids >= 0
    found = typicality(vectors)
    assert np.allclose(found[there], np.nanmean(want[there], axis=1), atol=2e-6)
    assert np.isnan(found[~there]).all()


def test_outlyingness_among_all_is_the_distance_to_the_nearest(
    vectors: Vectors,
) -> None:
    want = cosines(vectors)
    there = vectors.ids >= 0
    found = outlyingness(vectors, sample=60)
    assert np.allclose(found[there], 1 - np.nanmax(want[there], axis=1), atol=2e-6)
    assert np.isnan(found[~there]).all()


def test_a_sample_is_the_same_whatever_the_order_of_embedding(vectors: Vectors) -> None:
    order = np.random.default_rng(0).permutation(60)
    turned = Vectors(SPACE, vectors.ids[order], vectors.values[order], vectors.norms[order])
    first = outlyingness(vectors, sample=10, seed=7)
    assert np.array_equal(outlyingness(turned, sample=10, seed=7), first[order], equal_nan=True)
    assert not np.array_equal(outlyingness(vectors, sample=10, seed=8), first, equal_nan=True)


def test_the_two_tell_a_small_group_from_an_outlier() -> None:
    random = np.random.default_rng(1)
    many, few, lone = np.eye(D)[:3]
    near = [centre + random.normal(0, 0.05, D) for centre in [many] * 900 + [few] * 60 + [lone]]
    vectors = made(np.array(near, np.float32))
    typical, outlying = typicality(vectors), outlyingness(vectors)
    assert typical[:900].min() > 4 * abs(typical[900:]).max()
    assert outlying[-1] > 4 * outlying[:-1].max()


def test_one_image_and_none() -> None:
    one = made(np.ones((1, D), np.float32))
    assert np.isnan(typicality(one)).all()
    assert np.isnan(outlyingness(one)).all()
    assert typicality(made(np.empty((0, D), np.float32))).shape == (0,)
    assert outlyingness(made(np.empty((0, D), np.float32))).shape == (0,)
    opposite = made(np.array([[1.0] * D, [-1.0] * D], np.float32))
    assert np.allclose(outlyingness(opposite), [2, 2])
    assert np.allclose(typicality(opposite), [-1, -1]) or typicality(opposite).tolist() == [0, 0]
    with pytest.raises(InvalidInput, match="at least two"):
        outlyingness(one, sample=1)


def test_a_row_that_is_not_finite_does_not_spoil_the_sum(vectors: Vectors) -> None:
    broken = vectors.values.copy()
    broken[4, 2] = np.nan
    norms = vectors.norms.copy()
    norms[4] = np.nan
    ids = vectors.ids.copy()
    ids[4] = -1
    found = typicality(Vectors(vectors.space, vectors.ids, broken, norms))
    assert np.isnan(found[4])
    without = typicality(Vectors(vectors.space, ids, vectors.values, vectors.norms))
    assert np.array_equal(found, without, equal_nan=True)
