"""A real Chromium, a real server, a real collection: what every journey starts from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from impasto import flow
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.visits import (
        FLAGS,
        Site,
        Visit,
        draw_folder,
        find_chromium,
        lacking,
        serving,
        visiting,
    )
else:
    from visits import FLAGS, Site, Visit, draw_folder, find_chromium, lacking, serving, visiting


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(driver: Playwright) -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        lacking("no Chromium on the PATH: apt-get install chromium, or set IMPASTO_TEST_CHROMIUM")
    static = Path(flow.__file__).parents[1] / "serve" / "static" / "index.html"
    if not static.is_file():
        lacking("the pages are not built: python hatch_build.py")
    with driver.chromium.launch(executable_path=chromium, args=FLAGS) as opened:
        yield opened


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gathered and embedded collection, to be copied by whoever changes it."""
    home = tmp_path_factory.mktemp("drawn")
    draw_folder(home / "pictures")
    with Collection.create(home / "shapes.impasto") as collection:
        flow.add(collection, home / "pictures")
        flow.embed(collection)
    return home


@pytest.fixture(scope="session")
def site(drawn: Path) -> Iterator[Site]:
    """The collection served; journeys that share it leave it as it was."""
    with serving(drawn / "shapes.impasto") as served:
        yield served


@pytest.fixture
def own(drawn: Path, tmp_path: Path) -> Iterator[Site]:
    """A copy of the collection and its pictures, served, to do with as one likes."""
    home = tmp_path / "own"
    shutil.copytree(drawn, home)
    with serving(home / "shapes.impasto") as served:
        yield served


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A collection with nothing in it, served."""
    path = tmp_path_factory.mktemp("empty") / "empty.impasto"
    Collection.create(path).close()
    with serving(path) as served:
        yield served


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A visit to the shared collection."""
    with visiting(browser, site.address) as opened:
        yield opened
