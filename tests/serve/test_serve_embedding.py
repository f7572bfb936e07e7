"""From the app to vectors and back: an embed job, then a picture from outside as the query."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image as Pillow

if TYPE_CHECKING:
    from tests.serve.conftest import Room


@pytest.fixture(scope="module")
def embedded(room: Room) -> Room:
    answer = room.client.post("/api/jobs", json={"kind": "embed", "options": {}})
    job = room.studio.jobs.wait(answer.json()["id"], 120)
    assert (job.state, job.error) == ("done", None)
    assert job.done == job.total
    assert any("images embedded" in note for note in job.notes)
    return room


def test_the_job_made_the_new_default_space(embedded: Room) -> None:
    said = embedded.client.get("/api/collection").json()
    space = said["spaces"][-1]
    assert said["default_space"] == space["name"]
    assert space["network"] == "efficientnet-lite0"
    assert space["rows"] > 30


def test_an_uploaded_copy_finds_its_original(embedded: Room) -> None:
    image = embedded.collection.image(embedded.ids["blue/05.jpg"])
    sent = {"file": ("copy.jpg", image.file.read_bytes())}
    upload = embedded.client.post("/api/uploads", files=sent).json()
    said = embedded.client.get("/api/neighbours", params={"term": f"upload:{upload['id']}"}).json()
    first = said["neighbours"][0]
    assert first["id"] == image.id
    assert first["similarity"] > 0.9999
    assert first["percentile"] == 100


def test_an_upload_can_be_mixed_with_images(embedded: Room) -> None:
    out = io.BytesIO()
    Pillow.new("RGB", (64, 64), (200, 30, 30)).save(out, "PNG")
    upload = embedded.client.post("/api/uploads", files={"file": ("a.png", out.getvalue())}).json()
    terms = [f"upload:{upload['id']}", f"-image:{embedded.ids['blue/05.jpg']}"]
    said = embedded.client.get("/api/distribution", params={"term": terms}).json()
    assert said["total"] == sum(said["counts"]) > 30


def test_an_upload_needs_the_network_of_the_space(embedded: Room) -> None:
    out = io.BytesIO()
    Pillow.new("RGB", (64, 64)).save(out, "PNG")
    upload = embedded.client.post("/api/uploads", files={"file": ("a.png", out.getvalue())}).json()
    params = {"term": f"upload:{upload['id']}", "space": embedded.space.name}
    answer = embedded.client.get("/api/neighbours", params=params)
    assert answer.status_code == 404
    assert "drawn" in answer.json()["error"]["message"]
