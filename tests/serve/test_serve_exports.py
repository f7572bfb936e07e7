"""Exports from the app: a job writes, a file is fetched, and nothing stays behind."""

from __future__ import annotations

import csv
import io
import json
import threading
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
    assert [one["name"] for one in said] == [*FORMATS, "app"]
    files = {one["name"]: one["files"] for one in said}
    assert files["csv"] == ["none", "copy", "link", "symlink"]
    assert files["imagefolder"] == ["copy", "link", "symlink"]
    assert [one["name"] for one in said if one["maps"]] == ["parquet", "embedding-atlas", "app"]


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


def test_a_site_of_some_images_comes_as_an_archive(room: Room) -> None:
    ids = sorted([room.ids["blue/02.png"], room.ids["red/00.png"]])
    job = export(room, format="app", images={"ids": ids}, title="Two of them", k=1)
    assert job["file"] == "pictures-app.zip"
    with zipfile.ZipFile(io.BytesIO(fetch(room, job))) as archive:
        names = set(archive.namelist())
        assert "pictures-app/index.html" in names
        shown = np.frombuffer(archive.read("pictures-app/data/ids.i32"), "<i4")
        assert shown.tolist() == ids
        site = json.loads(archive.read("pictures-app/data/site.json"))
    assert site["collection"]["name"] == "Two of them"
    assert site["near"][room.space.name]["k"] == 1
    assert {name for name in names if "/thumbnails/" in name} == {
        f"pictures-app/data/thumbnails/{each // 1000}/{each}.jpg" for each in ids
    }


@pytest.mark.parametrize(("files", "same"), [("link", True), ("symlink", True), ("copy", False)])
def test_a_folder_beside_the_collection_holds_links(room: Room, files: str, same: bool) -> None:
    job = export(room, format="imagefolder", folder=f"as-{files}", files=files, splits=False)
    assert job["file"] is None
    there = room.collection.path.parent / f"as-{files}"
    assert any(str(there) in note for note in job["notes"])
    written = there / "blue" / "02.png"
    original = next(root / "blue" / "02.png" for root in room.collection.roots())
    assert written.samefile(original) is same
    assert written.is_symlink() is (files == "symlink")
    asked = {"kind": "export", "options": {"format": "csv", "folder": f"as-{files}"}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 400
    assert "exists already" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "folder", ["", " ", ".", "..", "../out", "a/b", "/tmp/out", "a\\b", ".new"]
)
def test_the_app_writes_beside_the_collection_only(room: Room, folder: str) -> None:
    before = sorted(room.collection.path.parent.iterdir())
    for form in ("csv", "app"):
        asked = {"kind": "export", "options": {"format": form, "folder": folder}}
        answer = room.client.post("/api/jobs", json=asked)
        assert answer.status_code == 400
        assert "plain name" in answer.json()["error"]["message"]
    assert sorted(room.collection.path.parent.iterdir()) == before


def test_what_does_not_fit_a_site_or_links_is_said_at_once(room: Room) -> None:
    def said(**options: Any) -> tuple[int, str]:
        answer = room.client.post("/api/jobs", json={"kind": "export", "options": options})
        return answer.status_code, answer.json()["error"]["message"]

    assert said(format="csv", files="link") == (
        400,
        "Links can't be fetched: name a folder beside the collection.",
    )
    assert said(format="app", map="nowhere")[0] == 404
    assert said(format="app", comparisons=["never kept"])[0] == 404
    assert said(format="app", space="nowhere")[0] == 404


def test_a_site_can_be_stopped_and_leaves_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    shapes = Collection.shapes

    def slow(self: Collection) -> Any:
        reached.set()
        go_on.wait(20)
        return shapes(self)

    monkeypatch.setattr(Collection, "shapes", slow)
    asked = {"kind": "export", "options": {"format": "app", "folder": "site"}}
    job = room.client.post("/api/jobs", json=asked).json()["id"]
    assert reached.wait(20)
    room.client.post(f"/api/jobs/{job}/cancel")
    go_on.set()
    assert room.studio.jobs.wait(job, 20).state == "cancelled"
    assert not [each for each in room.collection.path.parent.iterdir() if "site" in each.name]
