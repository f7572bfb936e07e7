"""A picture of a map made of small pictures, to be printed or put in a paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SMALLEST, LARGEST = 4, 256
"""Side of a small picture on a figure, pixels; thumbnails are not larger."""

PAPER, GREY = (255, 255, 255), (170, 170, 170)

PALETTE = (
    *((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0)),
    *((204, 121, 167), (0, 0, 0), (120, 94, 240), (153, 79, 0), (64, 224, 160), (220, 38, 127)),
)
"""Colours of the most frequent categories; the first eight, by Okabe and Ito (2008), can be told
apart by colour-blind people. Further categories, and images without one, are `GREY`."""

_VIRIDIS = np.array(
    [
        *((68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141)),
        *((39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37)),
    ],
    np.float64,
)


def category_colours(codes: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Choose colours of categories.

    Parameters
    ----------
    codes : ndarray of shape (n,), int32
        The most frequent category is 0; -1 is none.

    Returns
    -------
    ndarray of shape (n, 3), uint8
    """
    known = np.array([*PALETTE, GREY], np.uint8)
    return known[np.where((codes >= 0) & (codes < len(PALETTE)), codes, len(PALETTE))]


def number_colours(numbers: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Choose colours of numbers: dark blue for the least, yellow for the greatest.

    Parameters
    ----------
    numbers : ndarray of shape (n,), float32
        NaN is none.

    Returns
    -------
    ndarray of shape (n, 3), uint8
    """
    none = np.isnan(numbers)
    found = np.full((len(numbers), 3), GREY, np.uint8)
    if none.all():
        return found
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    share = (numbers[~none].astype(np.float64) - low) / ((high - low) or 1.0)
    steps = np.linspace(0, 1, len(_VIRIDIS))
    channels = [np.interp(share, steps, _VIRIDIS[:, channel]) for channel in range(3)]
    found[~none] = np.round(np.stack(channels, axis=1)).astype(np.uint8)
    return found


def figure(
    points: NDArray[np.float32],
    picture: Callable[[int], Picture | None],
    *,
    size: int = 2400,
    side: int | None = None,
    colours: NDArray[np.uint8] | None = None,
    legend: Sequence[tuple[str, tuple[int, int, int]]] = (),
    progress: Progress | None = None,
) -> Picture:
    """Draw a map with its pictures.

    Parameters
    ----------
    points : ndarray of shape (n_images, 2), float32
        Centres of the pictures, x from the left and y from the top, in one unit.
    picture : callable
        From the position of a point to its picture; None leaves it out.
    size : int
        Longest side of the figure without its legend, pixels.
    side : int or None
        Longest side of a picture; None: so that all of them together would just fill the figure.
    colours : ndarray of shape (n_images, 3), uint8, optional
        Of frames around the pictures.
    legend : sequence of (str, (int, int, int))
        Names of colours, written below.
    progress : Progress, optional

    Returns
    -------
    PIL.Image.Image
        RGB, on white.
    """
    from PIL import Image

    if not 100 <= size <= 20_000:
        raise InvalidInput(f"A figure is 100 to 20,000 pixels large, not {size}.")
    if not len(points):
        raise InvalidInput("There is no image on this map.")
    progress = progress or Quiet()
    wide = points.astype(np.float64)
    low, extent = wide.min(axis=0), np.ptp(wide, axis=0)
    unit = float(extent.max()) or 1.0
    if side is None:
        area = float(np.prod(np.maximum(extent / unit, 0.05))) * size**2
        side = round(min(max((area / len(points)) ** 0.5, SMALLEST), LARGEST, size / 4))
    scale = (size - side) / unit
    width, height = (round(one) for one in (extent * scale + side).tolist())
    canvas = Image.new("RGB", (width, height), PAPER)
    border = 0 if colours is None else max(1, side // 12)
    progress.stage("Drawing", len(points))
    for at, centre in enumerate(((wide - low) * scale + side / 2).tolist()):
        small = picture(at)
        if small is not None:
            small.thumbnail((side - 2 * border, side - 2 * border))
            if colours is not None:
                framed = (small.width + 2 * border, small.height + 2 * border)
                frame = Image.new("RGB", framed, tuple(colours[at].tolist()))
                frame.paste(small, (border, border))
                small = frame
            left, top = (round(c - s / 2) for c, s in zip(centre, small.size, strict=True))
            canvas.paste(small, (left, top))
        progress.advance()
    return _with_legend(canvas, legend) if legend else canvas


def _with_legend(canvas: Picture, legend: Sequence[tuple[str, tuple[int, int, int]]]) -> Picture:
    """Write names beside patches of their colours, line by line, below a picture."""
    from PIL import Image, ImageDraw, ImageFont

    height = max(canvas.width // 70, 12)
    font = ImageFont.load_default(height)
    x, line = height, 0
    placed: list[tuple[int, int, str, tuple[int, int, int]]] = []
    for name, colour in legend:
        needed = round(font.getlength(name)) + 4 * height
        if placed and x + needed > canvas.width:
            x, line = height, line + 1
        placed.append((x, line, name, colour))
        x += needed
    whole = Image.new("RGB", (canvas.width, canvas.height + height * (2 * line + 3)), PAPER)
    whole.paste(canvas)
    pen = ImageDraw.Draw(whole)
    for x, line, name, colour in placed:
        y = canvas.height + height + 2 * height * line
        pen.rectangle((x, y, x + height, y + height), fill=colour)
        pen.text((x + 1.6 * height, y + height / 2), name, fill=(0, 0, 0), font=font, anchor="lm")
    return whole
