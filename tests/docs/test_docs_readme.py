"""The README's two tours, on a small folder of birds that the test draws."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

if TYPE_CHECKING:
    from tests.docs.conftest import Reader, Runner

README = Path(__file__).parents[2] / "README.md"
KINDS = ("heron", "crane", "stork")
EACH = 8


def draw(kind: str, seed: int) -> Pillow.Image:
    """Draw something that differs by kind: so many beams, in one of three colours."""
    chance = np.random.default_rng([KINDS.index(kind), seed])
    colour = [(200, 60, 40), (40, 120, 200), (60, 170, 70)][KINDS.index(kind)]
    picture = Pillow.new("RGB", (160, 120), tuple(chance.integers(200, 256, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    x, y, turn = chance.uniform(60, 100), chance.uniform(50, 70), chance.uniform(0, math.pi)
    for beam in range(3 + 3 * KINDS.index(kind)):
        angle = turn + 2 * math.pi * beam / (3 + 3 * KINDS.index(kind))
        end = (x + 50 * math.cos(angle), y + 50 * math.sin(angle))
        pen.line([(x, y), end], fill=colour, width=8)
    return picture


@pytest.fixture
def home(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Draw ~/birds, ~/unknown.jpg and a table."""
    rows = ["file_name,tags"]
    for kind in KINDS:
        folder = runner.folder / "birds" / kind
        folder.mkdir(parents=True)
        for number in range(EACH):
            draw(kind, number).save(folder / f"{number}.jpg")
            rows.append(f"birds/{kind}/{number}.jpg,wader")
    draw("heron", EACH).save(runner.folder / "unknown.jpg")
    (runner.folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(runner.folder))
    monkeypatch.setenv("USERPROFILE", str(runner.folder))
    return runner.folder


def test_both_tours(home: Path, runner: Runner, reader: Reader) -> None:
    (tour,) = reader.blocks(README, "python")
    runner.run_block(README, tour)
    assert re.search(r"'value': .*'low': .*'high': .*'chance': ", runner.printed)
    assert "('heron', " in runner.printed

    ran = set()
    for words in reader.commands(README):
        ran.add(words[1])
        if "vgg19" in words:  # no weights without a download; its options are checked all the same
            reader.check_options(words)
        else:
            runner.command([word.replace("~", str(home)) for word in words])
    assert ran == {
        *("open", "add", "embed", "find", "retrieve", "learn", "predict", "map", "export"),
        *("networks", "doctor"),
    }
