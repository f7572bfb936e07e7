"""Heads and trainers against scikit-learn, SciPy and closed forms."""

import numpy as np
import pytest
from made_up import clusters
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.svm import SVC

from impasto.core.errors import InvalidInput, NotFound
from impasto.learn import METHODS, Setting, kernel
from impasto.learn.along_c import TrainerAlongC
from impasto.learn.estimator import HeadClassifier
from impasto.learn.heads import (
    Scaling,
    fit_temperature,
    log_softmax,
    probabilities,
    unit_rows,
)
from impasto.learn.kernel import KernelTrainer
from impasto.learn.logistic import Problem
from impasto.learn.machines import KernelHead, Pairs, coupled
from impasto.learn.methods import Examples

RBF = Setting(1.0, 0.5, "rbf")


def problem(
    classes: int, n: int = 160
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    values, labels = clusters(n, classes, noise=1.5)
    codes = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    rows = np.random.default_rng(1).permutation(n)
    return unit_rows(values), codes, np.sort(rows[: n // 2]), np.sort(rows[n // 2 :])


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize(("name", "gamma"), [("linear", 0.0), ("rbf", 0.6)])
def test_machines_are_those_of_scikit_learn(classes: int, name: str, gamma: float) -> None:
    unit, codes, train, held = problem(classes)
    scaling = Scaling.of(unit[train])
    rows = scaling.apply(unit).astype(np.float64)
    theirs = SVC(C=2.0, kernel=name, gamma=gamma or "scale", decision_function_shape="ovo")
    theirs.fit(rows[train], codes[train])
    decision = theirs.decision_function(rows[held]).reshape(len(held), -1)

    trainer = KernelTrainer(Examples(unit, codes, classes))
    ours_scaling, head = trainer.fit(train, Setting(2.0, gamma, name))
    assert isinstance(head.machine, Pairs)
    np.testing.assert_allclose(ours_scaling.centre, scaling.centre)
    margins = head.machine.margins(head.values(scaling.apply(unit[held])))
    sign = -1 if classes == 2 else 1  # scikit-learn: above 0 is the second of two classes
    pairs = np.triu_indices(classes, 1)
    np.testing.assert_allclose(margins[:, *pairs], sign * decision, atol=5e-3)
    by_gram = trainer.scores(train, held, [Setting(2.0, gamma, name)])[0]
    np.testing.assert_allclose(by_gram, head.scores(scaling.apply(unit[held])), atol=2e-2)


def test_rows_are_scaled_to_length_one_whatever_the_space() -> None:
    values = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32) * 30 + 100
    unit = unit_rows(values)
    scaled = Scaling.of(unit).apply(unit)
    assert np.mean(np.sum(scaled.astype(np.float64) ** 2, axis=1)) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=2e-2)
    assert not unit_rows(np.zeros((1, 3))).any()


def test_coupling_recovers_consistent_probabilities() -> None:
    p = np.array([[0.5, 0.3, 0.15, 0.05], [0.25, 0.25, 0.25, 0.25]])
    ratio = p[:, :, None] / (p[:, :, None] + p[:, None, :])
    margins = np.log(ratio / (1 - ratio)) / 5.0
    np.testing.assert_allclose(coupled(margins), p, atol=1e-9)


def test_coupling_minimises_its_objective() -> None:
    rng = np.random.default_rng(0)
    upper = np.triu(rng.standard_normal((4, 4)) * 0.3, 1)
    margins = upper - upper.T
    r = 1 / (1 + np.exp(-5 * margins))

    def objective(p: NDArray[np.float64]) -> float:
        terms = r.T * p[:, None] - r * p[None, :]
        return float(np.sum(np.triu(terms, 1) ** 2))

    start = np.full(4, 0.25)
    found = minimize(
        objective, start, constraints={"type": "eq", "fun": lambda p: p.sum() - 1}, tol=1e-14
    )
    np.testing.assert_allclose(coupled(margins[None])[0], found.x, atol=1e-5)


def test_coupling_bears_certainty() -> None:
    sure = np.array([[[0.0, 50, 50], [-50, 0, 50], [-50, -50, 0]]])
    p = coupled(sure)
    assert np.isfinite(p).all()
    assert p[0, 0] == pytest.approx(1, abs=1e-4)


def test_a_class_missing_in_training_gets_the_floor() -> None:
    unit, codes, train, held = problem(4)
    train = train[codes[train] != 2]
    scores = KernelTrainer(Examples(unit, codes, 4)).scores(train, held, [RBF])[0]
    assert (scores.argmax(axis=1) != 2).all()
    assert (scores[:, 2] < -20).all()
    only = train[codes[train] == 1]
    alone = KernelTrainer(Examples(unit, codes, 4)).scores(only, held, [RBF])[0]
    assert (alone.argmax(axis=1) == 1).all()


@pytest.mark.parametrize("n", [160, 24])
def test_logistic_is_that_of_scikit_learn(n: int) -> None:
    unit, codes, train, held = problem(3, n)
    rows = Scaling.of(unit[train]).apply(unit)
    theirs = LogisticRegression(C=3.0, tol=1e-8, max_iter=5000)
    theirs.fit(rows[train].astype(np.float64), codes[train])
    expected = theirs.predict_proba(rows[held].astype(np.float64))
    trainer = TrainerAlongC(Examples(unit, codes, 3), Problem)
    path = trainer.scores(train, held, [Setting(10.0), Setting(3.0), Setting(0.3)])
    np.testing.assert_allclose(np.exp(path[1]), expected, atol=0.01)
    _, head = trainer.fit(train, Setting(3.0))
    np.testing.assert_allclose(np.exp(head.scores(rows[held])), expected, atol=0.01)


def test_temperature_is_the_best_one() -> None:
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((4000, 5)) * 2
    truth = np.array([rng.choice(5, p=row) for row in probabilities(logits, 1.0)])
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.1)

    def loss(t: float) -> float:
        return float(-log_softmax(3 * logits / t)[np.arange(4000), truth].mean())

    found = fit_temperature(3 * logits, truth)
    assert loss(found) <= min(loss(t) for t in np.geomspace(0.1, 15, 60)) + 1e-6


