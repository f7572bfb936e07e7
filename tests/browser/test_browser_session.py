"""The app in a frame of a page of another origin, as in a notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

import impasto

if TYPE_CHECKING:
    from tests.browser.visits import visiting
else:
    from visits import visiting

pytestmark = pytest.mark.browser


@contextmanager
def page_with(body: str, host: str) -> Iterator[str]:
    """Serve one page, as a notebook would show an output."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            icon = '<link rel="icon" href="data:,">'
            self.wfile.write(f"<!doctype html><title>book</title>{icon}{body}".encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{host}:{server.server_port}/"
        server.shutdown()
        thread.join()


def until(true: Callable[[], bool]) -> None:
    """Wait until something that another thread does has happened."""
    waited = threading.Event()
    for _ in range(200):
        if true():
            return
        waited.wait(0.05)
    raise AssertionError("it did not happen within ten seconds")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_notebook_shows_the_app_and_knows_what_is_chosen(
    browser: Browser, drawn: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
    with (
        impasto.open(drawn / "shapes.impasto", writable=False) as c,
        impasto.show(c, wait=False, browser=False) as session,
        page_with(session._repr_html_(), host) as book,
        visiting(browser, book) as visit,
    ):
        visit.host = urlsplit(session.address).netloc
        visit.page.goto(book)
        visit.outside.clear()  # the book itself
        frame = visit.page.frame_locator("iframe")
        frame.locator("img.ready").first.wait_for()
        until(lambda: session.view == "browse")

        tiles = frame.locator(".tile")
        picked = [int(tiles.nth(n).get_attribute("data-id") or -1) for n in (1, 3)]
        for n in (1, 3):
            tiles.nth(n).click(modifiers=["Control"])
        until(lambda: sorted(session.selected.tolist()) == sorted(picked))

        frame.get_by_role("link", name="Neighbours").first.click()
        until(lambda: session.view == "neighbours")

        wanted = c.stored.ids_with(label="circle")[:3]
        session.selected = wanted
        session.view = f"browse?label=circle&image={wanted[0]}"
        frame.get_by_role("complementary", name="Picture").wait_for()
        until(lambda: session._exchange.now.version == 2)
        assert session.selected.tolist() == wanted.tolist()
        for image in wanted.tolist():
            frame.locator(f'.tile[data-id="{image}"][aria-selected=true]').wait_for()
        assert frame.locator(".tile[aria-selected=true]").count() == len(wanted)

        cookies = visit.page.context.cookies()
        assert not cookies, cookies
