"""Tuning, from pictures to a network of the collection; stopped, moved, misused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kit import Own, draw, impasto

from impasto import flow, networks
from impasto.core.errors import Cancelled, ImpastoError, InvalidInput, MissingWeights, NotFound
from impasto.embed import open_engine
from impasto.flow.own_networks import find_tuned, seen_by
from impasto.learn import Evaluation, Prediction, TagPrediction
from impasto.networks import Tap
from impasto.store import Collection
from impasto.store.runs import CHECKPOINT, Run


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are slower on many threads, and the machine is shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def options(own: Own, **changes: Any) -> flow.TuneOptions:
    given: dict[str, Any] = {
        "network": own.network,
        "weights": own.file,
        "plan": "lp-ft",
        "size": 32,
        "epochs": 2,
        "batch": 16,
        "name": "tuned",
    }
    return flow.TuneOptions(**{**given, **changes})


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, own: Own) -> Path:
    """Return a collection of 45 tagged pictures with vectors, which no test changes."""
    pictures = draw(tmp_path_factory.mktemp("tune") / "shapes", 15)
    for file in pictures.rglob("*.png"):
        tag = "round" if file.parent.name == "discs" else "angular"
        file.with_suffix(".txt").write_text(tag)
    path = pictures.with_suffix(".impasto")
    with flow.open_collection(path, create=True) as collection:
        flow.add(collection, pictures)
        flow.embed(collection, flow.EmbedOptions(network=own.network, weights=own.file))
    return path


@pytest.fixture
def fresh(plain: Path, tmp_path: Path) -> Iterator[Collection]:
    """Return a copy of it, open."""
    shutil.copytree(plain, tmp_path / plain.name)
    shutil.copytree(plain.with_suffix(""), tmp_path / plain.stem)
    with flow.open_collection(tmp_path / plain.name) as collection:
        yield collection


@pytest.fixture(scope="module")
def tuned(
    plain: Path, own: Own, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, flow.TunedNetwork]:
    """Return a copy with a tuned network and an SVM on its vectors."""
    home = tmp_path_factory.mktemp("tuned")
    shutil.copytree(plain, home / plain.name)
    shutil.copytree(plain.with_suffix(""), home / plain.stem)
    with flow.open_collection(home / plain.name) as collection:
        done = flow.tune(collection, options(own, then="linear-svm"))
    assert done is not None
    return home / plain.name, done


def test_the_result_is_a_network_of_the_collection(
    tuned: tuple[Path, flow.TunedNetwork],
) -> None:
    path, done = tuned
    with flow.open_collection(path, writable=False) as collection:
        name, file = find_tuned(collection, "model:tuned", None)
        network = networks.load(name, weights=file)
        vectors = collection.vectors(done.space)
        assert network.class_names == ("checks", "discs", "stripes")
        assert network.preprocessing.size == 32
        assert network.weights == done.space.weights
        assert len(vectors) == 45
        assert not (path / "runs" / "tuned").exists()
        pixels = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
        taps = [Tap("pool"), Tap("logits")]
        first = open_engine(network, taps, device="cpu")
        assert first.name == "openvino"
        seen = first.run(pixels).values
        with torch.inference_mode():
            from impasto.networks.taps import Tapped

            other = [row.numpy() for row in Tapped(network, taps)(torch.from_numpy(pixels))]
        for ours, theirs in zip(seen, other, strict=True):
            cosine = (ours * theirs).sum(axis=1) / (
                np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
            )
            assert cosine.min() > 0.999999
        assert first.spaces[0] == done.space


def test_its_own_classifier_answers_about_pictures(
    tuned: tuple[Path, flow.TunedNetwork],
) -> None:
    path, done = tuned
    account = done.taught.evaluation
    assert isinstance(account, Evaluation)
    answers = account.answers
    with flow.open_collection(path, writable=False) as collection:
        ids = [int(i) for i in answers.ids]
        files = [str(image.file) for image in collection.images(ids)]
        told = flow.predict(collection, "tuned", files)
        again = flow.predict(collection, "tuned", [str(i) for i in ids])
    assert isinstance(told.prediction, Prediction)
    assert isinstance(again.prediction, Prediction)
    assert told.prediction.labels == ("checks", "discs", "stripes")
    truth = np.take_along_axis(told.prediction.probabilities, answers.order, axis=1)
    assert np.abs(truth - answers.probabilities).max() < 2e-3  # vectors pass through 16 bits
    assert np.abs(told.prediction.probabilities - again.prediction.probabilities).max() < 2e-3


def test_what_is_learned_on_its_vectors_is_judged_on_the_same_images(
    tuned: tuple[Path, flow.TunedNetwork],
) -> None:
    path, done = tuned
    assert done.then is not None
    ours, theirs = (set(t.evaluation.answers.ids.tolist()) for t in (done.taught, done.then))
    assert ours == theirs
    assert "Judged on the images that model:tuned was not tuned on." in done.then.card["notes"]
    with flow.open_collection(path) as collection:
        assert flow.choose_space(collection, "model:tuned").network == "model:tuned"
        names = (done.taught.name, done.then.name)
        compared = flow.compare_models(collection, names).comparison
        titles = {row.name: row.title for row in compared.rows}
        before = done.taught.card["neighbours_in"]
        assert titles[f"nearest:{names[0]}"] == f"Nearest neighbour, {before}"
        assert titles[f"nearest:{names[1]}"] == f"Nearest neighbour, {done.space.title}"
        space = done.space.name
        with pytest.raises(InvalidInput, match="learned by heart"):
            flow.learn(collection, flow.LearnOptions(space=space, folds=3))
        tags = flow.learn(collection, flow.LearnOptions("tags", space=space, min_images=5))
        assert set(tags.evaluation.answers.ids.tolist()) == ours
        notes: list[str] = []
        division = seen_by(collection, "model:tuned", np.array([1, 10**6]), notes)
        assert division is not None
        assert division.parts[1] == "train"
        assert notes[0].startswith("1 images took no part")


def test_report_card_and_curves(tuned: tuple[Path, flow.TunedNetwork]) -> None:
    _, done = tuned
    folder = done.taught.report.parent
    page = done.taught.report.read_text()
    assert "How learning went" in page
    assert "<svg xmlns" in page
    card = json.loads((folder / "card.json").read_text())
    assert card["method"] == "tuned"
    assert card["parameters"]["plan"] == "lp-ft"
    assert card["parameters"]["size"] == 32
    assert set(card["metrics"]) >= {"top1", "top5", "baselines"}
    curves = json.loads((folder / flow.CURVES).read_text())
    assert [epoch["epoch"] for epoch in curves["epochs"]] == [0, 1, 2]
    assert len(curves["epochs"][0]["labels"]) == 3
    assert (folder / flow.FIGURE).read_text().startswith("<svg")
    assert not {file.suffix for file in folder.iterdir()} & {".pkl", ".pt", ".pth"}


def test_a_moved_collection_still_has_its_network(
    tuned: tuple[Path, flow.TunedNetwork], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, done = tuned
    shutil.copytree(path, tmp_path / path.name)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    picture = next(path.with_suffix("").rglob("*.png"))
    with flow.open_collection(tmp_path / path.name, writable=False) as collection:
        assert len(flow.predict(collection, "tuned", [str(picture)]).prediction) == 1
    other = draw(tmp_path / "other", 2)
    with flow.open_collection(tmp_path / "other", create=True) as collection:
        flow.add(collection, other)
        network = str(tmp_path / path.name / "models" / "tuned")
        assert flow.embed(collection, flow.EmbedOptions(network=network)).spaces[0] == done.space


def test_tuned_further_it_keeps_its_test_part(tuned: tuple[Path, flow.TunedNetwork]) -> None:
    path, done = tuned
    with flow.open_collection(path) as collection:
        more = flow.tune(
            collection,
            flow.TuneOptions(network="model:tuned", plan="full", epochs=1, seed=7, name="more"),
        )
        assert more is not None
        ours, theirs = (t.taught.evaluation.answers.ids.tolist() for t in (done, more))
        assert sorted(ours) == sorted(theirs)
        _, file = find_tuned(collection, "model:more", None)
        assert networks.load("model:more", weights=file).preprocessing.size == 32


class Kill(Exception):
    """As sudden as a test can make it."""


class Dying:
    """A progress that dies after so many steps."""

    def __init__(self, steps: int, error: type[Exception]) -> None:
        self.steps, self.error, self.counts = steps, error, False

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a stage."""
        self.counts = unit == "steps"

    def advance(self, n: int = 1) -> None:
        """Count."""
        self.steps -= n * self.counts
        if self.steps < 0:
            raise self.error("Stopped.")

    def note(self, text: str) -> None:
        """Say nothing."""


