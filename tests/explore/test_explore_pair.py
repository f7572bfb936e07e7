"""Scatter, boxes and rank changes of two queries, against plain loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore import queries
from impasto.explore.compare import Comparison, compare
from impasto.explore.pair import Box, Corner, changes, corner, scatter, within

Make = Callable[..., Vectors]


@pytest.fixture
def compared(make: Make, rng: np.random.Generator) -> Comparison:
    vectors = make(rng.standard_normal((300, 6)).astype(np.float16))
    asked = [queries.from_rows(vectors, ids, title=str(ids[0])) for ids in ([10, 11], [12, 13, 14])]
    return compare(vectors, asked, k=40)


def test_the_scatter_is_the_histogram_of_both(compared: Comparison) -> None:
    x, y = compared.similarities.astype(np.float64)
    got = scatter(compared, 0, 1, bins=24)
    expected, _, _ = np.histogram2d(x, y, bins=[got.edges, got.edges])
    np.testing.assert_array_equal(got.counts, expected)
    assert got.counts.sum() == 300
    np.testing.assert_array_equal(scatter(compared, 1, 0, bins=24).counts, expected.T)
    assert got.edges[0] == compared.distributions[0].edges[0]


def test_a_scatter_holds_all_images_whatever_the_histograms_hold(make: Make) -> None:
    angles = np.radians(np.arange(0, 180, 3))
    vectors = make(np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float16))
    asked = [queries.from_rows(vectors, [i]) for i in (10, 40)]
    assert scatter(compare(vectors, asked, limits=(0.0, 0.5)), 0, 1).counts.sum() == 60


@pytest.mark.parametrize("which", get_args(Corner))
def test_corners_hold_what_the_overlap_counts(compared: Comparison, which: Corner) -> None:
    nearest = [set(compared.ids[ranks <= 40].tolist()) for ranks in compared.ranks]
    a, b = nearest
    expected = {
        "first": a - b,
        "second": b - a,
        "both": a & b,
        "neither": set(compared.ids.tolist()) - a - b,
    }[which]
    got = within(compared, 0, 1, corner(compared, 0, 1, which)).tolist()
    assert set(got) == expected
    assert len(got) == len(expected) > 0
    if which == "both":
        assert len(got) / 40 == compared.overlap[0, 1]
    signs = {"first": (1, -1), "second": (-1, 1), "both": (1, 1), "neither": (-1, -1)}[which]
    places = [np.flatnonzero(compared.ids == i)[0] for i in got]
    out = signs @ compared.similarities[:, places].astype(np.float64)
    assert (np.diff(out) <= 0).all()


def test_a_box_is_half_open_and_closed_at_one(compared: Comparison) -> None:
    x, y = compared.similarities
    low, top = float(np.sort(x)[200]), float(np.sort(y)[200])
    got = within(compared, 0, 1, Box(low, 1, -1, top))
    expected = [i for i, a, b in zip(compared.ids, x, y, strict=True) if a >= low and b < top]
    assert sorted(got.tolist()) == expected
    assert len(within(compared, 0, 1, Box(-1, 1, -1, 1))) == 300
    assert len(within(compared, 0, 1, Box(low, low, -1, 1))) == 0
    with pytest.raises(InvalidInput, match="does not rise"):
        Box(0.5, 0.4, 0, 1)
    with pytest.raises(InvalidInput, match="does not rise"):
        Box(float("nan"), 1, 0, 1)


def test_rank_changes_by_a_plain_sort(compared: Comparison) -> None:
    gains, losses = changes(compared, 0, 1, 15)
    rows = range(300)
    before, after = compared.ranks.tolist()
    by_gain = sorted(rows, key=lambda r: (after[r] - before[r], min(before[r], after[r]), r))
    by_loss = sorted(rows, key=lambda r: (before[r] - after[r], min(before[r], after[r]), r))
    for got, expected in ((gains, by_gain[:15]), (losses, by_loss[:15])):
        assert got.ids.tolist() == [compared.ids[row] for row in expected]
        assert got.before.tolist() == [before[row] for row in expected]
        assert got.after.tolist() == [after[row] for row in expected]
    backwards, _ = changes(compared, 1, 0, 15)
    assert set(backwards.ids.tolist()) == set(losses.ids.tolist())


def test_what_does_not_change_neither_gains_nor_loses(make: Make) -> None:
    vectors = make(np.eye(4, dtype=np.float16) + np.float16(0.1))
    same = [queries.from_rows(vectors, [10])] * 2
    gains, losses = changes(compare(vectors, same), 0, 1)
    assert len(gains.ids) == len(losses.ids) == 0


@pytest.mark.parametrize("places", [(0, 0), (0, 2), (-1, 0)])
def test_a_pair_is_two_queries_of_the_comparison(
    compared: Comparison, places: tuple[int, int]
) -> None:
    with pytest.raises(InvalidInput, match="0 to 1"):
        scatter(compared, *places)
    with pytest.raises(InvalidInput, match="at least one bin"):
        scatter(compared, 0, 1, bins=0)
