"""Preparing labels: tags by keys and rules, classes from names, parts; each one edit, undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import PER_SHAPE, Site, visiting
else:
    from axe import violations
    from visits import PER_SHAPE, Site, visiting

pytestmark = pytest.mark.browser


def test_tags_are_merged_and_dropped_by_keys(browser: Browser, own: Site, tmp_path: Path) -> None:
    collection = own.collection
    circles = collection.ids_with(label="circle").tolist()
    collection.add_tags(circles[:6], ["rounds"])
    collection.add_tags(circles[:1], ["lonely"])
    with visiting(browser, own.address) as visit:
        page = visit.go("#/browse")
        page.keyboard.press("g")
        page.keyboard.press("p")
        page.get_by_role("heading", name="Prepare labels").wait_for()
        card = page.get_by_role("listitem", name="Merge rounds into round?")
        card.wait_for()
        assert violations(page) == []
        card.focus()
        page.keyboard.press("t")
        turned = page.get_by_role("listitem", name="Merge round into rounds?")
        expect(turned).to_have_count(1)
        turned.focus()
        page.keyboard.press("t")
        expect(card).to_have_count(1)
        card.focus()
        page.keyboard.press("y")
        expect(card).to_have_count(0)
        page.get_by_label("At least so many pictures").fill("2")
        bar = page.get_by_role("region", name="What is decided")
        bar.get_by_text("4 tags would become 2; 6 pictures would change.").wait_for()
        page.get_by_label("A map").fill("even")
        bar.get_by_text("Line 1 of the map is written").wait_for()
        assert bar.get_by_role("button", name="Carry out").is_disabled()
        page.get_by_label("A map").fill("")
        bar.get_by_text("4 tags would become 2").wait_for()
        assert set(collection.memberships("tag").names) == {"even", "round", "rounds", "lonely"}
        bar.get_by_role("button", name="Carry out").press("Enter")
        page.get_by_text("Tags: 1 merged, fewer than 2 images: 6 pictures").wait_for()
        assert set(collection.memberships("tag").names) == {"even", "round"}
        expect(bar.get_by_text("Nothing is decided yet.")).to_be_visible()

        with page.expect_download() as download:
            page.get_by_role("link", name="Save what was decided").click()
        kept = tmp_path / "decisions.jsonl"
        download.value.save_as(kept)
        lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        assert [line["decide"] for line in lines] == ["merge", "min-images"]
        page.keyboard.press("Control+z")
        page.get_by_text("Undone: Tags: 1 merged").wait_for()
        assert len(collection.memberships("tag").names) == 4
        page.locator("input[type=file][accept*=jsonl]").set_input_files(kept)
        bar.get_by_text("4 tags would become 2; 6 pictures would change.").wait_for()
        bar.get_by_role("button", name="Forget: rounds = round").click()
        bar.get_by_text("would become 3").wait_for()
        kept.write_text("nonsense", encoding="utf-8")
        page.locator("input[type=file][accept*=jsonl]").set_input_files(kept)
        page.get_by_text("Line 1 of the file is no decision: nonsense").wait_for()

        row = page.get_by_role("button", name="Merge lonely into another tag")
        row.focus()
        page.keyboard.press("Enter")
        page.get_by_role("combobox", name="The tag it becomes").fill("even")
        page.keyboard.press("Enter")
        bar.get_by_role("button", name="Forget: lonely = even").wait_for()


def test_names_become_labels(browser: Browser, own: Site) -> None:
    collection = own.collection
    with visiting(browser, own.address) as visit:
        page = visit.go("#/prepare?part=classes", pictures=False)
        page.get_by_role("combobox", name="Classes").select_option("list")
        page.get_by_label("The list, one class a line").fill("circle, disc\nsquare\nzebra")
        page.get_by_role("button", name="Read the names").click()
        page.get_by_text("fit one of 2 classes").wait_for()
        circle = page.get_by_role("listitem", name="Keep the class circle?")
        circle.wait_for()
        assert violations(page) == []
        picture = circle.get_by_role("button", name="is something else").first
        picture.click()
        expect(picture).to_have_attribute("aria-pressed", "true")
        square = page.get_by_role("listitem", name="Keep the class square?")
        square.focus()
        page.keyboard.press("x")
        expect(square).to_have_count(0)
        bar = page.get_by_role("region", name="What is decided")
        fit = PER_SHAPE  # the broken one has another name
        bar.get_by_text(f"{fit - 1} pictures would have one of 1 label").wait_for()
        bar.get_by_role("button", name="Label the pictures").click()
        page.get_by_text("Labelled by name: 1 classes").wait_for()
        assert len(collection.ids_with(label="circle")) == fit - 1
        assert len(collection.ids_with(label="square")) == 0
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        page.get_by_text("Undone: Labelled by name").wait_for()
        assert len(collection.ids_with(label="square")) > 0


def test_parts_are_seen_before_they_are_stored(browser: Browser, own: Site) -> None:
    collection = own.collection
    with visiting(browser, own.address) as visit:
        page = visit.go("#/prepare?part=split", pictures=False)
        region = page.get_by_role("region", name="What comes out")
        region.wait_for()
        assert violations(page) == []
        page.get_by_label("validation", exact=True).fill("20")
        page.get_by_label("train", exact=True).fill("60")
        region.get_by_role("row", name="validation").get_by_text("20 %").first.wait_for()
        page.get_by_label("Not to be tested on").fill("/etc")
        bar = page.get_by_role("region", name="What is decided")
        bar.get_by_text("looks into collections beside this one").wait_for()
        assert bar.get_by_role("button", name="Store the parts").is_disabled()
        page.get_by_label("Not to be tested on").fill("")
        region.wait_for()
        assert len(collection.splits()[0]) == 0
        bar.get_by_role("button", name="Store the parts").click()
        page.get_by_text("Split 60/20/20 by label, seed 0").wait_for()
        assert set(collection.splits()[1].tolist()) == {0, 1, 2}
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        page.get_by_text("Undone: Split 60/20/20").wait_for()
        assert len(collection.splits()[0]) == 0
