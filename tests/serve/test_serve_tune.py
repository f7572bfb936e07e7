"""Tuning as a job of the app: started, watched, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fixtures import Gallery

from impasto import flow
from impasto.serve.app import create_app
from impasto.serve.studio import Studio

BASE = "http://127.0.0.1:8585"


@pytest.fixture
def studio(gallery: Gallery, tmp_path: Path) -> Iterator[Studio]:
    with flow.open_collection(gallery.copy(tmp_path).path) as collection:
        opened = Studio(collection)
        yield opened
        opened.jobs.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    return TestClient(create_app(studio), base_url=BASE, headers={"origin": BASE})


def test_a_network_is_tuned_and_its_curves_are_told(client: TestClient, studio: Studio) -> None:
    asked = {"plan": "full", "size": 32, "epochs": 2, "batch": 8, "name": "mine"}
    job = client.post("/api/jobs", json={"kind": "tune", "options": asked}).json()
    assert job["title"] == "Tune efficientnet-lite0 on the label by full"
    over = studio.jobs.wait(job["id"], 120)
    assert (over.state, over.error) == ("done", None)
    told = client.get("/api/jobs").json()[0]
    assert told["epochs"] == 3
    assert any("model:mine" in note for note in told["notes"])
    curves = client.get(f"/api/jobs/{job['id']}/curves").json()
    assert curves["labels"] == ["checks", "discs", "stripes"]
    assert [epoch["epoch"] for epoch in curves["epochs"]] == [0, 1, 2]
    assert curves["epochs"][0]["loss"] is None
    assert client.get("/api/models/mine/curves").json() == curves
    card = client.get("/api/models/mine").json()
    assert card["method"] == "tuned"
    ask = client.post("/api/models/mine/predict", json={"term": "image:1"})
    assert sum(one["probability"] for one in ask.json()["predictions"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"plan": "/etc/passwd"}, 404),
        ({"plan": "lp-ft", "network": "/"}, 403),
        ({"optimiser": "lion"}, 400),
        ({"then": "magic"}, 400),
        ({"size": 3}, 400),
    ],
)
def test_what_cannot_be_is_refused(
    client: TestClient, studio: Studio, options: dict[str, object], status: int
) -> None:
    answer = client.post("/api/jobs", json={"kind": "tune", "options": options})
    assert answer.status_code == status
    assert studio.jobs.list() == []


def test_without_curves(client: TestClient) -> None:
    name = client.get("/api/models").json()[0]["name"]
    assert client.get(f"/api/models/{name}/curves").status_code == 404
    assert client.get("/api/jobs/none/curves").status_code == 404
