"""Selections through the app, and the way a request names a set of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.store import Filter

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def test_a_selection_is_saved_used_renamed_and_forgotten(room: Room) -> None:
    client, ids = room.client, room.usable[:3]
    made = client.post("/api/selections", json={"name": "my best", "images": {"ids": ids}})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["images"]) == ("my best", 3)
    assert client.get("/api/selections").json() == [made.json()]
    order = client.get("/api/order", params={"selection": "my best"}).content
    assert np.frombuffer(order, "<i4").tolist() == sorted(ids)
    asked = client.get("/api/neighbours", params={"term": "selection:my best", "k": 1}).json()
    means = room.vectors[:3] / np.linalg.norm(room.vectors[:3], axis=1, keepdims=True)
    mean = means.mean(axis=0)
    scores = room.vectors @ mean / np.linalg.norm(room.vectors, axis=1) / np.linalg.norm(mean)
    assert asked["neighbours"][0]["similarity"] == pytest.approx(scores.max(), abs=1e-3)
    renamed = client.patch("/api/selections/my%20best", json={"name": "a/b?"})
    assert renamed.status_code == 204
    assert client.delete("/api/selections/a%2Fb%3F").status_code == 204
    assert client.get("/api/selections").json() == []
    assert client.delete("/api/selections/gone").status_code == 404


def test_all_that_match_a_filter(room: Room) -> None:
    asked = {"label": "red", "tag": ["warm"], "split": "train"}
    made = room.client.post("/api/selections", json={"name": "some", "images": {"filter": asked}})
    want = room.collection.order(Filter(label="red", tags=("warm",), split="train"))
    assert made.json()["images"] == len(want) > 0
    assert room.collection.ids_with(selection="some").tolist() == sorted(want.tolist())
    made = room.client.post("/api/selections", json={"name": "some", "images": {"filter": {}}})
    assert made.json()["images"] == len(room.collection.order())
    room.collection.remove_selection("some")


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ({}, "either `ids` or `filter`"),
        ({"ids": [1], "filter": {}}, "either `ids` or `filter`"),
        ({"filter": {"labels": "red"}}, "labels"),
        ({"ids": ["x"]}, "ids"),
        ({"ids": []}, "at least one image"),
        ({"ids": [99999]}, "99999"),
        ({"filter": {"label": "nothing"}}, "at least one image"),
    ],
)
def test_a_set_that_is_none_is_explained(room: Room, images: object, said: str) -> None:
    answer = room.client.post("/api/selections", json={"name": "wrong", "images": images})
    assert answer.status_code in (400, 404, 422)
    assert said in answer.json()["error"]["message"]
    assert room.collection.selections() == []
