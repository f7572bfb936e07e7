"""Exports from the app: a job writes, a file is fetched, and nothing stays behind."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from impasto.export import FORMATS
from impasto.serve.app import create_app
from impasto.serve.exports import MOST
from impasto.serve.studio import Studio
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def export(room: Room, **options: Any) -> dict[str, Any]:
    """Start an export and wait for its end."""
    asked = {"kind": "export", "options": options}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 202, answer.json()
    room.studio.jobs.wait(answer.json()["id"], 30)
    jobs = room.client.get("/api/jobs").json()
    said: dict[str, Any] = next(job for job in jobs if job["id"] == answer.json()["id"])
    assert said["state"] == "done", said["error"]
    return said


def fetch(room: Room, job: dict[str, Any]) -> bytes:
    answer = room.client.get(f"/api/exports/{job['id']}")
    assert answer.status_code == 200
    assert job["file"] in answer.headers["content-disposition"]
    return answer.content


def test_the_formats_there_are(room: Room) -> None:
    said = room.client.get("/api/exports").json()
    assert [one["name"] for one in said] == list(FORMATS)
    files = {one["name"]: one["files"] for one in said}
    assert files["csv"] == ["none", "copy"]
    assert files["imagefolder"] == ["copy"]


def test_a_table_of_some_images_comes_as_one_file(room: Room) -> None:
    ids = [room.ids["blue/02.png"], room.ids["red/00.png"]]
    job = export(room, format="csv", images={"ids": ids})
    assert job["file"] == "pictures-csv.csv"
    rows = list(csv.DictReader(io.StringIO(fetch(room, job).decode("utf-8"))))
    assert sorted(int(row["id"]) for row in rows) == sorted(ids)
    some = export(room, format="csv", images={"filter": {"label": "blue"}})
    rows = list(csv.DictReader(io.StringIO(fetch(room, some).decode("utf-8"))))
    assert {row["label"] for row in rows} == {"blue"}


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_every_format_comes_whole(room: Room, name: str) -> None:
    job = export(room, format=name, images={"filter": {"label": "green"}})
    data = fetch(room, job)
    if job["file"].endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            told = json.loads(archive.read(f"pictures-{name}/export.json"))
            assert told["images"] == 9
            if name == "numpy":
                vectors = np.load(io.BytesIO(archive.read("pictures-numpy/vectors.npy")))
                assert vectors.shape == (9, room.space.dimension)
            if name == "imagefolder":
                assert sum(each.endswith((".png", ".jpg")) for each in names) == 9
    else:
        assert data[:4] == data[-4:] == b"PAR1"


def test_what_can_not_be_exported_is_said_at_once(room: Room) -> None:
    asked = {"kind": "export", "options": {"format": "floppy"}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 404
    assert "floppy" in answer.json()["error"]["message"]
    asked = {"kind": "export", "options": {"format": "numpy", "space": "nowhere"}}
    assert room.client.post("/api/jobs", json=asked).status_code == 404
    assert room.client.get("/api/exports/abc").status_code == 404


def test_the_oldest_export_gives_way(room: Room) -> None:
    jobs = [
        export(room, format="csv", images={"filter": {"label": "red"}}) for _ in range(MOST + 1)
    ]
    assert room.client.get(f"/api/exports/{jobs[0]['id']}").status_code == 404
    listed = {job["id"]: job["file"] for job in room.client.get("/api/jobs").json()}
    assert listed[jobs[0]["id"]] is None
    fetch(room, jobs[1])


def test_reading_alone_allows_it_and_nothing_stays(room: Room) -> None:
    with Collection.open(room.collection.path, writable=False) as collection:
        studio = Studio(collection)
        with TestClient(create_app(studio), base_url=str(room.client.base_url)) as client:
            mine = replace(room, client=client, studio=studio)
            job = export(mine, format="csv")
            fetch(mine, job)
            folder = studio.exports[job["id"]].parent
        studio.close()
    assert not folder.exists()
