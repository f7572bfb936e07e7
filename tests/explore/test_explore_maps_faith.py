"""How faithful a map is, against scikit-learn, slow versions and shuffled maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore.maps import faith, faithfulness
from impasto.explore.similarity import similarities

if TYPE_CHECKING:
    from tests.explore.conftest import Make

Places = NDArray[np.float32]


def case(make: Make, rng: np.random.Generator, n: int) -> tuple[Vectors, Places, NDArray[np.int64]]:
    """Return vectors, a middling map of them and labels."""
    labels = rng.integers(-1, 4, n)
    values = rng.normal(size=(n, 24)) + 2 * np.eye(24)[labels]
    vectors = make(values.astype(np.float16))
    return vectors, (values[:, :2] + rng.normal(size=(n, 2))).astype(np.float32), labels


def distances(vectors: Vectors) -> NDArray[np.float64]:
    values = np.asarray(vectors.values, np.float32)
    return 1 - similarities(vectors, values).astype(np.float64)


@pytest.mark.parametrize("n", [3, 10, 35, 300])
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(
    make: Make, rng: np.random.Generator, n: int
) -> None:
    vectors, places, _ = case(make, rng, n)
    found = faithfulness(vectors, np.arange(n), places)
    assert found is not None
    assert found.exact
    apart = distances(vectors)
    near = np.linalg.norm(places[:, None].astype(np.float64) - places, axis=2)
    k = found.k
    assert k == min(15, (n - 1) // 2)
    assert found.trustworthiness.value == pytest.approx(
        trustworthiness(apart, places.astype(np.float64), n_neighbors=k, metric="precomputed"),
        abs=1e-6,
    )
    # Continuity is trustworthiness with the two sides changed. scikit-learn wants coordinates on
    # one side, so here it is by the definition.
    ranks = np.argsort(np.argsort(near + np.diag([-1.0] * n), axis=1), axis=1)
    order = np.argsort(apart + np.diag([9.0] * n), axis=1)[:, :k]
    beyond = np.maximum(np.take_along_axis(ranks, order, axis=1) - k, 0).sum()
    wanted = 1 - beyond * 2 / (n * k * (2 * n - 3 * k - 1))
    assert found.continuity.value == pytest.approx(wanted, abs=1e-6)


def test_shares_by_hand(make: Make, rng: np.random.Generator) -> None:
    n = 120
    vectors, places, labels = case(make, rng, n)
    found = faithfulness(vectors, np.arange(n), places, labels)
    assert found is not None
    apart = distances(vectors)
    near = np.linalg.norm(places[:, None].astype(np.float64) - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    np.fill_diagonal(near, np.inf)

    def nearest(table: NDArray[np.float64], i: Any, among: NDArray[np.int64]) -> list[int]:
        return among[np.argsort(table[i, among], kind="stable")][:15].tolist()  # type: ignore[no-any-return]

    everyone, named = np.arange(n), np.flatnonzero(labels >= 0)
    kept = [len({*nearest(apart, i, everyone)} & {*nearest(near, i, everyone)}) for i in everyone]
    assert found.kept.value == pytest.approx(np.mean(kept) / 15)
    for table, measure in ((near, found.label_hit), (apart, found.label_hit_space)):
        hits = [np.mean(labels[nearest(table, i, named)] == labels[i]) for i in named]
        assert measure is not None
        assert measure.value == pytest.approx(np.mean(hits))


def test_chance_is_what_shuffled_maps_get(make: Make, rng: np.random.Generator) -> None:
    n = 60
    vectors, places, labels = case(make, rng, n)
    shuffled = [
        faithfulness(vectors, np.arange(n), rng.permutation(places), labels) for _ in range(60)
    ]
    for measure in ("trustworthiness", "continuity", "kept", "label_hit"):
        values = [getattr(one, measure).value for one in shuffled]
        error = np.std(values) / np.sqrt(len(values))
        assert abs(np.mean(values) - getattr(shuffled[0], measure).chance) < 4 * error, measure


def test_a_perfect_map(make: Make, rng: np.random.Generator) -> None:
    angles = rng.random(80) * 0.5
    values = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    vectors = make(values)
    found = faithfulness(vectors, np.arange(80), values)
    assert found is not None
    for measure in (found.trustworthiness, found.continuity, found.kept):
        assert measure.value == pytest.approx(1, abs=0.01)
    assert found.label_hit is None


def test_a_sample_is_near_the_whole_and_says_how_near(
    make: Make, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, places, labels = case(make, rng, 900)
    whole = faithfulness(vectors, np.arange(900), places, labels)
    monkeypatch.setattr(faith, "EXACT", 300)
    monkeypatch.setattr(faith, "SAMPLE", 150)
    parts = [faithfulness(vectors, np.arange(900), places, labels, seed=s) for s in range(20)]
    assert parts[0] == faithfulness(vectors, np.arange(900), places, labels, seed=0)
    assert parts[0] is not None
    assert (parts[0].asked, parts[0].exact) == (150, False)
    for measure in ("trustworthiness", "continuity", "kept", "label_hit", "label_hit_space"):
        truth = getattr(whole, measure)
        assert truth.low == truth.value == truth.high
        covered = [
            getattr(p, measure).low <= truth.value <= getattr(p, measure).high for p in parts
        ]
        assert np.mean(covered) >= 0.8, measure
        assert all(getattr(p, measure).low < getattr(p, measure).high for p in parts)


def test_it_is_kept_as_it_is(make: Make, rng: np.random.Generator) -> None:
    vectors, places, labels = case(make, rng, 30)
    found = faithfulness(vectors, np.arange(30), places, labels)
    assert found is not None
    assert faith.Faithfulness.from_json(found.to_json()) == found
    alone = faithfulness(vectors, np.arange(30), places)
    assert alone is not None
    assert faith.Faithfulness.from_json(alone.to_json()) == alone


def test_what_can_not_be_measured(make: Make, rng: np.random.Generator) -> None:
    vectors, places, _ = case(make, rng, 30)
    assert faithfulness(vectors, np.arange(2), places[:2]) is None
    with pytest.raises(InvalidInput, match="positions of shape"):
        faithfulness(vectors, np.arange(30), places[:29])
