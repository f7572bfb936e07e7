"""A comparison of queries as a figure to print: densities, cumulative curves, scatter, distances.

Plain SVG 1.1 on white ground, written here so that the same comparison gives the same bytes
everywhere: shapes, and text in whatever sans-serif the reader has. Queries are told apart by
their letters and by colours that stay apart for colour-blind readers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, MissingExtra
from impasto.explore.compare import Comparison
from impasto.explore.pair import scatter
from impasto.explore.ranks import RBO_PERSISTENCE

COLOURS = (
    "#0077bb",
    "#c23f0c",
    "#00996b",
    "#882277",
    "#ad8a17",
    "#2f2080",
    "#db6fa6",
    "#1c1a17",
)
"""Of queries A to H, the same as in the app on light ground."""

ZOOM = 3
"""Pixels of a PNG for each unit of the SVG: 300 dots an inch at a width of 9.6 inches."""

_WIDTH, _EDGE, _GAP = 960, 40, 60
_INK, _GREY, _LINE = "#1c1a17", "#57524a", "#ddd8ce"
_FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans', sans-serif"
_DOTTED = {"stroke_dasharray": "1 4", "stroke_linecap": "round", "stroke_opacity": "0.8"}


def draw(
    comparison: Comparison,
    *,
    title: str,
    caption: str = "",
    slots: Sequence[int] | None = None,
    pair: tuple[int, int] = (0, 1),
) -> str:
    """Draw a comparison as SVG.

    Parameters
    ----------
    comparison : Comparison
    title : str
    caption : str
        Further sentences, such as the date, behind what the figure says by itself: how many
        images, which space, what is dotted, what chance is.
    slots : sequence of int or None
        Letter and colour of each query, 0 for A; None: in order.
    pair : tuple of two ints
        The queries of the scatter, by place.

    Returns
    -------
    str
        An SVG document with a title and a description for screen readers.
    """
    many = len(comparison.titles)
    slots = range(many) if slots is None else slots
    if len(slots) != many or len(set(slots)) != many or not set(slots) <= set(range(len(COLOURS))):
        raise InvalidInput(
            f"Each of {many} queries needs a letter of its own, 0 (A) to {len(COLOURS) - 1}; "
            f"given were {list(slots)}."
        )
    words = " ".join(part for part in (_account(comparison), caption) if part)
    canvas = _Canvas()
    y = canvas.lines(_EDGE, 44, textwrap.wrap(title, 84)[:2], size=21, weight=600, leading=27)
    y = _legend(canvas, comparison, slots, y + 12) + 56
    half = (_WIDTH - 2 * _EDGE - _GAP) / 2
    _densities(canvas, comparison, slots, _Panel(_EDGE, y, half, 240))
    _cumulative(canvas, comparison, slots, _Panel(_EDGE + half + _GAP, y, half, 240))
    y += 240 + 100
    _scatter(canvas, comparison, slots, pair, _Panel(_EDGE, y, half, half))
    below = _table(canvas, comparison, slots, _EDGE + half + _GAP, y)
    y = max(y + half + 44, below) + 30
    y = canvas.lines(_EDGE, y, textwrap.wrap(words, 146), size=13, fill=_GREY, leading=19)
    return canvas.document(title, words, y + 16)


def to_png(svg: str, zoom: int = ZOOM) -> bytes:
    """Turn a figure into pixels, its words set in a font of this machine.

    Parameters
    ----------
    svg : str
    zoom : int
        Pixels for each unit.

    Raises
    ------
    MissingExtra
        When ``resvg-py`` is not installed, or this machine has no font to write with.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingExtra(
            'A figure in PNG needs one more package: pip install "impasto[svg]". '
            "SVG works without it."
        ) from None

    def rendered(text: str, size: int) -> bytes:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, background="white", zoom=size))

    probe = _Canvas()
    blank = rendered(probe.document("", "", 40), 1)
    probe.text(8, 30, "M", size=24)
    if rendered(probe.document("", "", 40), 1) == blank:
        raise MissingExtra(
            "This machine has no font to write a PNG with. Install one (on Debian: apt-get install "
            "fonts-dejavu-core), or take the SVG."
        )
    return rendered(svg, zoom)


