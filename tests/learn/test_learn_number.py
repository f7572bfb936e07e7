"""Numbers: closed forms against scikit-learn, measures against SciPy, chance on shuffled ones."""

import numpy as np
import pytest
from made_up import SPACE, D, kwargs
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.kernel_ridge import KernelRidge as TheirKernelRidge
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.metrics import mean_absolute_error, r2_score

from impasto.core.errors import InvalidInput
from impasto.learn import REGRESSORS, Halves, Setting, learn, learn_number
from impasto.learn.curves import curves
from impasto.learn.halves import cut_at
from impasto.learn.heads import unit_rows
from impasto.learn.number.measure import Resampled, mae, r2, spearman
from impasto.learn.number.model import load_number_model
from impasto.learn.number.regressors import KernelRidge, Ridge, told

PARTS = ["train", "train", "test"] * 50


def made(noise: float = 0.1) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((150, D)).astype(np.float32) + 1
    unit = unit_rows(values)
    return values, 100 + 40 * unit[:, 0] + 20 * unit[:, 1] ** 2 + noise * rng.standard_normal(150)


@pytest.mark.parametrize("method", REGRESSORS)
def test_what_is_there_is_learned_and_stored(method: str) -> None:
    values, numbers = made()
    found = learn_number(values, numbers, parts=PARTS, target="likes", method=method, **kwargs(150))
    model = found.evaluation.model
    assert model.spearman.low > 0.2
    assert model.mae.value < model.mae.chance
    if method != "nearest":
        assert model.r2.value > 0.85
        assert found.evaluation.gain.low > 0
    stored = load_number_model(found.model.files())
    assert stored.to_json() == found.model.to_json()
    before, after = (one.predict(values, SPACE).numbers for one in (found.model, stored))
    np.testing.assert_array_equal(before, after)
    tested = np.flatnonzero(np.array(PARTS) == "test")
    np.testing.assert_allclose(after[tested], found.evaluation.told, rtol=1e-4)
    assert found.evaluation.kept.kind == "number"


@pytest.mark.parametrize("method", REGRESSORS)
def test_shuffled_numbers_are_not_learned(method: str) -> None:
    values, numbers = made()
    shuffled = np.random.default_rng(1).permutation(numbers)
    folds = np.arange(150) % 5
    found = learn_number(
        values, shuffled, folds=folds, target="likes", method=method, **kwargs(150)
    )
    assert found.evaluation.model.spearman.low < 0
    assert found.evaluation.model.r2.low < 0


def test_ridge_is_that_of_scikit_learn() -> None:
    values, numbers = made(noise=3)
    rows, others = values[:100] - values[:100].mean(axis=0), values[100:]
    centred = numbers[:100] - numbers[:100].mean()
    settings = [Setting(c, kernel="linear") for c in (0.01, 1.0, 100.0)]
    found = Ridge(settings).predictions(rows, centred, others)
    for setting in settings:
        theirs = TheirRidge(alpha=1 / setting.c, fit_intercept=False).fit(rows, centred)
        np.testing.assert_allclose(found[setting], theirs.predict(others), atol=2e-3)
        kept = Ridge(settings).fit(rows, centred, setting)
        np.testing.assert_allclose(told(setting, *kept, others), found[setting], atol=2e-3)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_kernel_ridge_is_that_of_scikit_learn(kernel: str) -> None:
    values, numbers = made(noise=3)
    rows, others = unit_rows(values)[:100], unit_rows(values)[100:]
    centred = numbers[:100] - numbers[:100].mean()
    gamma = 0.7 if kernel == "rbf" else 0.0
    settings = [Setting(c, gamma, kernel) for c in (0.1, 10.0)]
    found = KernelRidge(settings).predictions(rows, centred, others)
    for setting in settings:
        theirs = TheirKernelRidge(alpha=1 / setting.c, kernel=kernel, gamma=gamma or None)
        theirs.fit(rows.astype(np.float64), centred)
        expected = theirs.predict(others.astype(np.float64))
        np.testing.assert_allclose(found[setting], expected, atol=1e-5)
        kept = KernelRidge(settings).fit(rows, centred, setting)
        np.testing.assert_allclose(told(setting, *kept, others), expected, atol=1e-5)


