"""The suggested cut against simulations whose truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore import queries
from impasto.explore.cut import Curve, curve
from impasto.explore.distribution import background
from impasto.explore.similarity import similarities_of

Make = Callable[..., Vectors]
EDGES = np.linspace(-1, 1, 401)


def simulate(
    rng: np.random.Generator, n: int, related: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Draw similarities of unrelated and related images, which are which, and a background."""
    truth = np.arange(n) < related
    values = np.where(truth, rng.normal(0.65, 0.1, n), rng.normal(0.3, 0.1, n))
    pairs = np.sort(rng.normal(0.3, 0.1, 100_000))
    return values.astype(np.float32), truth, pairs.astype(np.float32)


def test_by_hand() -> None:
    values = np.array([0.9, 0.8, 0.4, 0.3, 0.2, np.nan], np.float32)
    pairs = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 0.86], np.float32)
    got = curve(values, pairs, np.array([0.0, 0.75, 0.95]))
    assert got.total == 5
    assert got.counts.tolist() == [5, 2, 0]
    assert got.unrelated == 1  # 3 of 5 lie below 0.5, the median: 2 * (3 + 1) / 5 is above 1.
    np.testing.assert_allclose(got.expected, [5, 5 * 3 / 10, 5 * 1 / 10])
    np.testing.assert_allclose(got.shares, [1, 0.75, np.nan])


@pytest.mark.parametrize("related", [50, 400, 2000])
def test_the_estimate_is_close_to_the_truth(related: int, rng: np.random.Generator) -> None:
    n = 10_000
    told, true = [], []
    for _ in range(30):
        values, truth, pairs = simulate(rng, n, related)
        got = curve(values, pairs, EDGES)
        assert got.unrelated == pytest.approx(1 - related / n, abs=0.03)
        for threshold in (0.45, 0.5, 0.55, 0.6):
            index = int(np.argmin(np.abs(EDGES - threshold)))
            above = values >= np.float64(EDGES[index])
            told.append(got.shares[index])
            true.append(np.mean(~truth[above]))
            assert got.counts[index] == np.count_nonzero(above)
    difference = np.reshape(told, (30, 4)) - np.reshape(true, (30, 4))
    noise = difference.std(axis=0) / np.sqrt(30)
    assert (np.abs(difference.mean(axis=0)) < 0.005 + 3 * noise).all()
    assert np.abs(difference.mean()) < 0.02


def test_the_suggested_cut_keeps_its_promise(rng: np.random.Generator) -> None:
    false, found = [], []
    for _ in range(40):
        values, truth, pairs = simulate(rng, 5000, 200)
        cut = curve(values, pairs, EDGES).suggest(0.1)
        assert cut is not None
        above = values >= np.float64(cut.similarity)
        assert cut.count == np.count_nonzero(above)
        false.append(np.mean(~truth[above]))
        found.append(np.mean(above[truth]))
    assert np.mean(false) == pytest.approx(0.1, abs=0.02)  # neither more, nor far too cautious
    assert np.mean(found) > 0.7


def test_where_nothing_stands_out_there_is_no_cut(rng: np.random.Generator) -> None:
    cuts = []
    for _ in range(60):
        values, _, pairs = simulate(rng, 3000, 0)
        cuts.append(curve(values, pairs, EDGES).suggest(0.1))
    # A false alarm takes a lonely image or two, and is as rare as the share says.
    assert sum(cut is not None for cut in cuts) < 60 * 0.2
    assert all(cut.count <= 3 for cut in cuts if cut is not None)
    assert "nothing stands out" in curve(values - 0.2, pairs, EDGES).sentence()


def test_a_query_near_everything_has_no_cut(rng: np.random.Generator) -> None:
    _, _, pairs = simulate(rng, 10, 0)
    values = rng.normal(0.8, 0.02, 500).astype(np.float32)
    got = curve(values, pairs, EDGES)
    assert got.unrelated == pytest.approx(2 / 500)
    assert got.suggest() is None
    assert "most of the collection" in got.sentence()


def test_the_background_of_few_pairs_promises_nothing(rng: np.random.Generator) -> None:
    """A similarity above all of 20 pairs may still be chance: 1 in 21 for each image."""
    values = rng.normal(0.3, 0.05, 1000).astype(np.float32)
    values[0] = 0.99
    got = curve(values, np.sort(rng.normal(0.3, 0.05, 20)).astype(np.float32), EDGES)
    assert got.suggest() is None


def test_sentences_and_bounds(rng: np.random.Generator) -> None:
    values, _, pairs = simulate(rng, 2000, 100)
    got = curve(values, pairs, EDGES)
    cut = got.suggest()
    assert cut is not None
    assert f"{cut.count:,} images are" in got.sentence()
    assert f"{cut.share:.1%}" in got.sentence()
    for share in (0, 1):
        with pytest.raises(InvalidInput, match="between 0 and 1"):
            got.suggest(share)
    empty = curve(np.full(3, np.nan, np.float32), pairs, EDGES)
    assert (empty.total, empty.suggest()) == (0, None)
    lonely = curve(values, np.empty(0, np.float32), EDGES)
    assert isinstance(lonely, Curve)
    assert lonely.suggest() is None


def test_a_mean_is_compared_with_means(make: Make, rng: np.random.Generator) -> None:
    """Against pairs of images the mean of random images would stand out; it must not."""
    vectors = make((rng.standard_normal((600, 50)) + 0.7).astype(np.float16))
    query = queries.from_rows(vectors, rng.choice(np.arange(10, 610), 40, replace=False).tolist())
    assert query.parts == (40,)
    found = similarities_of(vectors, query, members=False)
    against_pairs = curve(found, background(vectors).similarities, EDGES)
    against_means = background(vectors, parts=query.parts)
    assert against_pairs.unrelated < 0.05
    assert curve(found, against_means.similarities, EDGES).unrelated > 0.9
    assert against_means.mean == pytest.approx(float(np.nanmean(found)), abs=0.01)


def test_random_queries_are_made_as_combine_makes_them(
    make: Make, rng: np.random.Generator
) -> None:
    """Brute force over real queries of random images with the same parts."""
    vectors = make((rng.standard_normal((200, 20)) + 0.5).astype(np.float16))
    ids = vectors.ids
    values = []
    for _ in range(1000):
        drawn = rng.permutation(ids).tolist()
        query = queries.combine(
            [queries.from_rows(vectors, drawn[:1]), queries.from_rows(vectors, drawn[1:31])],
            [queries.from_rows(vectors, drawn[31:36])],
        )
        assert query.parts == (1, 30, -5)
        values.append(similarities_of(vectors, query, members=False))
    wanted = np.array(values)[~np.isnan(values)]
    got = background(vectors, parts=(1, 30, -5))
    assert got.mean == pytest.approx(wanted.mean(), abs=0.015)
    assert got.std == pytest.approx(wanted.std(), abs=0.01)
    np.testing.assert_array_equal(
        got.similarities, background(vectors, parts=(1, 30, -5)).similarities
    )


def test_queries_larger_than_the_collection(make: Make) -> None:
    vectors = make(np.eye(4, dtype=np.float16) + np.float16(0.1))
    assert len(background(vectors, parts=(1000,)).similarities)
    assert len(background(vectors, parts=(1,) * 30).similarities) == 0  # all images are in it
    assert len(background(make(np.ones((1, 3), np.float16)), parts=(5,)).similarities) == 0
