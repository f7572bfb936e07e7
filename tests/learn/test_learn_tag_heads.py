"""Heads for tags against scikit-learn, and against what calibration means."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from impasto.core.errors import InvalidInput
from impasto.learn.heads import Scaling, unit_rows
from impasto.learn.losses import LOSSES, Costs
from impasto.learn.samplers import SAMPLERS, Sampling
from impasto.learn.step_losses import draw_losses, thinned
from impasto.learn.tag_heads import Steps, TagProblem, fit_by_steps, fit_curves

Rows = NDArray[np.float32]
Tags = NDArray[np.bool_]


def easy(n: int = 400, d: int = 24, seed: int = 0) -> tuple[Rows, Tags]:
    """Rows in which three tags, common to rare, each have a direction."""
    chance = np.random.default_rng(seed)
    tags = chance.random((n, 3)) < [0.5, 0.2, 0.06]
    directions = np.random.default_rng(99).normal(size=(3, d))
    unit = unit_rows(chance.normal(size=(n, d)) + tags @ directions * 1.5)
    return Scaling.of(unit).apply(unit), tags


def test_every_tag_gets_its_own_logistic_regression() -> None:
    rows, tags = easy()
    for c in (0.1, 10.0):
        head = TagProblem(rows, tags).solve(c, tolerance=1e-8)
        for tag in range(tags.shape[1]):
            theirs = LogisticRegression(C=c, tol=1e-10, max_iter=5000).fit(rows, tags[:, tag])
            assert head.weights[tag] == pytest.approx(theirs.coef_[0], abs=5e-3)
            assert head.bias[tag] == pytest.approx(theirs.intercept_[0], abs=5e-3)


def test_a_warm_start_ends_in_the_same_place() -> None:
    rows, tags = easy()
    problem = TagProblem(rows, tags)
    cold = problem.solve(3.0, tolerance=1e-8)
    warm = problem.solve(3.0, start=problem.solve(1.0), tolerance=1e-8)
    assert warm.weights == pytest.approx(cold.weights, abs=0.03)


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_loss_and_sampler_learns(loss: str, sampler: str) -> None:
    rows, tags = easy()
    new, truth = easy(seed=1)
    how = Steps(Sampling(sampler), Costs(loss), steps=200, rate=0.01)
    found = average_precision_score(truth, fit_by_steps(rows, tags, how).logits(new))
    assert found > 0.8 > 2 * truth.mean()


def test_shuffled_tags_are_not_learned() -> None:
    rows, tags = easy(1500)
    new, truth = easy(1500, seed=1)
    mixed = np.random.default_rng(0).permutation(tags)
    for head in (
        fit_by_steps(rows, mixed, Steps(steps=300)),
        TagProblem(rows, mixed).solve(1.0),
    ):
        found = average_precision_score(truth, head.logits(new), average=None)
        assert found == pytest.approx(truth.mean(axis=0), abs=0.12)


def test_the_cost_of_every_step_is_kept_and_falls() -> None:
    rows, tags = easy()
    costs: list[float] = []
    how = Steps(Sampling(batch=50), steps=450)
    fit_by_steps(rows, tags, how, costs=costs)
    share = tags.mean(axis=0)
    blind = -(share * np.log(share) + (1 - share) * np.log(1 - share)).mean()
    assert costs[0] == pytest.approx(blind, rel=0.15)  # the head begins at the prior
    course = thinned(costs)
    assert len(course.steps) == 200 and course.steps[-1] == 450 == len(costs)
    each = np.diff(course.steps, prepend=0)
    assert np.average(course.losses, weights=each) == pytest.approx(np.mean(costs))
    assert course.losses[-20:].mean() < 0.7 * course.losses[0]
    drawn = draw_losses(course, ground=True)
    assert drawn.startswith("<svg") and "Cost of a batch over 450 steps" in drawn
    odd = thinned([1.0, float("nan")])
    assert odd.to_json()["losses"] == [1.0, None]
    assert [each["epoch"] for each in odd.curves()["epochs"]] == [1, 2]


def test_same_seed_same_head() -> None:
    rows, tags = easy()
    one, two, other = (
        fit_by_steps(rows, tags, Steps(Sampling(seed=seed), steps=50)) for seed in (0, 0, 1)
    )
    assert (one.weights == two.weights).all() and not (one.weights == other.weights).all()


def test_curves_make_probabilities_honest() -> None:
    chance = np.random.default_rng(0)
    right = np.array([[0.02, 0.3, 0.7]]) * np.ones((50_000, 1))
    logits = np.log(right / (1 - right)) + chance.normal(size=right.shape)
    truth = chance.random(logits.shape) < 1 / (1 + np.exp(-logits))
    curves = fit_curves(3 * logits - 2, truth)
    assert curves.slopes == pytest.approx(np.full(3, 1 / 3), rel=0.05)
    assert curves.probabilities(3 * logits - 2) == pytest.approx(
        1 / (1 + np.exp(-logits)), abs=0.02
    )


def test_curves_agree_with_scikit_learn() -> None:
    from sklearn.calibration import _SigmoidCalibration  # the only Platt there is

    chance = np.random.default_rng(0)
    z = chance.normal(size=200)
    truth = chance.random(200) < 1 / (1 + np.exp(-2 * z))
    theirs = _SigmoidCalibration().fit(z, truth.astype(float))
    ours = fit_curves(z[:, None], truth[:, None])
    assert ours.probabilities(z[:, None])[:, 0] == pytest.approx(theirs.predict(z), abs=1e-4)


def test_a_ranking_worse_than_chance_gets_the_frequency() -> None:
    z = np.linspace(-1, 1, 100)[:, None]
    found = fit_curves(z, z < -0.6).probabilities(z)
    assert found == pytest.approx(np.full((100, 1), 0.2), abs=0.02)
    one_sided = fit_curves(np.array([[-3.0], [2.0]]), np.zeros((2, 1), bool))
    assert one_sided.probabilities(np.array([[0.0]])) == 0.5  # nothing to fit: the plain sigmoid
    constant = fit_curves(np.zeros((10, 1)), np.arange(10)[:, None] < 3)
    assert constant.probabilities(np.zeros((1, 1)))[0, 0] == pytest.approx(0.318, abs=0.001)


def test_mistakes() -> None:
    rows, tags = easy(20)
    with pytest.raises(InvalidInput, match="shape"):
        TagProblem(rows, tags[:5])
    with pytest.raises(InvalidInput, match="steps"):
        Steps(steps=0)
