"""The graph of nearest images and the approximate index as jobs of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.flow import neighbourhood

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def test_a_job_computes_and_keeps_it(room: Room) -> None:
    asked = {"kind": "graph", "options": {"space": room.other.name, "k": 5}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 202, answer.text
    job = room.studio.jobs.wait(answer.json()["id"], 60)
    assert (job.state, job.error) == ("done", None)
    assert job.done == job.total == 34 * 34
    assert job.notes == ("Found the 5 nearest of 34 images.",)
    graph = room.collection.graph(room.other)
    assert graph is not None
    assert np.array_equal(graph.ids, room.usable)
    said = room.client.get(
        "/api/neighbours",
        params={"term": f"image:{graph.ids[3]}", "space": room.other.name, "k": 5},
    ).json()
    assert [one["id"] for one in said["neighbours"]] == graph.ids[graph.neighbours[3]].tolist()


def test_a_space_that_is_not_there_is_refused_at_once(room: Room) -> None:
    asked = {"kind": "graph", "options": {"space": "nothing"}}
    assert room.client.post("/api/jobs", json=asked).status_code == 404


def test_a_job_builds_the_index_and_neighbours_say_that_they_used_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch.index")
    params: dict[str, str | int] = {"term": f"image:{room.usable[3]}", "k": 5}
    refused = room.client.get("/api/neighbours", params={**params, "exact": False})
    assert refused.status_code == 404
    assert "impasto index" in refused.json()["error"]["message"]
    answer = room.client.post("/api/jobs", json={"kind": "index"})
    assert answer.status_code == 202, answer.text
    job = room.studio.jobs.wait(answer.json()["id"], 60)
    assert (job.state, job.error) == ("done", None)
    card = room.client.get("/api/collection").json()["spaces"][-1]["index"]
    assert card["rows"] == 34
    assert card["sentence"] == job.notes[0]
    assert [(one["k"], one["value"]) for one in card["recall"]] == [(10, 1.0), (100, 1.0)]
    assert all(one["low"] < 1 for one in card["recall"])  # 34 queries prove no perfection
    exact = room.client.get("/api/neighbours", params=params).json()
    found = room.client.get("/api/neighbours", params={**params, "exact": False}).json()
    assert (exact["exact"], exact["recall"], found["exact"]) == (True, 1.0, False)
    assert found["neighbours"] == exact["neighbours"]  # so few images are all candidates
    assert (found["total"], found["background"]) == (exact["total"], exact["background"])
    monkeypatch.setattr(neighbourhood, "INDEX_FROM", 10)
    other = {**params, "term": f"image:{room.usable[9]}"}
    assert not room.client.get("/api/neighbours", params=other).json()["exact"]
    room.client.get("/api/neighbours/order", params={"term": other["term"]})
    # everything was compared now, so the index is not needed any more
    assert room.client.get("/api/neighbours", params=other).json()["exact"]
    deep = {**params, "offset": 10, "k": 500}
    assert room.client.get("/api/neighbours", params=deep).json()["exact"]
