"""Words typed in the app, where a space knows them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kit import Own
from playwright.sync_api import Browser, expect

from impasto import flow
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import PER_SHAPE, SHAPES, Site, Visit, serving, visiting
else:
    from axe import violations
    from visits import PER_SHAPE, SHAPES, Site, Visit, serving, visiting

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def worded(drawn: Path, towers: Own, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The collection with a second space, which knows words, served."""
    home = tmp_path_factory.mktemp("worded") / "drawn"
    shutil.copytree(drawn, home)
    with Collection.open(home / "shapes.impasto") as collection:
        flow.embed(collection, flow.EmbedOptions(towers.network, weights=towers.file))
    with serving(home / "shapes.impasto") as served:
        yield served


@pytest.fixture
def visit_worded(browser: Browser, worded: Site) -> Iterator[Visit]:
    with visiting(browser, worded.address) as visit:
        yield visit


def test_words_begin_a_query_and_join_one(visit_worded: Visit) -> None:
    visit = visit_worded
    page = visit.go("#/neighbours", pictures=False)
    page.get_by_label("Begin with words, a label or tag").fill("a red bird")
    page.keyboard.press("Enter")
    page.wait_for_url("**term=text:a*")
    page.locator(".tile img.ready").first.wait_for()
    found = visit.api("neighbours?term=text:a+red+bird&k=5")
    assert visit.ids()[:5] == [one["id"] for one in found["neighbours"]]
    assert found["background"]["of"] == "random words with random images"
    expect(page.get_by_text("Random words with random images")).to_be_visible()

    field = page.get_by_label("Add words, a label or tag to the query")
    for typed in ("- snow", "circle", "a red bird"):  # the last is there already
        field.fill(typed)
        field.press("Enter")
    query = page.get_by_role("list", name="Query").get_by_role("listitem")
    expect(query).to_have_count(3)
    assert [name.strip() for name in query.all_inner_texts()] == [
        "“a red bird”",
        "“snow”",
        "circle",
    ]
    assert "term=-text:snow&term=label:circle" in visit.hash
    page.locator(".tile img.ready").first.wait_for()
    assert violations(page) == []
    page.reload()
    expect(query).to_have_count(3)


def test_a_distribution_of_words(visit_worded: Visit) -> None:
    visit = visit_worded
    page = visit.go("#/distribution?term=text:a+red+bird", pictures=False)
    page.get_by_role("group", name=re.compile("^Histogram")).wait_for()
    expect(page.get_by_text("random words with random images, same total")).to_be_visible()
    spread = visit.api("distribution?term=text:a+red+bird")
    assert spread["total"] == PER_SHAPE * len(SHAPES) + 1


def test_a_space_without_words_says_so(visit_worded: Visit) -> None:
    visit = visit_worded
    usual = visit.api("collection")["spaces"][0]["name"]
    page = visit.go(f"#/neighbours?term=text:a+red+bird&space={usual}", pictures=False)
    expect(page.get_by_text("knows pictures, not words")).to_be_visible()
    page.get_by_label("Add a label or tag to the query").fill("a dog")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").last).to_contain_text("such as CLIP")
    visit.said[:] = [line for line in visit.said if "status of 400" not in line]


def test_words_begin_a_comparison(visit_worded: Visit) -> None:
    visit = visit_worded
    page = visit.go("#/compare", pictures=False)
    field = page.get_by_label("Begin with words, a label or tag")
    field.fill("a red bird")
    field.press("Enter")
    page.wait_for_url("**q=0~~text:a*")
    page.get_by_label("Go on with words, a label or tag").fill("circle")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Distributions")).to_be_visible()
    queries = page.get_by_role("list", name="Queries").get_by_role("textbox", name="Name of query")
    assert [each.get_attribute("placeholder") for each in queries.all()] == [
        "“a red bird”",
        "label circle",
    ]
    assert violations(page) == []
