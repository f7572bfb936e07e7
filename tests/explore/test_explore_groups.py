"""Inside against outside and small multiples, against scipy, scikit-learn and brute force."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from impasto.core.errors import InvalidInput
from impasto.explore.distribution import distribution
from impasto.explore.groups import contrast, groups


@pytest.mark.parametrize("levels", [5, 10**6])
def test_contrast_is_scipys_and_scikit_learns(levels: int, rng: np.random.Generator) -> None:
    inside = rng.random(500) < 0.2
    values = (rng.integers(-levels, levels + 1, 500) / levels).astype(np.float32)
    values[inside] = np.minimum(values[inside] + np.float32(0.4), 1)
    values[[3, 4]] = np.nan
    got = contrast(values, inside, bins=40)
    valid = ~np.isnan(values)
    ours, theirs = values[valid & inside], values[valid & ~inside]
    assert got.auc.value == pytest.approx(roc_auc_score(inside[valid], values[valid]))
    assert got.auc.low < got.auc.value < got.auc.high
    assert got.auc.chance == 0.5
    assert got.ks == pytest.approx(stats.ks_2samp(ours, theirs).statistic)
    assert got.shift == pytest.approx(float(ours.mean(dtype=float) - theirs.mean(dtype=float)))
    for part, values_of in ((got.inside, ours), (got.outside, theirs)):
        wanted = distribution(values_of, bins=40)
        np.testing.assert_array_equal(part.counts, wanted.counts)
        assert part.total == len(values_of)


def test_contrast_needs_both_sides() -> None:
    values = np.array([0.1, 0.2, np.nan], np.float32)
    for inside in ([False, False, True], [True, True, False]):
        with pytest.raises(InvalidInput, match="at least one image each"):
            contrast(values, np.array(inside))


@pytest.mark.parametrize(("m", "n", "shift"), [(4, 200, 1.5), (30, 400, 1.0), (12, 60, 0.0)])
def test_the_interval_covers_the_truth(
    m: int, n: int, shift: float, rng: np.random.Generator
) -> None:
    truth = stats.norm.cdf(shift / np.sqrt(2))
    covered = []
    for _ in range(600):
        values = rng.normal(0, 1, n).astype(np.float32)
        values[:m] += np.float32(shift)
        auc = contrast(values, np.arange(n) < m, limits=(-9, 9)).auc
        covered.append(auc.low <= truth <= auc.high)
    assert 0.93 <= np.mean(covered) <= 0.99


def test_the_very_top_does_not_claim_certainty() -> None:
    values = np.linspace(0, 1, 50).astype(np.float32)
    got = contrast(values, np.arange(50) >= 47)
    assert (got.auc.value, got.auc.high) == (1, 1)
    assert got.auc.low < 0.9


def test_groups_are_each_a_contrast(rng: np.random.Generator) -> None:
    n, names = 300, ["a", "b", "c", "empty", "only nan"]
    values = np.clip(rng.normal(0.2, 0.3, n), -1, 1).astype(np.float32)
    edges = np.linspace(-1, 1, 21)
    values[:20] = edges[1:].astype(np.float32)  # on the edges themselves
    values[[50, 60]] = np.nan
    pairs = {(row, code) for row in range(n) for code in range(3) if rng.random() < 0.3}
    pairs |= {(50, 4), (60, 0)}
    rows, codes = np.array(sorted(pairs)).T
    values[rows[codes == 1]] += np.float32(0.05)
    values = np.clip(values, -1, 1)
    got = groups(values, names, rows, codes, bins=20)
    assert set(got.names) == {"a", "b", "c"}
    assert (np.diff(got.low) <= 0).all()
    assert got.mean == pytest.approx(float(np.nanmean(values.astype(float))))
    for at, name in enumerate(got.names):
        inside = np.zeros(n, bool)
        inside[rows[codes == names.index(name)]] = True
        wanted = contrast(values, inside, bins=20)
        assert got.counts[at].tolist() == wanted.inside.counts.tolist()
        assert got.sizes[at] == wanted.inside.total
        assert got.means[at] == pytest.approx(wanted.inside.mean)
        assert (got.auc[at], got.low[at], got.high[at]) == pytest.approx(
            (wanted.auc.value, wanted.auc.low, wanted.auc.high)
        )


def test_a_group_of_everything_is_neither_nearer_nor_farther() -> None:
    values = np.array([0.1, 0.5], np.float32)
    got = groups(values, ["all"], np.array([0, 1]), np.array([0, 0]))
    assert (got.names, got.auc.tolist()) == (("all",), [0.5])
    none = groups(np.full(2, np.nan, np.float32), ["all"], np.array([0, 1]), np.array([0, 0]))
    assert (none.names, none.mean) == ((), 0)


def test_a_million_images_and_a_thousand_labels_are_quick(rng: np.random.Generator) -> None:
    n = 1_000_000
    values = np.clip(rng.normal(0.3, 0.1, n), -1, 1).astype(np.float32)
    codes = rng.integers(0, 1000, n)
    names = [f"label {code}" for code in range(1000)]
    begin = time.perf_counter()
    got = groups(values, names, np.arange(n), codes)
    seconds = time.perf_counter() - begin
    assert got.counts.sum() == n
    assert seconds < 3, seconds  # 0.4 s on two free cores
