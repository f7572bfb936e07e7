"""Edits, undo, facets of properties and scores as an order, through the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from impasto.explore import typicality
from impasto.store import Filter

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def edit(room: Room, images: dict[str, Any], **change: Any) -> dict[str, Any]:
    answer = room.client.post("/api/edits", json={"images": images, "edit": change})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def order(room: Room, **params: Any) -> list[int]:
    answer = room.client.get("/api/order", params=params)
    assert answer.status_code == 200, answer.text
    ids: list[int] = np.frombuffer(answer.content, "<i4").tolist()
    return ids


def test_every_edit_and_back(room: Room) -> None:
    before = [room.collection.image(image) for image in room.usable[:4]]
    ids = [image.id for image in before]
    said = edit(room, {"ids": ids}, kind="tag", tags=["mine", "new"])
    assert said["changed"] == 4
    assert (said["undo"]["title"], said["undo"]["images"]) == ("Tagged mine, new", 4)
    assert said["redo"] is None
    edit(room, {"ids": ids}, kind="untag", tags=["mine"])
    edit(room, {"ids": ids}, kind="label", label=None)
    edit(room, {"ids": ids}, kind="split", split="test")
    edit(room, {"ids": ids}, kind="flag", note="look")
    edit(room, {"filter": {"tag": ["new"]}}, kind="hide", hidden=True)
    image = room.client.get(f"/api/images/{ids[0]}").json()
    assert (image["label"], image["split"]) == (None, "test")
    assert "new" in image["tags"]
    assert [(f["kind"], f["reason"], f["blocking"]) for f in image["flags"]] == [
        ("flagged", "look", False),
        ("hidden", "A person hid it.", False),
    ]
    assert not set(ids) & set(order(room))
    assert order(room, flag="hidden") == sorted(ids)
    near = room.client.get("/api/neighbours", params={"term": f"image:{room.usable[5]}", "k": 40})
    assert not set(ids) & {one["id"] for one in near.json()["neighbours"]}
    for left in range(6, 0, -1):
        said = room.client.post("/api/edits/undo").json()
        assert said["redo"]["images"] == said["changed"] >= 3
        assert (said["undo"] is None) == (left == 1)
    assert [room.collection.image(image) for image in ids] == before
    assert room.client.post("/api/edits/undo").status_code == 404
    assert room.client.post("/api/edits/redo").json()["undo"]["title"] == "Tagged mine, new"
    room.client.post("/api/edits/undo")
    assert room.client.get("/api/edits").json()["undo"] is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "tag", "tags": []}, 422),
        ({"kind": "tag", "tags": [" "]}, 400),
        ({"kind": "label", "label": " "}, 400),
        ({"kind": "split", "split": "training"}, 422),
        ({"kind": "delete"}, 422),
    ],
)
def test_wrong_edits_are_explained(room: Room, change: dict[str, Any], status: int) -> None:
    asked = {"images": {"filter": {}}, "edit": change}
    answer = room.client.post("/api/edits", json=asked)
    assert answer.status_code == status
    assert len(answer.json()["error"]["message"]) > 10


def test_a_facet_of_numbers_and_of_words(room: Room) -> None:
    years = room.client.get("/api/facet", params={"by": "property:year", "bins": 10}).json()
    assert sum(one["count"] for one in years["bins"]) == years["images"] == 27
    assert (years["bins"][0]["low"], years["bins"][-1]["high"]) == (1900, 1926)
    some = years["bins"][2:5]
    within = f"property:year={some[0]['low']}..{some[-1]['high']}"
    assert len(order(room, range=within)) == sum(one["count"] for one in some) == 9
    notes = room.client.get("/api/facet", params={"by": "property:note", "label": "red"}).json()
    assert notes["distinct"] == len(notes["values"]) == 9
    assert order(room, value="note=n° 3") == [room.ids["red/03.jpg"]]
    assert order(room, value=["note=n° 3", "year=1904"]) == []
    wide = room.client.get("/api/facet", params={"by": "width", "text": "large"}).json()
    assert [one["count"] for one in wide["bins"] if one["count"]] == [1]
    for wrong in ("width", "width=a..", "label=1.."):
        assert room.client.get("/api/order", params={"range": wrong}).status_code == 400
    assert room.client.get("/api/order", params={"value": "x"}).status_code == 400
    assert room.client.get("/api/facet", params={"by": "property:yeer"}).status_code == 404


def test_an_order_by_what_a_space_says(room: Room) -> None:
    asked = {"sort": "similarity", "descending": "true", "term": f"image:{room.usable[2]}"}
    found = order(room, **asked)
    unit = room.vectors / np.linalg.norm(room.vectors, axis=1, keepdims=True)
    want = [room.usable[row] for row in np.argsort(-(unit @ unit[2]), kind="stable")]
    assert found[: len(want)] == want
    assert set(found[len(want) :]) == set(order(room)) - set(want)  # without a vector: last
    assert order(room, **{**asked, "descending": "false"})[: len(want)] == want[::-1]
    vectors = room.collection.vectors(room.space)
    typical = typicality(vectors)
    by_rank = vectors.ids[np.argsort(-typical, kind="stable")].tolist()
    assert order(room, sort="typicality", descending="true")[: len(by_rank)] == by_rank
    red = set(room.collection.order(Filter(label="red")).tolist())
    some = order(room, sort="outlyingness", descending="true", label="red")
    assert set(some) == red
    assert some == [i for i in order(room, sort="outlyingness", descending="true") if i in red]
    other = order(room, sort="typicality", descending="true", space=room.other.name)
    assert other != order(room, sort="typicality", descending="true")
    assert room.client.get("/api/order", params={"sort": "similarity"}).status_code == 400
    assert room.client.get("/api/order", params={"sort": "beauty"}).status_code == 422
