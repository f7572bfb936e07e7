"""Choosing several pictures and changing them; rows, places, properties: mouse, keys, a finger."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from impasto.core.records import About, Found
from impasto.store import Collection, Filter

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import Site, Visit, visiting
else:
    from axe import violations
    from visits import Site, Visit, visiting

pytestmark = pytest.mark.browser


def give_properties(collection: Collection) -> None:
    """Say something in numbers and words about every picture, as a table would."""
    images = collection.images(collection.order())
    found = []
    for image in images:
        state = image.file.stat()
        medium = ("oil", "ink", "gouache")[image.id % 3]
        about = About(properties={"year": 1880 + image.id, "medium": medium})
        found.append(Found(image.root, image.path, state.st_size, state.st_mtime_ns, about))
    collection.record(found, root=images[0].root, prune=False, hash_file=lambda file: bytes(32))


@pytest.fixture
def mine(browser: Browser, own: Site) -> Iterator[Visit]:
    """A visit to a collection of one's own, with properties."""
    give_properties(own.collection)
    with visiting(browser, own.address) as visit:
        yield visit


def chosen(page: Page) -> list[int]:
    tiles = page.locator(".tile.chosen")
    return sorted(int(id_) for id_ in tiles.evaluate_all("all => all.map(t => t.dataset.id)"))


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="With the chosen pictures")


def said(page: Page, text: str) -> None:
    expect(page.locator(".messages")).to_contain_text(text)


def test_choosing_with_the_mouse(mine: Visit) -> None:
    page = mine.go()
    ids = mine.ids()
    tiles = page.locator(".tile")
    tiles.nth(1).click(modifiers=["ControlOrMeta"])
    tiles.nth(4).click(modifiers=["Shift"])
    assert chosen(page) == sorted(ids[1:5])
    tiles.nth(2).hover()
    tiles.nth(2).locator("[data-check]").click()
    tiles.nth(6).locator("[data-check]").click()
    assert chosen(page) == sorted([ids[1], ids[3], ids[4], ids[6]])
    expect(bar(page).get_by_text("4 pictures chosen")).to_be_visible()
    assert violations(page) == []
    tiles.nth(0).click()  # a plain click opens, and leaves what is chosen
    expect(page.get_by_role("complementary", name="Picture", exact=True)).to_be_visible()
    assert len(chosen(page)) == 4
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(bar(page)).to_have_count(0)


def test_changing_with_the_mouse(mine: Visit, own: Site) -> None:
    page = mine.go()
    ids = mine.ids()[:3]
    before = own.collection.images(ids)
    for place in range(3):
        page.locator(".tile").nth(place).click(modifiers=["ControlOrMeta"])
    acts = bar(page)
    acts.get_by_role("button", name="Tag", exact=True).click()
    acts.get_by_label("Tags, with commas between").fill("mine, dear")
    acts.get_by_role("button", name="Do it").click()
    said(page, "Tagged mine, dear: 3 pictures")
    expect(page.get_by_role("button", name=re.compile("^mine 3"))).to_be_visible()
    acts.get_by_role("button", name="Untag").click()
    acts.get_by_label("Tags to take away").fill("dear")
    page.keyboard.press("Enter")
    said(page, "Untagged dear")
    acts.get_by_role("button", name="Label", exact=True).click()
    acts.get_by_label("Label; none takes it away").fill("shape")
    page.keyboard.press("Enter")
    said(page, "Labelled shape")
    acts.get_by_role("button", name="Split").click()
    acts.get_by_role("button", name="test", exact=True).click()
    said(page, "Put into test: 3 pictures")
    acts.get_by_role("button", name="Flag").click()
    acts.get_by_label("Note; may be empty").fill("look again")
    page.keyboard.press("Enter")
    said(page, "Flagged: look again")
    for image in own.collection.images(ids):
        assert (image.label, image.split) == ("shape", "test")
        assert "mine" in image.tags
        assert "dear" not in image.tags
        assert ("flagged", "look again") in [(flag.kind, flag.reason) for flag in image.flags]
    acts.get_by_role("button", name="Hide").click()
    said(page, "Hidden: 3 pictures")
    expect(page.locator(".total")).to_have_text("48 pictures")
    page.locator(".messages").get_by_role("button", name="Undo").click()
    expect(page.locator(".total")).to_have_text("51 pictures")
    page.locator(".messages").get_by_role("button", name="Redo").click()
    expect(page.locator(".total")).to_have_text("48 pictures")
    page.get_by_role("button", name=re.compile("^hidden 3")).click()
    expect(page.locator(".total")).to_have_text("3 pictures")
    acts.get_by_role("button", name="Show again").click()
    said(page, "Shown again: 3 pictures")
    for _ in range(7):
        page.keyboard.press("ControlOrMeta+z")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
    said(page, "Undone: Tagged mine, dear")
    assert own.collection.images(ids) == before


