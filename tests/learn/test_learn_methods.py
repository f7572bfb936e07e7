"""Every method: beats chance on easy data, is at chance on shuffled labels, is stored whole."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import SPACE, D, clusters, kwargs
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Space
from impasto.learn import METHODS, Config, Learned, Setting, learn, load_model
from impasto.learn.along_c import TrainerAlongC
from impasto.learn.forest import ForestTrainer
from impasto.learn.heads import log_softmax
from impasto.learn.linear_path import Machines, up_to
from impasto.learn.methods import Examples
from impasto.learn.mlp import BATCH, EPOCHS, RATE, MlpTrainer
from impasto.learn.nearest import NearestTrainer
from impasto.learn.reading import Reading

NEW = ["linear-path", "forest", "nearest", "mlp", "sigmoid-svm", "poly-svm", "kernel-grid"]
PARTS = ["train", "train", "test"] * 40
OTHER = Space("other", "pool", D + 3, "1" * 64)


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(METHODS["forest"], settings=(Setting(trees=60),))
    monkeypatch.setitem(METHODS._things, "forest", small)


def taught(method: str, *, shuffled: bool = False, **options: object) -> Learned:
    values, labels = clusters(120, 3, noise=0.6)
    if shuffled:
        labels = np.random.default_rng(0).permutation(labels).tolist()
    return learn(values, labels, parts=PARTS, config=Config(method, **options), **kwargs(120))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", NEW)
def test_easy_data_is_learned_and_stored(method: str) -> None:
    found = taught(method)
    assert found.evaluation.top1.low > found.evaluation.top1.chance
    assert found.evaluation.top1.value > 0.9
    values, _ = clusters(120, 3, noise=0.6)
    stored = load_model(found.model.files())
    assert stored.to_json() == found.model.to_json()
    before, after = (one.predict(values, SPACE).probabilities for one in (found.model, stored))
    np.testing.assert_array_equal(before, after)
    np.testing.assert_allclose(after.sum(axis=1), 1)
    assert len(found.evaluation.tried) == len(METHODS[method].settings)


@pytest.mark.parametrize("method", NEW)
def test_shuffled_labels_are_not_learned(method: str) -> None:
    top1 = taught(method, shuffled=True).evaluation.top1
    assert top1.low <= top1.chance


def test_machines_against_the_rest_learn_too() -> None:
    assert taught("rbf-svm", against="rest").evaluation.top1.value > 0.9
    top1 = taught("rbf-svm", against="rest", shuffled=True).evaluation.top1
    assert top1.low <= top1.chance


def noisy(classes: int = 3) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    values, labels = clusters(150, classes, noise=2.0, scale=0.4)
    return values, np.unique(labels, return_inverse=True)[1].astype(np.int64)


@pytest.mark.parametrize("c", [0.01, 1.0, 100.0])
def test_linear_machines_are_those_of_scikit_learn(c: float) -> None:
    """Theirs pull the bias too; a large `intercept_scaling` makes that as good as nothing."""
    values, codes = noisy()
    rows = values - values.mean(axis=0)
    theirs = LinearSVC(C=c, intercept_scaling=300, tol=1e-10, max_iter=2_000_000, dual=False)
    theirs.fit(rows.astype(np.float64), codes)
    ours = Machines(rows, codes, 3).solve(c, tolerance=1e-6)
    np.testing.assert_allclose(ours.weights, theirs.coef_, atol=5e-3 * np.abs(theirs.coef_).max())
    np.testing.assert_allclose(ours.bias, theirs.intercept_, atol=5e-3)


def test_the_warm_path_is_that_of_cold_fits() -> None:
    values, codes = noisy()
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    trainer = TrainerAlongC(Examples(values, codes, 3), Machines, up_to)
    settings = METHODS["linear-path"].settings
    warm = trainer.scores(train, held, settings)
    assert [one.c for one in settings[:2]] == [1e-6, pytest.approx(1e-5)]
    assert settings[-1].c == pytest.approx(1e5)
    for setting, scores in zip(settings, warm, strict=True):
        scaling, head = trainer.fit(train, setting)
        cold = head.scores(scaling.apply(values[held]))
        np.testing.assert_allclose(np.exp(scores), np.exp(cold), atol=0.03)


def test_a_forest_is_that_of_scikit_learn() -> None:
    values, codes = noisy()
    examples = Examples(values, codes, 4, centred=False, seed=3)  # a fourth class that is not there
    _, head = ForestTrainer(examples).fit(np.arange(100), Setting(trees=20))
    theirs = RandomForestClassifier(20, random_state=3).fit(values[:100], codes[:100])
    expected = (20 * theirs.predict_proba(values) + 1 / 4) / 21
    np.testing.assert_allclose(np.exp(head.scores(values))[:, :3], expected, atol=1e-6)
    np.testing.assert_allclose(np.exp(head.scores(values))[:, 3], 1 / 84, atol=1e-9)


def test_votes_are_those_of_scikit_learn() -> None:
    values, codes = noisy()
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    trainer = NearestTrainer(Examples(values, codes, 3))
    asked = [Setting(neighbours=k) for k in (1, 7)]
    found = trainer.scores(train, held, asked)
    for setting, scores in zip(asked, found, strict=True):
        theirs = KNeighborsClassifier(
            setting.neighbours, metric="cosine", weights=lambda d: np.maximum(1 - d, 1e-9)
        ).fit(values[train], codes[train])
        shares = theirs.predict_proba(values[held])
        sure = np.diff(np.sort(shares, axis=1)[:, -2:], axis=1)[:, 0] > 0.2
        np.testing.assert_array_equal(scores.argmax(axis=1)[sure], shares.argmax(axis=1)[sure])
        np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_small_network_is_that_of_scikit_learn(classes: int) -> None:
    values, codes = noisy(classes)
    examples = Examples(values, codes, classes, seed=1)
    scaling, head = MlpTrainer(examples).fit(np.arange(150), Setting(10.0, hidden=8))
    rows = scaling.apply(values) * np.float32(D**0.5)
    theirs = MLPClassifier(
        (8,), alpha=0.1, batch_size=BATCH, learning_rate_init=RATE, random_state=1
    )
    for _ in range(EPOCHS):
        theirs.partial_fit(rows, codes, classes=np.arange(classes))
    found = np.exp(head.scores(scaling.apply(values)))
    np.testing.assert_allclose(found, theirs.predict_proba(rows), atol=1e-4)


def test_several_spaces_stand_side_by_side() -> None:
    """One space tells two classes apart, the other the rest; neither drowns the other."""
    rng = np.random.default_rng(0)
    codes = np.arange(120) % 4
    one = rng.standard_normal((120, D)) + 4 * (codes[:, None] // 2 == 1)
    two = 1000 + rng.standard_normal((120, D + 3)) * 30  # a large mean, a small spread
    two[:, :5] += 400 * (codes[:, None] % 2)
    values = np.concatenate((one, two), axis=1).astype(np.float32)
    labels = [f"class {code}" for code in codes]
    both = learn(
        values, labels, parts=PARTS, space=(SPACE, OTHER), ids=np.arange(120), config=Config()
    )
    alone = learn(values[:, :D], labels, parts=PARTS, **kwargs(120))
    assert alone.evaluation.top1.value < 0.8 < 0.95 < both.evaluation.top1.value
    assert both.model.spaces == (SPACE, OTHER)
    again = load_model(both.model.files())
    np.testing.assert_array_equal(
        again.predict(values, (SPACE, OTHER)).probabilities,
        both.model.predict(values, (SPACE, OTHER)).probabilities,
    )
    rows = both.model.reading.apply(values)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    parts = [rows[:, :D], rows[:, D:]]
    train = np.array(PARTS) == "train"
    spreads = [np.square(part[train] - part[train].mean(0)).sum(1).mean() for part in parts]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-3)
    for given in (SPACE, (OTHER, SPACE), (SPACE, SPACE)):
        with pytest.raises(SpaceMismatch):
            both.model.predict(values, given)


def test_rows_as_they_are() -> None:
    values, _ = clusters(20, 2)
    reading = Reading.equal([D], "raw")
    np.testing.assert_array_equal(reading.apply(values), values)
    assert Reading.from_json(reading.to_json()) == reading
    values[0, 0] *= 2
    assert taught("linear-svm", rows="raw").evaluation.top1.value > 0.9


def test_mirror_images_are_learned_from_and_never_tested() -> None:
    """A class that only its mirror images show can be told with them, and not without."""
    rng = np.random.default_rng(0)
    codes = np.arange(120) % 2
    shown = rng.standard_normal((120, D)).astype(np.float32)
    shown[:, 0] += 12 * codes * (np.array(PARTS) == "test")  # what is tested differs from it
    mirrored = rng.standard_normal((120, D)).astype(np.float32)
    mirrored[:, 0] += 12 * codes
    labels = [f"class {code}" for code in codes]
    options = {"parts": PARTS, "config": Config("linear-svm"), **kwargs(120)}
    without = learn(shown, labels, **options)
    having = learn(shown, labels, mirrored=mirrored, **options)
    assert without.evaluation.top1.value < 0.75 < having.evaluation.top1.value
    assert having.evaluation.tested == without.evaluation.tested == 40
    assert having.model.trained == without.model.trained
    with pytest.raises(InvalidInput, match="mirrored ones of the same shape"):
        learn(shown, labels, mirrored=mirrored[:, :3], **options)


def test_scores_of_a_path_are_log_probabilities() -> None:
    values, codes = noisy()
    trainer = TrainerAlongC(Examples(values, codes, 3), Machines, up_to)
    (scores,) = trainer.scores(np.arange(100), np.arange(100, 150), [Setting(1.0)])
    np.testing.assert_allclose(scores, log_softmax(scores))
