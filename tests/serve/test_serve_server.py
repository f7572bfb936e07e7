"""A real server on a real port: addresses, tokens, event streams, stopping."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.core.records import Found
from impasto.serve.server import Server, bind
from impasto.serve.studio import Studio
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.serve.conftest import Room


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with Collection.create(tmp_path / "empty.impasto") as collection:
        made = Studio(collection)
        yield made
        made.close()


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_it_serves_from_a_thread_and_stops(studio: Studio) -> None:
    with Server(studio) as server:
        assert server.address == f"http://127.0.0.1:{server.port}/"
        assert httpx.get(server.address + "api/health").json()["status"] == "ok"
        answer = httpx.get(server.address)
        assert "server" not in answer.headers
        rebound = httpx.get(server.address, headers={"Host": "evil.example"})
        assert rebound.status_code == 403
        port = server.port
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_two_servers_take_two_ports(studio: Studio) -> None:
    with Server(studio) as first, Server(studio) as second:
        assert first.port != second.port


def test_a_taken_port_is_said(studio: Studio) -> None:
    with (
        Server(studio, port=0) as server,
        pytest.raises(InvalidInput, match=f"127.0.0.1:{server.port}.*Choose another"),
    ):
        Server(studio, port=server.port)
    with pytest.raises(InvalidInput, match="Can't listen"):
        bind("203.0.113.7", 0)


def test_beyond_this_machine_there_is_always_a_token(studio: Studio) -> None:
    with Server(studio, host="0.0.0.0", port=0) as server:
        assert "?token=" in server.address
        local = f"http://127.0.0.1:{server.port}/api/health"
        assert httpx.get(local).status_code == 401
        token = server.address.partition("?token=")[2]
        assert len(token) >= 24
        with httpx.Client(follow_redirects=True) as browser:
            assert browser.get(f"{local}?token={token}").status_code == 200
            assert browser.get(local).status_code == 200


def test_it_works_under_a_prefix(studio: Studio) -> None:
    with Server(studio, port=0, root_path="/user/me") as server:
        assert httpx.get(f"{server.address}api/health").status_code == 200
        assert httpx.get(f"{server.address}user/me/api/health").status_code == 200


def test_events_begin_with_a_snapshot_and_follow_a_job(studio: Studio) -> None:
    go = threading.Event()

    def work(progress: Progress) -> None:
        progress.stage("Working", 2)
        progress.advance()
        assert go.wait(10)
        progress.advance()

    with (
        Server(studio, port=0) as server,
        httpx.stream("GET", f"{server.address}api/jobs/events", timeout=10) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        stream = events(answer.iter_lines())
        assert next(stream) == ("jobs", [])
        state = studio.collection.version
        counts = {"images": 0, "usable": 0, "unread": 0, "rows": {}, "state": state}
        assert next(stream) == ("collection", counts)
        job = studio.jobs.submit("embed", "Work", work)
        seen = []
        for name, data in stream:
            if name == "jobs":
                seen.append((data[0]["state"], data[0]["done"]))
                if data[0]["state"] == "running" and data[0]["done"] == 1:
                    go.set()
                if data[0]["state"] == "done":
                    break
        assert data[0]["id"] == job.id
        assert ("running", 1) in seen
        assert seen[-1] == ("done", 2)


def test_events_tell_when_counts_change(studio: Studio, tmp_path: Path) -> None:
    from PIL import Image as Pillow

    (tmp_path / "a").mkdir()
    Pillow.new("RGB", (40, 40)).save(tmp_path / "a" / "b.png")

    def work(_: Progress) -> None:
        found = Found(tmp_path / "a", "b.png", 1, 1)
        studio.collection.record(
            [found], root=tmp_path / "a", prune=False, hash_file=lambda _: bytes(32)
        )

    with (
        Server(studio, port=0) as server,
        httpx.stream("GET", f"{server.address}api/jobs/events", timeout=10) as answer,
    ):
        stream = events(answer.iter_lines())
        next(stream), next(stream)
        studio.jobs.submit("add", "Add", work)
        said = next(data for name, data in stream if name == "collection")
        assert (said["images"], said["unread"]) == (1, 1)


def test_events_tell_of_an_edit_at_once(studio: Studio, tmp_path: Path) -> None:
    studio.collection.record(
        [Found(tmp_path, "b.png", 1, 1)],
        root=tmp_path,
        prune=False,
        hash_file=lambda _: bytes(32),
    )
    with (
        Server(studio, port=0) as server,
        httpx.stream("GET", f"{server.address}api/jobs/events", timeout=10) as answer,
    ):
        stream = events(answer.iter_lines())
        before = [next(stream), next(stream)][1][1]["state"]
        began = time.monotonic()
        studio.collection.save_selection("mine", [1])
        said = next(data for name, data in stream if name == "collection")
        assert time.monotonic() - began < 5, "it need not wait for the next look at the counts"
        assert said["state"] != before
        held = httpx.get(f"{server.address}api/collection").json()
        assert held["state"] == said["state"]


def test_a_server_with_open_streams_stops_at_once(studio: Studio) -> None:
    server = Server(studio, port=0)
    with server, httpx.Client(timeout=10) as client:
        request = client.build_request("GET", f"{server.address}api/jobs/events")
        answer = client.send(request, stream=True)
        next(answer.iter_lines())
        began = time.monotonic()
        server.__exit__(None, None, None)
        assert time.monotonic() - began < 3
        answer.close()


def test_jobs_are_started_followed_and_cancelled(room: Room) -> None:
    folder = room.collection.roots()[0]
    asked = {"kind": "add", "options": {"sources": [str(folder)]}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert (said["kind"], said["state"]) == ("add", "queued")
    over = room.studio.jobs.wait(said["id"], 20)
    assert over.error is None
    listed = room.client.get("/api/jobs").json()
    assert listed[0]["id"] == said["id"]
    assert listed[0]["state"] == "done"
    assert listed[0]["started"].endswith("Z")
    cancelled = room.client.post(f"/api/jobs/{said['id']}/cancel").json()
    assert cancelled["state"] == "done"
    assert room.client.post("/api/jobs/none/cancel").status_code == 404


@pytest.mark.parametrize("source", ["/etc", "..", "~", "{root}/../outside.png", "{root}x"])
def test_the_app_can_not_add_folders_that_were_not_given(room: Room, source: str) -> None:
    source = source.format(root=room.collection.roots()[0])
    asked = {"kind": "add", "options": {"sources": [source]}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 403
    assert "impasto add" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "delete", "options": {}},
        {"kind": "add", "options": {"sources": []}},
        {"kind": "embed", "options": {"net": "vgg19"}},
        {"kind": "embed", "options": {"flip": "sometimes"}},
        {"kind": "learn", "options": {"folds": 1}},
        {},
    ],
)
def test_jobs_that_make_no_sense_are_refused(room: Room, asked: dict[str, Any]) -> None:
    before = len(room.studio.jobs.list())
    assert room.client.post("/api/jobs", json=asked).status_code in (400, 422)
    assert len(room.studio.jobs.list()) == before


def test_a_network_that_is_not_there_fails_the_job_with_a_sentence(room: Room) -> None:
    asked = {"kind": "embed", "options": {"network": "vgg91"}}
    said = room.client.post("/api/jobs", json=asked).json()
    over = room.studio.jobs.wait(said["id"], 60)
    assert over.state == "failed"
    assert over.error is not None
    assert "vgg19" in over.error


def test_a_collection_for_reading_takes_no_jobs(room: Room, tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from impasto.serve.app import create_app

    with Collection.open(room.collection.path, writable=False) as collection:
        reader = Studio(collection)
        with TestClient(create_app(reader), base_url=str(room.client.base_url)) as client:
            assert client.get("/api/collection").json()["writable"] is False
            answer = client.post("/api/jobs", json={"kind": "embed", "options": {}})
            assert answer.status_code == 400
            assert "reading only" in answer.json()["error"]["message"]
        reader.close()


def test_bind_finds_the_next_free_port() -> None:
    with bind("127.0.0.1", None) as first, bind("127.0.0.1", None) as second:
        assert first.getsockname()[1] < second.getsockname()[1]
        # Without it every answer over one connection waits 40 ms.
        assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("given", "words"), [({"token": "short"}, "guessed"), ({"hosts": ("*",)}, "only together")]
)
def test_what_lets_strangers_in_is_refused_before_serving(
    studio: Studio, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        Server(studio, **given)
