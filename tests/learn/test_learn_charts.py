"""Charts: lines lie where their numbers say."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np

from impasto.learn.charts import Line, Panel, chart, decades, ticks

SVG = "{http://www.w3.org/2000/svg}"


def test_points_lie_where_the_axes_say() -> None:
    line = Line("a", np.array([0.0, 5.0, 10.0]), np.array([0.0, 1.0, 0.5]))
    panel = Panel("", [line], tall=(0, 1))
    root = ET.fromstring(chart([panel], title="t", columns=1, width=458, height=262, legend=False))
    (path,) = [p for p in root.iter(f"{SVG}path") if p.get("fill") == "none"]
    places = [
        tuple(map(float, xy)) for xy in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d", ""))
    ]
    assert places == [(46, 226), (246, 26), (446, 126)]  # left 46, right 12, top 26, bottom 36


def test_a_gap_is_left_out_and_a_band_goes_round() -> None:
    x = np.array([1.0, 2.0, 4.0])
    y = np.array([0.1, np.nan, 0.3])
    line = Line("", x, y, low=y - 0.1, high=y + 0.1)
    svg = chart([Panel("", [line], log=True, level=0.2)], title="t")
    (band,) = re.findall(r'd="([^"]+)Z"', svg)
    assert band.count("L") == 3
    assert "nan" not in svg


def test_words_are_escaped() -> None:
    line = Line("<b>", np.array([1.0]), np.array([1.0]), points=True, names=("a & b",))
    svg = chart([Panel("<i>", [line])], title="<t>")
    ET.fromstring(svg)
    assert "<b>" not in svg
    assert "a &amp; b" in svg


def test_numbers_on_axes_are_round() -> None:
    assert ticks(0, 0.31) == [0, 0.1, 0.2, 0.3]
    assert ticks(2, 24) == [5, 10, 15, 20]
    assert decades(1, 1000) == [1, 10, 100, 1000]
