"""Does a space retrieve X? Through the app: at once, by a job, and all labels at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from impasto.explore.retrieval import paired, retrieval, verdict
from impasto.serve.routes import retrieval as routes

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def get(room: Room, path: str = "", **params: Any) -> Any:
    answer = room.client.get(f"/api/retrieval{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def run(room: Room, **options: Any) -> Any:
    answer = room.client.post("/api/jobs", json={"kind": "retrieval", "options": options})
    assert answer.status_code == 202, answer.text
    job = room.studio.jobs.wait(answer.json()["id"], 60)
    assert job.state == "done", job.error
    return job


def test_retrieval_asks_one_space_or_all(room: Room) -> None:
    said = get(room, label="red")
    assert said["x"] == "label:red"
    assert [one["space"] for one in said["results"]] == [room.other.name, room.space.name]
    result = said["results"][1]
    assert result["relevant"] == 9
    assert result["images"] == 34
    assert result["answer"] in ("yes", "partly", "no")
    assert "'red'" in result["sentence"]
    first = result["precision"][0]
    assert first["k"] == 1
    assert first["low"] <= first["value"] <= first["high"]
    assert first["chance"] == pytest.approx(8 / 33)
    assert first["value"] > 0.7
    assert result["auc"]["chance"] == 0.5
    one = get(room, tag="cold", space=room.space.name)
    assert [each["space"] for each in one["results"]] == [room.space.name]


@pytest.mark.parametrize(
    ("params", "status"),
    [({}, 400), ({"label": "red", "tag": "warm"}, 400), ({"label": "nobody"}, 404)],
)
def test_retrieval_needs_one_x(room: Room, params: dict[str, str], status: int) -> None:
    assert room.client.get("/api/retrieval", params=params).status_code == status


def test_numbers_are_those_of_the_library(room: Room) -> None:
    said = get(room, label="red")
    ids = room.collection.ids_with(label="red").tolist()
    found = [
        retrieval(room.collection.vectors(space), ids, name="red")
        for space in (room.other, room.space)
    ]
    assert said["verdict"] == verdict(found)
    assert [one["sentence"] for one in said["results"]] == [one.sentence for one in found]
    assert said["results"][0]["best"] == list(found[0].best)
    assert [one["queries"] for one in said["results"]] == [9, 9]
    (gap,) = said["differences"]
    best, other = sorted(found, key=lambda one: -one.average_precision.value)
    expected = paired(best, other)
    assert (gap["first"], gap["second"]) == (best.space.name, other.space.name)
    assert gap["average_precision"] == expected.average_precision.to_json()
    assert gap["precision"]["chance"] == 0
    assert (gap["queries"], gap["depth"]) == (9, 5)


def test_what_takes_long_is_left_to_a_job(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST", 0)
    params = {"selection": "some"}
    room.collection.save_selection("some", room.usable[:7])
    said = get(room, **params)
    assert said["missing"] == [room.other.name, room.space.name]
    assert (said["results"], said["verdict"]) == ([], "")
    job = run(room, **params)
    assert job.title == "Do deep features retrieve some?"
    assert job.total == 7
    assert "chance gives" in job.notes[0]
    measured = get(room, **params)
    assert measured["missing"] == []
    assert len(measured["results"]) == 2
    assert measured["verdict"]
    room.collection.save_selection("some", room.usable[:8])
    assert get(room, **params)["missing"] == [room.other.name, room.space.name]
    assert get(room, **params, wait=True)["results"][0]["relevant"] == 8
    room.collection.remove_selection("some")


def test_an_x_of_one_image_says_why(room: Room) -> None:
    room.collection.save_selection("one", room.usable[:1])
    said = get(room, selection="one")
    assert said["results"] == []
    assert len(said["impossible"]) == 2
    assert "at least two images" in said["impossible"][0]
    room.collection.remove_selection("one")


def test_an_overview_is_kept(room: Room) -> None:
    assert get(room, "/overview") is None
    job = run(room, by="label")
    assert job.done == job.total == 2 * 28  # a broken one is red, too
    said = get(room, "/overview", by="label")
    assert said["by"] == "label"
    assert said["spaces"] == [room.other.name, room.space.name]
    assert {row["name"] for row in said["rows"]} == {"red", "green", "blue"}
    assert said["stale"] is False
    red = next(row for row in said["rows"] if row["name"] == "red")
    assert red["relevant"] == 9
    vectors = room.collection.vectors(room.space)
    alone = retrieval(vectors, room.collection.ids_with(label="red").tolist(), name="red")
    cell = red["cells"][1]
    assert cell["average_precision"]["value"] == pytest.approx(alone.average_precision.value)
    assert cell["precision"]["value"] == pytest.approx(alone.precision[cell["depth"]].value)
    value, chance = cell["average_precision"]["value"], cell["average_precision"]["chance"]
    assert cell["gain"] == pytest.approx((value - chance) / (1 - chance))
    assert get(room, "/overview", by="tag") is None
    assert np.isfinite([each["gain"] for row in said["rows"] for each in row["cells"]]).all()


@pytest.mark.parametrize("options", [{}, {"label": "red", "by": "label"}, {"by": "split"}])
def test_a_job_looks_for_one_thing(room: Room, options: dict[str, str]) -> None:
    body = {"kind": "retrieval", "options": options}
    assert room.client.post("/api/jobs", json=body).status_code == 422


def test_a_job_for_nothing_says_so_at_once(room: Room) -> None:
    body = {"kind": "retrieval", "options": {"label": "rde"}}
    answer = room.client.post("/api/jobs", json=body)
    assert answer.status_code == 404
    assert "Did you mean 'red'" in answer.json()["error"]["message"]
