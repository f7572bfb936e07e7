"""Every room and panel of the app under axe: no serious and no critical violation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import Site, Visit, visiting
else:
    from axe import violations
    from visits import Site, Visit, visiting

pytestmark = pytest.mark.browser
ROOMS = re.findall(
    r'page: "(\w+)",.*asks: (true|false)',
    (Path(__file__).parents[2] / "web" / "src" / "lib" / "rooms.ts").read_text(encoding="utf-8"),
)
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 844}


CUT_OFF = """() => [...document.querySelectorAll('main p, main input, main select')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 2)
  .map(e => e.outerHTML.slice(0, 120))"""


def cut_off(page: Page) -> list[str]:
    """Return what is cut off once the page had time to follow its new size."""
    found: list[str] = page.evaluate(CUT_OFF)
    for _ in range(30):
        if not found:
            break
        page.wait_for_timeout(100)
        found = page.evaluate(CUT_OFF)
    return found


def looked_at(page: Page) -> Iterator[str]:
    """Look at a page in light and dark, wide and narrow; yield what is wrong and where."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.wait_for_timeout(100)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # Only colours change with the scheme.
            only = () if scheme == "light" else ("color-contrast",)
            place = page.url.partition("#")[2]
            yield from (f"{place} {size['width']} {scheme}: {v}" for v in violations(page, *only))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"{page.url} scrolls sideways at {size['width']}"
        for wide in cut_off(page):
            yield f"{page.url} at {size['width']} cuts off {wide}"
    page.set_viewport_size(WIDE)


@pytest.fixture
def shown(visit: Visit) -> int:
    """Return a picture to ask with."""
    visit.go()
    return int(visit.api("images?text=circle&limit=500")["images"][-1]["id"])


def test_axe_finds_what_is_there_to_find(visit: Visit) -> None:
    page = visit.go()
    page.evaluate(
        """() => {
        const [button, faint] = ['button', 'p'].map(kind => document.createElement(kind));
        faint.textContent = 'hard to read';
        Object.assign(faint.style, { position: 'fixed', inset: '0 auto auto 0', zIndex: 99,
            padding: '20px', color: '#777777', background: '#888888' });
        document.querySelector('main').append(button, faint); }"""
    )
    found = violations(page)
    assert any(each.startswith("button-name") for each in found), found
    assert any(each.startswith("color-contrast") for each in found), found


def test_the_table_of_rooms_was_read() -> None:
    assert {"browse", "neighbours", "distribution", "try"} <= {page for page, _ in ROOMS}


@pytest.mark.parametrize("room", [page for page, _ in ROOMS])
def test_rooms(visit: Visit, shown: int, room: str) -> None:
    asks = dict(ROOMS)[room] == "true"
    for query in ("", f"?term=image:{shown}") if asks else ("", f"?image={shown}"):
        page = visit.go(f"#/{room}{query}", pictures=False)
        page.wait_for_timeout(400)
        assert list(looked_at(page)) == []


@pytest.mark.parametrize(
    ("place", "awaited"),
    [
        ("compare?q=0~~label:circle&q=1~~label:square", "A against B: "),
        ("compare?q=0~~label:circle&q=1~~label:square&box=0,1,0,1&curves=cumulative", "In the box"),
        ("retrieval?x=label:circle", "All depths"),
    ],
)
def test_rooms_with_an_answer(visit: Visit, place: str, awaited: str) -> None:
    page = visit.go(f"#/{place}", pictures=False)
    page.get_by_role("button", name=awaited).wait_for()
    page.wait_for_timeout(600)
    assert list(looked_at(page)) == []


def test_panels(visit: Visit) -> None:
    page = visit.go()
    page.keyboard.press("j")
    page.get_by_role("complementary", name="Jobs").wait_for()
    assert list(looked_at(page)) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert list(looked_at(page)) == []
    page.keyboard.press("Escape")
    page.set_viewport_size(NARROW)  # the filter, open till then, now covers the page
    page.get_by_role("button", name="Close the filter").wait_for()
    assert violations(page) == []


def test_a_collection_without_pictures(browser: Browser, empty: Site) -> None:
    with visiting(browser, empty.address) as visit:
        for room, _ in ROOMS:
            page = visit.go(f"#/{room}", pictures=False)
            page.wait_for_timeout(200)
            assert list(looked_at(page)) == []