def test_choosing_and_changing_with_the_keyboard_alone(mine: Visit, own: Site) -> None:
    page = mine.go()
    ids = mine.ids()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert chosen(page) == [ids[1]]
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert chosen(page) == sorted(ids[1:4])
    page.keyboard.press("v")
    assert chosen(page) == sorted(ids[1:3])
    page.keyboard.press("3")  # no tag on this key yet
    expect(bar(page).get_by_label("Tag of this key 3")).to_be_focused()
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    said(page, "Tagged third: 2 pictures")
    page.keyboard.press("Escape")
    expect(bar(page)).to_have_count(0)
    page.keyboard.press("3")  # now to the one picture that is active
    said(page, "Tagged third: 1 picture")
    assert own.collection.ids_with(tag="third").tolist() == sorted(ids[1:4])
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+a")
    expect(bar(page).get_by_text("51 pictures chosen")).to_be_visible()
    page.keyboard.press("0")
    said(page, "Untagged third: 3 pictures")
    page.wait_for_timeout(200)
    page.keyboard.press("l")
    page.keyboard.type("all")
    page.keyboard.press("Enter")
    said(page, "Labelled all: 51 pictures")
    assert own.collection.count(Filter(label="all")) == 51
    page.keyboard.press("ControlOrMeta+z")
    said(page, "Undone: Labelled all")
    page.keyboard.press("ControlOrMeta+Shift+z")
    said(page, "Labelled all: 51 pictures")
    page.keyboard.press("p")
    expect(bar(page).get_by_role("button", name="train")).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert own.collection.count(Filter(split="train")) == 0, "an arrow only moves"
    page.keyboard.press("Enter")
    said(page, "Put into validation: 51 pictures")
    page.keyboard.press("h")
    said(page, "Hidden: 51 pictures")
    expect(page.get_by_text("Waiting for the first pictures")).to_be_visible()


def test_edits_and_what_can_be_undone_outlast_a_reload(mine: Visit, own: Site) -> None:
    page = mine.go()
    page.locator(".tile").nth(0).click(modifiers=["ControlOrMeta"])
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    said(page, "Flagged: 1 picture")
    page.reload()
    page.locator(".tile").first.wait_for()
    page.keyboard.press("ControlOrMeta+z")
    said(page, "Undone: Flagged")
    assert own.collection.history()[0].undone


def test_a_selection_is_kept_shown_asked_renamed_and_forgotten(mine: Visit, own: Site) -> None:
    page = mine.go()
    ids = mine.ids()[1:4]
    for place in range(1, 4):
        page.locator(".tile").nth(place).click(modifiers=["ControlOrMeta"])
    page.keyboard.press("w")
    page.keyboard.type("my best")
    page.keyboard.press("Enter")
    said(page, "Kept as “my best”: 3 pictures.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^my best 3")).click()
    expect(page.locator(".total")).to_have_text("3 pictures")
    assert parse_qs(mine.hash.partition("?")[2]) == {"selection": ["my best"]}
    filters = page.get_by_role("complementary", name="Filter")
    filters.get_by_role("button", name="Rename").click()
    page.get_by_label("New name of the selection").fill("the/best?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^the.best. 3"))).to_be_visible()
    filters.get_by_role("button", name="Forget").click()
    said(page, "is forgotten")
    expect(page.locator(".total")).to_have_text("51 pictures")
    page.locator(".messages").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name=re.compile("^the.best. 3"))).to_be_visible()
    assert own.collection.ids_with(selection="the/best?").tolist() == sorted(ids)
    page.get_by_role("button", name=re.compile("^the.best. 3")).click()
    filters.get_by_role("link", name="Similar").click()
    page.locator(".tile").first.wait_for()
    assert parse_qs(mine.hash.partition("?")[2])["term"] == ["selection:the/best?"]


def test_the_chosen_ask_together(mine: Visit) -> None:
    page = mine.go()
    ids = mine.ids()[1:3]
    for place in (1, 2):
        page.locator(".tile").nth(place).click(modifiers=["ControlOrMeta"])
    bar(page).get_by_role("button", name="Similar").click()
    page.locator(".tile").first.wait_for()
    assert parse_qs(mine.hash.partition("?")[2])["term"] == [f"image:{image}" for image in ids]