def test_large_collections_get_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LIMIT", 10)
    with pytest.raises(InvalidInput, match="--method logistic"):
        KernelTrainer(Examples(np.zeros((11, 3), np.float32), np.zeros(11, np.int64), 2))
    with pytest.raises(NotFound, match="rbf-svm"):
        METHODS["rbf-svn"]


def test_scores_in_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    unit, codes, train, held = problem(4)
    scaling, head = KernelTrainer(Examples(unit, codes, 4)).fit(train, RBF)
    assert isinstance(head, KernelHead)
    assert isinstance(head.machine, Pairs)
    whole = head.scores(scaling.apply(unit[held]))
    monkeypatch.setattr("impasto.learn.machines._BLOCK", 50)
    np.testing.assert_allclose(head.scores(scaling.apply(unit[held])), whole, atol=5e-3)
    assert head.scores(unit[:0]).shape == (0, 4)


@pytest.mark.parametrize("method", ["linear-svm", "rbf-svm", "logistic"])
def test_the_classifier_obeys_scikit_learn(method: str) -> None:
    values, labels = clusters(120, 3, noise=0.5)
    estimator = HeadClassifier(method)
    assert clone(estimator).get_params() == estimator.get_params()
    assert cross_val_score(estimator, values, labels, cv=3).mean() > 0.9
    search = GridSearchCV(estimator, {"C": [0.01, 3.0]}, cv=2).fit(values, labels)
    assert search.best_params_ == {"C": 3.0}
    fitted = estimator.fit(values, labels)
    assert fitted.decision_function(values).shape == (120, 3)
    np.testing.assert_allclose(fitted.predict_proba(values).sum(axis=1), 1)
    two = [label == "class 0" for label in labels]
    assert HeadClassifier(method).fit(values, two).decision_function(values).shape == (120,)
