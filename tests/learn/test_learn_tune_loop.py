"""The training loop: what learns, what stays, and that a stop leaves no trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tuning import HOW, Memory, Stop, easy, lesson, tiny

from impasto.core.errors import Cancelled, InvalidInput
from impasto.learn import Costs, Sampling
from impasto.learn.tune import (
    Curves,
    LabelTask,
    Lesson,
    Pictures,
    Plan,
    Rule,
    TagTask,
    Tuned,
    draw_curves,
    open_plan,
    tune,
    units_of,
)
from impasto.learn.tune.loop import logits_of, normalised
from impasto.learn.tune.pictures import vary
from impasto.learn.tune.steps import relative_gradients
from impasto.learn.tune.team import Team
from impasto.store.runs import Run

Bits = dict[str, bytes]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """Tiny networks are slower on many threads, and the machine is shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def bits(tuned: Tuned) -> Bits:
    return {key: value.numpy().tobytes() for key, value in tuned.module.state_dict().items()}


def test_easy_classes_are_learned_and_shuffled_ones_are_not() -> None:
    good = tune(lesson(course={"epochs": 15, "rate": 1e-2}))
    assert good.curves.best.score.value > 0.9
    pictures, codes = easy(96)
    shuffled = np.random.default_rng(5).permutation(codes)
    bad = tune(
        lesson(
            task=LabelTask(shuffled, ("a", "b", "c")),
            pictures=pictures,
            train=np.arange(48),
            validation=np.arange(48, 96),
        )
    )
    last = bad.curves.epochs[-1].score.value
    assert abs(last - 1 / 3) < 3 * (2 / 9 / 48) ** 0.5


def test_frozen_layers_stay_to_the_bit_and_others_move() -> None:
    plan = Plan(
        "mixed",
        "",
        (Rule(("*",)), Rule(("one", "two"), frozen=True), Rule(("dense.0",), anew=True)),
    )
    network = tiny()
    before = {key: value.clone() for key, value in network.module.state_dict().items()}
    after = tune(lesson(network=network, plan=plan)).module.state_dict()
    for key, value in before.items():
        assert torch.equal(network.module.state_dict()[key], value)  # what was given is not touched
        if key.startswith("dense.3"):
            continue
        still = key.startswith(("features.0", "features.1"))
        assert torch.equal(after[key], value) == still, key


def test_what_begins_anew_is_not_what_it_was() -> None:
    plan = Plan("anew", "", (Rule(("*",), rate=1e-12), Rule(("one",), rate=1e-12, anew=True)))
    network = tiny()
    after = tune(lesson(network=network, plan=plan, course={"decay": 0.0})).module.state_dict()
    before = network.module.state_dict()
    assert not torch.allclose(after["features.0.0.weight"], before["features.0.0.weight"])
    assert torch.allclose(after["features.2.0.weight"], before["features.2.0.weight"], atol=1e-6)


def test_the_test_part_is_never_looked_at() -> None:
    first = lesson()
    pictures = Pictures(first.pictures.exact.copy(), first.pictures.wide.copy())
    pictures.exact[42:], pictures.wide[42:] = 0, 0
    _, codes = easy()
    codes[42:] = 0
    other = lesson(pictures=pictures, task=LabelTask(codes, first.task.names))
    assert bits(tune(first)) == bits(tune(other))


SAMPLING = Sampling("entropy", candidates=3)


def tagged() -> Lesson:
    pictures, codes = easy()
    truth = np.stack([codes == 0, codes < 2], axis=1)
    task = TagTask(truth, ("red", "warm"), Costs("asymmetric"), SAMPLING, np.arange(30))
    return lesson(pictures=pictures, task=task, course={"epochs": 2})


