"""Comparing queries, by mouse and by keyboard alone; kept, opened again, saved as files."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

if TYPE_CHECKING:
    from tests.browser.visits import PER_SHAPE, Site, Visit, serving, visiting
else:
    from visits import PER_SHAPE, Site, Visit, serving, visiting

pytestmark = pytest.mark.browser
BOTH = "#/compare?q=0~~label:circle&q=1~~label:square&k=10"
TWO = {
    "queries": [{"terms": ["label:circle"]}, {"terms": ["label:square"]}],
    "k": 10,
}


def shows(visit: Visit, expected: list[int]) -> None:
    """Wait until the tiles are the first of these images (their number alone may not change)."""
    visit.page.wait_for_function(
        """ids => {
          const tiles = [...document.querySelectorAll('.tile')];
          tiles.sort((a, b) => a.dataset.index - b.dataset.index);
          return (tiles.length > 0 || ids.length === 0)
            && tiles.every((tile, at) => Number(tile.dataset.id) === ids[at]);
        }""",
        arg=expected,
    )


def within(visit: Visit, **region: object) -> list[int]:
    answer = visit.page.request.post(
        f"{visit.address}api/compare/images", data={**TWO, "first": 0, "second": 1, **region}
    )
    return [int(i) for i in np.frombuffer(answer.body(), "<i4")]


def found(page: Page) -> str:
    return page.get_by_role("region", name="Pictures", exact=True).locator("header p").inner_text()


def test_queries_are_made_and_compared_with_the_mouse(visit: Visit) -> None:
    page = visit.go("#/compare", pictures=False)
    begin = page.get_by_role("list", name="Begin with one of these")
    begin.get_by_role("button", name="circle").click()
    expect(page.get_by_role("heading", name="Compared with what?")).to_be_visible()
    page.get_by_role("button", name="square").click()
    matrix = page.get_by_role("table", name=re.compile("^Overlap"))
    expect(matrix).to_be_visible()
    page.get_by_label("Nearest compared").select_option("10")
    expect(page.get_by_role("button", name="Overlap@10")).to_be_visible()
    said = visit.page.request.post(f"{visit.address}api/compare", data=TWO).json()
    overlap = f"{said['overlap'][0][1]:.3f}"
    expect(page.get_by_role("button", name=f"A against B: {overlap}")).to_be_visible()
    expect(page.locator("section", has=matrix)).to_contain_text(f"{said['overlap_chance']:.3f}")
    for corner, words in (
        ("second", "In B, not in A"),
        ("both", "In both"),
        ("neither", "In neither"),
        ("first", "In A, not in B"),
    ):
        page.get_by_role("button", name=words).click()
        expected = within(visit, corner=corner)
        count = f"{len(expected)} picture{'' if len(expected) == 1 else 's'}"
        expect(page.get_by_text(count, exact=True)).to_be_visible()
        shows(visit, expected)

    plot = page.get_by_role("group", name=re.compile("^Pictures by similarity"))
    frame = plot.bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + frame["width"] * 0.3, frame["y"] + frame["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.9, frame["y"] + frame["height"] * 0.7, steps=4)
    page.mouse.up()
    page.wait_for_url("**box=*")
    low, high, bottom, top = map(float, parse_qs(visit.hash.partition("?")[2])["box"][0].split(","))
    expected = within(visit, box={"low": low, "high": high, "bottom": bottom, "top": top})
    expect(page.get_by_role("button", name="In the box")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text(re.compile(f"^{len(expected)} pictures?$"))).to_be_visible()
    shows(visit, expected)

    page.get_by_role("button", name="Rank changes").click()
    changes = visit.page.request.post(
        f"{visit.address}api/compare/changes", data={**TWO, "count": 24}
    ).json()
    first = changes["gains"][0]
    expect(page.locator(".changes button").first).to_have_accessible_name(
        re.compile(f"rank {first['before']} by A, {first['after']} by B")
    )
    change = page.locator(".changes button").first
    change.scroll_into_view_if_needed()
    before = change.bounding_box()
    change.click()
    expect(page.get_by_role("complementary", name="Picture", exact=True)).to_be_visible()
    page.wait_for_timeout(300)
    after = change.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == pytest.approx(before["y"], abs=2)  # nothing jumps away from the hand
    beside = page.get_by_role("region", name="Distances").bounding_box()
    assert beside is not None
    assert beside["width"] > 400  # the plots go under each other, not into a sliver


def test_a_query_of_examples_keeps_its_letter(visit: Visit) -> None:
    page = visit.go(BOTH, pictures=False)
    page.locator(".tile img.ready").first.wait_for()
    page.get_by_label("Add a query").fill("tag:round")
    page.get_by_label("Add a query").press("Enter")
    expect(page.get_by_role("textbox", name="Name of query C")).to_be_visible()
    page.get_by_role("button", name="Remove query B").click()
    page.get_by_role("button", name="Add what comes next to query C").click()
    page.get_by_label("Add to query C").fill("square")
    page.get_by_label("Add to query C").press("Enter")
    page.get_by_role("button", name="More like label square; make it less").click()
    page.wait_for_url("**q=2~~tag:round~-label:square*")
    page.get_by_role("textbox", name="Name of query C").fill("Round, not square")
    page.keyboard.press("Tab")
    page.wait_for_url("**q=2~Round*")
    expect(page.get_by_role("button", name=re.compile("^A against C"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Name of query C")).to_have_value("Round, not square")
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Browse").click()
    page.locator(".tile").first.wait_for()
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("textbox", name="Name of query C")).to_have_value("Round, not square")


def test_comparing_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.go()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/#/compare")
    field = page.get_by_label("Add a query")
    for label in ("circle", "square"):
        for _ in range(40):
            if field.evaluate("e => e === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.type(f"label:{label}")
        page.keyboard.press("Enter")
        expect(page.get_by_role("list", name="Queries")).to_contain_text(label)
    page.locator(".tile img.ready").first.wait_for()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("v")
    page.wait_for_url("**curves=cumulative*")
    slider = page.get_by_role("slider", name="Least similarity to A")
    for _ in range(60):
        if slider.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    before = float(slider.get_attribute("aria-valuenow") or "nan")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**box=*")
    assert float(slider.get_attribute("aria-valuenow") or "nan") == pytest.approx(before - 0.01)
    grid = page.get_by_role("listbox", name="Pictures there")
    for _ in range(40):
        if grid.evaluate("e => e.contains(document.activeElement)"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Name of query C")).to_be_visible()
    page.wait_for_url("**q=2~~image:*")


def test_kept_across_a_restart_renamed_and_forgotten(browser: Browser, own: Site) -> None:
    with visiting(browser, own.address) as visit:
        page = visit.go(BOTH + "&curves=cumulative", pictures=False)
        page.get_by_label("Name to keep the comparison under").fill("Round or square?")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("link", name="Round or square?")).to_be_visible()
    path = own.collection.path
    own.studio.close()
    own.collection.close()
    with serving(path) as again, visiting(browser, again.address) as visit:
        page = visit.go("#/compare?saved=Round+or+square%3F", pictures=False)
        page.get_by_role("button", name=re.compile("^A against B")).wait_for()
        assert "q=0~~label:circle" in visit.hash
        assert "k=10" in visit.hash
        page.get_by_role("button", name="Rename Round or square?").click()
        page.get_by_label("New name").fill("Shapes")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Shapes")).to_be_visible()
        page.wait_for_url("**saved=Shapes*")
        expect(page.get_by_role("button", name="Rename Shapes")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Rename Shapes")).to_be_focused()
        page.get_by_role("button", name="Delete Shapes").click()
        page.get_by_role("button", name="Really delete Shapes").click()
        expect(page.get_by_role("link", name="Shapes")).to_have_count(0)
        expect(page.get_by_label("Name to keep the comparison under")).to_be_focused()
        assert visit.api("comparisons") == []


def test_the_figure_and_its_data_are_saved(visit: Visit) -> None:
    page = visit.go(BOTH, pictures=False)
    for name in ("SVG", "PNG", "Data"):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name, exact=True).click()
        file = coming.value.path()
        if name == "Data":
            with zipfile.ZipFile(file) as archive:
                lines = archive.read("images.csv").decode().splitlines()
            assert len(lines) == PER_SHAPE * 3 + 2  # with the speck, and a line of titles
        else:
            begin = {"SVG": b"<svg", "PNG": b"\x89PNG"}[name]
            assert file.read_bytes().startswith(begin)
    assert coming.value.suggested_filename == "comparison.zip"


def test_what_can_not_be_compared_says_why(visit: Visit) -> None:
    page = visit.go("#/compare?q=0~~label:circle&q=1~~selection:gone", pictures=False)
    expect(page.get_by_role("heading", name="These queries can’t be compared")).to_be_visible()
    visit.said.clear()  # the browser itself reports the 404