def test_measures_are_those_of_the_libraries() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 9, 60).astype(np.float64)  # with ties
    answer = truth + rng.normal(0, 3, 60)
    blind = np.full(60, truth.mean())
    assert r2(truth, answer, blind) == pytest.approx(r2_score(truth, answer))
    assert mae(truth, answer) == pytest.approx(mean_absolute_error(truth, answer))
    assert spearman(truth, answer) == pytest.approx(spearmanr(truth, answer)[0])
    assert spearman(truth, blind) == 0
    one = Resampled(np.arange(60)).estimate(spearman, truth, answer)
    assert one.low < one.value < one.high
    twins = Resampled(np.arange(120) // 2)
    pair = twins.estimate(spearman, np.repeat(truth, 2), np.repeat(answer, 2))
    assert pair.high - pair.low > 0.8 * (one.high - one.low)  # copies are no further evidence
    for rows in twins.rounds[:5]:
        counts = np.bincount(rows, minlength=120)
        np.testing.assert_array_equal(counts[::2], counts[1::2])


def test_halves_are_cut_by_what_is_learned_from() -> None:
    values, numbers = made()
    parts = np.array(PARTS)
    numbers[parts == "test"] += 1000  # a threshold that looked at the test would be far off
    found = learn(values, Halves(numbers), parts=PARTS, **kwargs(150))
    assert found.model.cut == pytest.approx(np.median(numbers[parts == "train"]))
    assert (found.evaluation.answers.truth == 0).all()  # all tested ones lie above it
    assert abs(found.model.trained["high"] - found.model.trained["low"]) <= 1
    folds = np.arange(150) % 3
    by_fold = learn(values, Halves(numbers), folds=folds, **kwargs(150))
    for fold in range(3):
        cut = np.median(numbers[folds != fold])
        tested = by_fold.evaluation.answers.ids[by_fold.evaluation.kept.fold == fold] - 1000
        truth = by_fold.evaluation.answers.truth[by_fold.evaluation.kept.fold == fold]
        np.testing.assert_array_equal(truth, np.where(numbers[tested] > cut, 0, 1))
    assert cut_at(np.array([1.0, 2.0, 2.0, 9.0]), np.arange(4)) == 2
    with pytest.raises(InvalidInput, match="share the greatest number, 5"):
        cut_at(np.array([1.0, 5.0, 5.0]), np.arange(3))
    with pytest.raises(InvalidInput, match="finite number"):
        Halves(np.array([np.nan]))


def test_the_path_of_c_is_drawn() -> None:
    values, numbers = made()
    found = learn(values, Halves(numbers), parts=PARTS, **kwargs(150))
    drawn = curves(found.evaluation.tried)
    assert drawn is not None
    assert [line.name for line in drawn.lines] == ["rbf gamma 0.25", "rbf gamma 0.5", "rbf gamma 1"]
    assert sum(dot.best for line in drawn.lines for dot in line.dots) == 1
    xs = [dot.x for dot in drawn.lines[0].dots]
    assert xs == sorted(xs)
    best = max(found.evaluation.tried, key=lambda one: one.top1.value)
    at = min((d for line in drawn.lines for d in line.dots), key=lambda dot: dot.y)
    assert f"C = {best.setting['C']:g}" in at.says or at.best
    assert curves(found.evaluation.tried[:2]) is None


def test_numbers_need_vectors() -> None:
    values, numbers = made()
    with pytest.raises(InvalidInput, match="150 finite numbers need vectors"):
        learn_number(values[:, :3], numbers, parts=PARTS, target="likes", **kwargs(150))
