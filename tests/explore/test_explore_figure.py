"""The figure of a comparison: what is drawn is what was measured, and the same bytes again."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image as Pillow

from impasto.core.errors import InvalidInput, MissingExtra
from impasto.core.space import Vectors
from impasto.explore import figure, queries
from impasto.explore.compare import Comparison, compare
from impasto.explore.pair import scatter

Make = Callable[..., Vectors]
SVG = "{http://www.w3.org/2000/svg}"
CSS = Path(__file__).parents[2] / "web" / "src" / "app.css"


@pytest.fixture
def compared(make: Make, rng: np.random.Generator) -> Comparison:
    vectors = make(rng.standard_normal((200, 5)).astype(np.float16))
    titles = ("one & <two>", "ünlike\x00 it", "third")
    asked = [queries.from_rows(vectors, [10 + i], title=title) for i, title in enumerate(titles)]
    return compare(vectors, asked, k=30)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_number_of_the_comparison_is_there(compared: Comparison) -> None:
    svg = figure.draw(compared, title="A title", caption="2026-01-02.")
    words = texts(svg)
    for name in ("A title", "one & <two>", "ünlike it", "third", "A – B", "A – C", "B – C"):
        assert name in words
    matrices = (
        compared.ks,
        compared.wasserstein,
        compared.spearman,
        compared.overlap,
        compared.rbo,
    )
    row = words.index("A – C")
    expected = [f"{matrix[0, 2]:.3f}".replace("-", "−") for matrix in matrices]
    assert words[row + 1 : row + 6] == expected
    row = words.index("chance")
    assert words[row + 4] == f"{30 / 200:.2g}"
    assert words[row + 5] == f"{compared.rbo_chance:.2g}"
    caption = ET.fromstring(svg).findtext(f"{SVG}desc") or ""
    assert "200 images" in caption
    assert compared.space.name in caption
    assert caption.endswith("2026-01-02.")


def test_curves_and_cells_are_drawn_to_scale(compared: Comparison) -> None:
    svg = figure.draw(compared, title="t")
    root = ET.fromstring(svg)
    curves = {
        path.get("stroke"): np.array(
            [[float(n) for n in point.split()] for point in (path.get("d") or "")[1:].split("L")]
        )
        for path in list(root.iter(f"{SVG}path"))[:6]  # of the densities, the dotted ones first
    }
    counts = [one.counts for one in compared.distributions]
    heights = [curves[colour][:, 1] for colour in figure.COLOURS[:3]]
    foot = max(float(line.max()) for line in heights)
    scale = (foot - heights[0].min()) / counts[0].max()
    for line, count in zip(heights, counts, strict=True):
        np.testing.assert_allclose(foot - line, count * scale, atol=0.02)
    cells = [each for each in root.iter(f"{SVG}rect") if each.get("fill-opacity")]
    assert len(cells) == np.count_nonzero(scatter(compared, 0, 1, bins=80).counts)


def test_letters_and_colours_stay_with_their_queries(compared: Comparison) -> None:
    svg = figure.draw(compared, title="t", slots=(1, 4, 0), pair=(2, 0))
    words = texts(svg)
    assert "B – E" in words
    assert "A against B" in words
    assert figure.COLOURS[4] in svg
    assert figure.COLOURS[2] not in svg
    for slots in ((0, 0, 1), (0, 1), (0, 1, 8)):
        with pytest.raises(InvalidInput, match="letter of its own"):
            figure.draw(compared, title="t", slots=slots)


def test_the_same_bytes_again_and_pixels_of_their_size(compared: Comparison) -> None:
    svg = figure.draw(compared, title="t")
    assert svg == figure.draw(compared, title="t")
    size = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert size is not None
    png = figure.to_png(svg, 1)
    assert png == figure.to_png(svg, 1)
    picture = Pillow.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (int(size[1]), int(size[2]))
    assert picture.getpixel((2, 2)) == (255, 255, 255)


def test_a_png_needs_its_package(compared: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    svg = figure.draw(compared, title="t")
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtra, match=r"impasto\[svg\]"):
        figure.to_png(svg)


def test_a_machine_without_fonts_says_so(
    compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resvg_py

    real = resvg_py.svg_to_bytes

    def fontless(**given: Any) -> bytes:
        return bytes(real(skip_system_fonts=True, **given))

    monkeypatch.setattr(resvg_py, "svg_to_bytes", fontless)
    with pytest.raises(MissingExtra, match="no font"):
        figure.to_png(figure.draw(compared, title="t"))


def test_badges_do_not_cover_each_other() -> None:
    placed = figure._apart([(100.0 + i % 3, 50.0, i) for i in range(8)])
    for number, (x, y, _) in enumerate(placed):
        assert all(np.hypot(x - a, y - b) >= 18 for a, b, _ in placed[:number])


def test_the_app_has_the_same_colours_on_light_ground() -> None:
    found = re.findall(r"--query-\d: light-dark\((#[0-9a-f]{6}),", CSS.read_text(encoding="utf-8"))
    assert tuple(found) == figure.COLOURS


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.13, 0.92, [0.2, 0.4, 0.6, 0.8]),
        (0, 1, [0, 0.5, 1]),
        (0, 0.0031, [0, 0.001, 0.002, 0.003]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert figure.ticks(low, high, 4 if high != 1 else 2) == pytest.approx(expected)