def test_stopped_and_started_again_it_gives_the_same_bytes(
    fresh: Collection, own: Own, tuned: tuple[Path, flow.TunedNetwork]
) -> None:
    with pytest.raises(Cancelled):
        flow.tune(fresh, options(own), progress=Dying(0, Cancelled))
    with pytest.raises(Kill):
        flow.tune(fresh, options(own), progress=Dying(3, Kill))
    assert fresh.models() == []
    assert (fresh.path / "runs" / "tuned" / CHECKPOINT).is_file()
    done = flow.tune(fresh, options(own))
    assert done is not None
    for file in ("network.safetensors", "model.safetensors", "curves.json"):
        first, second = (t.taught.report.with_name(file) for t in (done, tuned[1]))
        assert first.read_bytes() == second.read_bytes(), file


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.write(b"good")
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from impasto.core.errors import ImpastoError\n"
        "from impasto.store.runs import Run\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    Run(Path(sys.argv[1])).write(bytes(10**6))\n"
        "except ImpastoError as error:\n    print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(run.folder)], capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("There is no space left for")
    assert run.read() == b"good"
    assert [file.name for file in run.folder.iterdir()] == [CHECKPOINT]


def test_tags_with_a_sampler_and_a_loss(fresh: Collection, own: Own) -> None:
    tagging = flow.TagOptions(loss="asymmetric", sampler="entropy")
    done = flow.tune(
        fresh,
        options(own, target="tags", min_images=5, tagging=tagging, epochs=1, name=None),
    )
    assert done is not None
    assert done.taught.name == "tuned-tags-lp-ft"
    assert done.taught.evaluation.labels == ("angular", "round")
    picture = next(fresh.path.with_suffix("").rglob("*.png"))
    told = flow.predict(fresh, done.taught.name, [str(picture)])
    assert isinstance(told.prediction, TagPrediction)
    assert told.prediction.probabilities.shape == (1, 2)