def letter(slot: int) -> str:
    """Return the letter of a query: A for 0."""
    return chr(ord("A") + slot)


def _account(comparison: Comparison) -> str:
    """Say in words what the figure shows."""
    space = comparison.space
    return (
        f"Cosine similarity of {len(comparison.ids):,} images to each query in {space.title} "
        f"({space.name}). Dotted: random queries made in the same way. "
        f"KS and Wasserstein: distance of two distributions; Spearman: correlation of two "
        f"rankings of all images; overlap and RBO (p\u00a0=\u00a0{RBO_PERSISTENCE}): of the "
        f"{comparison.k} nearest images. "
        "Chance: what two queries that have nothing to do with each other give."
    )


class _Panel:
    """A rectangle with axes: where a value lies in it."""

    def __init__(self, x: float, y: float, width: float, height: float) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height

    def across(self, value: float, low: float, high: float) -> float:
        return self.x + (value - low) / (high - low) * self.width

    def up(self, value: float, low: float, high: float) -> float:
        return self.y + self.height - (value - low) / (high - low) * self.height


class _Canvas:
    """Collects the elements of a document."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def add(self, name: str, **attributes: object) -> None:
        written = "".join(
            f' {key.replace("_", "-")}="{_written(value)}"' for key, value in attributes.items()
        )
        self._parts.append(f"<{name}{written}/>")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 13,
        fill: str = _INK,
        weight: int = 400,
        anchor: str = "start",
        turned: bool = False,
    ) -> None:
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
            f'fill="{fill}" text-anchor="{anchor}"{turn}>{_clean(words)}</text>'
        )

    def lines(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        *,
        size: int,
        leading: int,
        fill: str = _INK,
        weight: int = 400,
    ) -> float:
        """Write lines below each other; return where the next one would stand."""
        for number, words in enumerate(lines):
            self.text(x, y + number * leading, words, size=size, fill=fill, weight=weight)
        return y + len(lines) * leading

    def curve(self, points: Sequence[tuple[float, float]], **attributes: object) -> None:
        line = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
        self.add("path", d=line, fill="none", stroke_linejoin="round", **attributes)

    def badge(self, x: float, y: float, slot: int) -> None:
        """Draw a query's letter in a ring of its colour."""
        self.add("circle", cx=x, cy=y, r=9, fill="#ffffff", stroke=COLOURS[slot], stroke_width=2)
        self.text(x, y + 4, letter(slot), size=11, weight=600, anchor="middle")

    def document(self, title: str, description: str, height: float) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
            f'viewBox="0 0 {_WIDTH} {height:.0f}" role="img" font-family="{_FONTS}">\n'
            f"<title>{_clean(title)}</title>\n<desc>{_clean(description)}</desc>\n"
            f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )


def _legend(canvas: _Canvas, comparison: Comparison, slots: Sequence[int], y: float) -> float:
    """Name the queries, two in a row; return where the next thing can stand."""
    half = (_WIDTH - 2 * _EDGE) / 2
    for place, (slot, title) in enumerate(zip(slots, comparison.titles, strict=True)):
        x, at = _EDGE + 10 + place % 2 * half, y + place // 2 * 26
        canvas.badge(x, at, slot)
        canvas.text(x + 18, at + 5, textwrap.shorten(title, 58, placeholder="…"), size=14)
    return y + (len(slots) + 1) // 2 * 26


