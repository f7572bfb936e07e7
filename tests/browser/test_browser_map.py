"""The map in use: by WebGL2, without it, with the mouse, with fingers, with the keyboard alone."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from impasto import flow
from impasto.explore.maps import Settings
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.axe import violations
    from tests.browser.visits import FLAGS, PER_SHAPE, Site, Visit, find_chromium, serving, visiting
else:
    from axe import violations
    from visits import FLAGS, PER_SHAPE, Site, Visit, find_chromium, serving, visiting

pytestmark = pytest.mark.browser
ON_MAP = PER_SHAPE * 3 + 1  # with the tiny one
WITHOUT = [*FLAGS, "--disable-webgl", "--disable-3d-apis"]
IMITATED = [*FLAGS, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def mapped(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A copy of the collection with a map, served."""
    home = tmp_path_factory.mktemp("mapped") / "own"
    shutil.copytree(drawn, home)
    with Collection.open(home / "shapes.impasto") as collection:
        flow.make_map(collection, Settings("pca"), name="plain")
    with serving(home / "shapes.impasto") as served:
        yield served


@pytest.fixture
def trip(browser: Browser, mapped: Site) -> Iterator[Visit]:
    """A visit to the collection with a map; with reduced motion nothing has to be awaited."""
    with visiting(browser, mapped.address, reduced_motion="reduce") as opened:
        yield opened


@contextmanager
def opened_with(driver: Playwright, flags: list[str]) -> Iterator[Browser]:
    with driver.chromium.launch(executable_path=find_chromium(), args=flags) as browser:
        yield browser


def enter(visit: Visit, place: str = "#/map") -> Page:
    """Open the map and wait until its pictures have come."""
    page = visit.go(place, pictures=False)
    page.get_by_role("application").wait_for()
    expect(page.locator("#map-says")).to_have_text(re.compile("[1-9]"))
    return page


def ground(page: Page) -> Locator:
    return page.get_by_role("application")


def pixels(page: Page) -> NDArray[np.int16]:
    """Return what the map looks like, without what lies beside it."""
    with Pillow.open(io.BytesIO(ground(page).screenshot())) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)[:, :-190]


def painted(page: Page) -> float:
    """Return the share of the map that is neither bare ground nor a dim picture."""
    seen = pixels(page)
    return float((np.abs(seen - seen[2, 2]).sum(2) > 120).mean())


def places(visit: Visit, layout: str = "points") -> NDArray[Any]:
    body = visit.page.request.get(f"{visit.address}api/maps/plain/{layout}").body()
    return np.frombuffer(body, [("id", "<i4"), ("x", "<f4"), ("y", "<f4")])


