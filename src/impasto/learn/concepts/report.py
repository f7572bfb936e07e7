"""Learnability for people: a figure, and one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from impasto.learn.charts import Line, Panel, chart
from impasto.learn.concepts.learnability import VERDICTS, Concept, Learnability, Verdict
from impasto.learn.report import template

MOST = 60
"""Curves that are drawn; the table has all tags."""

SLOTS: dict[Verdict, int] = {"learned": 2, "needs more": 4, "not seen": 7}


def draw_learnability(found: Learnability, *, ground: bool = False) -> str:
    """Draw average precision against examples: all tags in one scatter, then a curve of each.

    Returns SVG; see `charts.chart`.
    """
    spots = []
    even = np.geomspace(*_chances(found), 40)  # where chance itself lies
    for verdict, title in VERDICTS.items():
        tags = found.of(verdict)
        spots.append(
            Line(
                title,
                np.array([float(each.images) for each in tags]),
                np.array([each.average_precision.value for each in tags]),
                slot=SLOTS[verdict],
                points=True,
                names=tuple(f"{each.tag}: {each.sentence}" for each in tags),
            )
        )
    scatter = chart(
        [
            Panel("Every tag", spots, "images with the tag", "average precision", tall=(0, 1),
                  log=True),
            Panel("Beside chance", [
                Line("", even, even, slot=7, dotted=True),
                *(
                    Line(VERDICTS[v], np.array([c.average_precision.chance for c in found.of(v)]),
                         np.array([c.average_precision.value for c in found.of(v)]),
                         slot=SLOTS[v], points=True,
                         names=tuple(f"{c.tag}: {c.lift:.1f} times chance" for c in found.of(v)))
                    for v in VERDICTS
                ),
            ], "chance", "average precision", tall=(0, 1), log=True,
                  wide=_chances(found)),
        ],
        title="Average precision of every tag against its examples, and against chance",
        width=1080, height=360, ground=ground,
    )  # fmt: skip
    shown = found.concepts[:MOST]
    curves = chart(
        [_curve(each) for each in shown],
        title="A learning curve of each tag",
        columns=5,
        width=1080,
        height=180,
        legend=False,
        ground=ground,
    )
    return _stacked(scatter, curves)


def _chances(found: Learnability) -> tuple[float, float]:
    chances = [each.average_precision.chance for each in found.concepts]
    return min(chances) / 1.3, min(1.0, max(chances) * 1.3)


def _curve(concept: Concept) -> Panel:
    x = np.maximum(np.array(concept.examples), 0.5)
    value, low, high = (
        np.array([getattr(each, name) for each in concept.curve])
        for name in ("value", "low", "high")
    )
    slot = SLOTS[concept.verdict]
    ahead = np.array([x[-1], 2 * x[-1]])
    now, then = concept.average_precision, concept.doubled
    return Panel(
        concept.tag if len(concept.tag) < 24 else f"{concept.tag[:22]}…",
        [
            Line("", x, value, low, high, slot=slot),
            Line(
                "",
                ahead,
                np.array([now.value, then.value]),
                np.array([now.value, then.low]),
                np.array([now.value, then.high]),
                slot=slot,
                dotted=True,
            ),
        ],
        "examples",
        "",
        tall=(0, 1),
        log=True,
        level=now.chance,
    )


def _stacked(*drawings: str) -> str:
    """Put drawings of the same width below each other, as one."""
    boxes = [drawing.split('viewBox="0 0 ', 1)[1].split('"', 1)[0] for drawing in drawings]
    sizes = [tuple(map(int, box.split())) for box in boxes]
    parts, y = [], 0
    for drawing, (width, height) in zip(drawings, sizes, strict=True):
        placed = f'<svg y="{y}" width="{width}" height="{height}" '
        parts.append(drawing.replace("<svg ", placed, 1))
        y += height
    box = f"0 0 {sizes[0][0]} {y}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{"".join(parts)}</svg>'


def render_learnability(found: Learnability, *, title: str, about: Mapping[str, Any]) -> str:
    """Write the report as one HTML document that asks no one for anything.

    Parameters
    ----------
    found : Learnability
    title : str
    about : mapping
        ``made``, ``space``, ``space_title`` and ``notes``.
    """
    return template("learnability.html.jinja").render(
        found=found,
        title=title,
        about=about,
        verdicts=VERDICTS,
        figure=Markup(draw_learnability(found)),  # noqa: S704 - our own SVG, its words escaped
    )
