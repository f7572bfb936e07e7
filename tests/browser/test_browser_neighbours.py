"""Neighbours and Distribution: spaces side by side, pins, marks, ranks, cuts, sets, labels."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, expect

from impasto import flow
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.visits import PER_SHAPE, Site, Visit, serving, visiting
else:
    from visits import PER_SHAPE, Site, Visit, serving, visiting

pytestmark = pytest.mark.browser
FIRST = "circle-03"


@pytest.fixture(scope="module")
def two(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The collection with a second space, served."""
    home = tmp_path_factory.mktemp("two") / "own"
    shutil.copytree(drawn, home)
    with Collection.open(home / "shapes.impasto") as collection:
        flow.embed(collection, flow.EmbedOptions(layers=("stage3",)))
        names = ("circle-00.png", "circle-01.png", "stripes-02.png")
        images = collection.images(collection.order())
        collection.save_selection("mine", [one.id for one in images if one.name in names])
    with serving(home / "shapes.impasto") as served:
        yield served


@pytest.fixture
def at(browser: Browser, two: Site) -> Iterator[Visit]:
    with visiting(browser, two.address) as opened:
        yield opened


def image_id(visit: Visit, name: str = FIRST) -> int:
    images = visit.api(f"images?text={name}&limit=5")["images"]
    return int(next(image["id"] for image in images if image["name"].startswith(name)))


