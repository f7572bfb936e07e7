"""Small line charts and scatters as SVG, for reports and as files of their own.

Axes and words take the colour of the text around them (`currentColor`), so that one drawing
suits a light and a dark page; a file of its own gets a white ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

COLOURS = ("#2f7fb5", "#cf4a14", "#12946b", "#9a3d8c", "#b08a14", "#6a5fc4", "#d9629f", "#7d766a")
"""Colours that stay apart for colour-blind readers, on light and on dark ground."""

Values = NDArray[np.float64]
Place = Callable[[float], float]

_FONTS = "system-ui, Helvetica, Arial, 'DejaVu Sans', 'Noto Sans', sans-serif"
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 26, 36


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line through points, or the points alone.

    Parameters
    ----------
    title : str
        "" for one that the legend leaves out.
    x, y : ndarray of shape (n_points,), float64
        NaN in `y` leaves a gap.
    low, high : ndarray of shape (n_points,), float64, optional
        A band around the line.
    slot : int
        Its colour.
    dotted : bool
    points : bool
        Dots instead of a line.
    names : tuple of str
        Of the dots, said where the pointer rests.
    """

    title: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    slot: int = 0
    dotted: bool = False
    points: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A pair of axes with what is drawn in it.

    Parameters
    ----------
    title : str
    lines : sequence of Line
    across, up : str
        What the axes show.
    wide : tuple of two floats, optional
        Range of the horizontal axis; None: what the lines need.
    tall : tuple of two floats, optional
        Range of the vertical axis; None: from 0 to what the lines need.
    log : bool
        Logarithmic horizontal axis.
    level : float, optional
        A dotted line across: chance.
    """

    title: str
    lines: Sequence[Line]
    across: str = ""
    up: str = ""
    wide: tuple[float, float] | None = None
    tall: tuple[float, float] | None = None
    log: bool = False
    level: float | None = None


def chart(
    panels: Sequence[Panel],
    *,
    title: str,
    columns: int = 2,
    width: int = 920,
    height: int = 240,
    legend: bool = True,
    ground: bool = False,
) -> str:
    """Draw panels beside and below each other.

    Parameters
    ----------
    panels : sequence of Panel
    title : str
        What a screen reader says.
    columns : int
        Panels beside each other.
    width : int
        Of the whole.
    height : int
        Of a panel with its words.
    legend : bool
        Name the lines of all panels once, above them.
    ground : bool
        White ground and dark ink, for a file of its own.

    Returns
    -------
    str
        An SVG element, or document.
    """
    columns = max(1, min(columns, len(panels)))
    side = width / columns
    named = {line.title: line for panel in panels for line in panel.lines if line.title}
    keys, top = _legend(list(named.values()), width) if legend and named else ("", 0)
    rows = -(-len(panels) // columns)
    total = top + rows * height
    body = "".join(
        f'<g transform="translate({i % columns * side:.1f} {top + i // columns * height})">'
        f"{_panel(panel, side, height)}</g>"
        for i, panel in enumerate(panels)
    )
    paper = f'<rect width="{width}" height="{total}" fill="#fff"/>' if ground else ""
    ink = ' color="#1c1a17"' if ground else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" role="img" '
        f'font-family="{_FONTS}" font-size="11" fill="currentColor"{ink}>'
        f"<title>{escape(title)}</title>{paper}{keys}{body}</svg>"
    )


def _legend(lines: Sequence[Line], width: int) -> tuple[str, int]:
    parts, x, y = [], 8.0, 14
    for line in lines:
        wide = 34 + 6.4 * len(line.title)
        if x + wide > width and x > 8:
            x, y = 8.0, y + 18
        colour = COLOURS[line.slot % len(COLOURS)]
        mark = (
            f'<circle cx="{x + 10:.1f}" cy="{y - 4}" r="4" fill="{colour}"/>'
            if line.points
            else f'<path d="M{x:.1f} {y - 4}h20" stroke="{colour}" stroke-width="2.2"'
            f"{_dots(line)}/>"
        )
        parts.append(f'{mark}<text x="{x + 25:.1f}" y="{y}">{escape(line.title)}</text>')
        x += wide
    return "".join(parts), y + 14


def _panel(panel: Panel, width: float, height: float) -> str:
    wide, tall = _ranges(panel)
    left, right, top, bottom = _LEFT, width - _RIGHT, _TOP, height - _BOTTOM

    def across(value: float) -> float:
        begin, end, at = (math.log10(v) if panel.log else v for v in (*wide, value))
        return left + (at - begin) / (end - begin) * (right - left)

    def up(value: float) -> float:
        return bottom - (value - tall[0]) / (tall[1] - tall[0]) * (bottom - top)

    parts = [
        f'<text x="{left}" y="15" font-size="12" font-weight="600">{escape(panel.title)}</text>'
    ]
    for value in ticks(*tall):
        y = up(value)
        parts.append(
            f'<path d="M{left} {y:.1f}H{right:.1f}" stroke="currentColor" stroke-opacity=".14"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    parts += [
        f'<text x="{across(value):.1f}" y="{bottom + 14}" text-anchor="middle">{value:g}</text>'
        for value in (decades(*wide) if panel.log else ticks(*wide))
    ]
    if panel.level is not None:
        parts.append(
            f'<path d="M{left} {up(panel.level):.1f}H{right:.1f}" stroke="currentColor" '
            'stroke-dasharray="2 4"/>'
        )
    parts += [_line(line, across, up) for line in panel.lines]
    parts.append(
        f'<text x="{(left + right) / 2:.1f}" y="{bottom + 29}" text-anchor="middle" '
        f'fill-opacity=".75">{escape(panel.across)}</text>'
        f'<text transform="translate(11 {(top + bottom) / 2:.1f}) rotate(-90)" '
        f'text-anchor="middle" fill-opacity=".75">{escape(panel.up)}</text>'
    )
    return "".join(parts)


def _line(line: Line, across: Place, up: Place) -> str:
    colour = COLOURS[line.slot % len(COLOURS)]
    known = np.flatnonzero(np.isfinite(line.x) & np.isfinite(line.y))
    if line.points:
        names = line.names or ("",) * len(line.x)
        return "".join(
            f'<circle cx="{across(float(line.x[i])):.1f}" cy="{up(float(line.y[i])):.1f}" r="4" '
            f'fill="{colour}" fill-opacity=".8"><title>{escape(names[i])}</title></circle>'
            for i in known.tolist()
        )
    drawn = ""
    if line.low is not None and line.high is not None and len(known):
        edge = [(line.x[i], line.high[i]) for i in known]
        edge += [(line.x[i], line.low[i]) for i in known[::-1]]
        drawn = f'<path d="{_path(edge, across, up)}Z" fill="{colour}" fill-opacity=".16"/>'
    path = _path([(line.x[i], line.y[i]) for i in known], across, up)
    return (
        f'{drawn}<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8" '
        f'stroke-linejoin="round"{_dots(line)}/>'
    )


def _path(points: Sequence[tuple[float, float]], across: Place, up: Place) -> str:
    return "".join(
        f"{'L' if i else 'M'}{across(float(x)):.1f} {up(float(y)):.1f}"
        for i, (x, y) in enumerate(points)
    )


def _dots(line: Line) -> str:
    return ' stroke-dasharray="1 4" stroke-linecap="round"' if line.dotted else ""


def _ranges(panel: Panel) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of the two axes, neither of them empty."""
    x = np.concatenate([line.x for line in panel.lines] or [np.empty(0)])
    upper = [line.y if line.high is None else line.high for line in panel.lines]
    y = np.concatenate(upper or [np.empty(0)])
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    low, high = (float(x.min()), float(x.max())) if len(x) else (1.0, 2.0)
    if panel.wide is not None:
        low, high = panel.wide
    if not low < high:
        low, high = (low / 1.5, low * 1.5) if panel.log else (low - 0.5, low + 0.5)
    if panel.tall is not None:
        return (low, high), panel.tall
    top = float(y.max()) if len(y) else 1.0
    return (low, high), (0.0, top * 1.06 if top > 0 else 1.0)


def ticks(low: float, high: float) -> list[float]:
    """Return three to six round numbers between two others.

    Examples
    --------
    >>> ticks(0, 1), ticks(0, 19.5)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 5.0, 10.0, 15.0])
    """
    rough = (high - low) / 5
    unit = 10 ** math.floor(math.log10(rough))
    step = next(each * unit for each in (1, 2, 2.5, 5, 10) if each * unit >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(float(i * step), 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """Return round numbers between two others for a logarithmic axis.

    Examples
    --------
    >>> decades(4, 300)
    [5.0, 10.0, 20.0, 50.0, 100.0, 200.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 200 else (1,)
    found = [float(step * 10.0**power) for power in powers for step in steps]
    return [round(value, 12) for value in found if low <= value * (1 + 1e-9) and value <= high]