def test_the_chosen_are_exported_with_the_mouse(mine: Visit) -> None:
    page = mine.go()
    ids = mine.ids()[1:3]
    for place in (1, 2):
        page.locator(".tile").nth(place).click(modifiers=["ControlOrMeta"])
    bar(page).get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export 2 pictures")
    expect(dialog.get_by_role("radio")).to_have_count(10)
    assert violations(page) == []
    dialog.get_by_role("button", name="Export", exact=True).click()
    jobs = page.get_by_role("complementary", name="Jobs")
    link = jobs.get_by_role("link", name="shapes-csv.csv")
    link.wait_for(timeout=60_000)  # the first export loads what writes it
    with page.expect_download() as coming:
        link.click()
    rows = csv.DictReader(coming.value.path().read_text(encoding="utf-8").splitlines())
    assert [int(row["id"]) for row in rows] == ids


def test_a_site_and_links_go_beside_the_collection(mine: Visit, own: Site) -> None:
    page = mine.go()
    for place in (1, 2):
        page.locator(".tile").nth(place).click(modifiers=["ControlOrMeta"])
    here = own.collection.path.parent
    dialog = page.get_by_role("dialog", name="Export 2 pictures")
    jobs = page.get_by_role("complementary", name="Jobs")
    page.keyboard.press("e")
    dialog.get_by_role("radio", name="A site to look at").check()
    dialog.get_by_label("Title").fill("Two shapes")
    dialog.get_by_label("Into a new folder").check()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(jobs.get_by_text(f"It is in {here / 'shapes-app'}.")).to_be_visible(timeout=60_000)
    assert "Two shapes" in (here / "shapes-app" / "README.txt").read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    dialog.get_by_role("radio", name=re.compile("ImageFolder")).check()
    dialog.get_by_label("Picture files").select_option("symlink")
    expect(dialog.get_by_label("Into a new folder")).to_be_checked()
    expect(dialog.get_by_label("Into a new folder")).to_be_disabled()
    name = dialog.get_by_label("Its name")
    name.fill("shapes-app")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("exists already")
    mine.said[:] = [said for said in mine.said if "400 (Bad Request)" not in said]  # Chromium's
    name.fill("linked")
    page.keyboard.press("Enter")
    expect(jobs.get_by_text(f"It is in {here / 'linked'}.")).to_be_visible(timeout=60_000)
    assert sum(file.is_symlink() for file in (here / "linked").rglob("*")) == 2


def test_all_are_exported_with_the_keyboard_alone(mine: Visit) -> None:
    page = mine.go()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Export 51 pictures")
    expect(dialog.get_by_role("radio", name="CSV")).to_be_checked()
    dialog.get_by_role("radio", name="CSV").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name=re.compile("ImageFolder"))).to_be_checked()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="shapes-imagefolder.zip")
    link.wait_for(timeout=60_000)
    expect(page.get_by_text("49 images exported")).to_be_visible()
    while not link.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert sum(name.endswith(".png") for name in archive.namelist()) == 49
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Jobs")).to_have_count(0)


def test_an_edit_in_another_tab_is_seen_here(browser: Browser, own: Site, mine: Visit) -> None:
    here = mine.go()
    tile = here.locator(".tile").first
    name = tile.get_attribute("data-id")
    with visiting(browser, own.address) as other:
        there = other.go()
        there.locator(f".tile[data-id='{name}']").click(modifiers=["ControlOrMeta"])
        there.keyboard.press("l")
        there.keyboard.type("elsewhere")
        there.keyboard.press("Enter")
        said(there, "Labelled elsewhere")
        expect(here.get_by_role("button", name=re.compile("^elsewhere 1"))).to_be_visible()
        expect(tile).to_contain_text("elsewhere")
        there.keyboard.press("h")
        expect(here.locator(".total")).to_have_text("50 pictures")
        there.keyboard.press("ControlOrMeta+z")
        expect(here.locator(".total")).to_have_text("51 pictures")


def test_several_values_of_a_property(mine: Visit) -> None:
    page = mine.go()
    filters = page.get_by_role("complementary", name="Filter")
    filters.get_by_role("button", name=re.compile("^ink 17")).click()
    expect(page.locator(".total")).to_have_text("17 pictures")
    oil = filters.get_by_role("button", name=re.compile("^oil 17"))
    oil.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".total")).to_have_text("34 pictures")
    assert parse_qs(mine.hash.partition("?")[2]) == {"value": ["medium=ink", "medium=oil"]}
    page.keyboard.press("Enter")
    expect(page.locator(".total")).to_have_text("17 pictures")


