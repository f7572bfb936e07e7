"""How many tags the images have, as a figure: plain SVG 1.1, the same bytes everywhere."""

from __future__ import annotations

from html import escape

from impasto.curate.tags.table import TagTable

_WIDTH, _HEIGHT, _EDGE = 640, 360, 56
_INK, _GREY, _LINE, _BAR = "#1c1a17", "#57524a", "#ddd8ce", "#0077bb"
_FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans', sans-serif"
_MOST = 20


def tags_per_image(table: TagTable, title: str) -> str:
    """Draw the number of images with 0, 1, 2, … tags as SVG.

    Parameters
    ----------
    table : TagTable
    title : str
        Of the collection, for people.
    """
    counts = table.per_image.tolist()
    if len(counts) > _MOST + 1:
        counts = [*counts[:_MOST], sum(counts[_MOST:])]
    words = (
        f"{table.tagged:,} of {table.images:,} images have tags, {table.mean:.2f} each on average; "
        f"{len(table.names):,} tags."
    )
    top = max(max(counts), 1)
    step = (_WIDTH - 2 * _EDGE) / len(counts)
    floor = _HEIGHT - 64
    parts = [_text(_EDGE, 32, title, 17, _INK), _text(_EDGE, 52, words, 12, _GREY)]
    for share in (0.5, 1.0):
        y = floor - share * (floor - 84)
        parts.append(
            f'<line x1="{_EDGE}" y1="{y:.1f}" x2="{_WIDTH - _EDGE}" y2="{y:.1f}" stroke="{_LINE}"/>'
        )
        parts.append(_text(_EDGE - 6, y + 4, f"{share * top:,.0f}", 11, _GREY, "end"))
    for k, n in enumerate(counts):
        x, high = _EDGE + k * step, n / top * (floor - 84)
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{floor - high:.1f}" width="{max(step - 2, 1):.1f}" '
            f'height="{high:.1f}" fill="{_BAR}"><title>{n:,} images with {k} tags</title></rect>'
        )
        last = k == _MOST and len(counts) == _MOST + 1
        name = f"{k}+" if last else str(k)
        parts.append(_text(x + step / 2, floor + 16, name, 11, _GREY, "middle"))
    parts.append(_text(_WIDTH / 2, floor + 38, "tags of an image", 12, _GREY, "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="{escape(_FONTS)}">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _text(x: float, y: float, text: str, size: int, fill: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
