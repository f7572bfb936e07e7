"""The kernel grid and machines against the rest, beside scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import clusters
from numpy.typing import NDArray
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from impasto.core.errors import InvalidInput
from impasto.learn import METHODS, Setting, kernel_grid
from impasto.learn.kernel import KernelTrainer
from impasto.learn.machines import KernelName, Pairs, Rest
from impasto.learn.methods import Examples, grid

CS, GAMMAS = [0.3, 3.0], [1e-4, 1e-3]
KERNELS: dict[str, Setting] = {
    "linear": Setting(kernel="linear"),
    "rbf": Setting(gamma=1.0, kernel="rbf"),
    "sigmoid": Setting(gamma=1.0, kernel="sigmoid"),
    "poly": Setting(gamma=1.0, kernel="poly", degree=3, coef0=1.0),
}


def noisy(classes: int, n: int = 150) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    values, labels = clusters(n, classes, noise=2.5)
    return values, np.unique(labels, return_inverse=True)[1].astype(np.int64)


def test_the_grid_is_that_of_scikit_learn() -> None:
    values, labels = noisy(5)
    settings = [
        replace(plain, c=c, gamma=gamma if plain.gamma else 0.0)
        for plain in KERNELS.values()
        for c in CS
        for gamma in (GAMMAS if plain.gamma else [0.0])
    ]
    folds = list(StratifiedKFold(3).split(values, labels))
    ours = kernel_grid(values, labels, settings, folds)
    for name, plain in KERNELS.items():
        theirs = GridSearchCV(
            SVC(kernel=name, degree=3, coef0=plain.coef0),
            {"C": CS, "gamma": GAMMAS if plain.gamma else [1.0]},
            cv=StratifiedKFold(3),
        ).fit(values.astype(np.float64), labels)
        for i, asked in enumerate(theirs.cv_results_["params"]):
            gamma = asked["gamma"] if plain.gamma else 0.0
            row = ours.settings.index(replace(plain, c=asked["C"], gamma=gamma))
            expected = [theirs.cv_results_[f"split{fold}_test_score"][i] for fold in range(3)]
            np.testing.assert_allclose(ours.accuracy[row], expected, atol=1e-6)
    assert ours.accuracy.mean(axis=1)[ours.settings.index(ours.best)] == pytest.approx(
        ours.accuracy.mean(axis=1).max()
    )
    assert 0.3 < ours.accuracy.mean() < 0.97  # neither hopeless nor too easy to differ


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", ["linear", "rbf", "sigmoid", "poly"])
def test_margins_are_those_of_scikit_learn(classes: int, name: KernelName) -> None:
    values, labels = noisy(classes)
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    setting = replace(KERNELS[name], c=2.0, gamma=1e-3 if KERNELS[name].gamma else 0.0)
    wide = values.astype(np.float64)
    options = {"gamma": setting.gamma} if setting.gamma else {}
    options |= {"degree": 3} if setting.degree else {}
    options |= {"coef0": setting.coef0} if name in ("sigmoid", "poly") else {}
    inner = pairwise_kernels(wide[train], metric=name, **options)
    outer = pairwise_kernels(wide[held], wide[train], metric=name, **options)

    rest = OneVsRestClassifier(SVC(C=2.0, kernel="precomputed")).fit(inner, labels[train])
    examples = Examples(values, labels, classes, centred=False, against="rest")
    scaling, head = KernelTrainer(examples).fit(train, setting)
    assert isinstance(head.machine, Rest)
    found = head.machine.margins(head.values(scaling.apply(values[held])))
    expected = rest.decision_function(outer)
    if classes == 2:
        np.testing.assert_allclose(found[:, 0], -found[:, 1])
        found = found[:, 1]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    answers = KernelTrainer(examples).answers(train, held, [setting])[0]
    np.testing.assert_array_equal(answers, rest.predict(outer))

    pairs = SVC(C=2.0, kernel="precomputed", decision_function_shape="ovo")
    pairs.fit(inner, labels[train])
    _, head = KernelTrainer(replace(examples, against="one")).fit(train, setting)
    assert isinstance(head.machine, Pairs)
    margins = head.machine.margins(head.values(values[held]))[:, *np.triu_indices(classes, 1)]
    sign = -1 if classes == 2 else 1  # scikit-learn: above 0 is the second of two classes
    decision = pairs.decision_function(outer).reshape(len(held), -1)
    np.testing.assert_allclose(margins, sign * decision, atol=1e-6)


def test_classes_missing_in_training_get_the_floor_against_the_rest_too() -> None:
    values, labels = noisy(4)
    train = np.flatnonzero(labels != 2)[:60]
    examples = Examples(values, labels, 4, centred=False, against="rest")
    scores = KernelTrainer(examples).scores(train, np.arange(150), [Setting(1, kernel="linear")])[0]
    assert np.isfinite(scores).all()
    assert (scores[:, 2] < -20).all()
    assert (scores.argmax(axis=1) != 2).all()


def test_the_values_to_try_can_be_named() -> None:
    assert {one.c for one in grid("kernel-grid", (7.0, 2.0))} == {2.0, 7.0}
    assert {one.gamma for one in grid("rbf-svm", (), (0.01,))} == {0.01}
    assert grid("sigmoid-svm", (10.0,), (1e-4,)) == (Setting(10.0, 1e-4, "sigmoid"),)
    assert len(grid("kernel-grid", (1.0,), (0.5,))) == 4
    assert grid("logistic") == METHODS["logistic"].settings
    with pytest.raises(InvalidInput, match="logistic has no gamma"):
        grid("logistic", (), (0.1,))
    with pytest.raises(InvalidInput, match="C is above 0"):
        grid("rbf-svm", (0.0,))
    with pytest.raises(InvalidInput, match="at least one"):
        kernel_grid(*noisy(3), [], [])
