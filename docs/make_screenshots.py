"""Make docs/images/: the app and the report on the sample, photographed in a real Chromium.

``python docs/make_screenshots.py --folder FOLDER`` runs the demo in FOLDER (a temporary one by
default; what is there already is not computed again). It needs Playwright and a
Chromium or Chrome on the PATH (or the one that ``--chromium`` names).
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, sync_playwright

from impasto import flow
from impasto.serve.server import Server
from impasto.serve.studio import Studio
from impasto.store import Collection, Filter

IMAGES = Path(__file__).with_name("images")
SIZE = {"width": 1280, "height": 800}
MOST = 300_000
"""Bytes of a picture."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--use-angle=swiftshader",  # WebGL without a graphics card, for the map
    "--enable-unsafe-swiftshader",
]


def make(home: Path, chromium: str) -> None:
    """Make all pictures."""
    demo = flow.demo(home)
    with Collection.open(demo.path) as collection:
        fox = first(collection, "fox")
        owl = first(collection, "owl")
        studio = Studio(collection)
        with (
            Server(studio) as server,
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser,
        ):
            at = f"{server.address}#/"
            photograph(browser, f"{at}browse", "browse")
            photograph(browser, f"{at}neighbours?term=image:{fox}", "neighbours")
            photograph(browser, f"{at}neighbours?term=image:{fox}", "neighbours-dark", dark=True)
            photograph(browser, f"{at}distribution?term=image:{fox}", "distribution")
            photograph(browser, f"{at}map?by=label&draw=webgl", "map", patience=8000)
            photograph(browser, f"{at}prepare", "prepare", patience=4000)
            photograph(browser, f"{at}try?term=image:{owl}", "try")
            photograph(browser, demo.taught.report.resolve().as_uri(), "report")
        studio.close()


def first(collection: Collection, word: str) -> int:
    """Return the first image that a word finds."""
    return int(collection.order(Filter(text=word))[0])


def photograph(
    browser: Browser, address: str, name: str, *, dark: bool = False, patience: int = 0
) -> None:
    """Save what a page looks like once all its pictures are there.

    A canvas does not tell when it is: `patience` are milliseconds to wait for it.
    """
    page = browser.new_page(viewport=SIZE, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
    page.goto(address)
    settle(page)
    page.wait_for_timeout(patience)
    save(page.screenshot(), IMAGES / f"{name}.png")
    page.close()


def settle(page: Page) -> None:
    """Wait until nothing is on its way and every picture in view is decoded."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    page.wait_for_function(
        "() => [...document.images].every("  # a function: the pages allow no eval
        "(each) => each.complete || each.getBoundingClientRect().top > innerHeight)"
    )
    page.wait_for_timeout(500)


def save(png: bytes, file: Path) -> None:
    """Write a PNG; with a palette when it would be too large otherwise."""
    picture = Pillow.open(io.BytesIO(png)).convert("RGB")
    file.parent.mkdir(exist_ok=True)
    picture.save(file, optimize=True)
    if file.stat().st_size > MOST:
        picture.quantize(256, dither=Pillow.Dither.NONE).save(file, optimize=True)


def main() -> None:
    """Read the options and make the pictures."""
    parser = argparse.ArgumentParser(description="Make docs/images/.")
    parser.add_argument("--folder", type=Path, help="where the sample and its collection lie")
    parser.add_argument("--chromium", help="the browser (default: the first on the PATH)")
    given = parser.parse_args()
    chromium = given.chromium or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        parser.error("no Chromium on the PATH; name one with --chromium")
    with tempfile.TemporaryDirectory() as temporary:
        make(given.folder or Path(temporary), chromium)


if __name__ == "__main__":
    main()
