"""A server that is killed and comes back, and one behind a proxy: the page goes on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from impasto.store import Collection

if TYPE_CHECKING:
    from tests.browser.processes import program, proxy
    from tests.browser.visits import PER_SHAPE, SHAPES, Site, Visit, draw, visiting
else:
    from processes import program, proxy
    from visits import PER_SHAPE, SHAPES, Site, Visit, draw, visiting

pytestmark = pytest.mark.browser
ALL = PER_SHAPE * len(SHAPES) + 3
PREFIX = "/user/ada/proxy/8585"


@pytest.fixture
def mine(drawn: Path, tmp_path: Path) -> Path:
    """A copy of the collection and its pictures."""
    shutil.copytree(drawn, tmp_path / "mine")
    return tmp_path / "mine" / "shapes.impasto"


@pytest.fixture(autouse=True)
def _slow_programs() -> Iterator[None]:
    """A program that starts loads a network: give it time, also on a busy machine."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@contextmanager
def patiently(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as visit:
        visit.page.set_default_timeout(60_000)
        yield visit


def away(page: Page) -> None:
    expect(page.get_by_text("The server is away.")).to_be_visible()


def back(page: Page) -> None:
    expect(page.get_by_text("The server is away.")).to_have_count(0)


def forgive(visit: Visit) -> None:
    """Leave out what Chromium itself says about answers that did not come, or did not please."""
    visit.said[:] = [line for line in visit.said if "Failed to load resource" not in line]


def pictures_came(page: Page) -> None:
    page.locator(".tile img.ready").first.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tile img')].every(i => i.complete && i.naturalWidth)"
    )


def test_killed_and_started_again(browser: Browser, mine: Path, tmp_path: Path) -> None:
    with program(mine) as app, patiently(browser, app.address) as visit:
        # A picture from outside, a place in the results, something saved, and then the power goes.
        file = tmp_path / "mine.png"
        draw("stripes", 99).save(file)
        page = visit.go("#/neighbours", pictures=False)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a picture").click()
        chooser.value.set_files(file)
        page.wait_for_url("**term=upload:*")
        pictures_came(page)
        near, place = visit.ids()[:5], visit.hash
        chosen = {"name": "kept", "images": {"ids": near[:2]}}
        assert page.request.post(f"{app.address}api/selections", data=chosen).ok
        app.kill()
        away(page)

        # What is asked meanwhile waits; what is ordered says that it was not done.
        page.goto(f"{app.address}#/browse?label=circle")
        away(page)
        page.keyboard.press("j")
        page.get_by_role(
            "button", name=re.compile("^(Look for new pictures|Cancel )")
        ).first.click()
        expect(page.get_by_role("status").last).to_contain_text("was not done")
        page.keyboard.press("Escape")
        page.wait_for_timeout(1500)
        away(page)

        app.start()
        back(page)
        expect(page.locator(".total")).to_have_text(f"{PER_SHAPE + 1} pictures")
        pictures_came(page)
        assert visit.hash == "/browse?label=circle"
        assert visit.api("selections")[0]["name"] == "kept"

        # The place from before, with the picture that only the browser still had.
        page.go_back()
        assert visit.hash == place
        pictures_came(page)
        assert visit.ids()[:5] == near
        expect(page.get_by_text("no longer")).to_have_count(0)
        forgive(visit)


def test_a_job_under_way_can_be_started_again(browser: Browser, mine: Path) -> None:
    with program(mine) as app, patiently(browser, app.address) as visit:
        page = visit.go()
        asked = {"kind": "embed", "options": {"layers": ["stage2"]}}
        waiting = {"kind": "learn", "options": {"name": "shapes"}}
        for job in (asked, waiting):
            assert page.request.post(f"{app.address}api/jobs", data=job).status == 202
        app.kill()
        away(page)
        app.start()
        back(page)
        page.keyboard.press("j")
        jobs = page.get_by_role("complementary", name="Jobs")
        embed = jobs.get_by_role("listitem").filter(has_text="Embed with efficientnet-lite0 stage2")
        expect(embed.first).to_contain_text("start it again")
        embed.get_by_role("button", name="again").click()
        expect(embed.first).to_contain_text("Done")
        expect(
            jobs.get_by_role("button", name="Start Learn label with linear-svm again")
        ).to_have_count(1)
        assert len(visit.api("collection")["spaces"]) == 2
        forgive(visit)
    with Collection.open(mine, writable=False) as collection:
        assert [info.rows for info in collection.spaces()] == [ALL - 2, ALL - 2]


@pytest.mark.parametrize("keeps", [False, True], ids=["takes the prefix off", "keeps it"])
def test_behind_a_proxy(browser: Browser, mine: Path, tmp_path: Path, keeps: bool) -> None:
    options = ("--root-path", PREFIX) if keeps else ()
    with (
        program(mine, *options) as app,
        proxy(app.port, PREFIX, keeps=keeps) as address,
        patiently(browser, address) as visit,
    ):
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        page = visit.go()
        pictures_came(page)
        file = tmp_path / "mine.png"
        draw("circle", 99).save(file)
        with page.expect_file_chooser() as chooser:
            page.wait_for_timeout(300)  # the listener is on its way to the browser
            page.keyboard.press("u")
        chooser.value.set_files(file)
        page.wait_for_url("**term=upload:*")
        pictures_came(page)

        # Events come through: a job is followed to its end and nothing is polled.
        page.keyboard.press("j")
        page.get_by_role("button", name="Look for new pictures").click()
        jobs = page.get_by_role("complementary", name="Jobs")
        look = jobs.get_by_role("listitem").filter(has_text="Look for pictures in pictures")
        expect(look.first).to_contain_text("Done")
        page.keyboard.press("Escape")
        polls = [url for url in asked if url.endswith("/api/jobs")]
        assert len(polls) <= 1, "the one is the order to start"
        assert all(url.startswith(address) for url in asked if url.startswith("http"))

        if not keeps:  # the proxy stays, and says 502
            app.kill()
            away(page)
            app.start()
            back(page)
        page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Browse").click()
        expect(page.locator(".total")).to_have_text(f"{ALL} pictures")
        pictures_came(page)
        forgive(visit)


def test_behind_a_proxy_that_holds_events_back(browser: Browser, own: Site) -> None:
    """Such a proxy is asked again and again instead, and nobody notices."""
    port = int(own.address.rsplit(":", 1)[1].strip("/"))
    with (
        proxy(port, PREFIX, keeps=False, buffers=True) as address,
        patiently(browser, address) as visit,
    ):
        page = visit.go()
        page.keyboard.press("j")
        page.get_by_role("button", name="Look for new pictures").click()
        jobs = page.get_by_role("complementary", name="Jobs")
        expect(jobs).to_contain_text("Done")
        expect(page.get_by_text("The server is away.")).to_have_count(0)
