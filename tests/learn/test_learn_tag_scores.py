"""Scores of tags against scikit-learn and against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from impasto.core.errors import InvalidInput
from impasto.learn.tag_scores import (
    Told,
    average_precision,
    difference,
    mean_average_precisions,
    resamples,
    score_overall,
    score_tags,
)


def told(n: int = 300, skill: float = 1.5, seed: int = 0) -> Told:
    chance = np.random.default_rng(seed)
    truth = np.random.default_rng(7).random((n, 4)) < [0.5, 0.2, 0.1, 0.05]
    scores = chance.normal(size=truth.shape) + skill * truth
    return Told(truth, scores, scores > 1, np.arange(n))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 3)), min_size=1, max_size=20
    )
)
def test_average_precision_is_that_of_scikit_learn(
    images: list[tuple[int, bool, int]],
) -> None:
    scores, truth, weights = (np.array(column) for column in zip(*images, strict=True))
    found = average_precision(scores.astype(float), truth, weights[None].astype(float))[0]
    if not truth.any():
        assert np.isnan(found)
        return
    theirs = average_precision_score(truth, scores, sample_weight=weights)
    assert found == pytest.approx(theirs)


def test_a_constant_answer_gets_the_share() -> None:
    truth = np.arange(10) < 3
    assert average_precision(np.zeros(10), truth) == pytest.approx([0.3])


def test_scores_of_each_tag() -> None:
    one = told()
    found = score_tags(("a", "b", "c", "d"), one, resamples(one.groups))
    for j, score in enumerate(found):
        truth, named = one.truth[:, j], one.given[:, j]
        assert score.average_precision.value == pytest.approx(
            average_precision_score(truth, one.scores[:, j])
        )
        assert score.precision.value == pytest.approx(precision_score(truth, named))
        assert score.recall.value == pytest.approx(recall_score(truth, named))
        assert score.f1.value == pytest.approx(f1_score(truth, named))
        share = truth.mean()
        assert score.average_precision.chance == score.precision.chance == pytest.approx(share)
        assert score.f1.chance == pytest.approx(f1_score(truth, np.ones(len(truth), bool)))
        assert score.recall.chance == pytest.approx(named.mean())
        assert score.average_precision.low < score.average_precision.value
        assert score.lift > 1 and (score.tested, score.given) == (truth.sum(), named.sum())


def test_all_tags_together() -> None:
    one = told()
    found = score_overall(one, resamples(one.groups), top=[1, 3])
    assert found.mean_average_precision.value == pytest.approx(
        average_precision_score(one.truth, one.scores)
    )
    assert found.macro_f1.value == pytest.approx(f1_score(one.truth, one.given, average="macro"))
    assert found.micro_f1.value == pytest.approx(f1_score(one.truth, one.given, average="micro"))
    each = f1_score(one.truth, one.given, average=None)
    assert found.top_f1.value == pytest.approx((each[1] + each[3]) / 2)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    right = average_precision_score(told(200_000).truth[:, 2], told(200_000).scores[:, 2])
    held = 0
    for seed in range(60):
        chance = np.random.default_rng([5, seed])
        truth = chance.random((400, 1)) < 0.1
        scores = chance.normal(size=truth.shape) + 1.5 * truth
        one = Told(truth, scores, scores > 1, np.arange(400))
        estimate = score_tags(("a",), one, resamples(one.groups, seed=seed))[0].average_precision
        held += estimate.low <= right <= estimate.high
    assert held >= 50


def test_copies_are_no_evidence() -> None:
    one = told(100)
    twice = Told(
        one.truth.repeat(4, axis=0),
        one.scores.repeat(4, axis=0),
        one.given.repeat(4, axis=0),
        one.groups.repeat(4),
    )
    apart = Told(twice.truth, twice.scores, twice.given, np.arange(400))
    spread = [
        (e := score_tags("abcd", each, resamples(each.groups))[0].precision).high - e.low
        for each in (one, twice, apart)
    ]
    assert spread[1] == pytest.approx(spread[0], rel=0.1)
    assert spread[2] < 0.65 * spread[1]


def test_differences_are_paired() -> None:
    weak, strong = told(skill=1.0), told(skill=2.0)
    found = difference(strong, weak, resamples(strong.groups), mean_average_precisions)
    assert 0 < found.low < found.value < found.high and found.chance == 0
    same = difference(weak, weak, resamples(weak.groups), mean_average_precisions)
    assert (same.low, same.value, same.high) == (0, 0, 0)


def test_a_tag_that_nobody_tested_has_is_not_measured() -> None:
    one = told()
    truth = one.truth.copy()
    truth[:, 3] = False
    bare = Told(truth, one.scores, one.given, one.groups)
    found = score_tags("abcd", bare, resamples(bare.groups))[3].to_json()
    assert found["average_precision"] is None and found["lift"] is None and found["recall"] is None
    overall = score_overall(bare, resamples(bare.groups), top=[3])
    assert np.isnan(overall.top_f1.value) and overall.to_json()["top_f1"] is None
    nothing = Told(np.zeros_like(truth), one.scores, one.given, one.groups)
    with pytest.raises(InvalidInput, match="No tested image"):
        score_overall(nothing, resamples(nothing.groups), top=[])
    with pytest.raises(InvalidInput, match="same images"):
        difference(one, nothing, resamples(one.groups), mean_average_precisions)
