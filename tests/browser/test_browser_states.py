"""What pages say when there is nothing to show: not here any more, not yet, never was."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Route, expect

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import Site, Visit, draw, serving, visiting
else:
    from axe import violations
    from visits import Site, Visit, draw, serving, visiting

pytestmark = pytest.mark.browser


def forgive(visit: Visit) -> None:
    """Leave out what Chromium itself says of an answer that is an error."""
    visit.said[:] = [line for line in visit.said if "Failed to load resource" not in line]


def test_what_is_chosen_can_be_taken_away_when_nothing_is_left(visit: Visit) -> None:
    page = visit.go("#/browse?label=circle&tag=even&tag=nothing", pictures=False)
    expect(page.get_by_text("No picture is like that")).to_be_visible()
    filters = page.get_by_role("complementary", name="Filter")
    gone = filters.get_by_role("button", name=re.compile("^nothing 0"))
    expect(gone).to_have_attribute("aria-pressed", "true")
    gone.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".total")).to_have_text("8 pictures")
    assert parse_qs(visit.hash.partition("?")[2]) == {"label": ["circle"], "tag": ["even"]}


def test_several_labels_and_tags_are_chips_that_a_press_takes_away(visit: Visit) -> None:
    page = visit.go("#/browse?label=circle")
    total = page.locator(".total")
    filters = page.get_by_role("complementary", name="Filter")
    filters.get_by_role("button", name=re.compile(r"^square \d")).click()
    want = visit.api("images?label=circle&label=square")["total"]
    expect(total).to_have_text(f"{want} pictures")
    for tag in ("even", "round"):
        filters.get_by_role("button", name=re.compile(rf"^{tag} \d")).click()
    expect(total).to_have_text("8 pictures")
    page.get_by_role("button", name="any tag").click()
    expect(total).to_have_text("16 pictures")
    assert "any_tag=true" in visit.hash
    assert (
        visit.api("images?label=circle&label=square&tag=even&tag=round&any_tag=true")["total"] == 16
    )
    chips = page.get_by_role("group", name="The filter", exact=True)
    assert violations(page) == []
    chips.get_by_role("button", name="Take away label square").focus()
    page.keyboard.press("Enter")
    expect(total).to_have_text("8 pictures")
    expect(chips.get_by_role("button", name="Take away tag even")).to_be_focused()
    page.go_back()
    expect(total).to_have_text("16 pictures")
    chips.get_by_role("button", name="Clear all").click()
    expect(chips).to_have_count(0)


@pytest.mark.parametrize("room", ["neighbours", "distribution"])
def test_a_space_that_is_gone_offers_another(visit: Visit, room: str) -> None:
    page = visit.go(f"#/{room}?term=label:circle&space=gone", pictures=False)
    expect(page.get_by_text("This space is not here any more")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Ask there").focus()
    page.keyboard.press("Enter")
    page.locator(".tile").first.wait_for()
    assert parse_qs(visit.hash.partition("?")[2]) == {"term": ["label:circle"]}
    forgive(visit)


def test_a_picture_that_never_was(visit: Visit) -> None:
    page = visit.go("#/browse?image=99999")
    panel = page.get_by_role("complementary", name="Picture", exact=True)
    expect(panel).to_contain_text("99999")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    forgive(visit)


def test_only_unlike_is_no_query(visit: Visit) -> None:
    page = visit.go("#/neighbours?term=-label:circle", pictures=False)
    expect(page.get_by_text("A query needs at least one picture")).to_be_visible()
    page.get_by_role("button", name="Start anew").click()
    expect(page.get_by_text("What is like it?")).to_be_visible()


def test_an_answer_that_takes_long_says_so(visit: Visit) -> None:
    held: list[Route] = []
    visit.page.route("**/api/neighbours?*", lambda route: held.append(route))
    page = visit.go("#/neighbours?term=label:circle", pictures=False)
    wait = page.get_by_text("Comparing with all pictures")
    expect(wait).to_be_visible()
    held[0].continue_()
    page.locator(".tile").first.wait_for()
    expect(wait).to_have_count(0)


def test_a_job_that_failed_says_why(browser: Browser, own: Site) -> None:
    go = threading.Event()

    def work(progress: Progress) -> None:
        progress.stage("Looking")
        assert go.wait(30)
        raise InvalidInput("The folder is not there; plug its disk in.")

    with visiting(browser, own.address) as visit:
        page = visit.go()
        page.locator(".box").focus()
        page.keyboard.press("j")
        jobs = page.get_by_role("complementary", name="Jobs")
        expect(jobs).to_be_focused()
        own.studio.jobs.submit("add", "Look for pictures", work)
        expect(jobs.get_by_role("progressbar")).to_be_visible()
        go.set()
        expect(jobs).to_contain_text("The folder is not there; plug its disk in.")
        expect(jobs.locator("li.failed")).to_have_count(1)
        jobs.get_by_text("1 space of vectors").click()
        expect(jobs).to_contain_text("No approximate index: every query is compared with all.")
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(jobs).to_have_count(0)
        expect(page.locator(".box")).to_be_focused()


def test_the_labels_of_a_narrow_range_are_one(visit: Visit) -> None:
    page = visit.go("#/distribution?term=label:circle&low=0.8&high=0.81", pictures=False)
    label = page.locator(".ends")
    expect(label).to_have_text("0.800 to 0.810")
    expect(page.locator(".handle span")).to_have_count(0)
    page.get_by_role("slider", name="Lowest similarity").focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(label).to_have_count(0)
    expect(page.locator(".handle span")).to_have_count(2)


def test_a_collection_of_one_picture_says_that_nothing_can_be_like_it(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    draw("circle", 1).save(tmp_path / "pictures" / "one.png")
    with Collection.create(tmp_path / "one.impasto") as collection:
        flow.add(collection, tmp_path / "pictures")
        flow.embed(collection)
    with serving(tmp_path / "one.impasto") as site, visiting(browser, site.address) as visit:
        for place, words in (
            ("neighbours", "there is nothing that could be like it"),
            ("distribution", "there are no similarities to spread"),
        ):
            page = visit.go(f"#/{place}?term=image:1", pictures=False)
            expect(page.get_by_text(words)).to_be_visible()
            expect(page.get_by_text("0.000")).to_have_count(0)


def test_without_pictures_nothing_offers_to_compute_their_vectors(
    browser: Browser, empty: Site
) -> None:
    with visiting(browser, empty.address) as visit:
        for place in ("neighbours", "compare", "retrieval", "map"):
            page = visit.go(f"#/{place}", pictures=False)
            expect(page.get_by_role("heading", name="No pictures here yet")).to_be_visible()
            expect(page.get_by_role("button", name="Compute vectors")).to_have_count(0)
