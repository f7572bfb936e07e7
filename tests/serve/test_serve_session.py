"""The app beside one's own code: what may frame it, and what they tell each other."""

from __future__ import annotations

import builtins
import sys
import threading
import webbrowser
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from fastapi.testclient import TestClient

import impasto
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import session as sessions
from impasto.serve.app import create_app
from impasto.serve.headers import HEADERS
from impasto.serve.session import Session
from impasto.serve.shown import Exchange, Shown
from impasto.serve.studio import Studio
from impasto.store import Collection

TOKEN = "a-token-that-is-long-enough"
FRAME = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "empty.impasto") as opened:
        yield opened


def visitor(
    collection: Collection,
    *,
    root_path: str = "",
    framed_by: tuple[str, ...] = ("https://hub.org",),
) -> TestClient:
    studio = Studio(collection, exchange=Exchange())
    app = create_app(studio, token=TOKEN, root_path=root_path, framed_by=framed_by)
    return TestClient(app, base_url="http://127.0.0.1:8585", follow_redirects=False)


def test_the_secret_address_may_be_framed_by_those_named_and_nobody_else(
    collection: Collection,
) -> None:
    answer = visitor(collection).get(f"/session/{TOKEN}/api/health", headers=FRAME)
    assert answer.status_code == 200
    assert "frame-ancestors 'self' https://hub.org" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    apart = {key: value for key, value in HEADERS.items() if key != "Content-Security-Policy"}
    assert {key: answer.headers[key] for key in apart} == apart


@pytest.mark.parametrize(
    "path",
    [
        "/api/health",
        f"/session/{TOKEN}",
        f"/session/{TOKEN}x/api/health",
        "/session//api/health",
        f"/api/session/{TOKEN}/health",
        f"/other/{TOKEN}/api/health",
    ],
)
def test_other_addresses_are_guarded_as_ever(collection: Collection, path: str) -> None:
    client = visitor(collection)
    framed = client.get(path, headers=FRAME)
    assert framed.status_code == 403
    assert framed.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 403


def test_without_frames_there_is_no_secret_address(collection: Collection) -> None:
    client = visitor(collection, framed_by=())
    assert client.get(f"/session/{TOKEN}/api/health", headers=FRAME).status_code == 403
    assert client.get(f"/session/{TOKEN}/api/health").status_code == 401


def test_a_hub_may_call_the_server_by_its_own_name(collection: Collection) -> None:
    answer = visitor(collection).put(
        f"/session/{TOKEN}/api/session",
        json={"selected": {"ids": []}, "view": "browse", "version": 0},
        headers={"Host": "127.0.0.1:8585", "Origin": "https://hub.org"},
    )
    assert answer.status_code == 204


@pytest.mark.parametrize("prefix", ["", "/user/me/proxy/8585"])
def test_the_secret_address_below_a_prefix(collection: Collection, prefix: str) -> None:
    client = visitor(collection, root_path="/user/me/proxy/8585")
    answer = client.get(f"{prefix}/session/{TOKEN}/api/health", headers=FRAME)
    assert answer.json()["status"] == "ok"


def test_pages_that_have_not_followed_are_not_heard() -> None:
    exchange = Exchange()
    assert exchange.report((1, 2), "browse", 0)
    exchange.ask(selected=(3,))
    assert not exchange.report((1, 2, 4), "neighbours", 0)
    assert exchange.now == Shown((3,), "browse", 1)
    assert exchange.report((3, 4), "neighbours", 1)
    assert exchange.now == Shown((3, 4), "neighbours", 1)


def test_without_a_notebook_nobody_listens(room: object) -> None:
    client: TestClient = room.client  # type: ignore[attr-defined]
    answer = client.put(
        "/api/session", json={"selected": {"ids": []}, "view": "browse", "version": 0}
    )
    assert answer.status_code == 404
    assert "No notebook" in answer.json()["error"]["message"]


class Frame(HTMLParser):
    """The frame that a notebook shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.address = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.address = dict(attrs)["src"] or ""


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)


@pytest.mark.usefixtures("clean")
def test_a_session_is_seen_heard_and_closed(gallery: object) -> None:
    with impasto.open(gallery.path, writable=False) as c:  # type: ignore[attr-defined]
        session = impasto.show(c, wait=False, browser=False, height=500)
        address = Frame(session._repr_html_()).address
        assert address == session.address
        assert address.startswith("http://127.0.0.1:")
        with urlopen(f"{address}api/health") as answer:
            assert answer.status == 200
        with pytest.raises(HTTPError, match="401"):
            urlopen(address.split("session/")[0] + "api/health")

        report = Request(
            f"{address}api/session",
            data=b'{"selected": {"filter": {"label": "discs"}}, "view": "browse", "version": 0}',
            method="PUT",
            headers={"Content-Type": "application/json"},
        )
        with urlopen(report) as answer:
            assert answer.status == 204
        wanted = c.stored.ids_with(label="discs")
        assert session.selected.dtype == np.int64
        np.testing.assert_array_equal(np.sort(session.selected), wanted)
        assert session.view == "browse"

        session.selected = wanted[:2]
        np.testing.assert_array_equal(session.selected, wanted[:2])
        session.view = "#/neighbours?term=label:discs"
        assert session.view == "neighbours?term=label:discs"
        with pytest.raises(NotFound):
            session.selected = [10**6]

        session.close()
        session.close()
        assert "closed" in repr(session)
        assert "<iframe" not in session._repr_html_()
        with pytest.raises(OSError, match="refused"):
            urlopen(f"{address}api/health")


def test_where_browsers_reach_a_session(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/me/")
    with Session(collection) as session:
        assert session.address.startswith(f"/user/me/proxy/{session._server.port}/session/")
    with Session(collection, address="https://a.org/{port}") as session:
        assert session.address.startswith(f"https://a.org/{session._server.port}/session/")
    with pytest.raises(InvalidInput, match=r"only \{port\} stands"):
        Session(collection, address="/{user}/")


@pytest.mark.usefixtures("clean")
def test_scripts_wait_and_notebooks_do_not(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.delattr(sys, "ps1", raising=False)
    with Session(collection) as session:  # a script: waits until it is closed elsewhere
        timer = threading.Timer(0.2, session.close)
        timer.start()
        sessions.begin(session, wait=None, browser=None)
        assert session._ended.is_set()
        assert opened == [session.address]
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    with Session(collection) as session:
        assert sessions.begin(session, wait=None, browser=None) is session
        assert len(opened) == 1