def corners(area: str) -> list[tuple[float, float]]:
    """Read a loop out of the address, as web/src/map/lasso.ts writes it."""
    numbers = [int(area[i : i + 3], 36) / (36**3 - 1) * 2 - 0.5 for i in range(1, len(area), 3)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def inside(loop: list[tuple[float, float]], x: float, y: float) -> bool:
    crossings = 0
    for (ax, ay), (bx, by) in zip(loop, [*loop[1:], loop[0]], strict=True):
        crossings += (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax
    return crossings % 2 == 1


def asked(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(visit.hash.partition("?")[2])


def test_without_a_map_the_page_says_how_to_make_one(browser: Browser, own: Site) -> None:
    with visiting(browser, own.address) as visit:
        page = visit.go("#/map", pictures=False)
        expect(page.get_by_role("heading", name="No map yet")).to_be_visible()
        page.get_by_role("button", name="Make a map").click()
        dialog = page.get_by_role("dialog", name="Make a map")
        assert violations(page) == []
        dialog.get_by_role("radio", name=re.compile("^PCA")).check()
        dialog.get_by_label("Seed").fill("3")
        dialog.get_by_role("button", name="Make it").click()
        page.get_by_role("application").wait_for()
        (card,) = visit.api("maps")
        assert (card["settings"]["method"], card["settings"]["seed"]) == ("pca", 3)
        page.keyboard.press("Escape")  # the drawer of jobs
        expect(page.locator("#map-says")).to_have_text(f"{ON_MAP} pictures in view.")


def test_a_map_that_was_asked_for_is_shown_even_if_another_comes_first(
    browser: Browser, own: Site
) -> None:
    flow.make_map(own.collection, Settings("tsne", perplexity=5), name="first")
    with visiting(browser, own.address, reduced_motion="reduce") as visit:
        page = enter(visit)
        page.get_by_role("button", name="Make a map").click()
        dialog = page.get_by_role("dialog", name="Make a map")
        dialog.get_by_role("radio", name=re.compile("^PCA")).check()
        dialog.get_by_role("button", name="Make it").click()
        page.wait_for_url("**map=pca-*")


def test_it_shows_pictures_by_webgl_and_after_the_card_was_reset(
    driver: Playwright, mapped: Site
) -> None:
    with (
        opened_with(driver, IMITATED) as browser,
        visiting(browser, mapped.address, reduced_motion="reduce") as visit,
    ):
        page = enter(visit, "#/map?draw=webgl&size=7")
        page.wait_for_timeout(500)
        expect(page.get_by_text("Drawn without WebGL")).to_have_count(0)
        before = painted(page)
        assert before > 0.05
        page.keyboard.press("v")
        page.wait_for_timeout(300)
        assert painted(page) > 0.2
        page.keyboard.press("v")
        page.evaluate(
            "document.querySelector('canvas').getContext('webgl2')"
            ".getExtension('WEBGL_lose_context').loseContext()"
        )
        expect(page.get_by_text("The graphics card was reset")).to_be_visible()
        page.wait_for_timeout(800)
        assert painted(page) == pytest.approx(before, rel=0.1)
        # The imitated card talks of the time that showing its picture on no screen takes.
        visit.said = [said for said in visit.said if "GL Driver Message" not in said]


def test_it_shows_the_same_pictures_without_webgl(driver: Playwright, mapped: Site) -> None:
    seen = []
    for flags, place in (
        (WITHOUT, "#/map?size=7"),
        (IMITATED, "#/map?draw=webgl&size=7"),
        (WITHOUT, "#/map?size=0&by=label"),
        (IMITATED, "#/map?draw=webgl&size=0&by=label"),
    ):
        with (
            opened_with(driver, flags) as browser,
            visiting(browser, mapped.address, reduced_motion="reduce") as visit,
        ):
            if "size=0" in place:  # few pixels for a picture
                visit.page.set_viewport_size({"width": 900, "height": 420})
            page = enter(visit, place)
            page.wait_for_timeout(800)
            without = page.get_by_text("Drawn without WebGL")
            expect(without).to_have_count(1 if flags is WITHOUT else 0)
            seen.append(pixels(page))
            visit.said = [said for said in visit.said if "GL Driver Message" not in said]
    assert np.abs(seen[0] - seen[1]).mean() < 4
    assert np.abs(seen[2] - seen[3]).mean() < 4
    drawn = (np.abs(seen[3] - seen[3][2, 2]).sum(2) > 60).sum()
    assert drawn > 200, "small ones have the colours of their labels"
    alike = (np.abs(seen[2] - seen[3]).sum(2) > 120).sum()
    assert alike < drawn / 2


def test_everything_on_the_map_with_the_keyboard_alone(trip: Visit) -> None:
    page = trip.go(pictures=False)
    press = page.keyboard.press
    press("g")
    press("m")
    page.get_by_role("application").wait_for()
    expect(page.locator("#map-says")).to_have_text(re.compile("[1-9]"))
    press("ArrowRight")  # the one nearest the middle
    press("ArrowRight")
    expect(page.locator(".ring")).to_have_count(1)
    press("Enter")
    page.wait_for_url("**/#/map?image=*")
    first = int(asked(trip)["image"][0])
    panel = page.get_by_role("complementary", name="Picture", exact=True)
    expect(panel).to_contain_text(trip.api(f"images/{first}")["name"])
    press("ArrowLeft")
    page.wait_for_function("before => !location.hash.includes(`image=${before}`)", arg=first)
    second = int(asked(trip)["image"][0])
    at = {int(row["id"]): row for row in places(trip)}
    assert at[second]["x"] < at[first]["x"]
    press("Escape")
    expect(panel).to_have_count(0)
    press(" ")
    expect(page.get_by_role("heading", name="1 picture")).to_be_visible()
    assert asked(trip)["pick"] == [str(second)]
    press("+")
    press("+")
    page.wait_for_url("**view=*")
    assert float(asked(trip)["view"][0].split(",")[2]) == pytest.approx(2.25, rel=0.01)
    press("0")
    page.wait_for_url(lambda url: "view=" not in url)
    press("v")
    page.wait_for_url("**layout=grid*")
    press("s")
    page.wait_for_url(f"**/#/neighbours?term=image:{second}")


def test_what_is_in_view_is_chosen_with_a_key(trip: Visit) -> None:
    page = enter(trip)
    said = page.get_by_role("region", name="Chosen pictures").get_by_role("heading")
    page.keyboard.press("a")
    expect(said).to_have_text(f"{ON_MAP} pictures")
    page.keyboard.press("Escape")
    for _ in range(4):
        page.keyboard.press("+")
    page.wait_for_url("**view=*")
    page.keyboard.press("a")
    page.wait_for_url("**area=*")
    loop = corners(asked(trip)["area"][0])
    wanted = [row["id"] for row in places(trip) if inside(loop, row["x"], row["y"])]
    assert 0 < len(wanted) < ON_MAP
    expect(said).to_have_text(re.compile(f"^{len(wanted)} pictures?$"))
    page.keyboard.press("0")
    page.keyboard.press("Shift+A")
    expect(said).to_have_text(f"{ON_MAP} pictures")


def test_a_lasso_chooses_what_is_inside_and_can_be_sent(trip: Visit) -> None:
    page = enter(trip)
    box = ground(page).bounding_box()
    assert box is not None
    page.get_by_role("button", name="Choose with a lasso").click()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    path = [(0, -400), (260, -200), (200, 100), (20, 300), (-60, 0)]
    page.mouse.move(middle[0], middle[1] - 330)
    page.mouse.down()
    for x, y in path[1:]:
        page.mouse.move(middle[0] + x, middle[1] + y, steps=5)
    expect(page.locator("polygon")).to_have_count(1)
    page.mouse.up()
    page.wait_for_url("**area=*")
    loop = corners(asked(trip)["area"][0])
    wanted = {int(row["id"]) for row in places(trip) if inside(loop, row["x"], row["y"])}
    assert 0 < len(wanted) < ON_MAP
    said = page.get_by_role("region", name="Chosen pictures").get_by_role("heading")
    expect(said).to_have_text(re.compile(f"^{len(wanted)} pictures?$"))
    assert violations(page) == []
    page.reload()
    expect(said).to_have_text(re.compile(f"^{len(wanted)} pictures?$"))

    acts = page.get_by_role("toolbar", name="With the chosen pictures")
    acts.get_by_role("button", name="Keep as selection").click()
    acts.get_by_label("Name of the selection").fill("looped")
    acts.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Kept as “looped”")).to_be_visible()
    acts.get_by_role("button", name="Tag", exact=True).click()
    acts.get_by_label("Tags, with commas between").fill("inside")
    acts.get_by_role("button", name="Do it").click()
    expect(page.get_by_text(re.compile("inside.*: "))).to_be_visible()
    for kept in ("selection=looped", "tag=inside"):
        body = trip.page.request.get(f"{trip.address}api/order?{kept}").body()
        assert set(np.frombuffer(body, "<i4").tolist()) == wanted
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "area=" not in url)
    expect(said).to_have_count(0)


def test_a_rectangle_adds_to_what_is_chosen(trip: Visit) -> None:
    page = enter(trip)
    box = ground(page).bounding_box()
    assert box is not None
    for left, right, keys in ((4, 0.5, []), (0.5, 1, ["Shift"])):
        page.keyboard.press("r")
        x = [box["x"] + (4 if side == 4 else side * box["width"] - 4) for side in (left, right)]
        for key in keys:
            page.keyboard.down(key)
        page.mouse.move(x[0], box["y"] + 4)
        page.mouse.down()
        page.mouse.move(x[1] + 8, box["y"] + box["height"] - 4, steps=4)
        page.mouse.up()
        for key in keys:
            page.keyboard.up(key)
    expect(page.get_by_role("heading", name=f"{ON_MAP} pictures")).to_be_visible()
    assert len(asked(trip)["area"]) == 2


def test_colours_have_a_legend_that_lights_one_of_them(trip: Visit) -> None:
    page = enter(trip, "#/map?size=7")
    page.get_by_label("Colour by").select_option("label")
    legend = page.get_by_role("region", name="Colours")
    told = trip.api("values?by=label&map=plain")
    for each in told["categories"]:
        expect(legend).to_contain_text(re.compile(f"{each['name']}\\s*{each['count']}"))
    assert violations(page) == []
    everything = painted(page)
    legend.get_by_role("button", name=re.compile("^circle")).click()
    expect(page.locator(".total")).to_have_text(f"{PER_SHAPE} lit")
    page.wait_for_timeout(200)
    assert painted(page) < everything * 0.8
    assert asked(trip)["only"] == ["circle"]
    legend.get_by_role("button", name="All").click()
    expect(page.locator(".total")).to_have_text("")
    page.keyboard.press("/")
    page.keyboard.type("stripes")  # no shortcut may fire
    expect(page.locator(".total")).to_have_text(re.compile(r"^1[67] lit$"))
    page.keyboard.press("Escape")
    expect(page.locator(".total")).to_have_text("")


def test_the_numbers_beside_the_map_are_those_of_the_server(trip: Visit) -> None:
    page = enter(trip)
    (card,) = trip.api("maps")
    faith = card["faithfulness"]
    beside = page.get_by_role("region", name="How faithful the map is")
    expect(beside).to_contain_text(f"of each picture’s {faith['k']} most similar pictures")
    beside.get_by_text("The numbers").click()
    for name, key in (
        ("Neighbours kept", "kept"),
        ("Trustworthiness", "trustworthiness"),
        ("Continuity", "continuity"),
        ("Same label nearby", "label_hit"),
    ):
        row = beside.get_by_role("row", name=re.compile(f"^{name}"))
        shown = [float(cell) for cell in row.get_by_role("cell").all_inner_texts()]
        wanted = [faith[key]["value"], faith[key]["chance"]]
        assert shown == pytest.approx(wanted, abs=0.00051), name


def test_the_mouse_zooms_where_it_is_and_shows_what_is_below(trip: Visit) -> None:
    page = enter(trip, "#/map?layout=grid")
    row = places(trip, "grid")[7]
    box = ground(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -240)
    page.wait_for_url("**view=*")
    x, y, zoom = map(float, asked(trip)["view"][0].split(","))
    assert zoom > 1.3
    page.reload()
    expect(page.locator("#map-says")).to_have_text(re.compile("[1-9]"))
    assert [*map(float, asked(trip)["view"][0].split(","))] == [x, y, zoom]
    # Go to the place of one image by its address, and look below the middle of the screen.
    page.goto(f"{trip.address}#/map?layout=grid&view={row['x']},{row['y']},6")
    page.wait_for_timeout(600)
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2 + 3)
    expect(page.locator(".card .title")).to_have_text(
        re.compile(re.escape(trip.api(f"images/{row['id']}")["name"]))
    )
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**image={row['id']}*")


def test_fingers_pinch_drag_and_tap(browser: Browser, mapped: Site) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with visiting(browser, mapped.address, reduced_motion="reduce", **phone) as visit:
        page = enter(visit)
        box = ground(page).bounding_box()
        assert box is not None
        hand = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            fingers = [
                {"x": box["x"] + x, "y": box["y"] + y, "id": i} for i, (x, y) in enumerate(points)
            ]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

        touch("touchStart", (150, 300), (250, 300))
        for spread in range(5, 61, 5):
            touch("touchMove", (150 - spread, 300), (250 + spread, 300))
        touch("touchEnd")
        page.wait_for_url("**view=*")
        zoom = float(asked(visit)["view"][0].split(",")[2])
        assert zoom == pytest.approx(2.2, rel=0.1)
        before = asked(visit)["view"]
        touch("touchStart", (200, 300))
        touch("touchMove", (200, 340))
        touch("touchMove", (200, 380))
        touch("touchEnd")
        page.wait_for_function(
            "before => !decodeURIComponent(location.hash).includes(before)", arg=before[0]
        )
        _, y, after = map(float, asked(visit)["view"][0].split(","))
        assert after == pytest.approx(zoom, rel=1e-3)
        assert y < float(before[0].split(",")[1])
        sheet = page.get_by_role("complementary", name="About the map")
        expect(sheet).not_to_be_visible()
        page.get_by_role("button", name="Colours", exact=True).tap()
        sheet.get_by_label("Colour by").select_option("label")
        expect(sheet.get_by_role("region", name="Colours")).to_be_visible()
        sheet.get_by_role("button", name="Close").tap()
        expect(sheet).not_to_be_visible()