def params(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(visit.hash.partition("?")[2])


def spaces(visit: Visit) -> list[str]:
    return [space["name"] for space in visit.api("collection")["spaces"]]


def test_spaces_side_by_side_agree_as_the_server_says(at: Visit) -> None:
    start = image_id(at)
    first, second = spaces(at)
    page = at.go(f"#/neighbours?term=image:{start}&space={first}")
    page.get_by_role("button", name="Side by side").click()
    page.wait_for_url(f"**space={first}&beside={second}")
    told = at.api(f"side-by-side?term=image:{start}&space={first}&space={second}&k=50")
    columns = [
        page.get_by_role("list", name=f"Nearest in {one['title']}") for one in told["columns"]
    ]
    for column, one in zip(columns, told["columns"], strict=True):
        expect(column.get_by_role("listitem")).to_have_count(len(one["neighbours"]))
        expect(column.get_by_role("listitem").first).to_contain_text(
            f"{one['neighbours'][0]['similarity']:.3f}"
        )
    (pair,) = told["agreements"]
    table = page.get_by_role("table", name=re.compile("How far the spaces agree"))
    for words in (
        f"{len(pair['shared'])} of {pair['k']}",
        f"{pair['overlap']:.2f} chance {pair['overlap_chance']:.2f}",
        f"{pair['rbo']:.2f} chance {pair['rbo_chance']:.2f}",
        f"{pair['spearman']:.2f} chance 0",
    ):
        expect(table).to_contain_text(words)
    # The nearest picture of the first space lights up where the second one has it.
    rank = told["columns"][0]["neighbours"][0]["ranks"][1]
    columns[0].get_by_role("button").first.hover()
    lit = columns[1].locator("button.lit")
    expect(lit).to_have_count(1)
    expect(columns[1].get_by_role("listitem").nth(rank - 1).locator("button.lit")).to_have_count(1)
    page.get_by_label("How many of the nearest").select_option("20")
    expect(columns[0].get_by_role("listitem")).to_have_count(20)
    page.reload()
    expect(columns[1].get_by_role("listitem")).to_have_count(20)
    page.get_by_role("button", name="Take this space away").last.click()
    expect(page.get_by_role("listbox", name="Neighbours")).to_be_visible()
    assert params(at)["space"] == [first]


def test_side_by_side_on_a_phone_nothing_is_cut_off(browser: Browser, two: Site) -> None:
    with visiting(browser, two.address, viewport={"width": 320, "height": 700}) as visit:
        first, second = spaces(visit)
        start = image_id(visit)
        page = visit.go(
            f"#/neighbours?term=image:{start}&space={first}&beside={second}", pictures=False
        )
        group = page.get_by_role("group", name="Neighbours side by side")
        group.get_by_role("button").first.wait_for()
        cut = group.evaluate(
            "box => [...box.querySelectorAll('.facts')].filter("
            "facts => facts.querySelector('.ranks').scrollWidth > facts.clientWidth).length"
        )
        assert cut == 0
        for choice in group.get_by_role("combobox").all():
            size = choice.bounding_box()
            assert size is not None
            assert size["width"] > 60
        table = page.get_by_role("table", name=re.compile("How far the spaces agree"))
        frame = table.bounding_box()
        assert frame is not None
        assert frame["x"] + frame["width"] <= 320


def test_side_by_side_with_the_keyboard_alone(at: Visit) -> None:
    start = image_id(at)
    first, second = spaces(at)
    page = at.go(f"#/neighbours?term=image:{start}&space={first}")
    press = page.keyboard.press
    press("b")
    page.wait_for_url(f"**beside={second}")
    told = at.api(f"side-by-side?term=image:{start}&space={first}&space={second}&k=50")
    current = page.locator(".column button[aria-current=true]")
    page.locator(".column button").first.wait_for()
    press("ArrowDown")
    press("ArrowDown")
    near = told["columns"][0]["neighbours"][1]
    expect(current).to_contain_text(f"{near['similarity']:.3f}")
    press("ArrowRight")  # the same picture in the other space
    there = next(one for one in told["columns"][1]["neighbours"] if one["id"] == near["id"])
    expect(current).to_contain_text(f"{there['similarity']:.3f}")
    press("k")
    page.wait_for_url(f"**pin=image:{near['id']}")
    press("Enter")  # walk there, still side by side
    page.wait_for_url(f"**term=image:{near['id']}**beside={second}**trail=image:{start}**")
    press("Escape")
    press("Escape")
    page.wait_for_url(lambda url: "beside" not in url)


def test_what_is_pinned_stays_at_hand(at: Visit) -> None:
    start, other = image_id(at), image_id(at, "square-04")
    page = at.go(f"#/neighbours?term=image:{start}")
    page.locator(".tile img.ready").first.wait_for()
    page.get_by_role("button", name="Keep this query at hand").click()
    pinned = page.get_by_role("navigation", name="Pinned")
    expect(pinned.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("k")
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("s")  # walk on; pins come along
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    page.reload()
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("d")
    page.wait_for_url("**/#/distribution?**")
    expect(pinned.get_by_role("listitem")).to_have_count(2)
    pinned.get_by_role("button", name=re.compile("^Ask with circle-03")).click()
    page.wait_for_url(f"**/#/distribution?term=image:{start}&**")
    pinned.get_by_role("button", name=re.compile("^Unpin circle-03")).click()
    expect(pinned.get_by_role("listitem")).to_have_count(1)
    assert other not in at.ids()


def test_the_whole_ranking_can_be_gone_to(at: Visit) -> None:
    start = image_id(at)
    page = at.go(f"#/neighbours?term=image:{start}")
    page.locator(".tile img.ready").first.wait_for()
    order = at.api(f"neighbours?term=image:{start}&k=1000")["neighbours"]
    page.keyboard.press("r")
    field = page.get_by_label("Go to rank")
    expect(field).to_be_focused()
    page.keyboard.type(str(len(order)))
    page.keyboard.press("Enter")
    last = page.locator(f".tile[data-id='{order[-1]['id']}']")
    expect(last).to_be_visible()
    expect(last).to_contain_text(f"#{len(order)}")
    expect(last).to_contain_text(f"{order[-1]['similarity']:.3f}".replace("-", "−"))
    expect(page.locator(".tile.active")).to_have_attribute("data-id", str(order[-1]["id"]))


def test_marks_say_who_is_near_whom(at: Visit) -> None:
    start = image_id(at)
    page = at.go(f"#/neighbours?term=image:{start}")
    page.locator(".tile img.ready").first.wait_for()
    ids = at.ids()[:12]
    told = at.api(f"neighbours/marks?term=image:{start}&ids={','.join(map(str, ids))}")
    assert any(mark["mutual"] for mark in told["marks"])
    for mark in told["marks"]:
        tile = page.locator(f".tile[data-id='{mark['id']}']")
        expect(tile.locator(".mutual")).to_have_count(1 if mark["mutual"] else 0)
        expect(tile.locator(".hub")).to_have_count(1 if mark["hub"] else 0)
        if mark["mutual"]:
            expect(tile).to_contain_text(f"the query is number {mark['back']} among")


def test_a_selection_is_a_query(at: Visit) -> None:
    page = at.go(f"#/neighbours?term=image:{image_id(at)}")
    field = page.get_by_label("Add a label or tag to the query")
    field.fill("mine")
    page.keyboard.press("Enter")
    page.wait_for_url("**term=selection:mine")
    field.fill("nothing of the kind")
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("There is no label, tag or selection “nothing of the kind”")
    ).to_be_visible()


def test_the_cut_can_be_dragged_and_tells_its_background(at: Visit) -> None:
    page = at.go("#/distribution?term=label:stripes")
    told = at.api("distribution?term=label:stripes&bins=400")
    cut = page.get_by_role("slider", name="Cut")
    if told["cut"] is None:
        expect(page.get_by_text(told["cut_sentence"])).to_be_visible()
        page.get_by_role("button", name="Cut by hand").click()
    else:
        expect(cut).to_have_attribute(
            "aria-valuetext", re.compile(f"{told['cut']['count']} picture")
        )
    cut.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    value = float(cut.get_attribute("aria-valuenow") or "nan")
    at_edge = min(range(401), key=lambda i: abs(told["edges"][i] - value))
    words = page.locator(".cut").last
    expect(words).to_contain_text(f"{told['above'][at_edge]} pictures")
    share = told["shares"][at_edge]
    assert share is not None
    expect(words).to_contain_text(re.compile(r"\d %"))
    expect(
        page.get_by_role("heading", name=re.compile(f"^{told['above'][at_edge]} pictures"))
    ).to_be_visible()
    before = value
    box = page.locator(".cut-handle").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 112, box["y"] + 12, steps=5)
    page.mouse.up()
    assert float(cut.get_attribute("aria-valuenow") or "nan") > before
    assert float(params(at)["cut"][0]) > before
    page.reload()
    assert float(cut.get_attribute("aria-valuenow") or "nan") > before


