"""The review wall: accepted by mouse, left by key, undone, learned again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from impasto import flow

if TYPE_CHECKING:
    from tests.browser.visits import Site, visiting
else:
    from visits import Site, visiting

pytestmark = pytest.mark.browser


def suspect(site: Site) -> tuple[int, int]:
    """Tag shapes with their names, two of them wrongly, and look for it; return those two."""
    collection = site.collection
    ids, labels = collection.labelled()
    for label in sorted(set(labels.tolist())):
        collection.add_tags(ids[labels == label].tolist(), [f"a {label}"])
    forgotten, mistaken = (int(collection.ids_with(label=one)[3]) for one in ("stripes", "circle"))
    collection.remove_tags([forgotten], ["a stripes"])
    collection.add_tags([mistaken], ["a stripes"])
    flow.find_noise(collection, flow.ConceptOptions(only=("a *",), min_images=5, folds=3))
    return forgotten, mistaken


def test_suspects_are_answered_picture_by_picture(browser: Browser, own: Site) -> None:
    with visiting(browser, own.address) as visit:
        page = visit.go("#/review", pictures=False)
        page.get_by_role("button", name="Look for them").wait_for()  # nothing was looked for yet
        forgotten, mistaken = suspect(own)
        page.reload()
        page.get_by_label("Tag", exact=True).select_option("a stripes")
        page.wait_for_url("**tag=a+stripes**")
        kinds = page.get_by_role("group", name="What is suspected")
        kinds.get_by_role("button", name="Missing").click()
        card = page.locator("[data-card]").filter(has=page.get_by_label(f"Picture {forgotten},"))
        card.get_by_role("button", name="Add the tag").click()
        expect(card).to_have_count(0)
        page.get_by_text("Tagged a stripes: 1 picture").wait_for()
        assert forgotten in own.collection.ids_with(tag="a stripes")

        kinds.get_by_role("button", name="Wrong").click()
        page.wait_for_url("**wrong=superfluous**")
        card = page.locator("[data-card]").filter(has=page.get_by_label(f"Picture {mistaken},"))
        card.focus()
        page.keyboard.press("x")
        expect(card).to_have_count(0)
        said = page.get_by_role("status")
        said.get_by_text("Left as it is: a stripes").wait_for()
        assert (mistaken, "a stripes", True) in own.collection.reviewed()
        said.get_by_role("button", name="Undo").click()
        expect(card).to_have_count(1)
        card.focus()
        page.keyboard.press("y")
        expect(card).to_have_count(0)
        page.get_by_text("Untagged a stripes: 1 picture").wait_for()
        assert mistaken not in own.collection.ids_with(tag="a stripes")

        page.get_by_role("button", name="Learn the tags again").click()
        page.get_by_text("Learn tags with logistic").first.wait_for()
