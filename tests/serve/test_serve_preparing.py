"""Tags, classes of names and parts over HTTP: looked at, decided by one edit, kept as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def merge(of: str, into: str, **more: Any) -> dict[str, Any]:
    return {"decide": "merge", "of": of, "into": into, **more}


def test_tags_are_looked_at_decided_and_taken_back(room: Room) -> None:
    client, collection = room.client, room.collection
    reds = collection.ids_with(label="red").tolist()
    collection.add_tags(reds[:5], ["brights"])
    found = client.get("/api/vocabulary").json()
    assert [one["name"] for one in found["tags"]] == ["cold", "bright", "warm", "brights"]
    assert found["space"] in collection.space_names()
    plural = next(one for one in found["merges"] if one["of"] == "brights")
    assert (plural["into"], plural["images"], plural["images_into"]) == ("bright", 5, 9)
    assert plural["pictures"] == reds[:5]
    assert sum(found["per_image"]) == found["images"]
    assert client.get("/api/vocabulary", params={"space": "no"}).status_code == 404

    wanted = {"decisions": [merge("brights", "bright"), {"decide": "drop", "of": "warm"}]}
    outlook = client.post("/api/vocabulary/outlook", json=wanted).json()["made"]
    assert (outlook["before"], outlook["after"], outlook["changed"]) == (4, 2, 9)
    assert client.get("/api/vocabulary").json()["tags"] == found["tags"]
    done = client.post("/api/vocabulary/decisions", json=wanted).json()
    assert (done["changed"], done["undo"]["title"]) == (9, "Tags: 1 merged, 1 dropped")
    rejected = {"decisions": [merge("cold", "bright", accept=False)]}
    assert client.post("/api/vocabulary/decisions", json=rejected).json()["changed"] == 0
    after = client.get("/api/vocabulary").json()
    assert [one["name"] for one in after["tags"]] == ["cold", "bright"]
    assert [one["step"] for one in after["decided"]] == [1, 1, 2]

    file = client.get("/api/vocabulary/decisions")
    assert file.headers["content-disposition"].endswith(f"{collection.name}-tags.jsonl")
    lines = [json.loads(line) for line in file.text.splitlines()]
    collection.undo()
    assert len(client.get("/api/vocabulary").json()["tags"]) == 4
    again = client.post("/api/vocabulary/decisions", json={"decisions": lines}).json()
    assert again["changed"] == 9
    assert client.post("/api/vocabulary/again").json()["changed"] == 0
    wrong = {"decisions": [{"decide": "drop", "of": "nothing"}], "strict": True}
    said = client.post("/api/vocabulary/outlook", json=wrong).json()
    assert (said["made"], said["problem"][:16]) == (None, "No tag 'nothing'")
    assert client.post("/api/vocabulary/decisions", json=wrong).status_code == 404
    circle = {"decisions": [merge("cold", "bright"), merge("bright", "cold")]}
    assert "circle" in client.post("/api/vocabulary/outlook", json=circle).json()["problem"]
    assert client.post("/api/vocabulary/decisions", json=circle).status_code == 400
    for _ in range(2):
        collection.undo()


def test_parts_are_looked_at_and_stored(room: Room) -> None:
    client, collection = room.client, room.collection
    by = client.get("/api/division").json()
    assert by["labels"] == 3
    assert {"year", "folder", "root"} <= set(by["groups"])
    assert (by["large"], by["latest"]) == (False, None)
    before = [part.tolist() for part in collection.splits()]
    asked = {"train": 50, "validation": 25, "test": 25, "seed": 3}
    told = client.post("/api/division/outlook", json=asked).json()["made"]
    assert [part["name"] for part in told["parts"]] == ["train", "validation", "test"]
    assert [part["wanted"] for part in told["parts"]] == [0.5, 0.25, 0.25]
    assert {row["name"] for row in told["counts"]} == {"red", "green", "blue"}
    assert [part.tolist() for part in collection.splits()] == before
    done = client.post("/api/division", json=asked).json()
    assert done["undo"]["title"] == "Split 50/25/25 by label, seed 3"
    assert done["changed"] == told["changed"]
    latest = client.get("/api/division").json()["latest"]
    assert latest == told
    collection.undo()
    job = {"kind": "split", "options": {"shares": [50, 25, 25], "seed": 3}}
    id_ = client.post("/api/jobs", json=job).json()["id"]
    assert room.studio.jobs.wait(id_, 30).state == "done"
    assert collection.undo().title == "Split 50/25/25 by label, seed 3"
    outside = {"kind": "split", "options": {"against": ["/etc"]}}
    assert client.post("/api/jobs", json=outside).status_code == 400
    for wrong, said in (
        ({"train": 0}, "shares"),
        ({"group": ["usr"]}, "No property"),
        ({"against": ["/etc"]}, "--against OTHER"),
        ({"space": "no"}, "No space"),
    ):
        told = client.post("/api/division/outlook", json=wrong).json()
        assert said in told["problem"]
        reply = client.post("/api/division", json=wrong)
        assert reply.status_code in (400, 404)
        assert reply.json()["error"]["message"] == told["problem"]
    assert client.post("/api/division", json={"trayn": 5}).status_code == 422


def test_classes_are_looked_at_and_set(room: Room) -> None:
    client, collection = room.client, room.collection
    asked = {"words": "list", "lines": ["red", "green, greenish", "turned"], "folders": True,
             "min_images": 1}  # fmt: skip
    found = client.post("/api/classes", json=asked).json()
    by_name = {one["name"]: one for one in found["classes"]}
    assert set(by_name) == {"red", "green", "turned"}
    first = by_name["red"]["pictures"][0]
    assert first["path"].startswith("red/")
    assert len(first["sha256"]) == 64
    out = {"decide": "image", "of": first["path"], "sha256": first["sha256"], "into": ""}
    lines = [
        {**line, "accept": line["of"] != "turned"} if line["decide"] == "class" else line
        for line in found["lines"]
    ]
    told = client.post("/api/classes/outlook", json={"lines": [*lines, out]}).json()["made"]
    counts = {one["name"]: one["count"] for one in told["classes"]}
    assert counts == {"red": by_name["red"]["images"] - 1, "green": by_name["green"]["images"]}
    assert len(client.get("/api/classes/decisions").text) == 0
    done = client.post("/api/classes/decisions", json={"lines": [*lines, out]}).json()
    assert done["changed"] == told["changed"] > 0
    kept = client.get("/api/classes/decisions").text.splitlines()
    assert [json.loads(line) for line in kept] == [*lines, out]
    collection.undo()
    for wrong, said in (
        ({"words": "list", "lines": []}, "no word in the list"),
        ({"words": "list", "lines": ["zebra"]}, "the most frequent words are"),
        ({"min_images": 0}, "at least 1"),
    ):
        reply = client.post("/api/classes", json=wrong)
        assert reply.status_code == 400, reply.text
        assert said in reply.json()["error"]["message"]
    bad = client.post("/api/classes/outlook", json={"lines": [{"decide": "colour"}]}).json()
    assert bad["problem"].startswith("A decision about classes is written")