def test_properties_divide_and_filter(mine: Visit) -> None:
    page = mine.go()
    filters = page.get_by_role("complementary", name="Filter")
    filters.get_by_role("button", name=re.compile("^ink 17")).click()
    expect(page.locator(".total")).to_have_text("17 pictures")
    assert parse_qs(mine.hash.partition("?")[2]) == {"value": ["medium=ink"]}
    filters.get_by_role("button", name=re.compile("^ink")).click()
    histogram = filters.locator(".histogram svg").first
    box = histogram.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.up()
    expect(page.locator(".total")).not_to_have_text("51 pictures")
    (within,) = parse_qs(mine.hash.partition("?")[2])["range"]
    key, _, limits = within.partition("=")
    assert key == "property:year"
    assert limits.startswith("..")
    years = range(1881, 1932)
    want = sum(year <= float(limits.removeprefix("..")) for year in years)
    expect(page.locator(".total")).to_have_text(f"{want} pictures")
    least = filters.get_by_role("slider", name="Least year")
    least.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".total")).to_have_text(f"{want - 2} pictures")
    filters.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(".total")).to_have_text("51 pictures")
    filters.get_by_role("button", name="Width over height").click()
    expect(filters.get_by_role("slider", name="Least Width over height")).to_be_visible()
    assert violations(page) == []


def test_orders_by_what_a_space_says(mine: Visit) -> None:
    page = mine.go()
    sort = page.get_by_label("Sort by")
    sort.select_option("outlyingness")
    expect(page.locator(".tile")).not_to_have_count(0)
    page.wait_for_url(re.compile("outlyingness"))
    asked = {"sort": "outlyingness", "descending": "true"}
    assert parse_qs(mine.hash.partition("?")[2]) == {name: [v] for name, v in asked.items()}
    sort.select_option("similarity")
    said(page, "Choose the picture that the others are to be like")
    page.keyboard.press("Escape")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    like = mine.ids()[3]
    page.locator(".tile").nth(3).click(modifiers=["ControlOrMeta"])
    sort.select_option("similarity")
    expect(page.locator(".total")).to_contain_text("most like")
    expect(page.locator('[data-index="0"]')).to_have_attribute("data-id", str(like))
    page.reload()
    expect(page.locator('[data-index="0"]')).to_have_attribute("data-id", str(like))


def test_rows_and_squares_and_going_anywhere(mine: Visit) -> None:
    page = mine.go()

    def widths() -> set[int]:
        found = page.locator(".tile .mat").evaluate_all("all => all.map(m => m.offsetWidth)")
        return set(found)

    page.locator("img.ready").first.wait_for()
    assert len(widths()) > 3
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Rows of own shapes")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert len(widths()) == 1
    page.keyboard.press("r")
    page.keyboard.press(":")
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    expect(page.locator(".tile.active")).to_have_attribute("data-index", "49")
    page.get_by_label("Sort by").select_option("name")
    page.wait_for_url(re.compile("name"))
    page.keyboard.press(":")
    page.keyboard.type("stripes/stripes-1")
    page.keyboard.press("Enter")
    active = page.locator(".tile.active")
    expect(active).to_contain_text("stripes-10")
    handle = page.locator(".handle").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + 8, handle["y"] + 20)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, 790, steps=3)
    expect(page.locator(".where")).to_contain_text("51 of 51")
    page.mouse.up()
    assert mine.ids()[-1] == mine.api("images?sort=name&limit=500")["images"][-1]["id"]


def test_a_finger_that_stays_chooses(browser: Browser, own: Site) -> None:
    phone = {"width": 390, "height": 844}
    with visiting(browser, own.address, viewport=phone, has_touch=True, is_mobile=True) as visit:
        page = visit.go()
        ids = visit.ids()
        box = page.locator(".tile").nth(1).bounding_box()
        assert box is not None
        touch = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        protocol = page.context.new_cdp_session(page)
        protocol.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
        page.locator(".tile.chosen").wait_for()
        protocol.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.locator(".tile").nth(2).tap()
        assert chosen(page) == sorted(ids[1:3])
        page.get_by_role("button", name="Choose none").tap()
        page.locator(".tile").nth(2).tap()
        expect(page.get_by_role("complementary", name="Picture", exact=True)).to_be_visible()
