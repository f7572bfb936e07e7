"""Figures of a comparison of models to print: all measures, every class, every difference.

Plain SVG 1.1 on white ground; the same comparison gives the same bytes everywhere.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from impasto.core.records import Estimate
from impasto.learn.comparison.compare import MEASURES, TITLES, ModelComparison

COLOURS = ("#0077bb", "#c23f0c", "#00996b", "#882277", "#ad8a17", "#2f2080", "#db6fa6", "#1c1a17")
"""Of the models in order, repeated beyond eight; as in the other figures."""

_INK, GREY, _LINE, _CHANCE = "#1c1a17", "#57524a", "#ddd8ce", "#b3402a"
_FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans', sans-serif"
_WIDTH, _LEFT, _RIGHT, _STEP = 960, 300, 30, 26
_MOST = 60
"""Classes in a figure: those with most images."""

Mark = tuple[Estimate, str]


def draw_figures(compared: ModelComparison) -> dict[str, str]:
    """Draw a comparison.

    Returns
    -------
    dict of str to str
        Name of the figure to an SVG document: "measures" (every row, every measure), "classes"
        (average precision of each label or tag) and "differences" (every two models).
    """
    return {
        "measures": _measures(compared),
        "classes": _classes(compared),
        "differences": _differences(compared),
    }


def _measures(compared: ModelComparison) -> str:
    lines: list[tuple[str, list[Mark]]] = []
    colours = _colours(compared)
    for measure in MEASURES[compared.common.target]:
        lines.append((f"# {TITLES[measure]}", []))
        lines += [
            (row.title, [(row.measures[measure], colours.get(row.name, GREY))])
            for row in compared.rows
        ]
    return dots(
        "Models side by side",
        account_of(len(compared.common.ids), compared.distinct, compared.resamples),
        lines,
        (0.0, 1.0),
        chance=True,
    )


def _classes(compared: ModelComparison) -> str:
    tested = compared.tested()
    often = sorted(range(len(tested)), key=lambda j: -tested[j])[:_MOST]
    models = [row for row in compared.rows if row.kind == "model"]
    colours = _colours(compared)
    order = sorted(
        (j for j in often if tested[j]),
        key=lambda j: -max(row.classes[j]["average_precision"].value for row in models),
    )
    lines = [
        (
            f"{compared.common.names[j]} ({tested[j]:,})",
            [(row.classes[j]["average_precision"], colours[row.name]) for row in models],
        )
        for j in order
    ]
    keys = [(row.name, colours[row.name]) for row in models]
    what = "tag" if compared.common.target == "tags" else "label"
    title = f"Average precision of each {what}"
    return dots(
        title,
        account_of(len(compared.common.ids), compared.distinct, compared.resamples),
        lines,
        (0.0, 1.0),
        chance=True,
        keys=keys,
    )


def _differences(compared: ModelComparison) -> str:
    lines: list[tuple[str, list[Mark]]] = []
    widest = 0.01
    for measure in MEASURES[compared.common.target]:
        lines.append((f"# {TITLES[measure]}", []))
        for pair in compared.pairs:
            if pair.measure == measure:
                lines.append((f"{pair.first} minus {pair.second}", [(pair.difference, COLOURS[0])]))
                widest = max(widest, abs(pair.difference.low), abs(pair.difference.high))
    edge = float(np.ceil(widest * 20) / 20)
    title = "Differences on the same images, with 95 % intervals"
    return dots(
        title,
        account_of(len(compared.common.ids), compared.distinct, compared.resamples),
        lines,
        (-edge, edge),
        chance=True,
    )


def account_of(images: int, distinct: int, resamples: int) -> str:
    """Say below a figure what it is drawn from."""
    return (
        f"{images:,} images ({distinct:,} distinct), each told by models that had not learned "
        f"from it. Lines are 95 % intervals of {resamples} resamples; the short red stroke is "
        "chance."
    )


def _colours(compared: ModelComparison) -> dict[str, str]:
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(compared.models)}


def dots(
    title: str,
    account: str,
    lines: Sequence[tuple[str, list[Mark]]],
    limits: tuple[float, float],
    *,
    chance: bool,
    keys: Sequence[tuple[str, str]] = (),
    written: Callable[[float], str] = "{:.2f}".format,
) -> str:
    """Draw a dot with its interval on each line; a line that begins with # is a heading."""
    low, high = limits
    wide = _WIDTH - _LEFT - _RIGHT

    def at(value: float) -> float:
        return _LEFT + wide * (min(max(value, low), high) - low) / (high - low)

    parts = [_text(30, 36, title, size=20, weight=600)]
    y = 62.0
    for number, (name, colour) in enumerate(keys):
        x = 30.0 + number % 3 * 300
        parts.append(f'<circle cx="{x + 5}" cy="{y - 4:.0f}" r="5" fill="{colour}"/>')
        parts.append(_text(x + 18, y, name))
        y += 22 * (number % 3 == 2 or number == len(keys) - 1)
    top = y + 6
    y = top + 20
    body: list[str] = []
    for words, marks in lines:
        if words.startswith("# "):
            body.append(_text(30, y + 8, words[2:], weight=600))
            y += _STEP + 4
            continue
        high_of_line = max(_STEP, 9 * len(marks) + 8)
        body.append(_text(_LEFT - 12, y + 4, _short(words), anchor="end"))
        for place, (one, colour) in enumerate(marks):
            if np.isnan(one.value):
                continue
            across = y + 9 * (place - (len(marks) - 1) / 2)
            if chance:
                x = at(one.chance)
                body.append(
                    f'<path d="M{x:.1f} {across - 5:.1f}V{across + 5:.1f}" stroke="{_CHANCE}" '
                    'stroke-width="2"/>'
                )
            if one.low < one.high:
                body.append(
                    f'<path d="M{at(one.low):.1f} {across:.1f}H{at(one.high):.1f}" '
                    f'stroke="{colour}" stroke-width="2" stroke-opacity="0.55"/>'
                )
            body.append(
                f'<circle cx="{at(one.value):.1f}" cy="{across:.1f}" r="4" fill="{colour}"/>'
            )
        y += high_of_line
    for tick in np.linspace(low, high, 5).tolist():
        x = at(tick)
        parts.append(
            f'<path d="M{x:.1f} {top:.0f}V{y - 8:.0f}" stroke="{_LINE}" stroke-width="1"/>'
        )
        parts.append(_text(x, y + 10, written(tick), size=12, fill=GREY, anchor="middle"))
    parts += body
    y += 38
    for line in textwrap.wrap(account, 130):
        parts.append(_text(30, y, line, size=12, fill=GREY))
        y += 18
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y:.0f}" '
        f'viewBox="0 0 {_WIDTH} {y:.0f}" role="img" font-family="{_FONTS}">\n'
        f"<title>{_clean(title)}</title>\n<desc>{_clean(account)}</desc>\n"
        f'<rect width="{_WIDTH}" height="{y:.0f}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _short(words: str, most: int = 42) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    weight: int = 400,
    fill: str = _INK,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{_clean(words)}</text>'
    )


def _clean(words: str) -> str:
    """Leave out what XML can't hold."""
    return escape("".join(letter for letter in words if letter >= " " and letter.isprintable()))
