"""Agreement of two spaces against definitions, scipy and simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from impasto.core.errors import InvalidInput
from impasto.core.records import Neighbours
from impasto.core.space import Space, Vectors
from impasto.explore.agreement import agreement, places
from impasto.explore.ranks import (
    chance_rank_biased_overlap,
    mean_ranks,
    rank_biased_overlap,
    standing,
)

Make = Callable[..., Vectors]
PHOTO, DRAWN = (Space(name, "fc7", 4, "0" * 64) for name in ("photo", "drawn"))


def ranking(space: Space, similarity: dict[int, float]) -> Neighbours:
    order = sorted(similarity, key=lambda i: (-similarity[i], i))
    values = np.array([similarity[i] for i in order], np.float32)
    return Neighbours(space, np.array(order, np.int64), values)


def test_a_case_by_hand() -> None:
    """Images 1 to 5 are common; 8 and 9 have a vector in one space only."""
    first = ranking(PHOTO, {9: 0.95, 1: 0.9, 2: 0.8, 3: 0.7, 4: 0.6, 5: 0.5})
    second = ranking(DRAWN, {2: 0.9, 1: 0.8, 5: 0.7, 8: 0.65, 4: 0.6, 3: 0.5})
    got = agreement(first, second, k=3)
    assert (got.first, got.second, got.images, got.k) == (PHOTO, DRAWN, 5, 3)
    assert got.shared.tolist() == [1, 2]
    assert got.overlap == pytest.approx(2 / 3)
    assert got.overlap_chance == pytest.approx(3 / 5)
    # Shares at depth 1, 2, 3: 0, 1, 2/3.
    rbo = 2 / 3 * 0.9**3 + 0.1 / 0.9 * (0.9**2 + 2 / 3 * 0.9**3)
    assert got.rbo == pytest.approx(rbo)
    assert got.rbo_chance == pytest.approx((1 + 0.9 + 0.81) / 5)
    # Ranks 1 2 3 4 5 and 2 1 5 4 3: 1 - 6 (1 + 1 + 4 + 0 + 4) / (5 * 24).
    assert got.spearman == pytest.approx(0.5)


def test_spearman_and_overlap_are_scipys_and_brute_force(rng: np.random.Generator) -> None:
    for levels in (4, 10**6):  # Few levels: many ties.
        a = dict(zip(range(300), (rng.integers(0, levels, 300) / levels).tolist(), strict=True))
        b = dict(zip(range(50, 350), (rng.integers(0, levels, 300) / levels).tolist(), strict=True))
        got = agreement(ranking(PHOTO, a), ranking(DRAWN, b), k=40)
        common = range(50, 300)
        pairs = np.array([[a[i], b[i]] for i in common], np.float32)
        assert got.images == 250
        assert got.spearman == pytest.approx(stats.spearmanr(pairs).statistic, abs=1e-9)
        tops = [set(sorted(common, key=lambda i: (-one[i], i))[:40]) for one in (a, b)]
        assert set(got.shared.tolist()) == tops[0] & tops[1]
        back = agreement(ranking(DRAWN, b), ranking(PHOTO, a), k=40)
        assert (back.overlap, back.rbo) == pytest.approx((got.overlap, got.rbo))


def test_chance_is_what_random_rankings_give(rng: np.random.Generator) -> None:
    n, k = 40, 12
    found = []
    for _ in range(3000):
        first, second = (
            ranking(space, dict(enumerate(rng.permutation(n) / n))) for space in (PHOTO, DRAWN)
        )
        got = agreement(first, second, k=k)
        found.append((got.overlap, got.rbo, got.spearman))
    wanted = (got.overlap_chance, got.rbo_chance, 0.0)
    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - wanted) < 4 * error).all()


def test_chance_of_equal_sets_is_not_one() -> None:
    """The first three of three images are always shared, but seldom in the same order."""
    orders = [np.array(order) for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0))]
    orders += [np.array(order) for order in ((2, 0, 1), (2, 1, 0))]
    mean = np.mean([rank_biased_overlap(a, b) for a in orders for b in orders])
    assert chance_rank_biased_overlap(3, 3) == pytest.approx(mean)
    for k in (0, 4):
        with pytest.raises(InvalidInput, match="first k"):
            chance_rank_biased_overlap(k, 3)


def test_the_same_space_agrees_with_itself(rng: np.random.Generator) -> None:
    one = ranking(PHOTO, dict(enumerate(rng.random(60).tolist())))
    got = agreement(one, one, k=100)
    assert (got.k, got.overlap, got.overlap_chance) == (60, 1, 1)
    assert (got.rbo, got.spearman) == pytest.approx((1, 1))
    assert got.shared.tolist() == one.ids.tolist()


def test_nothing_in_common() -> None:
    with pytest.raises(InvalidInput, match="both photo fc7 and drawn fc7"):
        agreement(ranking(PHOTO, {1: 0.5}), ranking(DRAWN, {2: 0.5}))
    with pytest.raises(InvalidInput, match="at least one"):
        agreement(ranking(PHOTO, {1: 0.5}), ranking(DRAWN, {1: 0.5}), k=0)
    flat = agreement(ranking(PHOTO, {1: 0.5, 2: 0.5}), ranking(DRAWN, {1: 0.1, 2: 0.2}), k=1)
    assert flat.spearman == 0


def test_places() -> None:
    one = ranking(PHOTO, {7: 0.1, 3: 0.9, 5: 0.5})
    assert places(one, np.array([5, 6, 7, 3])).tolist() == [2, 0, 3, 1]


def test_ranks_are_scipys(rng: np.random.Generator) -> None:
    values = rng.integers(0, 9, 200).astype(np.float32)
    np.testing.assert_array_equal(mean_ranks(values), stats.rankdata(values))
    assert np.linalg.norm(standing(mean_ranks(values))) == pytest.approx(1)