def test_pictures_that_cannot_be_read_are_left_out(fresh: Collection, own: Own) -> None:
    gone = sorted(fresh.path.with_suffix("").rglob("*.png"))[:2]
    for file in gone:
        file.unlink()
    done = flow.tune(fresh, options(own, plan="probe"))
    assert done is not None
    assert "2 pictures could not be read and are left out." in done.taught.card["notes"]
    assert done.taught.card["images"] + len(done.taught.evaluation.answers.ids) < 43


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plan": "nothing"}, "lp-ft"),
        ({"then": "magic"}, "linear-svm"),
        ({"size": 3}, "16 to 2,048"),
        ({"target": "colour"}, "label"),
        ({"optimiser": "lion"}, "sgd"),
        ({"only": ("x*",)}, "No label is like"),
        ({"min_images": 40}, "learning takes two"),
        ({"network": "model:none", "weights": None}, "none"),
        ({"tagging": flow.TagOptions(loss="odd"), "target": "tags", "min_images": 5}, "odd"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_left(
    fresh: Collection, own: Own, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ImpastoError, match=words):
        flow.tune(fresh, options(own, **changes))
    assert fresh.models() == []


def test_a_model_of_vectors_is_no_network(tuned: tuple[Path, flow.TunedNetwork]) -> None:
    path, _ = tuned
    with flow.open_collection(path, writable=False) as collection:
        with pytest.raises(InvalidInput, match="is no network"):
            find_tuned(collection, "model:tuned-linear-svm", None)
        with pytest.raises(NotFound):
            find_tuned(collection, "model:tunes", None)
    with pytest.raises(MissingWeights, match="models/NAME"):
        networks.load("model:tuned")


def test_the_command(fresh: Collection, own: Own) -> None:
    fresh.close()
    words = [
        *("tune", fresh.path, *own.words, "--size", 32, "--epochs", 1, "--batch", 16),
        *("--plan", "full", "--then", "linear-svm"),
    ]
    said = impasto(*words, "--json").data
    assert said["network"] == "model:tuned-full"
    assert said["then"]["model"] == "tuned-full-linear-svm"
    shown = impasto(*words, "--quiet").out
    assert "network: model:tuned-full" in shown
    assert "kept: epoch" in shown
    assert impasto("embed", fresh.path, "--network", "model:tuned-full").code == 0
    assert impasto("tune", "--show", "lagunas2017").out.startswith("# Work 4")
    assert "under [[layers]]" not in impasto("tune", "--show", "full").out
    missing = impasto("tune", fresh.path, "--plan", "none")
    assert "layer plan" in missing.sentence


BATCH = 30
"""Images that the 45 pictures of the collection leave to learn from."""


def test_two_processes_do_the_work_of_one(fresh: Collection, own: Own, tmp_path: Path) -> None:
    """As torchrun starts them: each has its half of every batch, and the rates are the same."""
    plan = tmp_path / "sgd.toml"
    plan.write_text(
        '[course]\noptimiser = "sgd"\nrate = 0.01\naugment = "none"\nschedule = "constant"\n'
        '[[layers]]\nmatch = "*"\nfrozen = true\n[[layers]]\nmatch = "@classifier"\n'
    )
    # All images in one batch, so that no rest of an epoch is left out by two and not by one.
    asked = options(own, plan=str(plan), epochs=2, batch=BATCH, name="one")
    one = flow.tune(fresh, asked)
    assert one is not None
    assert one.taught.card["images"] == BATCH
    fresh.close()
    words = [
        *("tune", fresh.path, *own.words, "--size", 32, "--epochs", 2, "--batch", BATCH),
        *("--plan", plan, "--name", "two", "--quiet", "--device", "cpu"),
    ]
    port = 20000 + os.getpid() % 20000
    variables = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", "from impasto.cli import main; main()", *map(str, words)],
            env={**os.environ, **variables, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for each in both:
        _, error = each.communicate(timeout=200)
        assert each.returncode == 0, error
    with flow.open_collection(fresh.path, writable=False) as collection:
        folders = [collection.model(name).folder for name in ("one", "two")]
        from safetensors.torch import load_file

        first, second = (load_file(folder / "network.safetensors") for folder in folders)
        for key, value in first.items():
            assert torch.allclose(value, second[key], atol=1e-5), key
