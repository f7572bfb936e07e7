"""How the app looks and holds up: schemes, phones, prefixes, names for those who listen, size."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, Route, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from impasto.core.records import About, Facts, Found
from impasto.serve.app import create_app
from impasto.serve.server import bind
from impasto.serve.studio import Studio
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.visits import Site, serving, visiting
else:
    from visits import Site, serving, visiting

pytestmark = pytest.mark.browser

ROOMS = Path(__file__).parents[2] / "web" / "src" / "lib" / "rooms.ts"
PLACES = (
    "#/browse",
    "#/browse?image={id}",
    "#/neighbours",
    "#/neighbours?term=image:{id}",
    "#/distribution?term=image:{id}",
    "#/compare",
    "#/compare?q=0~~label:circle&q=1~~label:square",
    "#/retrieval",
    "#/retrieval?x=label:circle",
    "#/try",
    "#/distribution?term=image:{id}&inside=label:square",
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

NAMELESS = """() => [...document.querySelectorAll('button, a, input, select, [role]')]
  .filter(e => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
  .filter(e => !['presentation', 'none', 'status'].includes(e.getAttribute('role')))
  .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.title
      || e.getAttribute('aria-labelledby') || e.textContent.trim()))
  .map(e => e.outerHTML.slice(0, 120))"""

FAINT = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92
      : ((c + 0.055) / 1.055) ** 2.4).reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c; }
      return [255, 255, 255]; };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest('noscript')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${e.textContent.trim().slice(0, 40)} ${ratio.toFixed(2)}`);
  }
  return bad; }"""


def settled(page: Page) -> None:
    page.wait_for_timeout(500)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_has_names_contrast_and_no_sideways_scrolling(
    browser: Browser, site: Site, scheme: str
) -> None:
    for options in ({}, PHONE):
        with visiting(browser, site.address, color_scheme=scheme, **options) as visit:
            shown = visit.api("images?text=circle&limit=500")["images"][-1]["id"]
            for place in PLACES:
                page = visit.go(place.format(id=shown), pictures=False)
                settled(page)
                assert page.evaluate(NAMELESS) == [], place
                assert page.evaluate(FAINT) == [], place
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place


def test_the_scheme_follows_the_system_until_one_is_chosen(browser: Browser, site: Site) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with visiting(browser, site.address, color_scheme="dark") as visit:
        page = visit.go()
        dark = page.evaluate(ground)
        page.emulate_media(color_scheme="light")
        light = page.evaluate(ground)
        assert light != dark
        page.get_by_role("button", name="Colours").click()  # light
        page.get_by_role("button", name="Colours").click()  # dark
        assert page.evaluate(ground) == dark
        page.reload()
        assert page.evaluate(ground) == dark


def test_rooms_that_have_no_place_wait_behind_more(browser: Browser, site: Site) -> None:
    for options in (PHONE, {"viewport": {"width": 900, "height": 700}}):
        with visiting(browser, site.address, **options) as visit:
            page = visit.go()
            rooms = page.get_by_role("navigation", name="Rooms")
            assert rooms.get_by_role("link", name="Try").count() == 0
            rooms.get_by_role("button", name="More rooms").click()
            rooms.get_by_role("link", name="Try").click()
            page.wait_for_url("**/#/try")
            expect(rooms.get_by_role("link", name="Map")).to_have_count(0)
            expect(rooms.get_by_role("button", name="Try, more rooms")).to_have_attribute(
                "aria-current", "true"
            )
            page.keyboard.press("g")
            page.keyboard.press("r")
            expect(rooms.get_by_role("button", name="Retrieval, more rooms")).to_be_visible()
    with visiting(browser, site.address) as visit:
        page = visit.go()
        expect(page.get_by_role("button", name="More rooms")).to_have_count(0)
        links = page.get_by_role("navigation", name="Rooms").get_by_role("link")
        expect(links).to_have_count(ROOMS.read_text(encoding="utf-8").count("{ page: "))


def test_pages_come_when_they_are_entered(browser: Browser, site: Site) -> None:
    with visiting(browser, site.address) as visit:
        came: list[str] = []
        visit.page.on("request", lambda request: came.append(request.url))
        page = visit.go()
        assert any("Browse-" in url for url in came)
        assert not any("Try-" in url for url in came)
        with page.expect_request("**/assets/Try-*.js"):  # while nothing else is to do
            page.wait_for_timeout(2500)


def test_a_phone_gets_the_same_rooms(browser: Browser, site: Site) -> None:
    with visiting(browser, site.address, **PHONE) as visit:
        page = visit.go()
        page.locator(".tile:has(img.ready)").first.tap()
        page.get_by_role("link", name="Similar").tap()
        page.locator(".tile img.ready").first.wait_for()
        page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Distribution").tap()
        page.get_by_role("slider", name="Lowest similarity").wait_for()
        assert "term=image:" in visit.hash
        page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Browse").tap()
        page.get_by_role("button", name="Filter", exact=True).tap()
        page.get_by_role("button", name="square").tap()
        page.get_by_role("button", name="Close the filter").tap()
        expect(page.locator(".total")).to_contain_text("17")


