"""The main job by the command line: from two folders, one of them a mess, to predictions."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kit import LABELS, draw, impasto
from zoo import Expected, build_zoo

from impasto.core.records import BLOCKING
from impasto.store import Collection


@dataclass(frozen=True)
class Job:
    """Where the job was done, and what the steps said in JSON."""

    home: Path
    path: Path
    zoo: dict[str, Expected]
    said: dict[str, Any]
    err: dict[str, str]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    home = tmp_path_factory.mktemp("job")
    draw(home / "shapes", 10)
    zoo = build_zoo(home / "zoo")
    path = home / "all.impasto"
    steps = {
        "add": ["add", path, home / "shapes", home / "zoo"],
        "embed": ["embed", path],
        "find": ["find", path, home / "shapes" / "discs" / "03.png", "-k", "5"],
        "retrieve": ["retrieve", path, "label:discs"],
        "learn": ["learn", path, "--folds", "5", "--seed", "1"],
        "evaluate": ["evaluate", path],
        "predict": ["predict", path, home / "shapes" / "stripes" / "00.png", "1"],
        "status": ["status", path],
    }
    said: dict[str, Any] = {}
    err: dict[str, str] = {}
    for name, words in steps.items():
        answer = impasto(*words, "--json")
        said[name], err[name] = answer.data, answer.err
    yield Job(home, path, zoo, said, err)


def test_everything_is_gathered_and_nothing_lost(job: Job) -> None:
    shapes, zoo = job.said["add"]["sources"]
    assert (shapes["new"], zoo["new"]) == (30, len(job.zoo))
    links = 2 if os.name == "posix" else 0
    assert sum(zoo["skipped"].values()) == links
    assert "3 classes" in shapes["labels"]
    flags = Counter(flag for one in job.zoo.values() for flag in one.flags)
    assert job.said["add"]["read"]["flags"] == flags
    assert job.said["add"]["read"]["images"] == 30 + len(job.zoo)


def test_every_usable_image_gets_one_vector(job: Job) -> None:
    usable = 30 + sum(not one.flags & BLOCKING for one in job.zoo.values())
    assert job.said["embed"]["embedded"] == usable
    (space,) = job.said["embed"]["spaces"]
    with Collection.open(job.path, writable=False) as collection:
        vectors = collection.vectors(space)
        assert len(vectors) == usable
        assert sorted(vectors.ids) == sorted(set(vectors.ids))
        assert np.isfinite(vectors.values).all()
        flagged = {image.id for image in collection.images(vectors.ids) if not image.width}
        assert not flagged


def test_a_picture_from_outside_finds_itself_and_its_like(job: Job) -> None:
    found = job.said["find"]
    near = found["neighbours"]
    assert len(near) == 5
    assert near[0]["file"] == str(job.home / "shapes" / "discs" / "03.png")
    assert near[0]["similarity"] == pytest.approx(1, abs=1e-3)
    similarities = [one["similarity"] for one in near]
    assert similarities == sorted(similarities, reverse=True)
    assert near[0]["percentile"] >= near[-1]["percentile"]
    spread = found["distribution"]
    assert sum(spread["counts"]) == spread["total"] == job.said["embed"]["embedded"]
    assert len(spread["edges"]) == len(spread["counts"]) + 1


def test_the_space_retrieves_discs(job: Job) -> None:
    (result,) = job.said["retrieve"]["results"]
    assert result["answer"] == "yes"
    assert result["relevant"] == 10
    best = result["precision"]["5"]
    assert best["value"] > 0.8 > 3 * best["chance"]


def test_learning_beats_chance_and_says_how_sure_it_is(job: Job) -> None:
    metrics = job.said["learn"]["metrics"]
    for name in ("top1", "top5"):
        assert {"value", "low", "high", "chance"} <= metrics[name].keys()
        assert 0 <= metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"] <= 1
    assert metrics["top1"]["chance"] < 0.5 < metrics["top1"]["low"]
    assert job.said["learn"]["labels"] == list(LABELS)
    report = Path(job.said["learn"]["report"])
    assert b"<html" in report.read_bytes()
    assert json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))["card"]
    (model,) = job.said["evaluate"]["models"]
    assert model["metrics"]["top1"] == metrics["top1"]


def test_predictions_are_right_and_ordered(job: Job) -> None:
    outside, inside = job.said["predict"]["predictions"]
    assert outside["top"][0]["label"] == "stripes"
    with Collection.open(job.path, writable=False) as collection:
        assert inside["top"][0]["label"] == collection.image(1).label
    for one in (outside, inside):
        chances = [answer["probability"] for answer in one["top"]]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) == pytest.approx(1, abs=1e-4)
        assert all(near["label"] in LABELS for near in one["neighbours"])


def test_status_agrees(job: Job) -> None:
    status = job.said["status"]
    assert status["images"] == 30 + len(job.zoo)
    assert status["usable"] == job.said["embed"]["embedded"]
    assert (status["unread"], status["gone"]) == (0, 0)
    assert status["labels"] == dict.fromkeys(LABELS, 10)
    assert status["models"] == [job.said["learn"]["model"]]
    assert status["flags"] == Counter(flag for one in job.zoo.values() for flag in one.flags)


def test_progress_goes_to_standard_error(job: Job) -> None:
    assert "reading" in job.err["add"]
    assert "embedding" in job.err["embed"]
    assert impasto("embed", job.path, "--json", "--quiet").err == ""


def test_again_there_is_nothing_to_do(job: Job) -> None:
    said = impasto("add", job.path, job.home / "shapes", job.home / "zoo", "--json").data
    for source, n in zip(said["sources"], (30, len(job.zoo)), strict=True):
        assert source["same"] == n
        assert source["new"] == source["changed"] == source["moved"] == source["gone"] == 0
    assert said["read"]["images"] == 0
    assert impasto("embed", job.path, "--json").data["images"] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["find", "label:discs", "-k", "3", "--versus", "1"], ["similarity", "percentile", "KS"]),
        (["retrieve", "label:discs"], ["Yes", "precision@5", "chance"]),
        (["evaluate"], ["top-1", "report.html"]),
        (["predict", "1"], ["probability", "checks"]),
        (["status", "--skipped"], ["labels: ", "flags: ", "left out: ", "space "]),
    ],
)
def test_people_read_tables(job: Job, words: list[str], expected: list[str]) -> None:
    said = impasto(words[0], job.path, *words[1:])
    assert said.code == 0, said.err
    for text in expected:
        assert text in said.out
    assert "{" not in said.out