def _densities(
    canvas: _Canvas, comparison: Comparison, slots: Sequence[int], panel: _Panel
) -> None:
    edges = comparison.distributions[0].edges
    width = float(edges[1] - edges[0])
    shares = [one.counts / max(1, one.total) for one in comparison.distributions]
    random = [one.counts / max(1, one.total) for one in comparison.backgrounds]
    most = 1.12 * max(float(share.max()) for share in [*shares, *random]) or 1.0
    _axes(canvas, panel, edges, most, f"share of images per {width:.3g}", "Density")
    middles = (edges[:-1] + edges[1:]) / 2
    ends = (float(edges[0]), float(edges[-1]))

    def points(share: NDArray[np.float64]) -> list[tuple[float, float]]:
        return [
            (panel.across(x, *ends), panel.up(y, 0, most))
            for x, y in zip(middles.tolist(), share.tolist(), strict=True)
        ]

    for slot, share in zip(slots, random, strict=True):
        canvas.curve(points(share), stroke=COLOURS[slot], stroke_width=1.2, **_DOTTED)
    peaks = []
    for slot, share in zip(slots, shares, strict=True):
        line = points(share)
        canvas.curve(line, stroke=COLOURS[slot], stroke_width=2, stroke_dasharray=_dashes(slot))
        peaks.append((*line[int(share.argmax())], slot))
    for x, y, slot in _apart(peaks):
        canvas.badge(x, y, slot)


def _cumulative(
    canvas: _Canvas, comparison: Comparison, slots: Sequence[int], panel: _Panel
) -> None:
    edges = comparison.distributions[0].edges
    ends = (float(edges[0]), float(edges[-1]))
    _axes(canvas, panel, edges, 1.0, "share of images below", "Cumulative")
    random = [
        np.append(0, one.counts.cumsum()) / max(1, one.total) for one in comparison.backgrounds
    ]

    def points(share: NDArray[np.float64]) -> list[tuple[float, float]]:
        return [
            (panel.across(x, *ends), panel.up(y, 0, 1))
            for x, y in zip(edges.tolist(), share.tolist(), strict=True)
        ]

    for slot, share in zip(slots, random, strict=True):
        canvas.curve(points(share), stroke=COLOURS[slot], stroke_width=1.2, **_DOTTED)
    halves = []
    for slot, share in zip(slots, comparison.cumulative, strict=True):
        line = points(share)
        canvas.curve(line, stroke=COLOURS[slot], stroke_width=2, stroke_dasharray=_dashes(slot))
        halves.append((*line[int(np.searchsorted(share, 0.5))], slot))
    for x, y, slot in _apart([(x, y + 11, slot) for x, y, slot in halves]):
        canvas.badge(x, y, slot)


def _scatter(
    canvas: _Canvas,
    comparison: Comparison,
    slots: Sequence[int],
    pair: tuple[int, int],
    panel: _Panel,
) -> None:
    found = scatter(comparison, *pair, bins=80)
    low, high = float(found.edges[0]), float(found.edges[-1])
    names = [f"similarity to {letter(slots[place])}" for place in pair]
    heading = f"{letter(slots[pair[0]])} against {letter(slots[pair[1]])}"
    _axes(canvas, panel, found.edges, high, names[1], heading, across=names[0], bottom=low)
    most = np.log1p(found.counts.max())
    side = panel.width / len(found.counts)
    for column, row in zip(*np.nonzero(found.counts), strict=True):
        shade = 0.18 + 0.82 * float(np.log1p(found.counts[column, row]) / most)
        canvas.add(
            "rect",
            x=panel.x + int(column) * side,
            y=panel.y + panel.height - (int(row) + 1) * side,
            width=side,
            height=side,
            fill=_INK,
            fill_opacity=f"{shade:.2f}",
        )
    canvas.add(
        "line",
        x1=panel.x,
        y1=panel.y + panel.height,
        x2=panel.x + panel.width,
        y2=panel.y,
        stroke=_LINE,
    )
    cuts = [comparison.cuts[place] for place in pair]
    x, y = panel.across(cuts[0], low, high), panel.up(cuts[1], low, high)
    for place, (x1, y1, x2, y2) in enumerate(
        [
            (x, panel.y, x, panel.y + panel.height),
            (panel.x, y, panel.x + panel.width, y),
        ]
    ):
        colour = COLOURS[slots[pair[place]]]
        canvas.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_width=1.2)
    canvas.text(
        panel.x + panel.width,
        panel.y - 24,
        f"lines: the {comparison.k} nearest; darker: more images, logarithmic",
        size=11,
        fill=_GREY,
        anchor="end",
    )


