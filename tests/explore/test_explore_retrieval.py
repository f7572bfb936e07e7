from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore.retrieval import (
    _estimates,
    _measure,
    chance_average_precision,
    paired,
    retrieval,
    verdict,
)

Make = Callable[..., Vectors]
ONE = (np.ones(1), np.zeros(1))


def _clustered(rng: np.random.Generator, n: int, m: int, pull: float) -> NDArray[np.float16]:
    """`m` vectors around one direction, then `n - m` around none."""
    values = rng.standard_normal((n, 32))
    values[:m] += pull * rng.standard_normal(32)
    return values.astype(np.float16)


def test_against_scikit_learn(make: Make, rng: np.random.Generator) -> None:
    values = _clustered(rng, 150, 25, 0.5)
    got = retrieval(make(values), range(10, 35), ks=(1, 5, 10))
    wide = values.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    truth = np.arange(150) < 25
    ap, auc, at_five = [], [], []
    for i in range(25):
        others = np.arange(150) != i
        found = (wide @ wide[i])[others]
        ap.append(average_precision_score(truth[others], found))
        auc.append(roc_auc_score(truth[others], found))
        at_five.append(truth[others][np.argsort(-found)[:5]].mean())
    assert got.average_precision.value == pytest.approx(np.mean(ap), abs=1e-4)
    assert got.auc.value == pytest.approx(np.mean(auc), abs=1e-4)
    assert got.precision[5].value == pytest.approx(np.mean(at_five), abs=1e-9)
    assert got.precision[5].chance == pytest.approx(24 / 149)
    assert got.auc.chance == 0.5
    assert (got.n_relevant, got.n_images, got.queries) == (25, 150, 25)
    order = np.argsort(-np.array(ap))
    assert got.best[0] == 10 + order[0]
    assert got.worst[0] == 10 + order[-1]
    for estimate in [*got.precision.values(), got.average_precision, got.auc]:
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_ties_are_averaged_over_all_orders() -> None:
    found = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1], np.float32)
    truth = np.array([0, 1, 1, 0, 0, 1], bool)
    sums, count = np.zeros(4), 0
    for order in itertools.permutations(range(1, 5)):
        ranked = truth[[0, *order, 5]]
        hits = np.cumsum(ranked)
        ap = (hits / np.arange(1, 7))[ranked].mean()
        auc = np.mean([i < j for i in np.flatnonzero(ranked) for j in np.flatnonzero(~ranked)])
        sums += [ranked[:2].mean(), ranked[:3].mean(), ap, auc]
        count += 1
    with_nan = np.append(found, np.float32(np.nan))
    got = _measure(with_nan, found[truth], [2, 3])
    np.testing.assert_allclose(got, sums / count)


def test_chance_average_precision_by_brute_force() -> None:
    for m, n in ((1, 1), (1, 5), (2, 5), (3, 5), (5, 5)):
        scores = []
        for places in itertools.combinations(range(n), m):
            hits = np.isin(np.arange(n), places)
            scores.append((np.cumsum(hits) / np.arange(1, n + 1))[hits].mean())
        assert chance_average_precision(m, n) == pytest.approx(np.mean(scores))


def test_a_space_that_sees_nothing_gives_chance(make: Make) -> None:
    got = retrieval(make(np.ones((60, 4), np.float16)), range(10, 20))
    for estimate in [*got.precision.values(), got.average_precision, got.auc]:
        assert estimate.value == pytest.approx(estimate.chance)
    assert got.answer == "no"


def test_shuffled_labels_give_chance(make: Make, rng: np.random.Generator) -> None:
    values = _clustered(rng, 1200, 300, 2.0)
    ids = rng.permutation(1200)
    got = retrieval(make(values), (10 + ids[:300]).tolist(), queries=100)
    for estimate in (got.precision[10], got.average_precision, got.auc):
        assert estimate.value == pytest.approx(estimate.chance, abs=0.03)
    assert got.answer == "no"
    assert got.queries == 100


@pytest.mark.parametrize(("pull", "answer"), [(0.0, "no"), (0.3, "partly"), (3.0, "yes")])
def test_answers(make: Make, pull: float, answer: str, rng: np.random.Generator) -> None:
    vectors = make(_clustered(rng, 400, 40, pull))
    got = retrieval(vectors, range(10, 50), name="faces in things")
    assert got.answer == answer, got.sentence
    assert got.sentence.lower().startswith(answer)
    assert "'faces in things'" in got.sentence
    assert f"chance {got.average_precision.chance:.2f}" in got.sentence


def test_seed_decides(make: Make, rng: np.random.Generator) -> None:
    vectors = make(_clustered(rng, 300, 100, 0.3))
    first, again, other = (
        retrieval(vectors, range(10, 110), queries=20, seed=seed) for seed in (1, 1, 2)
    )
    assert first.sentence == again.sentence
    assert (first.best, first.auc) == (again.best, again.auc)
    assert first.auc != other.auc


def test_row_order_does_not_matter(make: Make, rng: np.random.Generator) -> None:
    values = _clustered(rng, 200, 60, 0.3)
    shuffle = rng.permutation(200)
    first = retrieval(make(values), range(10, 70), queries=20)
    second = retrieval(make(values[shuffle], shuffle + 10), range(10, 70), queries=20)
    assert first.auc.value == pytest.approx(second.auc.value, abs=1e-9)
    assert first.precision[1].value == pytest.approx(second.precision[1].value, abs=1e-9)


