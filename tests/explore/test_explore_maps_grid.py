"""The grid without overlaps, against the best assignment there is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from impasto.explore.maps import grid


def points(rng: np.random.Generator, n: int, kind: str) -> NDArray[np.float32]:
    if kind == "even":
        return rng.random((n, 2)).astype(np.float32)
    centres = rng.random((6, 2))
    return (centres[rng.integers(0, 6, n)] + 0.05 * rng.normal(size=(n, 2))).astype(np.float32)


def moved(places: NDArray[np.float32], cells: NDArray[np.int32]) -> float:
    """Sum the squared ways from points to their cells."""
    return float(np.square(grid._stretched(places, *grid.shape_of(places)) - cells).sum())


def best(places: NDArray[np.float32]) -> float:
    columns, rows = grid.shape_of(places)
    cells = np.array([(x, y) for x in range(columns) for y in range(rows)])
    wanted = grid._stretched(places, columns, rows)
    ways = np.square(wanted[:, None] - cells).sum(axis=2)
    return float(ways[linear_sum_assignment(ways)].sum())


@pytest.mark.parametrize("kind", ["even", "clustered"])
@pytest.mark.parametrize("n", [1, 2, 7, 150, 600])
def test_few_points_move_as_little_as_can_be(rng: np.random.Generator, n: int, kind: str) -> None:
    places = points(rng, n, kind)
    assert moved(places, grid.cells(places)) == pytest.approx(best(places))


@pytest.mark.parametrize("kind", ["even", "clustered"])
def test_many_points_move_little_more(
    rng: np.random.Generator, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = points(rng, 700, kind)
    monkeypatch.setattr(grid, "BEST", 0)
    quick = moved(places, grid.cells(places))
    assert best(places) <= quick < 1.15 * best(places)
    shuffled = rng.permutation(grid.cells(places))
    assert quick < 0.1 * moved(places, shuffled)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 1201, 20_001])
def test_every_point_has_a_cell_of_its_own(rng: np.random.Generator, n: int) -> None:
    for places in (points(rng, n, "clustered"), np.ones((n, 2), np.float32)):
        found = grid.cells(places)
        columns, rows = grid.shape_of(places)
        assert found.shape == (n, 2)
        assert len(np.unique(found, axis=0)) == n
        assert n <= columns * rows < n + max(columns, 1)
        if n:
            assert found.min() >= 0
            assert (found < (columns, rows)).all()
        assert grid.cells(places).tobytes() == found.tobytes()


def test_the_shape_is_about_that_of_the_points(rng: np.random.Generator) -> None:
    wide = points(rng, 800, "even") * (2, 1)
    columns, rows = grid.shape_of(wide.astype(np.float32))
    assert columns / rows == pytest.approx(2, rel=0.1)
    line = np.stack([np.arange(300), np.zeros(300)], axis=1).astype(np.float32)
    assert grid.shape_of(line)[0] <= 3.1 * grid.shape_of(line)[1]
    far = points(rng, 300, "even") * (1000, 1)
    columns, rows = grid.shape_of(far.astype(np.float32))
    assert columns / rows == pytest.approx(grid.WIDEST, rel=0.15)


def test_left_stays_left(rng: np.random.Generator) -> None:
    places = points(rng, 3000, "even")
    found = grid.cells(places)
    for axis in (0, 1):
        assert np.corrcoef(places[:, axis], found[:, axis])[0, 1] > 0.99
