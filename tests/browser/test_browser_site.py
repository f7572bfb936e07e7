"""A site without Python, served by the plainest of servers two folders down."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from impasto import flow
from impasto.explore import pair
from impasto.explore.distribution import between
from impasto.serve.site import SiteOptions, write_site
from impasto.store import Collection, Filter, KeptQuery, Sort

if TYPE_CHECKING:
    from tests.browser.visits import Visit, visiting
else:
    from visits import Visit, visiting

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(
    drawn: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The whole collection as a site, two folders down."""
    home = tmp_path_factory.mktemp("web")
    shutil.copytree(drawn / "shapes.impasto", home / "shapes.impasto")
    with Collection.open(home / "shapes.impasto") as collection:
        flow.make_map(collection, name="flat")
        queries = [KeptQuery(("label:circle",)), KeptQuery(("label:square",), slot=1)]
        flow.keep(collection, "round or not", queries, k=10)
        options = SiteOptions(k=10, title="My shapes", comparisons=("round or not",))
        write_site(collection, home / "people" / "me", options)
    handler = functools.partial(Quiet, directory=str(home))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/people/me/"
        server.shutdown()
        thread.join()


@pytest.fixture
def guest(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as opened:
        yield opened


def test_a_visitor_browses_filters_and_searches(guest: Visit, drawn: Path) -> None:
    page = guest.go()
    expect(page).to_have_title("Browse · My shapes · impasto")
    with Collection.open(drawn / "shapes.impasto", writable=False) as collection:
        usable = set(collection.order(Filter(usable=True)).tolist())
        for place, wanted, sort in (
            ("", Filter(), Sort()),
            ("?label=circle", Filter(label="circle"), Sort()),
            ("?tag=even&descending=true", Filter(tags=("even",)), Sort("added", True)),
            ("?text=squ-0", Filter(text="squ-0"), Sort()),
            ("?text=square-0", Filter(text="square-0"), Sort()),
            ("?text=rou&sort=name", Filter(text="rou"), Sort("name")),
            ("?flag=tiny", Filter(flag="tiny"), Sort()),
            ("?sort=width&descending=true", Filter(), Sort("width", True)),
            ("?sort=label", Filter(), Sort("label")),
        ):
            ids = [image for image in collection.order(wanted, sort).tolist() if image in usable]
            guest.go(f"#/browse{place}", pictures=bool(ids))
            shown = f"{len(ids)} picture" + ("" if len(ids) == 1 else "s")
            expect(page.locator(".total")).to_have_text(shown if ids else "0 pictures")
            if ids:
                page.wait_for_function(
                    "wanted => document.querySelector('.tile')?.dataset.id == wanted", arg=ids[0]
                )
                drawn_ids = guest.ids()
                assert drawn_ids == ids[: len(drawn_ids)], place


def test_a_visitor_walks_from_neighbour_to_neighbour(guest: Visit, drawn: Path) -> None:
    with Collection.open(drawn / "shapes.impasto", writable=False) as collection:
        first = int(collection.ids_with(label="circle")[5])
        terms, _ = flow.read_terms([str(first)])
        near = flow.ask(collection, terms).neighbours(10).ids.tolist()
    page = guest.go(f"#/browse?image={first}")
    panel = page.get_by_role("complementary", name="Picture")
    expect(panel.get_by_role("link", name="Original")).to_have_count(0)
    expect(panel.get_by_role("link", name="Distribution")).to_have_count(0)
    panel.get_by_role("link", name="Similar").click()
    page.wait_for_function(
        "wanted => document.querySelector('.tile')?.dataset.id == wanted", arg=near[0]
    )
    assert guest.ids() == near
    page.locator(".tile").first.click()
    page.wait_for_function("wanted => location.hash.includes(`image:${wanted}`)", arg=near[0])
    page.go_back()
    page.wait_for_function("wanted => location.hash.includes(`image:${wanted}`)", arg=first)


def test_a_visitor_reads_a_distribution(guest: Visit, drawn: Path) -> None:
    page = guest.go()
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.get_by_role("list", name="Queries").get_by_role("link", name="circle").click()
    with Collection.open(drawn / "shapes.impasto", writable=False) as collection:
        answer = flow.ask(collection, flow.read_terms(["label:circle"])[0])
        similar = answer.similarities
        low, high = np.quantile(similar[~np.isnan(similar)], [0.4, 0.7]).round(3).tolist()
        inside = between(similar, answer.ids, low, high).tolist()
    page.get_by_role("spinbutton", name="from similarity").fill(str(low))
    page.get_by_role("spinbutton", name="to similarity").fill(str(high))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**high={high}**")
    expect(page.get_by_role("heading", name=f"{len(inside)} pictures")).to_be_visible()
    assert guest.ids() == inside
    page.get_by_role("button", name="Logarithmic").click()
    expect(page.get_by_text("heights are logarithms")).to_be_visible()
    expect(page.get_by_role("link", name="Neighbours")).to_have_count(1)  # the room, not the query
    guest.go(f"#/distribution?term=image:{inside[0]}", pictures=False)
    expect(page.get_by_text("does not hold the distribution of that query")).to_be_visible()


def test_a_visitor_sees_the_map(guest: Visit) -> None:
    page = guest.go("#/map?by=label", pictures=False)
    expect(page.locator("canvas").first).to_be_visible()
    for label in ("circle", "square", "stripes"):
        expect(page.get_by_role("complementary").get_by_text(label, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Make a map")).to_have_count(0)


def test_a_visitor_reads_a_comparison(guest: Visit, drawn: Path) -> None:
    page = guest.go()
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_text("Choose one of the comparisons")).to_be_visible()
    page.get_by_role("link", name="round or not").click()
    for section in ("Distributions", "Distances", "Scatter", "Pictures"):
        expect(page.get_by_role("region", name=section)).to_be_visible()
    expect(page.get_by_role("button", name="Remove query A")).to_have_count(0)
    with Collection.open(drawn / "shapes.impasto", writable=False) as collection:
        queries = [flow.read_terms([f"label:{name}"])[0] for name in ("circle", "square")]
        compared = flow.compare(collection, queries, k=10)
        corner = pair.within(compared, 0, 1, pair.corner(compared, 0, 1, "second")).tolist()
        box = pair.Box(0.5, 1, 0.2, 0.9)
        inside = pair.within(compared, 0, 1, box).tolist()
    page.get_by_role("button", name="In B, not in A").click()
    page.wait_for_function(
        "wanted => document.querySelector('.tile')?.dataset.id == wanted", arg=corner[0]
    )
    assert guest.ids() == corner[: len(guest.ids())]
    page.evaluate("box => (location.hash += box)", "&box=0.5,1,0.2,0.9")
    expect(page.locator(".found .muted")).to_have_text(f"{len(inside)} pictures")
    assert guest.ids() == inside[: len(guest.ids())]
    page.get_by_role("button", name="Rank changes").click()
    expect(
        page.get_by_role("button", name=re.compile("rank .* by A, .* by B")).first
    ).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG").click()
    assert saved.value.suggested_filename == "round or not.svg"
    page.reload()
    expect(page.get_by_role("region", name="Scatter")).to_be_visible()


def test_rooms_that_need_a_server_are_not_there(guest: Visit) -> None:
    page = guest.go()
    rooms = page.get_by_role("navigation", name="Rooms").get_by_role("link").all_inner_texts()
    assert [room.strip() for room in rooms] == [
        "Browse",
        "Neighbours",
        "Distribution",
        "Compare",
        "Map",
    ]
    expect(page.get_by_role("button", name="Jobs")).to_have_count(0)
    guest.go("#/try")  # an address from elsewhere leads to what is there
    expect(page).to_have_title("Browse · My shapes · impasto")
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_function("location.hash.startsWith('#/neighbours')")
    expect(page.get_by_role("heading", name="What is like it?")).to_be_visible()
    expect(page.get_by_role("button", name="Choose a picture")).to_have_count(0)