def test_images_that_do_not_count(make: Make, rng: np.random.Generator) -> None:
    values = _clustered(rng, 100, 20, 1.0)
    ids = np.arange(100)
    ids[[3, 50]] = -1
    got = retrieval(make(values, ids), [*range(20), 5000])
    assert (got.n_relevant, got.n_images) == (19, 98)


def test_intervals_cover(rng: np.random.Generator) -> None:
    """95 % intervals of shares hold the truth about 95 times in 100, also of few queries."""
    for n, truth in ((5, 0.9), (30, 0.8), (80, 0.5)):
        held = 0
        for _ in range(100):
            scores = (rng.random((n, 1)) < truth).astype(float)
            (estimate,) = _estimates(scores, [0.5], ONE, rng)
            held += estimate.low <= truth <= estimate.high
        assert held >= 88, (n, truth, held)
    (perfect,) = _estimates(np.ones((3, 1)), [0.5], ONE, rng)
    assert (perfect.value, perfect.high) == (1, 1)
    assert perfect.low < 0.5


def test_no_interval_passes_what_is_possible(make: Make, rng: np.random.Generator) -> None:
    found = retrieval(make(_clustered(rng, 200, 12, 0.5)), range(12), ks=(1, 10, 100))
    for k, estimate in found.precision.items():
        assert estimate.high <= min(1, 11 / k)


def test_questions_without_an_answer(make: Make) -> None:
    vectors = make(np.eye(4, dtype=np.float16))
    for ids, count in (([], 0), ([10], 1), ([10, 99], 1)):
        with pytest.raises(InvalidInput, match=f"at least two images.* {count} of 4 is"):
            retrieval(vectors, ids)
    with pytest.raises(InvalidInput, match="All 4 images"):
        retrieval(vectors, [10, 11, 12, 13])
    with pytest.raises(InvalidInput, match="at least 1"):
        retrieval(vectors, [10, 11], ks=(0,))
    assert list(retrieval(vectors, [10, 11], ks=(500,)).precision) == [1]


def _two_spaces(
    make: Make, rng: np.random.Generator, pulls: tuple[float, float], n: int = 300, m: int = 60
) -> tuple[Vectors, Vectors]:
    """The same images in two spaces."""
    good, other = (_clustered(rng, n, m, pull) for pull in pulls)
    return make(good), make(other, network="other")


def test_the_same_images_ask_in_every_space(make: Make, rng: np.random.Generator) -> None:
    first, second = _two_spaces(make, rng, (1.0, 0.5))
    half = make(second.values[::2].copy(), second.ids[::2], network="half")
    asked = [
        retrieval(each, range(10, 70), queries=20).asked.tolist() for each in (first, second, half)
    ]
    assert asked[0] == asked[1] == sorted(asked[0])
    assert set(asked[0]) & set(asked[2]) == {i for i in asked[0] if i % 2 == 0}
    many = [retrieval(first, range(10, 70), queries=5, seed=s).asked.tolist() for s in range(200)]
    often = np.bincount(np.concatenate(many), minlength=70)[10:]
    assert often.min() > 3  # 16.7 on average
    assert often.max() < 36


def test_a_difference_is_that_of_the_same_queries(make: Make, rng: np.random.Generator) -> None:
    first, second = _two_spaces(make, rng, (1.0, 0.4))
    ours, theirs = (retrieval(each, range(10, 70)) for each in (first, second))
    got = paired(ours, theirs)
    assert got.queries == 60
    assert got.depth == 10
    expected = ours.average_precision.value - theirs.average_precision.value
    assert got.average_precision.value == pytest.approx(expected)
    assert got.precision.value == pytest.approx(
        ours.precision[10].value - theirs.precision[10].value
    )
    assert got.auc.value == pytest.approx(ours.auc.value - theirs.auc.value)
    gaps = ours.scores[:, -2] - theirs.scores[:, -2]
    drawn = rng.choice(gaps, (4000, 60)).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])  # the plain bootstrap, a little narrower
    assert got.average_precision.low == pytest.approx(low, abs=0.05)
    assert got.average_precision.high == pytest.approx(high, abs=0.05)
    back = paired(theirs, ours)
    assert back.average_precision.value == pytest.approx(-expected)
    assert got.average_precision.low > 0 > back.average_precision.high
    assert verdict([theirs, ours]).startswith(ours.sentence)
    assert "finds less (average precision lower by" in verdict([theirs, ours])
    assert verdict([ours]) == ours.sentence


def test_two_spaces_that_do_equally_well_are_told_so(make: Make, rng: np.random.Generator) -> None:
    """The interval of the difference holds 0 about 95 times in 100."""
    held = 0
    for _ in range(30):
        found = [
            retrieval(each, range(10, 40), ks=(10,))
            for each in _two_spaces(make, rng, (0.4, 0.4), 120, 30)
        ]
        gap = paired(*found).average_precision
        held += gap.low <= 0 <= gap.high
    # Spaces are drawn, too, and some are better than others; many hold 0 all the same.
    assert held >= 12
    same = retrieval(make(_clustered(rng, 120, 30, 0.4)), range(10, 40))
    assert "does about as well" in verdict([same, same])
    assert paired(same, same).average_precision.value == 0


def test_nothing_to_pair(make: Make, rng: np.random.Generator) -> None:
    values = _clustered(rng, 40, 20, 0.5)
    first = retrieval(make(values), range(10, 20))
    second = retrieval(make(values, network="other"), range(20, 30))
    with pytest.raises(InvalidInput, match="No image asked both"):
        paired(first, second)