CASES: dict[str, dict[str, Any]] = {
    "adamw": {"course": {"optimiser": "adamw", "epochs": 2, "augment": "strong"}},
    "sgd": {"course": {"optimiser": "sgd", "epochs": 2, "warm_up": 1}},
    "adagrad": {"course": {"optimiser": "adagrad", "epochs": 2, "schedule": "steps"}},
    "auto-rgn": {"plan": open_plan("auto-rgn"), "course": {"epochs": 2, "smoothing": 0.1}},
    "bf16": {"course": {"precision": "bf16", "epochs": 2}},
    "tags": {},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("often", [True, False])
def test_a_run_that_was_stopped_gives_the_bytes_of_one_that_was_not(case: str, often: bool) -> None:
    def again() -> Lesson:
        return tagged() if case == "tags" else lesson(**CASES[case])

    whole = tune(again())
    memory = Memory(often=often)
    for steps in (0, 2, 3, 5):  # the last one in the second epoch
        with pytest.raises(Cancelled):
            tune(again(), keeper=memory, progress=Stop(steps))
    last = tune(again(), keeper=memory)
    assert bits(last) == bits(whole)
    assert str(last.curves.to_json()) == str(whole.curves.to_json())


def test_killed_without_a_last_word_it_goes_on_from_the_checkpoint() -> None:
    class Killed(BaseException):
        pass

    class Dying(Stop):
        def advance(self, n: int = 1) -> None:
            try:
                super().advance(n)
            except Cancelled:
                raise Killed from None

    whole, memory = tune(lesson()), Memory()
    for steps in (3, 6):
        with pytest.raises(Killed):
            tune(lesson(), keeper=memory, progress=Dying(steps))
    assert bits(tune(lesson(), keeper=memory)) == bits(whole)


def test_a_checkpoint_of_another_run_or_a_damaged_one_is_not_gone_on_from() -> None:
    memory = Memory()
    with pytest.raises(Cancelled):
        tune(lesson(seed=9), keeper=memory, progress=Stop(5))
    assert bits(tune(lesson(), keeper=memory)) == bits(tune(lesson()))
    damaged = Memory((memory.data or b"")[:200])
    assert bits(tune(lesson(), keeper=damaged)) == bits(tune(lesson()))


def test_another_loss_is_another_run() -> None:
    def run(loss: str) -> str:
        _, codes = easy()
        truth = np.stack([codes == 0, codes < 2], axis=1)
        costs = Costs(loss)
        return lesson(task=TagTask(truth, ("a", "b"), costs, SAMPLING, np.arange(30))).mark

    assert run("plain") == run("plain")
    assert run("plain") != run("focal")


def test_it_stops_early_and_keeps_the_best() -> None:
    _, codes = easy()
    task = LabelTask(np.random.default_rng(1).permutation(codes), ("a", "b", "c"))
    long = {"epochs": 30, "patience": 2, "schedule": "constant", "rate": 1e-2}
    seen: list[Curves] = []
    tuned = tune(lesson(task=task, course=long), watch=seen.append)
    curves = tuned.curves
    assert len(curves.epochs) < 31
    assert curves.epochs[-1].number - curves.best.number == 2
    assert [len(each.epochs) for each in seen] == list(range(1, len(curves.epochs) + 1))
    again = lesson(task=task)
    logits = logits_of(tuned.module, again.pictures.exact, again.validation, HOW, "cpu")
    assert again.task.score(logits, again.validation) == curves.best.score


def test_the_head_comes_first_from_frozen_vectors() -> None:
    network = tiny()
    tuned = tune(lesson(network=network, plan=open_plan("probe")))
    assert [epoch.number for epoch in tuned.curves.epochs] == [0]
    assert tuned.curves.best.score.value > 0.9
    for key, value in network.module.state_dict().items():
        if not key.startswith("dense.3"):
            assert torch.equal(tuned.module.state_dict()[key], value)


def test_tags_are_learned() -> None:
    assert tune(tagged()).curves.best.score.value > 0.9


def test_relative_gradients_by_hand() -> None:
    network = tiny()
    module = network.module.requires_grad_(True)
    units = [unit for unit in units_of(network) if unit.path in {"dense.0", "dense.3"}]
    pictures, codes = easy()

    def losses() -> Any:
        for rows in (np.arange(4), np.arange(4, 8)):
            x = normalised(torch.from_numpy(pictures.exact[rows]), HOW)
            yield torch.nn.functional.cross_entropy(module(x), torch.from_numpy(codes[rows]))

    scales = relative_gradients(module, units, losses())
    ratios = dict.fromkeys(("dense.0", "dense.3"), 0.0)
    for loss in losses():
        for path in ratios:
            own = list(module.get_submodule(path).parameters())
            slopes = torch.autograd.grad(loss, own, retain_graph=True)
            length = sum(float(s.square().sum()) for s in slopes) ** 0.5
            ratios[path] += length / sum(float(p.detach().square().sum()) for p in own) ** 0.5
    most = max(ratios.values())
    assert scales == pytest.approx({path: value / most for path, value in ratios.items()})


def test_rates_that_are_too_high_are_said() -> None:
    plan = Plan("wild", "", (Rule(("*",), rate=1e30),))
    with pytest.raises(InvalidInput, match="no longer a number"):
        tune(lesson(plan=plan, course={"optimiser": "sgd"}))


def test_nothing_to_learn_from() -> None:
    with pytest.raises(InvalidInput, match="at least 2 images"):
        lesson(train=np.arange(1))


def test_batches_that_cannot_be_shared() -> None:
    with pytest.raises(InvalidInput, match="--batch 6"):
        Team(size=2).check(5)
    Team(size=2).check(6)


def test_variations_stay_inside_the_picture() -> None:
    wide = np.zeros((64, 20, 20, 3), np.uint8)
    wide[:, :, :10] = 200
    chance = np.random.default_rng(0)
    for augment in ("light", "strong"):
        cut = vary(wide, 16, augment, chance)
        assert cut.shape == (64, 16, 16, 3)
        assert float(cut.min()) >= 0 and float(cut.max()) <= 255
    light = vary(wide, 16, "light", chance)
    mirrored = light[:, :, 0].mean(dim=(1, 2)) < light[:, :, -1].mean(dim=(1, 2))
    assert 0.3 < float(mirrored.float().mean()) < 0.7
    assert np.allclose(vary(wide[:, :, :10], 16, "light", chance), 200)


def test_the_figure_shows_every_label() -> None:
    curves = tune(lesson(course={"epochs": 2})).curves
    figure = draw_curves(curves, "Colours & more")
    assert figure.startswith("<svg")
    assert "Colours &amp; more" in figure
    for label in ("red", "green", "blue"):
        assert f">{label} " in figure
    data = curves.to_json()
    assert data["epochs"][0]["loss"] is None
    assert len(data["epochs"][-1]["labels"]) == 3


def test_kept_statistics_are_kept_where_weights_learn() -> None:
    plan = Plan("kept", "", (Rule(("*",)), Rule(("one",), anew=True)), keep_statistics=True)
    network = tiny()
    after, before = tune(lesson(network=network, plan=plan)).module.state_dict(), network.module
    same = {
        key: torch.equal(after[key], value)
        for key, value in before.state_dict().items()
        if not key.startswith("dense.3")
    }
    for block in (1, 2):
        assert same[f"features.{block}.1.running_mean"]
        assert same[f"features.{block}.1.running_var"]
        assert not same[f"features.{block}.1.weight"]
    assert not same["features.0.1.running_mean"]  # what begins anew has none worth keeping


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_process_that_is_killed_leaves_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import torch\n"
        "torch.set_num_threads(1)\n"
        "from tuning import Stop, lesson\n"
        "from impasto.core.errors import Cancelled\n"
        "from impasto.learn.tune import tune\n"
        "from impasto.store.runs import Run\n"
        "class Dying(Stop):\n"
        "    def advance(self, n=1):\n"
        "        try:\n            super().advance(n)\n"
        "        except Cancelled:\n            os.kill(os.getpid(), signal.SIGKILL)\n"
        "tune(lesson(), keeper=Run(Path(sys.argv[1]), every=0), progress=Dying(6))\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": path},
        timeout=200,
    )
    assert done.returncode == -signal.SIGKILL
    resumed = tune(lesson(), keeper=Run(tmp_path / "run"))
    assert bits(resumed) == bits(tune(lesson()))
