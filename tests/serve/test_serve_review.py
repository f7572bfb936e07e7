"""The review wall's routes: what is suspected, what a person answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto.serve.headers import REPORT_POLICY

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": 0.0, "high": 1.0, "chance": 0.0}


def kept(room: Room) -> dict[str, Any]:
    """Keep a report in which a red picture lacks "cold", and another has "warm"."""
    reds = room.collection.ids_with(label="red").tolist()
    share = {"noise": estimate(0.1), "wrong": estimate(0.2), "missing": estimate(0.3)}
    counts = {"suspected_wrong": 1, "suspected_missing": 1}
    data: dict[str, Any] = {
        "made": "2026-01-02T03:04:05+00:00",
        "space": room.space.name,
        "space_title": room.space.title,
        "notes": [],
        "images": 27,
        "tags": [{"tag": tag, "given": 9, **share, **counts} for tag in ("cold", "warm")],
        "suspects": [
            {"id": reds[1], "tag": "cold", "wrong": "missing", "probability": 0.9,
             "near": {"id": reds[2], "similarity": 0.5}},
            {"id": reds[1], "tag": "warm", "wrong": "superfluous", "probability": 0.1,
             "near": None},
            {"id": 9999, "tag": "warm", "wrong": "missing", "probability": 0.8, "near": None},
        ],
    }  # fmt: skip
    room.collection.save_report("noise", data)
    return data


def test_nothing_was_looked_for_yet(room: Room) -> None:
    assert room.client.get("/api/review").json() is None
    assert room.client.get("/api/learnability").json() is None
    assert room.client.get("/api/learnability/report").status_code == 404


def test_suspects_are_answered_by_edits_or_left(room: Room) -> None:
    missing, superfluous, _ = kept(room)["suspects"]
    found = room.client.get("/api/review").json()
    assert [one["id"] for one in found["suspects"]] == [missing["id"], superfluous["id"]]
    assert found["suspects"][0]["near"] == missing["near"]["id"]
    assert found["answered"] == 1  # the picture that is not there
    tags = {one["tag"]: one for one in found["tags"]}
    assert (tags["cold"]["open_missing"], tags["cold"]["open_wrong"]) == (1, 0)
    assert (tags["warm"]["open_missing"], tags["warm"]["open_wrong"]) == (0, 1)

    edit = {"images": {"ids": [missing["id"]]}, "edit": {"kind": "tag", "tags": ["cold"]}}
    assert room.client.post("/api/edits", json=edit).status_code == 200
    said = {"id": superfluous["id"], "tag": "warm", "wrong": "superfluous"}
    assert room.client.post("/api/review/answers", json=said).status_code == 204
    assert room.client.get("/api/review").json()["suspects"] == []

    room.client.post("/api/edits/undo")
    back = room.client.post("/api/review/answers", json=said | {"right": False})
    assert back.status_code == 204
    assert len(room.client.get("/api/review").json()["suspects"]) == 2
    nobody = room.client.post("/api/review/answers", json=said | {"id": 9999})
    assert nobody.status_code == 404


def test_learnability_is_given_as_data_and_as_a_page(room: Room) -> None:
    room.collection.save_report("learnability", {"sentence": "Of …"}, {"html": b"<!doctype html>"})
    assert room.client.get("/api/learnability").json() == {"sentence": "Of …"}
    page = room.client.get("/api/learnability/report")
    assert page.headers["content-security-policy"] == REPORT_POLICY
    assert page.content == b"<!doctype html>"


def test_jobs_look_for_wrong_tags(room: Room) -> None:
    asked = {"kind": "noise", "options": {"space": room.space.name, "min_images": 500}}
    job = room.client.post("/api/jobs", json=asked)
    assert job.status_code == 202
    assert job.json()["title"].startswith("Look for wrong tags")
    learn = {"kind": "learnability", "options": {"space": room.space.name, "min_images": 500}}
    assert room.client.post("/api/jobs", json=learn).json()["kind"] == "learnability"