@contextmanager
def below(prefix: str, studio: Studio) -> Iterator[str]:
    """Serve an app below a path, as a proxy or a notebook does."""
    app = Starlette(routes=[Mount(prefix, create_app(studio))])
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{prefix}/"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def test_it_works_below_a_path_prefix(browser: Browser, site: Site) -> None:
    with (
        below("/user/ada/proxy/8585", site.studio) as address,
        visiting(browser, address) as visit,
    ):
        page = visit.go()
        page.locator(".tile img.ready").first.wait_for()
        page.locator(".tile:has(img.ready)").first.click()
        page.get_by_role("link", name="Similar").click()
        page.locator(".tile img.ready").first.wait_for()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 100,000 pictures that were never files: only the catalogue counts here."""
    home = tmp_path_factory.mktemp("large")
    path = home / "large.impasto"
    thumbnail = io.BytesIO()
    Pillow.new("RGB", (32, 24), "teal").save(thumbnail, "JPEG")
    with Collection.create(path) as collection:
        collection.record(
            (
                Found(home, f"{n % 50}/{n:06}.jpg", 1000 + n, 1, About(f"label {n % 50}"))
                for n in range(100_000)
            ),
            root=home,
            prune=False,
            hash_file=lambda _: b"",
        )
        ids = collection.pending()
        for start in range(0, len(ids), 20_000):
            collection.save_readings(
                [
                    (
                        int(i),
                        Facts(int(i).to_bytes(32, "big"), 1000, 320, 240, "JPEG"),
                        thumbnail.getvalue(),
                    )
                    for i in ids[start : start + 20_000]
                ]
            )
    return path


def test_a_hundred_thousand_pictures_stay_smooth(browser: Browser, large: Path) -> None:
    with serving(large) as site, visiting(browser, site.address) as visit:
        page = visit.go()
        expect(page.locator(".total")).to_have_text("100,000 pictures")
        page.locator("img.ready").first.wait_for()
        began = time.monotonic()
        page.keyboard.press("End")
        page.locator(".tile[data-index='99999'] img.ready").wait_for()
        assert time.monotonic() - began < 3
        assert page.locator(".tile").count() < 120
        # Scroll through a tenth of it, a screen a frame, and see how long frames take.
        frames: list[float] = page.evaluate(
            """() => new Promise(done => {
                const box = document.querySelector('[role=listbox]'); box.scrollTop = 0;
                const times = []; let last = performance.now(); let n = 0;
                const step = now => { times.push(now - last); last = now; box.scrollTop += 700;
                    if (++n < 120) requestAnimationFrame(step); else done(times.slice(5)); };
                requestAnimationFrame(step); })"""
        )
        assert sorted(frames)[len(frames) // 2] < 50, "half of all frames come within 50 ms"
        assert page.locator(".tile").count() < 120
        page.locator(".tile img.ready").first.wait_for()


def test_the_first_pictures_wait_for_neither_counts_nor_a_second_order(
    browser: Browser, site: Site
) -> None:
    with visiting(browser, site.address) as opened:
        held: list[Route] = []
        orders: list[str] = []
        opened.page.route("**/api/facets?*", lambda route: held.append(route))
        opened.page.on("request", lambda each: orders.extend([each.url] * ("/order?" in each.url)))
        page = opened.go("#/browse")
        page.locator(".tile img.ready").first.wait_for()
        page.wait_for_timeout(300)
        assert len(held) == 1
        assert len(orders) == 1
        held[0].continue_()
        expect(page.get_by_role("complementary").get_by_text("circle").first).to_be_visible()


def test_nothing_moves_when_the_shapes_of_all_pictures_come(browser: Browser, site: Site) -> None:
    boxes = """[...document.querySelectorAll('.tile')]
        .map(tile => [tile.dataset.id, tile.getBoundingClientRect().toJSON()])"""
    with visiting(browser, site.address) as opened:
        held: list[Route] = []
        opened.page.route("**/api/shapes", lambda route: held.append(route))
        page = opened.go("#/browse")
        page.locator(".tile img.ready").first.wait_for()
        page.wait_for_timeout(300)
        before = page.evaluate(boxes)
        assert len({box["width"] for _, box in before}) > 2  # rows of their own shapes already
        assert len(held) == 1
        with page.expect_response("**/api/shapes"):
            held[0].continue_()
        page.wait_for_timeout(300)
        assert page.evaluate(boxes) == before


SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (!each.hadRecentInput) window.shifted += each.value;
  })).observe({ type: 'layout-shift', buffered: true });
}"""


def test_nothing_jumps_while_a_page_comes(browser: Browser, site: Site) -> None:
    image = int(site.collection.ids_with(label="circle")[3])
    wide = {"viewport": {"width": 1280, "height": 800}}
    for options, places in ((wide, PLACES), (PHONE, (*PLACES[:5], PLACES[-1]))):
        with visiting(browser, site.address, **options) as opened:
            page = opened.page
            page.add_init_script(f"({SHIFTS})()")
            for place in places:
                page.goto("about:blank")
                page.goto(f"{site.address}{place.format(id=image)}")
                page.wait_for_load_state("load")
                page.wait_for_timeout(800)
                assert page.evaluate("window.shifted") < 0.02, (place, options)
