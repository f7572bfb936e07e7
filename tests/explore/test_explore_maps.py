"""PCA against the singular value decomposition; what a map is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.explore import maps
from impasto.explore.maps import Settings
from impasto.explore.maps.pca import principal_axes, project

if TYPE_CHECKING:
    from tests.explore.conftest import Make


def units(values: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = values.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    wide /= np.where(norms > 0, norms, 1)
    return wide


@pytest.mark.parametrize(("n", "d"), [(500, 40), (40, 500), (30, 30), (5000, 12)])
def test_axes_are_those_of_the_decomposition(
    make: Make, rng: np.random.Generator, n: int, d: int
) -> None:
    spread = rng.normal(size=(n, d)) * np.geomspace(3, 0.1, d) + rng.normal(size=d)
    vectors = make(spread.astype(np.float16))
    mean, axes = principal_axes(vectors, np.arange(n), 5)
    rows = units(vectors.values)
    np.testing.assert_allclose(mean, rows.mean(axis=0), atol=1e-6)
    _, _, wanted = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    wanted = wanted[:5]
    wanted *= np.sign(wanted[np.arange(5), np.abs(wanted).argmax(axis=1)])[:, None]
    np.testing.assert_allclose(axes, wanted, atol=2e-4)
    measured = project(vectors, np.arange(n), mean, axes)
    np.testing.assert_allclose(measured, (rows - rows.mean(axis=0)) @ wanted.T, atol=2e-4)


def test_rows_that_do_not_count_are_left_out(make: Make, rng: np.random.Generator) -> None:
    values = rng.normal(size=(20, 6)).astype(np.float16)
    ids = np.arange(20) + 7
    ids[[3, 11]] = -1
    made = maps.make(make(values, ids), Settings("pca"))
    assert made.ids.tolist() == [i for i in ids if i >= 0]
    assert made.rows.tolist() == np.flatnonzero(ids >= 0).tolist()
    alone = maps.make(make(values[ids >= 0]), Settings("pca"))
    np.testing.assert_array_equal(made.positions, alone.positions)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("like", ["different", "identical", "zero"])
def test_few_or_identical_images(make: Make, rng: np.random.Generator, n: int, like: str) -> None:
    values = rng.normal(size=(n, 8)).astype(np.float16)
    values = {"different": values, "identical": values[:1].repeat(n, 0), "zero": 0 * values}[like]
    made = maps.make(make(values), Settings("pca"))
    assert np.isfinite(made.positions).all()
    assert made.points.min() >= 0
    assert made.points.max() <= 1
    assert len(np.unique(made.cells, axis=0)) == n
    assert (made.faithfulness is None) == (n < 3)


def test_a_damaged_map_says_how_to_make_it_anew(make: Make, rng: np.random.Generator) -> None:
    made = maps.make(make(rng.normal(size=(5, 8)).astype(np.float16)), Settings("pca"))
    arrays = dict(made.arrays())
    assert np.array_equal(maps.Map.from_parts(made.card(), arrays).positions, made.positions)
    for part in ("frame", "space"):
        card = {key: value for key, value in made.card().items() if key != part}
        with pytest.raises(InvalidInput, match="--again"):
            maps.Map.from_parts(card, arrays)


def test_no_images(make: Make) -> None:
    with pytest.raises(InvalidInput, match="No image has a vector"):
        maps.make(make(np.empty((0, 4), np.float16)), Settings("pca"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "mds"}, "pca, tsne, umap, not 'mds'"),
        ({"seed": -1}, "seed lies between"),
        ({"perplexity": 0.5}, "perplexity lies between"),
        ({"neighbours": 1}, "between 2 and 1,000 neighbours"),
        ({"min_dist": 1}, "min_dist"),
        ({"fit_on": 5}, "at least 100 images"),
    ],
)
def test_settings_that_can_not_be(given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Settings(**given)  # type: ignore[arg-type]