def _table(
    canvas: _Canvas, comparison: Comparison, slots: Sequence[int], x: float, y: float
) -> float:
    """Write the distances of every two queries, and chance; return where the table ends."""
    distances = comparison.distances
    columns = [x + 96 + 80 * number for number in range(len(distances))]
    canvas.text(x, y - 24, "Distances", size=14, weight=600)
    for at, name in zip(columns, distances, strict=True):
        canvas.text(at, y, name, size=12, fill=_GREY, anchor="end")
    many = len(slots)
    pairs = [(i, j) for i in range(many) for j in range(i + 1, many)]
    chance = ("", "", "0", f"{comparison.overlap_chance:.2g}", f"{comparison.rbo_chance:.2g}")
    leading = 24 if len(pairs) <= 15 else 17
    for i, j in pairs:
        y += leading
        canvas.text(x, y, f"{letter(slots[i])} – {letter(slots[j])}", weight=600)
        for at, matrix in zip(columns, distances.values(), strict=True):
            canvas.text(at, y, _number(float(matrix[i, j])), anchor="end")
    y += 10
    canvas.add("line", x1=x, y1=y, x2=columns[-1], y2=y, stroke=_LINE)
    y += 18
    canvas.text(x, y, "chance", fill=_GREY)
    for at, words in zip(columns, chance, strict=True):
        canvas.text(at, y, words, fill=_GREY, anchor="end")
    return y


def _axes(
    canvas: _Canvas,
    panel: _Panel,
    edges: NDArray[np.float64],
    most: float,
    upwards: str,
    heading: str,
    *,
    across: str = "similarity",
    bottom: float = 0.0,
) -> None:
    low, high = float(edges[0]), float(edges[-1])
    foot, right = panel.y + panel.height, panel.x + panel.width
    canvas.text(panel.x, panel.y - 24, heading, size=14, weight=600)
    for value in ticks(bottom, most, 4):
        y = panel.up(value, bottom, most)
        canvas.add("line", x1=panel.x, y1=y, x2=right, y2=y, stroke=_LINE)
        canvas.text(panel.x + 4, y - 3, _tick(value), size=11, fill=_GREY)
    for value in ticks(low, high, 6):
        x = panel.across(value, low, high)
        canvas.add("line", x1=x, y1=foot, x2=x, y2=foot + 4, stroke=_GREY)
        canvas.text(x, foot + 18, _tick(value), size=11, fill=_GREY, anchor="middle")
    canvas.add("line", x1=panel.x, y1=foot, x2=right, y2=foot, stroke=_GREY)
    canvas.text(right, foot + 36, across, size=12, fill=_GREY, anchor="end")
    canvas.text(panel.x - 10, panel.y, upwards, size=12, fill=_GREY, anchor="end", turned=True)


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return round values between two ends, about `wanted` of them.

    Examples
    --------
    >>> ticks(0.13, 0.92, 4)
    [0.2, 0.4, 0.6, 0.8]
    """
    raw = (high - low) / wanted
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(float(number * step), 10) for number in range(first, last + 1)]


def _apart(places: Sequence[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """Move badges up until none covers another."""
    kept: list[tuple[float, float, int]] = []
    for x, y, slot in sorted(places):
        y -= 11
        while any(abs(x - other_x) < 19 and abs(y - other_y) < 19 for other_x, other_y, _ in kept):
            y -= 4
        kept.append((x, y, slot))
    return kept


def _dashes(slot: int) -> str:
    """Return the dashes of a query's line: from E on, when colours grow alike."""
    return "none" if slot < 4 else "7 3"


def _tick(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _written(value: object) -> str:
    return escape(f"{value:.2f}" if isinstance(value, float) else str(value))


def _clean(text: str) -> str:
    """Escape text for XML, without the characters that XML forbids."""
    allowed = (c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe")
    return escape("".join(allowed))
