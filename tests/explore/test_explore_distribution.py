from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore.distribution import as_asked, background, between, distribution

Make = Callable[..., Vectors]


def test_distribution_is_numpys(rng: np.random.Generator) -> None:
    values = np.clip(rng.normal(0.3, 0.2, 4000), -1, 1).astype(np.float32)
    got = distribution(np.insert(values, [3, 77], np.nan), bins=50)
    counts, edges = np.histogram(values.astype(np.float64), 50, (-1, 1))
    np.testing.assert_array_equal(got.counts, counts)
    np.testing.assert_array_equal(got.edges, edges)
    assert got.total == got.counts.sum() == 4000
    assert got.mean == pytest.approx(values.astype(np.float64).mean())
    assert got.std == pytest.approx(values.astype(np.float64).std())
    for q, value in got.quantiles.items():
        assert value == pytest.approx(np.quantile(values.astype(np.float64), q), abs=1e-6)


def test_distribution_by_hand() -> None:
    got = distribution(np.array([-1, -0.5, 0, 0.5, 1], np.float32), bins=2)
    assert got.counts.tolist() == [2, 3]
    assert got.quantiles[0.5] == 0
    assert got.quantiles[0.25] == -0.5
    narrow = distribution(np.array([-1, 0.05, 1], np.float32), bins=1, limits=(0, 0.1))
    assert (narrow.counts.tolist(), narrow.total) == ([1], 3)


def test_distribution_of_nothing() -> None:
    got = distribution(np.full(3, np.nan, np.float32), bins=4)
    assert (got.counts.tolist(), got.total, got.mean, got.std, got.quantiles) == (
        [0, 0, 0, 0], 0, 0, 0, {},
    )  # fmt: skip


def test_bad_bins() -> None:
    for bins, limits in ((0, (-1.0, 1.0)), (5, (1.0, 1.0))):
        with pytest.raises(InvalidInput, match="at least one bin"):
            distribution(np.zeros(3, np.float32), bins=bins, limits=limits)


def test_brushing_bins_gives_exactly_the_images_they_count(rng: np.random.Generator) -> None:
    """Values next to an edge fall on one side of it, in the histogram and in the brush."""
    edges = np.linspace(-1, 1, 201)
    near = edges.astype(np.float32)
    around = [np.nextafter(near, np.float32(-2)), near, np.nextafter(near, np.float32(2))]
    values = np.clip(np.concatenate(around), -1, 1)
    values = rng.permutation(np.append(values, np.nan)).astype(np.float32)
    ids = rng.permutation(len(values)).astype(np.int64)
    got = distribution(values)
    seen = 0
    for i in range(200):
        chosen = between(values, ids, got.edges[i], got.edges[i + 1])
        assert len(chosen) == got.counts[i]
        seen += len(chosen)
    assert seen == got.total
    assert len(between(values, ids, -1.0, 1.0)) == got.total


def test_between_sorts_by_similarity_then_id() -> None:
    values = np.array([0.5, 0.9, 0.5, np.nan, 0.1], np.float32)
    ids = np.array([8, 2, 3, 4, 5])
    assert between(values, ids, 0.1, 0.95).tolist() == [2, 3, 8, 5]  # 0.1 as 32 bits is above 0.1.
    assert between(values, ids, 0.2, 0.9).tolist() == [2, 3, 8]  # 0.9 as 32 bits is below 0.9.
    assert between(values, ids, 0.2, 0.5).tolist() == []
    with pytest.raises(InvalidInput, match="swap"):
        between(values, ids, 0.5, 0.2)


def test_background_of_few_images_is_all_pairs(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((30, 12)).astype(np.float16)
    ids = np.arange(30)
    ids[4] = -1
    got = background(make(values, ids))
    wide = np.delete(values.astype(np.float64), 4, axis=0)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    expected = np.sort((wide @ wide.T)[np.triu_indices(29, 1)])
    np.testing.assert_allclose(got.similarities, expected, atol=1e-6)
    assert got.mean == pytest.approx(expected.mean(), abs=1e-6)
    assert got.std == pytest.approx(expected.std(), abs=1e-6)
    assert got.distribution(bins=20).total == 29 * 28 // 2


def test_background_of_many_images(make: Make, rng: np.random.Generator) -> None:
    values = (rng.standard_normal((3000, 24)) + 0.5).astype(np.float16)
    got = background(make(values), pairs=20_000, seed=3)
    wide = values.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    everything = (wide @ wide.T)[np.triu_indices(3000, 1)]
    assert len(got.similarities) == 20_000
    assert got.mean == pytest.approx(everything.mean(), abs=0.01)
    assert got.std == pytest.approx(everything.std(), abs=0.01)
    again, other = (background(make(values), pairs=20_000, seed=s) for s in (3, 4))
    np.testing.assert_array_equal(again.similarities, got.similarities)
    assert not np.array_equal(other.similarities, got.similarities)


def test_background_sees_mirrored_vectors(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((20, 12)).astype(np.float16)
    plain = background(make(values))
    both = background(make(values, mirrored=-values))
    expected = np.sort(np.abs(plain.similarities))
    np.testing.assert_allclose(both.similarities, expected, atol=1e-6)


def test_percentile_and_z(make: Make) -> None:
    angles = np.radians([0, 60, 90, 180])
    got = background(make(np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)))
    expected = np.cos(np.radians([60, 90, 180, 30, 120, 90]))
    np.testing.assert_allclose(got.similarities, np.sort(expected), atol=1e-6)
    percentiles = got.percentile(np.array([-2, -0.7, 0.7, 2]))
    np.testing.assert_allclose(percentiles, [0, 100 / 6, 500 / 6, 100])
    assert got.percentile(got.similarities[-1:])[0] == pytest.approx(100 * 5.5 / 6)  # Half a tie.
    z = got.z(np.array([expected.mean(), expected.mean() + 2 * expected.std()]))
    np.testing.assert_allclose(z, [0, 2], atol=1e-6)


def test_background_without_pairs_or_spread(make: Make) -> None:
    lonely = background(make(np.ones((1, 3), np.float16)))
    assert (len(lonely.similarities), lonely.mean, lonely.std) == (0, 0, 0)
    assert lonely.percentile(np.array([0.5])).tolist() == [0]
    assert lonely.z(np.array([0.5])).tolist() == [0]
    assert lonely.distribution().total == 0
    with pytest.raises(InvalidInput, match="at least one pair"):
        background(make(np.ones((4, 3), np.float16)), pairs=0)


def test_large_parts_share_a_background(make: Make) -> None:
    assert as_asked((1,)) == (1,)
    assert as_asked((300,)) == (300,)
    assert as_asked((5000,)) == as_asked((80_000,)) == (1024,)
    assert as_asked((5000, -1)) == (5000, -1)
    vectors = make(np.random.default_rng(0).standard_normal((3000, 8)).astype(np.float16))
    first, second = (background(vectors, parts=(n,), pairs=500) for n in (1500, 2900))
    np.testing.assert_array_equal(first.similarities, second.similarities)
