"""What people do in the app, from the first picture to the last key."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

import pytest
from playwright.sync_api import Browser, expect

from impasto import flow
from impasto.core.progress import Progress
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.visits import PER_SHAPE, SHAPES, Site, Visit, draw, serving, visiting
else:
    from visits import PER_SHAPE, SHAPES, Site, Visit, draw, serving, visiting

pytestmark = pytest.mark.browser
ALL = PER_SHAPE * len(SHAPES) + 3  # with a broken, an empty and a tiny one


def image_id(visit: Visit, name: str) -> int:
    images = visit.api(f"images?text={quote(name)}&limit=5")["images"]
    return int(next(image["id"] for image in images if image["name"].startswith(name)))


def test_browse_shows_every_picture_and_says_what_is_wrong(visit: Visit) -> None:
    page = visit.go()
    expect(page).to_have_title("Browse · shapes · impasto")
    expect(page.locator(".total")).to_have_text(f"{ALL} pictures")
    expect(page.locator(".tile")).not_to_have_count(0)
    page.locator("img.ready").first.wait_for()
    page.get_by_role("button", name=re.compile("^truncated")).click()
    expect(page.locator(".total")).to_have_text("1 picture")
    page.locator(".tile").click()
    panel = page.get_by_role("complementary", name="Picture", exact=True)
    expect(panel).to_contain_text("broken.jpg")
    reason = next(flag["reason"] for flag in visit.api(f"images/{visit.ids()[0]}")["flags"])
    expect(panel).to_contain_text(reason)


def test_filters_add_up_and_live_in_the_address(visit: Visit) -> None:
    page = visit.go()
    filters = page.get_by_role("complementary", name="Filter")
    filters.get_by_role("button", name=re.compile(r"^circle \d")).click()
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE + 1} pictures")
    filters.get_by_role("button", name=re.compile(r"^round \d")).click()
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE // 2} pictures")
    assert parse_qs(visit.hash.partition("?")[2]) == {"label": ["circle"], "tag": ["round"]}
    page.reload()
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE // 2} pictures")
    expect(filters.get_by_role("button", name=re.compile("^circle"))).to_have_attribute(
        "aria-pressed", "true"
    )
    page.go_back()
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE + 1} pictures")
    filters.get_by_role("button", name="Clear").click()
    expect(page.locator(".total")).to_have_text(f"{ALL} pictures")


def test_search_types_in_peace(visit: Visit) -> None:
    page = visit.go()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search names, labels and tags")
    expect(search).to_be_focused()
    page.keyboard.type("stripes")  # has s, t, i and p in it: no shortcut may fire
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE + 1} pictures")
    assert visit.hash == "/browse?text=stripes"
    expect(page.get_by_role("complementary", name="Picture", exact=True)).to_have_count(0)
    search.fill('"unbalanced AND (')
    expect(page.get_by_role("heading", name="No picture is like that")).to_be_visible()
    search.press("Escape")
    expect(page.locator(".total")).to_have_text(f"{ALL} pictures")
    expect(search).not_to_be_focused()


def test_sorting(visit: Visit) -> None:
    page = visit.go()
    page.get_by_label("Sort by").select_option("name")
    page.get_by_role("button", name="Rising order").click()
    expect(page.locator(".tile").first).to_have_attribute("data-index", "0")
    names = [
        image["name"] for image in visit.api("images?sort=name&descending=true&limit=5")["images"]
    ]
    page.wait_for_function(
        "name => document.querySelector('.tile[data-index=\"0\"]')?.title === name", arg=names[0]
    )
    assert visit.hash == "/browse?sort=name&descending=true"


def test_everything_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.go("#/browse?label=stripes")
    page.locator("img.ready").first.wait_for()
    press = page.keyboard.press
    press("ArrowRight")
    press("ArrowRight")
    press("Enter")  # open
    panel = page.get_by_role("complementary", name="Picture", exact=True)
    second = visit.ids()[1]
    expect(panel).to_contain_text(visit.api(f"images/{second}")["name"])
    press("ArrowLeft")  # the panel follows
    first = visit.ids()[0]
    expect(panel).to_contain_text(visit.api(f"images/{first}")["name"])
    press("Escape")
    expect(panel).to_have_count(0)
    press("s")  # similar
    page.wait_for_url(f"**/#/neighbours?term=image:{first}")
    page.locator(".tile img.ready").first.wait_for()
    near = visit.ids()[0]
    assert near == visit.api(f"neighbours?term=image:{first}&k=1")["neighbours"][0]["id"]
    press("ArrowRight")
    press("Enter")  # walk
    page.wait_for_url(f"**/#/neighbours?term=image:{near}&trail=image:{first}")
    expect(page.locator(".tile.active")).to_have_count(0)  # its neighbours have come
    press("Backspace")  # back along the trail
    page.wait_for_url(f"**/#/neighbours?term=image:{first}")
    press("d")
    page.wait_for_url(f"**/#/distribution?term=image:{first}")
    press("g")
    press("b")
    page.wait_for_url("**/#/browse")
    press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("Distribution of its similarities")
    press("s")  # nothing behind the sheet may hear it
    assert visit.hash == "/browse"
    press("Escape")
    expect(sheet).to_have_count(0)
    press("j")
    expect(page.get_by_role("complementary", name="Jobs")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("complementary", name="Jobs")).to_have_count(0)


def test_tab_reaches_every_control_and_shows_where_it_is(visit: Visit) -> None:
    page = visit.go()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        name, ring = page.evaluate(
            """() => { const e = document.activeElement; const s = getComputedStyle(e);
            if (e === document.body) return ['BODY', true];
            return [e.getAttribute('aria-label') || e.textContent.trim() || e.tagName,
                    e.getAttribute('role') === 'listbox' || s.outlineStyle !== 'none'] }"""
        )
        if name == "BODY":
            break
        assert ring, f"no visible focus on {name}"
        reached.add(name.split("\n")[0].strip())
    wanted = {"Browse", "Neighbours", "Distribution", "Try", "Jobs", "Filter", "Pictures"}
    assert wanted <= reached, f"Tab does not reach {wanted - reached}"


def test_walking_from_picture_to_picture(visit: Visit) -> None:
    start = image_id(visit, "circle-03")
    page = visit.go(f"#/neighbours?term=image:{start}")
    page.locator(".tile img.ready").first.wait_for()
    told = visit.api(f"neighbours?term=image:{start}&k=200")
    assert visit.ids() == [each["id"] for each in told["neighbours"]][: len(visit.ids())]
    best = told["neighbours"][0]
    tile = page.locator(".tile").first
    expect(tile).to_contain_text(f"{best['similarity']:.3f}")
    expect(tile).to_contain_text(f"{abs(best['z']):.1f}")
    tile.locator(".mat").click()
    page.wait_for_url(f"**term=image:{best['id']}&trail=image:{start}")
    page.locator(".tile").nth(1).locator(".mat").click()
    trail = page.get_by_role("navigation", name="Trail")
    expect(trail.get_by_role("listitem")).to_have_count(2)
    trail.get_by_role("button", name=re.compile("Back to circle-03")).click()
    page.wait_for_url(f"**/#/neighbours?term=image:{start}")
    page.go_back()
    expect(trail.get_by_role("listitem")).to_have_count(2)


def test_examples_and_counter_examples(visit: Visit) -> None:
    start = image_id(visit, "square-01")
    page = visit.go(f"#/neighbours?term=image:{start}")
    page.locator(".tile img.ready").first.wait_for()
    page.keyboard.press("ArrowRight")
    near = visit.ids()[0]
    page.keyboard.press("p")
    page.wait_for_url(f"**term=image:{start}&term=image:{near}")
    page.wait_for_function("id => !document.querySelector(`.tile[data-id='${id}']`)", arg=near)
    page.keyboard.press("ArrowRight")
    away = visit.ids()[0]
    page.keyboard.press("x")
    page.wait_for_url(f"**term=-image:{away}")
    page.get_by_label("Add a label or tag to the query").fill("label:stripes")
    page.keyboard.press("Enter")
    page.wait_for_url("**term=label:stripes")
    query = page.get_by_role("list", name="Query")
    expect(query.get_by_role("listitem")).to_have_count(4)
    query.get_by_role("button", name=re.compile("^Take square-01")).click()
    expect(query.get_by_role("listitem")).to_have_count(3)


def test_a_picture_from_outside_by_choice_drop_and_paste(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "mine.png"
    draw("stripes", 99).save(file)
    page = visit.go("#/neighbours", pictures=False)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(file)
    page.wait_for_url("**term=upload:*")
    page.locator(".tile img.ready").first.wait_for()
    labels = [
        image["label"] for image in visit.api(f"cards?ids={','.join(map(str, visit.ids()[:5]))}")
    ]
    assert labels.count("stripes") >= 3

    data = base64.b64encode(file.read_bytes()).decode()
    event = """async ([data, type, name]) => {
        const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
        const carrier = new DataTransfer();
        const kind = { type: name.endsWith('png') ? 'image/png' : '' };
        carrier.items.add(new File([bytes], name, kind));
        const init = { bubbles: true, cancelable: true };
        const drag = { ...init, dataTransfer: carrier };
        if (type === 'drop') {
            window.dispatchEvent(new DragEvent('dragenter', drag));
            document.body.dispatchEvent(new DragEvent('drop', drag));
        } else {
            const paste = { ...init, clipboardData: carrier };
            window.dispatchEvent(new ClipboardEvent('paste', paste));
        }
    }"""
    for way in ("drop", "paste"):
        page.goto(visit.address + "#/browse")
        page.locator(".tile").first.wait_for()
        page.evaluate(event, [data, way, "mine.png"])
        page.wait_for_url("**/#/neighbours?term=upload:*")
    page.evaluate(event, [data, "drop", "mine.pdf"])
    expect(page.get_by_role("status")).to_contain_text("That is not a picture file.")


def test_the_distribution_is_brushed_by_mouse_and_by_keys(visit: Visit) -> None:
    start = image_id(visit, "circle-05")
    page = visit.go(f"#/distribution?term=image:{start}", pictures=False)
    chart = page.get_by_role("group", name=re.compile("^Histogram"))
    chart.wait_for()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 70, steps=5)
    page.mouse.up()
    page.wait_for_url("**low=*high=*")

    def check() -> tuple[float, float]:
        params = parse_qs(visit.hash.partition("?")[2])
        low, high = float(params["low"][0]), float(params["high"][0])
        near = visit.api(f"neighbours?term=image:{start}&k=1000")["neighbours"]
        inside = [each["id"] for each in near if low <= each["similarity"] <= high]
        noun = "picture" if len(inside) == 1 else "pictures"
        expect(page.get_by_role("heading", name=f"{len(inside)} {noun}")).to_be_visible()
        for end, value in (("from similarity", low), ("to similarity", high)):
            field = page.get_by_role("spinbutton", name=end)
            assert float(field.input_value()) == pytest.approx(value, abs=1e-6)
        assert visit.ids() == inside[: len(visit.ids())]
        return low, high

    low, high = check()
    page.get_by_role("slider", name="Highest similarity").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => !location.hash.includes(`high=${before}`)", arg=high)
    narrower = check()
    assert narrower[0] == low
    assert narrower[1] == pytest.approx(high - 0.005)
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function("before => !location.hash.includes(`high=${before}`)", arg=narrower[1])
    assert check()[1] == pytest.approx(max(high - 0.055, low + 0.005))
    page.get_by_role("button", name="Logarithmic").click()
    page.wait_for_url("**scale=log*")
    page.reload()
    expect(page.get_by_role("button", name="Logarithmic")).to_have_attribute("aria-pressed", "true")
    check()


def test_learning_and_trying_a_model(browser: Browser, own: Site, tmp_path: Path) -> None:
    with visiting(browser, own.address) as visit:
        page = visit.go("#/try", pictures=False)
        page.get_by_role("button", name="Learn 3 labels").click()
        jobs = page.get_by_role("complementary", name="Jobs")
        expect(jobs).to_contain_text("Done", timeout=120_000)
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="Try it on a picture")).to_be_visible()
        file = tmp_path / "mine.png"
        draw("stripes", 123).save(file)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a picture").click()
        chooser.value.set_files(file)
        answer = page.get_by_role("region", name="The answer")
        expect(answer.get_by_role("heading", level=1)).to_have_text("stripes")
        expect(answer.locator(".guesses li")).to_have_count(3)
        shares = [float(text.strip("<> %")) for text in answer.locator(".share").all_inner_texts()]
        assert shares == sorted(shares, reverse=True)
        expect(answer).to_contain_text("chance")
        answer.locator(".near img.ready").first.wait_for()
        report = answer.get_by_role("link", name="Report").get_attribute("href")
        assert report is not None
        with page.expect_popup() as popup:
            answer.get_by_role("link", name="Report").click()
        expect(popup.value.locator("body")).to_contain_text("stripes")


def test_new_pictures_appear_without_a_reload(browser: Browser, own: Site) -> None:
    with visiting(browser, own.address) as visit:
        page = visit.go("#/browse?sort=name&descending=true")
        folder = own.collection.roots()[0]
        draw("stripes", 77).save(folder / "stripes" / "zebra.png")
        page.keyboard.press("j")
        page.get_by_role("button", name="Look for new pictures").click()
        page.keyboard.press("j")
        expect(page.locator(".total")).to_have_text(f"{ALL + 1} pictures")
        page.locator(".tile[data-index='0'][title='zebra.png'] img.ready").wait_for()


def test_it_fills_while_pictures_are_read_and_comes_back_when_the_server_does(
    browser: Browser, drawn: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.impasto"
    Collection.create(path).close()
    with serving(path) as site:
        port = int(site.address.rsplit(":", 1)[1].strip("/"))
        context = browser.new_context()
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(site.address)
        expect(page.get_by_role("heading", name="No pictures here yet")).to_be_visible()

        def gather(progress: Progress) -> None:
            flow.add(site.collection, drawn / "pictures", progress=progress)
            flow.read(site.collection, progress=progress)

        site.studio.jobs.submit("add", "Look for pictures", gather)
        page.locator(".tile img.ready").first.wait_for()
        expect(page.locator(".total")).to_have_text(f"{ALL} pictures")
        assert said == []
    expect(page.get_by_text("The server is away.")).to_be_visible()
    with serving(path, port):
        expect(page.get_by_text("The server is away.")).to_have_count(0, timeout=20_000)
        page.get_by_role("button", name=re.compile("^square")).click()
        expect(page.locator(".total")).to_have_text(f"{PER_SHAPE + 1} pictures")
        context.close()
    assert all("ERR_" in line for line in said), said  # Chromium's own words on a dead connection


def test_a_range_of_the_distribution_is_typed(visit: Visit) -> None:
    start = image_id(visit, "circle-05")
    near = visit.api(f"neighbours?term=image:{start}&k=1000")["neighbours"]
    page = visit.go(f"#/distribution?term=image:{start}")
    low, high = page.get_by_label("from similarity"), page.get_by_label("to similarity")
    middle = round((near[4]["similarity"] + near[5]["similarity"]) / 2, 6)  # amid a bar
    high.fill("1")
    low.fill(str(middle))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**low={middle}&**")
    expect(page.get_by_role("group", name="5 pictures", exact=True)).to_be_visible()
    assert visit.ids() == [each["id"] for each in near[:5]]
    page.reload()
    expect(low).to_have_value(str(middle))
    expect(page.get_by_role("heading", name="5 pictures", exact=True)).to_be_visible()
    low.focus()
    page.keyboard.press("ArrowDown")  # one bar
    page.wait_for_function("now => !location.hash.includes(now)", arg=f"low={middle}")
    there = visit.hash
    low.fill("2")
    page.keyboard.press("Tab")
    expect(page.get_by_role("alert")).to_have_text("Similarities lie between −1 and 1.")
    expect(low).to_have_attribute("aria-invalid", "true")
    assert visit.hash == there
    low.fill("0.25")
    page.keyboard.press("Enter")
    page.wait_for_url("**low=0.25&**")
    expect(page.get_by_role("alert")).to_have_count(0)