def test_inside_against_outside(at: Visit) -> None:
    start = image_id(at)
    page = at.go(f"#/distribution?term=image:{start}")
    page.get_by_label("Inside against outside").fill("circle")
    page.keyboard.press("Enter")
    page.wait_for_url("**inside=label:circle")
    told = at.api(f"distribution/inside?term=image:{start}&of=label:circle")
    expect(page.locator(".contrast")).to_contain_text(f"AUC {told['auc']['value']:.2f}")
    expect(page.locator(".contrast")).to_contain_text(f"KS {told['ks']:.2f}")
    expect(page.get_by_text(f"{told['inside_total']} pictures inside circle")).to_be_visible()
    page.get_by_role("button", name="All together").click()
    expect(page.locator(".contrast")).to_have_count(0)


def test_every_label_and_tag_at_once(at: Visit) -> None:
    start = image_id(at)
    page = at.go(f"#/distribution?term=image:{start}")
    page.keyboard.press("m")
    page.wait_for_url("**by=label")
    told = at.api(f"distribution/groups?term=image:{start}&by=label")
    links = page.locator("li a .name")
    expect(links).to_have_text([group["name"] for group in told["groups"]])
    expect(page.locator("li a").first).to_contain_text(f"{told['groups'][0]['auc']['value']:.2f}")
    page.get_by_label("Order").select_option("name")
    expect(links).to_have_text(sorted(group["name"] for group in told["groups"]))
    page.get_by_label("Order").select_option("sure")
    page.get_by_role("button", name="By tag").click()
    expect(links).to_have_text(
        [g["name"] for g in at.api(f"distribution/groups?term=image:{start}&by=tag")["groups"]]
    )
    page.locator("li a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**inside=tag:**")
    expect(page.locator(".contrast")).to_be_visible()


def test_the_histogram_as_a_table(at: Visit) -> None:
    page = at.go("#/distribution?term=label:circle")
    page.get_by_role("button", name="As a table").press("Enter")
    table = page.get_by_role("table", name=re.compile("Pictures by similarity"))
    told = at.api("distribution?term=label:circle&bins=400")
    expect(table.get_by_role("columnheader").first).to_have_text("Similarity from")
    counts = [int(text) for text in table.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert sum(counts) == told["total"]
    assert told["total"] > PER_SHAPE


def test_a_narrow_screen_holds_both_columns(browser: Browser, two: Site) -> None:
    with visiting(browser, two.address, viewport={"width": 390, "height": 844}) as at:
        first, second = spaces(at)
        page = at.go(f"#/neighbours?term=image:{image_id(at)}&space={first}&beside={second}")
        page.locator(".column button").first.wait_for()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
        boxes = [page.locator(".column").nth(i).bounding_box() for i in (0, 1)]
        assert boxes[0] and boxes[1]
        assert boxes[1]["x"] + boxes[1]["width"] <= 390
