"""What journeys share: pictures to draw, a server for a collection, a visit with a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw
from playwright.sync_api import Browser, Page

from impasto.serve.server import Server
from impasto.serve.studio import Studio
from impasto.store import Collection

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SHAPES = ("circle", "square", "stripes")
PER_SHAPE = 16


def lacking(what: str) -> None:
    """Skip with a plain reason; under CI nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def find_chromium() -> str | None:
    """Return the Chromium or Chrome to drive."""
    named = os.environ.get("IMPASTO_TEST_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def draw(shape: str, seed: int) -> Pillow.Image:
    """Draw one of three shapes in some colour, somewhere."""
    chance = np.random.default_rng([SHAPES.index(shape), seed])
    size = (int(chance.integers(200, 320)), int(chance.integers(180, 280)))
    ground, colour = (tuple(int(c) for c in chance.integers(0, 256, 3)) for _ in range(2))
    picture = Pillow.new("RGB", size, ground)
    pen = ImageDraw.Draw(picture)
    side = int(chance.integers(70, 120))
    x, y = (int(chance.integers(10, length - side - 10)) for length in size)
    if shape == "circle":
        pen.ellipse((x, y, x + side, y + side), fill=colour)
    elif shape == "square":
        pen.rectangle((x, y, x + side, y + side), fill=colour)
    else:
        for left in range(0, size[0], 24):
            pen.rectangle((left, 0, left + 11, size[1]), fill=colour)
    return picture


def draw_folder(folder: Path) -> Path:
    """Write a folder of labelled pictures, some with tags, and three that are trouble."""
    for shape in SHAPES:
        (folder / shape).mkdir(parents=True)
        for number in range(PER_SHAPE):
            file = folder / shape / f"{shape}-{number:02}.png"
            draw(shape, number).save(file)
            if number % 2 == 0:
                file.with_suffix(".txt").write_text("even, round" if shape == "circle" else "even")
    (folder / "circle" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(200))
    (folder / "square" / "empty.png").write_bytes(b"")
    Pillow.new("RGB", (12, 12), "red").save(folder / "stripes" / "speck.png")
    return folder


@dataclass
class Site:
    """A server and its collection."""

    address: str
    studio: Studio

    @property
    def collection(self) -> Collection:
        return self.studio.collection


@contextmanager
def serving(path: Path, port: int | None = None) -> Iterator[Site]:
    """Serve a collection."""
    with Collection.open(path) as collection:
        studio = Studio(collection)
        with Server(studio, port=port) as server:
            yield Site(server.address, studio)
        studio.close()


@dataclass
class Visit:
    """A page in use, and everything that must not happen on it."""

    page: Page
    address: str
    host: str
    said: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def go(self, place: str = "", *, pictures: bool = True) -> Page:
        """Open a place of the app and wait until it shows something."""
        self.page.goto(self.address + place)
        if pictures:
            self.page.locator("img.ready, .tile").first.wait_for()
        return self.page

    def ids(self) -> list[int]:
        """Ids of the tiles drawn, in their order."""
        found: list[int] = self.page.evaluate(
            "[...document.querySelectorAll('.tile')]"
            ".sort((a, b) => a.dataset.index - b.dataset.index).map(t => Number(t.dataset.id))"
        )
        return found

    def api(self, path: str) -> Any:
        """Ask the server what the page should show."""
        return self.page.request.get(f"{self.address}api/{path}").json()

    @property
    def hash(self) -> str:
        """Where the app says it is."""
        return urlsplit(self.page.url).fragment


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """Use the app; afterwards the console must be empty and nothing may have left the machine."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(15_000)
    page = context.new_page()
    visit = Visit(page, address, urlsplit(address).netloc)
    page.on("console", lambda message: visit.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda problem: visit.said.append(f"error: {problem}"))

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != visit.host:
            visit.outside.append(url)

    context.on("request", lambda request: asked(request.url))
    yield visit
    context.close()
    assert not visit.said, visit.said
    assert not visit.outside, visit.outside
