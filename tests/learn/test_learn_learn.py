"""Learning as a whole: better than chance where there is something, at chance where not."""

import json
import subprocess
import sys

import numpy as np
import pytest
from made_up import SPACE, clusters, kwargs

from impasto.core.errors import Cancelled, InvalidInput
from impasto.core.intervals import wilson
from impasto.core.progress import Quiet
from impasto.learn import Config, learn

METHODS = ["linear-svm", "rbf-svm", "logistic"]


def five(n: int, seed: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.random.default_rng(seed).permutation(np.arange(n) % 5).astype(np.int64)


@pytest.mark.parametrize("method", METHODS)
def test_learns_what_is_there_and_not_what_is_not(method: str) -> None:
    values, labels = clusters(300, 8, noise=0.9)
    config = Config(method)
    real = learn(values, labels, folds=five(300), config=config, **kwargs(300)).evaluation
    assert real.top1.value > 0.9
    assert real.top1.low > real.top1.chance
    assert real.top5.low > real.top5.chance

    shuffled = np.random.default_rng(7).permutation(labels).tolist()
    fake = learn(values, shuffled, folds=five(300), config=config, **kwargs(300)).evaluation
    assert fake.top1.low < fake.top1.chance
    assert fake.top1.value < fake.top1.chance + 0.05
    assert fake.top5.value < fake.top5.chance + 0.07
    nearest = fake.baselines[0]
    assert nearest.name == "nearest-neighbour"
    assert nearest.top1.low < nearest.top1.chance


@pytest.mark.parametrize("method", METHODS)
def test_near_duplicates_leak_only_when_nobody_groups_them(method: str) -> None:
    """Twins with random labels: all there is to learn is which twin was seen in training."""
    rng = np.random.default_rng(0)
    single = rng.standard_normal((120, SPACE.dimension))
    values = np.repeat(single, 2, axis=0).astype(np.float32)
    values += 0.001 * rng.standard_normal(values.shape).astype(np.float32)
    labels = np.repeat(rng.choice(list("abcd"), 120), 2).tolist()
    config = Config(method)
    naive = learn(values, labels, folds=five(240), config=config, **kwargs(240)).evaluation
    assert naive.baselines[0].top1.value > 0.7
    honest = learn(
        values, labels, folds=five(240), groups=np.arange(240) // 2, config=config, **kwargs(240)
    ).evaluation
    assert honest.top1.low < honest.top1.chance
    assert honest.baselines[0].top1.low < honest.baselines[0].top1.chance
    assert any("not learned from" in note for note in honest.notes)
    # 240 answers about 120 distinct images are 120 pieces of evidence.
    assert (honest.top1.low, honest.top1.high) == pytest.approx(wilson(honest.top1.value, 120))


def test_the_model_is_the_one_that_was_tested() -> None:
    values, labels = clusters(240, 6, noise=1.2)
    parts = np.array(["train", "train", "train", "validation", "test"])[five(240)]
    for method in METHODS:
        learned = learn(values, labels, parts=parts.tolist(), config=Config(method), **kwargs(240))
        answers = learned.evaluation.answers
        tested = answers.ids - 1000
        np.testing.assert_array_equal(tested, np.flatnonzero(parts == "test"))
        again = learned.model.predict(values[tested], SPACE)
        best = [[label for label, _ in row] for row in again.top(5)]
        ours = [[learned.model.labels[code] for code in row] for row in answers.order]
        assert np.mean([a[0] == b[0] for a, b in zip(best, ours, strict=True)]) > 0.97
        theirs = np.take_along_axis(again.probabilities, answers.order, axis=1)
        np.testing.assert_allclose(theirs, answers.probabilities, atol=0.02)
        assert sum(learned.model.trained.values()) == np.sum(parts != "test")
        assert learned.evaluation.how == "split"


def test_threads_and_repetition_change_nothing() -> None:
    values, labels = clusters(120, 4, noise=1.5)
    runs = [
        learn(values, labels, folds=five(120), config=Config(threads=t), **kwargs(120))
        for t in (1, 3, 3)
    ]
    files = [run.model.files() for run in runs]
    assert files[0] == files[1] == files[2]
    texts = [json.dumps(run.evaluation.to_json(), allow_nan=False) for run in runs]
    assert texts[0] == texts[1] == texts[2]


def test_everything_a_reader_needs_is_in_the_numbers() -> None:
    values, labels = clusters(200, 12, noise=2.0)
    evaluation = learn(values, labels, folds=five(200), **kwargs(200)).evaluation
    metrics = evaluation.metrics()
    assert set(metrics["top1"]) == set(metrics["top5"]) == {"value", "low", "high", "chance"}
    assert set(metrics["baselines"]) == {"nearest-neighbour", "majority", "chance"}
    assert len(metrics["classes"]) == 12
    assert evaluation.confusion.sum() == evaluation.tested == 200
    assert evaluation.top1.value == pytest.approx(np.trace(evaluation.confusion) / 200)
    assert 0 < len(evaluation.failures) <= 36
    surest = [failure.probability for failure in evaluation.failures]
    assert surest == sorted(surest, reverse=True)
    for failure in evaluation.failures:
        assert failure.truth == labels[failure.id - 1000] != failure.answer
        assert failure.like_answer is not None
        assert labels[failure.like_answer.id - 1000] == failure.answer
    json.dumps(evaluation.to_json(), allow_nan=False)


def test_contradicting_doubles_and_small_classes_are_told() -> None:
    values, labels = clusters(60, 6)
    groups = np.arange(60)
    groups[1] = groups[0]
    labels[0], labels[1] = "class 1", "class 2"
    notes = learn(values, labels, groups=groups, folds=five(60), **kwargs(60)).evaluation.notes
    assert any("2 of the 60 tested images" in note for note in notes)
    assert any("Fewer than 10" in note for note in notes)


def test_a_class_seen_once_counts_as_wrong_and_is_told() -> None:
    values, labels = clusters(60, 3)
    labels[-1] = "only one"
    evaluation = learn(values, labels, folds=five(60), **kwargs(60)).evaluation
    assert any("no image left to learn from" in note for note in evaluation.notes)
    only = next(score for score in evaluation.classes if score.label == "only one")
    assert (only.tested, only.top1.value) == (1, 0.0)


def test_cancelling_stops_between_fits() -> None:
    class Impatient(Quiet):
        def __init__(self) -> None:
            self.total, self.done = 0, 0

        def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
            self.total = total or 0

        def advance(self, n: int = 1) -> None:
            self.done += n
            if self.done > 20:
                raise Cancelled("Stopped.")

    progress = Impatient()
    values, labels = clusters(100, 4)
    with pytest.raises(Cancelled):
        learn(values, labels, folds=five(100), progress=progress, **kwargs(100))
    assert progress.total == 6 * 3 * 12
    assert progress.done < 30


def test_progress_adds_up() -> None:
    class Counting(Quiet):
        total = done = 0

        def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
            self.total = total or 0

        def advance(self, n: int = 1) -> None:
            self.done += n

    values, labels = clusters(100, 4)
    for how in ({"folds": five(100)}, {"parts": ["train", "test"] * 50}):
        progress = Counting()
        learn(values, labels, progress=progress, **how, **kwargs(100))
        assert progress.done == progress.total > 0


def test_messages_say_what_is_missing() -> None:
    values, labels = clusters(20, 2)
    given = kwargs(20)
    with pytest.raises(InvalidInput, match="at least two classes"):
        learn(values, ["a"] * 20, folds=five(20), **given)
    with pytest.raises(InvalidInput, match="either parts"):
        learn(values, labels, **given)
    with pytest.raises(InvalidInput, match="test part"):
        learn(values, labels, parts=["train"] * 20, **given)
    with pytest.raises(InvalidInput, match="'dev' is none of them"):
        learn(values, labels, parts=["dev"] * 20, **given)
    with pytest.raises(InvalidInput, match="fewer than two classes"):
        learn(values, labels, folds=five(20), groups=np.zeros(20, np.int64), **given)
    with pytest.raises(InvalidInput, match="shape"):
        learn(values[:, :3], labels, folds=five(20), **given)
    with pytest.raises(InvalidInput, match="at least 2 folds"):
        Config(inner_folds=1)


def test_a_plain_import_loads_nothing_heavy() -> None:
    code = (
        "import sys, impasto.learn, impasto.curate; heavy = {'torch', 'sklearn', 'scipy', "
        "'openvino', 'pyarrow', 'jinja2', 'safetensors'}; sys.exit(str(heavy & set(sys.modules)) "
        "if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
