"""The graph of nearest images as a job of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
