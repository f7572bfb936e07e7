"""Does it retrieve X? Asked by mouse and by keyboard alone; all labels at once, by a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from impasto.core.space import Space
from impasto.serve.routes import retrieval as routes

if TYPE_CHECKING:
    from tests.browser.visits import PER_SHAPE, Site, Visit, visiting
else:
    from visits import PER_SHAPE, Site, Visit, visiting

pytestmark = pytest.mark.browser


def numbers(page: Page, name: str) -> list[list[str]]:
    """What a table of numbers says, row by row."""
    rows = page.get_by_role("table", name=name).locator("tbody tr")
    return [row.locator(".number").all_inner_texts() for row in rows.all()]


def add_noise(site: Site) -> Space:
    """A second space, in which nothing is like anything."""
    space = Space("noise", "by-hand", dimension=8, weights="0" * 64)
    ids = site.collection.pending(space)
    values = np.random.default_rng(3).normal(size=(len(ids), 8)).astype(np.float32)
    with site.collection.writing(space) as writing:
        writing.save(ids=ids, values=[values])
    return space


def test_asked_with_the_mouse(visit: Visit) -> None:
    page = visit.go("#/retrieval", pictures=False)
    page.get_by_label("Do deep features retrieve").fill("circle")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**x=label:circle*")
    answer = page.get_by_role("region", name="The answer")
    said = visit.api("retrieval?label=circle")
    expect(answer).to_contain_text(said["verdict"])
    (result,) = said["results"]
    rows = numbers(page, "How well circle is retrieved")
    assert len(rows) == 3
    value = result["average_precision"]
    assert rows[1][0] == f"{value['value']:.2f}"
    assert rows[1][1] == f"{value['low']:.2f} to {value['high']:.2f}"
    assert rows[1][2] == f"{value['chance']:.2f}"
    page.get_by_role("button", name="All depths").click()
    assert len(numbers(page, "How well circle is retrieved")) == len(result["precision"]) + 2
    expect(answer).to_contain_text(f"{PER_SHAPE} pictures of {PER_SHAPE} asked")
    pictures = page.get_by_role("region", name="Queries").get_by_role("link")
    expect(pictures).to_have_count(len(result["best"]) + len(result["worst"]))
    pictures.first.click()
    page.wait_for_url(f"**/#/neighbours?term=image:{result['best'][0]}&space=*")


def test_asked_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.go("#/neighbours?term=label:square")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/#/retrieval?x=label:square")
    expect(page.get_by_role("region", name="The answer")).to_contain_text("square")
    page.keyboard.press("q")
    page.keyboard.type("tag:round")
    page.keyboard.press("Enter")
    page.wait_for_url("**x=tag:round*")
    expect(page.get_by_role("region", name="The answer")).to_contain_text("'round'")
    page.keyboard.press("q")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no label, tag or selection “nobody”")).to_be_visible()
    assert "x=tag:round" in visit.hash


def test_spaces_compared_and_everything_at_once(browser: Browser, own: Site) -> None:
    noise = add_noise(own)
    own.collection.save_selection("circles", own.collection.ids_with(label="circle").tolist())
    with visiting(browser, own.address) as visit:
        page = visit.go("#/retrieval?x=selection:circles", pictures=False)
        said = visit.api("retrieval?selection=circles")
        assert said["results"][1]["answer"] == "no"
        answer = page.get_by_role("region", name="The answer")
        expect(answer).to_contain_text("the best of 2 spaces")
        (gap,) = said["differences"]
        assert gap["average_precision"]["low"] > 0
        (row,) = numbers(page, "Average precision: differences")
        assert row[0] == f"{gap['average_precision']['value']:.2f}"
        page.get_by_role("button", name=re.compile("noise")).click()
        expect(page.get_by_role("heading", name=f"like best in {noise.title}")).to_be_visible()

        page.get_by_role("button", name="Measure all labels").click()
        table = page.get_by_role("table", name=re.compile("^Average precision of every label"))
        expect(table).to_be_visible(timeout=60_000)
        page.keyboard.press("Escape")  # the jobs
        kept = visit.api("retrieval/overview?by=label")
        names = table.locator("tbody th")
        expect(names).to_have_count(3)
        header = table.get_by_role("button", name="Label")
        header.click()
        assert names.all_inner_texts() == ["circle", "square", "stripes"]
        header.click()
        assert names.all_inner_texts() == ["stripes", "square", "circle"]
        table.get_by_role("button", name=kept["titles"][0]).click()
        gains = {row["name"]: row["cells"][0]["gain"] for row in kept["rows"]}
        assert names.all_inner_texts() == sorted(gains, key=lambda name: -gains[name])
        page.reload()
        expect(table).to_be_visible()
        table.get_by_role("link", name="stripes").click()
        page.wait_for_url("**x=label:stripes*")
        expect(answer).to_contain_text("'stripes'")


def test_what_takes_long_is_measured_by_a_job(
    browser: Browser, own: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MOST", 0)
    with visiting(browser, own.address) as visit:
        page = visit.go("#/retrieval?x=label:circle", pictures=False)
        page.get_by_role("button", name="Measure it").click()
        expect(page.get_by_role("region", name="The answer")).to_contain_text(
            "chance gives", timeout=60_000
        )
        expect(page.get_by_role("button", name="Measure it")).to_have_count(0)


def test_what_can_not_be_asked_says_why(visit: Visit) -> None:
    page = visit.go("#/retrieval?x=label:circel", pictures=False)
    expect(page.get_by_text("Did you mean 'circle'?")).to_be_visible()
    visit.said.clear()  # the browser itself reports the 404
