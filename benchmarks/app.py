"""The app on collections of any size: time to ready and to the first grid, queries, frames, memory.

Each collection is opened as a user would, `impasto open`, in a process of its own. The first grid
is measured at once, while the program looks for new images in the background; everything else after
that is done. Frames are those of Chromium without a graphics card, hence a lower bound of what a
laptop shows.

    python benchmarks/synthetic.py /tmp/million --images 1000000
    python benchmarks/app.py /tmp/million/pictures.impasto

Playwright and Chromium are needed (`IMPASTO_TEST_CHROMIUM` names another than that on the PATH),
and Linux, whose /proc tells a process's own memory from the mapped vectors, which the system can
take back at any time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
SECONDS = 6.0  # of scrolling and of panning
PACE = 0.016  # between two turns of the wheel
FRAMES = """() => {
  window.__times = [];
  const tick = (now) => { window.__times.push(now); window.__frame = requestAnimationFrame(tick); };
  window.__frame = requestAnimationFrame(tick);
}"""
STOP = "() => { cancelAnimationFrame(window.__frame); return window.__times; }"


@dataclass
class Measured:
    """What one collection gave: seconds, milliseconds, megabytes."""

    images: int = 0
    ready_s: float = 0.0
    first_grid_s: float = 0.0
    reopened_s: float = 0.0
    settled_s: float = 0.0
    first_query_ms: float = 0.0
    first_ms: dict[str, float] = field(default_factory=dict)  # of orders, asked for once
    queries_ms: dict[str, tuple[float, float]] = field(default_factory=dict)  # p50, p95
    frames_ms: dict[str, tuple[float, float, float]] = field(default_factory=dict)  # p50, p95, max
    memory_mb: dict[str, float] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", type=Path, nargs="+")
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    parser.add_argument("--clicks", type=int, default=500, help="varied requests, for the memory")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    results = [measure(path, options.queries, options.clicks) for path in options.collections]
    table(results)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in results], indent=2) + "\n")


def measure(path: Path, queries: int, clicks: int) -> Measured:
    """Open one collection and use it."""
    found = Measured()
    began = time.perf_counter()
    with opened(path) as server, sync_playwright() as playwright:
        found.ready_s = server.until_ready() - began
        chromium = os.environ.get("IMPASTO_TEST_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        found.first_grid_s = first_grid(page, server)
        found.settled_s = server.until_idle() - began
        found.reopened_s = first_grid(page, server)
        found.frames_ms["scrolling"] = frames(page, scroll)
        if server.get("maps"):
            page.goto(f"{server.address}#/map")
            page.locator("canvas").first.wait_for()
            page.wait_for_timeout(3000)
            found.frames_ms["panning the map"] = frames(page, pan)
        page.close()
        browser.close()
        ask(server, found, queries)
        click(server, found, clicks)
    return found


class Server:
    """`impasto open` in a process of its own, and its memory while it runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.address = process, f"http://127.0.0.1:{port}/"
        self.peak = 0.0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def own(self) -> float:
        """Return the megabytes that are the process's own: not of mapped files."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        sizes = dict(line.split(":", 1) for line in text.splitlines())
        return float(sizes["RssAnon"].split()[0]) / 1024

    def _look(self) -> None:
        while not self._over.wait(0.1) and self.process.poll() is None:
            self.peak = max(self.peak, self.own())

    def post(self, path: str, asked: dict[str, Any]) -> Any:
        """Send JSON; return JSON."""
        request = urllib.request.Request(
            f"{self.address}api/{path}",
            json.dumps(asked).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())

    def get(self, path: str, **asked: Any) -> Any:
        """Ask the API; return JSON, or bytes."""
        query = urllib.parse.urlencode(asked, doseq=True)
        with urllib.request.urlopen(f"{self.address}api/{path}?{query}", timeout=600) as answer:
            body = answer.read()
            return json.loads(body) if "json" in answer.headers["Content-Type"] else body

    def until_ready(self) -> float:
        """Wait for the first answer; return the time."""
        while True:
            try:
                self.get("health")
                return time.perf_counter()
            except OSError:
                if self.process.poll() is not None:
                    sys.exit("impasto open ended; its words are above.")
                time.sleep(0.01)

    def until_idle(self) -> float:
        """Wait until no job runs; return the time."""
        while any(job["state"] in ("queued", "running") for job in self.get("jobs")):
            time.sleep(0.2)
        return time.perf_counter()

    def close(self) -> None:
        """End the program."""
        self._over.set()
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def opened(path: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = [sys.executable, "-c", "from impasto.cli import main; main()"]
    words = ["open", str(path), "--no-browser", "--quiet", "--port", str(port)]
    server = Server(subprocess.Popen(program + words, stdout=subprocess.DEVNULL), port)
    try:
        yield server
    finally:
        server.close()


def first_grid(page: Page, server: Server) -> float:
    """Return the seconds from going to the address to the first picture drawn."""
    began = time.perf_counter()
    page.goto(server.address)
    page.locator(".tile img.ready").first.wait_for(timeout=120_000)
    return time.perf_counter() - began


def frames(page: Page, use: Any) -> tuple[float, float, float]:
    """Return median, 95th percentile and longest time between frames while the page is used."""
    page.evaluate(FRAMES)
    use(page)
    times = np.diff(page.evaluate(STOP))
    return float(np.median(times)), float(np.quantile(times, 0.95)), float(times.max())


def scroll(page: Page) -> None:
    """Scroll down, ever faster, then jump to the end and to the start."""
    page.mouse.move(700, 500)
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        page.mouse.wheel(0, 40 + 400 * passed / SECONDS)
        time.sleep(PACE)
    page.keyboard.press("End")
    page.wait_for_timeout(500)
    page.keyboard.press("Home")
    page.wait_for_timeout(500)


def pan(page: Page) -> None:
    """Zoom in and drag the map around."""
    page.mouse.move(600, 400)
    for _ in range(8):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(50)
    page.mouse.down()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        page.mouse.move(600 + 200 * np.sin(2 * passed), 400 + 150 * np.cos(3 * passed))
        time.sleep(PACE)
    page.mouse.up()


def ask(server: Server, found: Measured, queries: int) -> None:
    """Time what pages ask for, each time for something not asked before."""
    held = server.get("collection")
    facets = server.get("facets")
    found.images = held["images"]
    rng = np.random.default_rng(0)
    ids = np.frombuffer(server.get("order"), "<i4")
    labels = [one["name"] for one in facets["labels"]]
    tags = [one["name"] for one in facets["tags"]]

    def image() -> str:
        return f"image:{rng.choice(ids)}"

    kinds = {
        "neighbours": lambda: server.get("neighbours", term=image(), k=120),
        "distribution": lambda: server.get("distribution", term=image()),
        "neighbours of two": lambda: server.get("neighbours", term=[image(), image()], k=120),
        "a label's mean": lambda: server.get("neighbours", term=f"label:{rng.choice(labels)}"),
        "facets of a tag": lambda: server.get("facets", tag=rng.choice(tags)),
        "order of a label": lambda: server.get("order", label=rng.choice(labels)),
        "text search": lambda: server.get("order", text=rng.choice(tags)[:3]),
        "100 cards": lambda: server.get("cards", ids=",".join(map(str, rng.choice(ids, 100)))),
        "a thumbnail": lambda: server.get(f"thumbnails/{rng.choice(ids)}"),
    }
    kinds["three queries compared"] = lambda: server.post(
        "compare",
        {
            "queries": [
                {"terms": [term]}
                for term in (image(), f"label:{rng.choice(labels)}", f"tag:{rng.choice(tags)}")
            ]
        },
    )
    if any(space["index"] for space in held["spaces"]):
        kinds["neighbours, index"] = lambda: server.get(
            "neighbours", term=image(), k=100, exact=False
        )
    begin = time.perf_counter()
    kinds["neighbours"]()
    found.first_query_ms = 1000 * (time.perf_counter() - begin)
    for sort in ("typicality", "outlyingness"):
        begin = time.perf_counter()
        server.get("order", sort=sort)
        found.first_ms[sort] = 1000 * (time.perf_counter() - begin)
    for name, request in kinds.items():
        times = []
        for _ in range(queries):
            begin = time.perf_counter()
            try:
                request()
            except urllib.error.HTTPError as error:
                if error.code != 404:  # an image that is broken has no vector and no thumbnail
                    raise
                continue
            times.append(1000 * (time.perf_counter() - begin))
        found.queries_ms[name] = (statistics.median(times), float(np.quantile(times, 0.95)))


def click(server: Server, found: Measured, clicks: int) -> None:
    """Ask many different things, and watch whether the memory grows."""
    rng = np.random.default_rng(1)
    n = found.images
    found.memory_mb["before the clicks"] = server.own()
    for turn in range(clicks):
        term = f"image:{rng.integers(1, n + 1)}"
        try:
            match turn % 5:
                case 0:
                    server.get("distribution", term=term)
                case 1:
                    server.get("order", sort="name", descending=bool(turn % 2))
                case 2:
                    server.get(f"thumbnails/{rng.integers(1, n + 1)}")
                case _:
                    server.get("neighbours", term=term, k=120)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        if turn + 1 in (clicks // 5, clicks):
            found.memory_mb[f"after {turn + 1} clicks"] = server.own()
    found.memory_mb["peak"] = server.peak


def table(results: list[Measured]) -> None:
    """Print one column per collection."""
    rows: dict[str, list[str]] = {}

    def put(name: str, values: list[str]) -> None:
        rows[name] = values

    put("ready, s", [f"{one.ready_s:.2f}" for one in results])
    put("first grid after that, s", [f"{one.first_grid_s:.2f}" for one in results])
    put("first grid, opened again, s", [f"{one.reopened_s:.2f}" for one in results])
    put("looked for new images until, s", [f"{one.settled_s:.0f}" for one in results])
    put("first query, ms", [f"{one.first_query_ms:.0f}" for one in results])
    for name in dict.fromkeys(k for one in results for k in one.first_ms):
        put(f"order by {name}, once, ms", [f"{one.first_ms.get(name, 0):.0f}" for one in results])
    for attribute, unit in (("queries_ms", "p50 / p95, ms"), ("frames_ms", "p50 / p95 / max, ms")):
        for name in dict.fromkeys(k for one in results for k in getattr(one, attribute)):
            every = [getattr(one, attribute).get(name, ()) for one in results]
            put(f"{name}, {unit}", [" / ".join(f"{v:.0f}" for v in each) for each in every])
    for name in dict.fromkeys(k for one in results for k in one.memory_mb):
        put(f"own memory {name}, MB", [f"{one.memory_mb.get(name, 0):.0f}" for one in results])
    print(f"| | {' | '.join(f'{one.images:,}' for one in results)} |")
    print("|---" * (len(results) + 1) + "|")
    for name, values in rows.items():
        print(f"| {name} | {' | '.join(values)} |")


if __name__ == "__main__":
    main()
