"""All work of the Learn page: what its forms ask for, what is in the way, what comes of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures import Gallery

from impasto import flow
from impasto.learn.tune import PRESETS
from impasto.serve.app import create_app
from impasto.serve.studio import Studio

BASE = "http://127.0.0.1:8585"


@pytest.fixture
def studio(gallery: Gallery, tmp_path: Path) -> Iterator[Studio]:
    mine = gallery.copy(tmp_path)
    shutil.copytree(mine.path, tmp_path / "others.impasto")
    with flow.open_collection(mine.path) as collection:
        opened = Studio(collection)
        yield opened
        opened.jobs.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    return TestClient(create_app(studio), base_url=BASE, headers={"origin": BASE})


def form(client: TestClient, kind: str) -> dict[str, Any]:
    told = client.get(f"/api/learning?kind={kind}").json()
    return {one["name"]: one for one in told["options"]}


def outlook(client: TestClient, kind: str, **options: Any) -> dict[str, Any]:
    answer = client.post("/api/learning/outlook", json={"kind": kind, "options": options})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize("kind", ["learn", "tune", "learnability", "noise", "evaluate"])
def test_every_option_says_what_it_is(client: TestClient, kind: str) -> None:
    options = form(client, kind)
    assert options
    for name, one in options.items():
        assert one["title"] and one["help"].endswith("."), name
        assert "`" not in one["help"], name


def test_tuning_by_plan(client: TestClient) -> None:
    options = form(client, "tune")
    assert [one["name"] for one in options["plan"]["choices"]] == list(PRESETS)
    assert all(one["about"] for one in options["plan"]["choices"])
    assert "weights" not in options  # the browser names no files
    said = outlook(client, "tune", plan="full")
    assert said["sentence"].startswith("3 labels, on 24 pictures.")
    assert said["taken"]["name"] == "tuned-full" and int(said["taken"]["epochs"]) > 0
    (problem,) = outlook(client, "tune", only=["ghost"])["problems"]
    assert problem == {"option": "only", "message": "No label is like that."}
    assert outlook(client, "tune", size=3)["problems"]


def test_a_model_is_judged_on_a_collection_beside(client: TestClient, studio: Studio) -> None:
    options = form(client, "evaluate")
    assert [one["name"] for one in options["model"]["choices"]] == ["label-linear-svm"]
    assert [one["name"] for one in options["on"]["choices"]] == ["others.impasto"]
    assert outlook(client, "evaluate")["problems"][0]["option"] == "model"
    asked = {"model": "label-linear-svm", "on": "others.impasto", "keep_leaks": True}
    assert outlook(client, "evaluate", **asked)["problems"] == []
    job = client.post("/api/jobs", json={"kind": "evaluate", "options": asked}).json()
    over = studio.jobs.wait(job["id"], 60)
    assert (over.state, over.error) == ("done", None)
    (found,) = client.get("/api/models/label-linear-svm/elsewhere").json()
    assert found["key"] == "others" and found["images"] == 24 and found["leaks"] > 0
    assert found["metrics"]["top1"]["value"] == 1.0  # it learned from these very pictures
    report = client.get("/api/models/label-linear-svm/elsewhere/others/report")
    assert report.status_code == 200 and "<script" not in report.text
    assert client.get("/api/models/label-linear-svm/elsewhere/ghost/report").status_code == 404


@pytest.mark.parametrize("on", ["/etc", "../..", "ghost.impasto", ""])
def test_nothing_is_judged_outside(client: TestClient, studio: Studio, on: str) -> None:
    asked = {"model": "label-linear-svm", "on": on}
    assert outlook(client, "evaluate", **asked)["problems"][0]["option"] == "on"
    answer = client.post("/api/jobs", json={"kind": "evaluate", "options": asked})
    assert answer.status_code == 400
    assert not list(studio.collection.path.glob("models/*/elsewhere-*"))
