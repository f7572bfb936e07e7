"""Words over HTTP: in spaces that know them, and a sentence everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures import Gallery
from kit import Own

from impasto import flow
from impasto.serve.app import create_app
from impasto.serve.studio import Studio
from impasto.store import Collection

BASE = "http://127.0.0.1:8585"


@pytest.fixture(scope="module")
def path(gallery: Gallery, towers: Own, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a collection with two spaces; the newer one knows words."""
    mine = gallery.copy(tmp_path_factory.mktemp("words"))
    with flow.open_collection(mine.path) as collection:
        flow.embed(collection, flow.EmbedOptions(towers.network, weights=towers.file))
    return mine.path


@pytest.fixture(scope="module")
def client(path: Path) -> Iterator[TestClient]:
    with Collection.open(path) as collection:
        studio = Studio(collection)
        with TestClient(create_app(studio), base_url=BASE) as client:
            yield client
        studio.close()


def test_spaces_say_whether_they_know_words(client: TestClient) -> None:
    spaces = client.get("/api/collection").json()["spaces"]
    assert [space["words"] for space in spaces] == [False, True]


def test_the_answer_is_that_of_the_library(client: TestClient, path: Path) -> None:
    terms = ["text:a red bird", "-text:snow", "image:3"]
    said = client.get("/api/neighbours", params={"term": terms, "k": 24}).json()
    with flow.open_collection(path, writable=False) as collection:
        answer = flow.ask(collection, [flow.parse(term) for term in terms])
    near = answer.neighbours(24)
    assert [one["id"] for one in said["neighbours"]] == near.ids.tolist()
    shares = [one["percentile"] for one in said["neighbours"]]
    np.testing.assert_allclose(shares, answer.background.percentile(near.similarities))
    assert said["background"]["of"] == "random words and images in the place of yours"
    spread = client.get("/api/distribution", params={"term": "text:a red bird"}).json()
    assert spread["background_of"] == "random words with random images"
    assert spread["total"] == 24


def test_a_space_that_knows_none(client: TestClient) -> None:
    first, second = (one["name"] for one in client.get("/api/collection").json()["spaces"])
    answer = client.get("/api/neighbours", params={"term": "text:a dog", "space": first})
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert "knows pictures, not words" in message
    assert second in message
    long = client.get("/api/neighbours", params={"term": "text:" + "dog " * 50})
    assert "say it in fewer words" in long.json()["error"]["message"]


def test_side_by_side_a_space_without_words_says_so(client: TestClient) -> None:
    first, second = (one["name"] for one in client.get("/api/collection").json()["spaces"])
    asked = {"term": ["text:a dog"], "space": [first, second]}
    without, within = client.get("/api/side-by-side", params=asked).json()["columns"]
    assert "knows pictures, not words" in without["unable"]
    assert (without["neighbours"], without["background"]) == ([], None)
    assert within["unable"] is None
    near = client.get("/api/neighbours", params={"term": "text:a dog", "k": 24}).json()
    assert [one["id"] for one in within["neighbours"]] == [o["id"] for o in near["neighbours"]]
    assert {tuple(one["ranks"]) for one in within["neighbours"]} == {
        (None, rank + 1) for rank in range(24)
    }


def test_two_texts_compared(client: TestClient) -> None:
    first, _ = (one["name"] for one in client.get("/api/collection").json()["spaces"])
    queries = [{"terms": ["text:a red bird"]}, {"terms": ["text:snow"], "title": "cold"}]
    said = client.post("/api/compare", json={"queries": queries})
    assert said.json()["titles"] == ["“a red bird”", "cold"]
    refused = client.post("/api/compare", json={"queries": queries, "space": first})
    assert "knows pictures, not words" in refused.json()["error"]["message"]
