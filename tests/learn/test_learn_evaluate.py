"""The account: hand-computed cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.intervals import wilson
from impasto.learn.evaluate import Labelled, Trial, evaluate, nearest_scores
from impasto.learn.intervals import gain, share

LABELS = ("a", "b", "c")


def test_a_case_small_enough_to_compute_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    unit = np.eye(6, 8, dtype=np.float32)
    images = Labelled(unit, truth, LABELS, np.arange(6) + 10, np.arange(6))
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.1, 0.1, 0.8]])  # a right, b wrong, c right
    tested = np.array([2, 3, 5])
    trial = Trial(np.array([0, 1, 4]), tested, np.log(p), 1.0, {"C": 1.0})
    images.codes[3] = 0  # the second tested image is an "a" that is called "b"
    result = evaluate(images, [trial], how="split", failures=5, notes=[])

    assert result.top1.value == pytest.approx(2 / 3)
    assert result.top1.chance == pytest.approx(2 / 3)  # "a" is commonest in training: 2 of 3
    assert result.top5.value == 1
    assert result.confusion.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert result.log_loss == pytest.approx(-np.log([0.7, 0.4, 0.8]).mean())
    # Bins 0.5, 0.7, 0.8: |0.5 - 0| + |0.7 - 1| + |0.8 - 1|, a third each.
    assert result.calibration_error == pytest.approx((0.5 + 0.3 + 0.2) / 3)
    a, b, c = result.classes
    assert (a.tested, a.answered, a.top1.value, a.precision.value) == (2, 1, 0.5, 1)
    assert a.top1.chance == pytest.approx(1 / 3)
    assert (b.tested, b.answered, b.precision.value) == (0, 1, 0)
    assert np.isnan(b.top1.value)
    assert b.to_json()["top1"] is None
    assert (c.top1.value, c.precision.value) == (1, 1)
    (failure,) = result.failures
    assert (failure.id, failure.truth, failure.answer) == (13, "a", "b")
    assert (failure.probability, failure.truth_probability) == pytest.approx((0.5, 0.4))
    chance = {scored.name: scored for scored in result.baselines}["chance"]
    assert (chance.top1.value, chance.top5.value) == pytest.approx((1 / 3, 1))


def test_failures_are_few_of_each_kind() -> None:
    n = 40
    codes = np.zeros(n, np.int64)
    images = Labelled(np.eye(n, dtype=np.float32), codes, LABELS, np.arange(n), np.arange(n))
    scores = np.log(np.tile([0.1, 0.8, 0.1], (20, 1)))
    scores[:4] = np.log([0.1, 0.1, 0.8])
    trial = Trial(np.arange(20, 40), np.arange(20), scores, 1.0, {})
    result = evaluate(images, [trial], how="split", failures=50, notes=[])
    assert [failure.answer for failure in result.failures].count("b") == 3
    assert len(result.failures) == 6


def test_nearest_neighbour_is_the_nearest_neighbour() -> None:
    rng = np.random.default_rng(0)
    unit = rng.standard_normal((60, 5)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    codes = rng.integers(0, 3, 60)
    images = Labelled(unit, codes, ("a", "b", "c", "absent"), np.arange(60), np.arange(60))
    train, test = np.arange(40), np.arange(40, 60)
    scores = nearest_scores(images, train, test)
    expected = codes[train][(unit[test] @ unit[train].T).argmax(axis=1)]
    np.testing.assert_array_equal(scores.argmax(axis=1), expected)
    assert (scores[:, 3] == -2).all()


def test_wilson_is_wilson() -> None:
    low, high = wilson(0.1, 50)  # statsmodels proportion_confint(5, 50, method="wilson")
    assert (low, high) == pytest.approx((0.04347506, 0.21360232), abs=1e-6)
    assert wilson(0.0, 10)[0] == 0
    assert wilson(1.0, 10)[1] == 1


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 10))
def test_an_interval_holds_its_value_and_widens_with_doubles(right: list[bool], size: int) -> None:
    answers = np.array(right)
    alone = share(answers, np.arange(len(answers)), 0.5)
    grouped = share(answers, np.arange(len(answers)) // size, 0.5)
    assert 0 <= grouped.low <= alone.low <= alone.value <= alone.high <= grouped.high <= 1


def test_the_gain_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        groups = np.repeat(np.arange(80), 3)  # three copies, one outcome
        ours, theirs = rng.random(80) < 0.7, rng.random(80) < 0.5
        found = gain(ours[groups], theirs[groups], groups)
        covered.append(found.low <= 0.2 <= found.high)
    assert 0.91 < np.mean(covered) < 0.98


def test_copies_add_no_evidence() -> None:
    right = np.array([True, True, False, True, False])
    once = share(right, np.arange(5), 0.5)
    thrice = share(np.repeat(right, 3), np.repeat(np.arange(5), 3), 0.5)
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high))
