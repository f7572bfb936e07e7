"""From an upright RGB picture to the square of bytes that a network reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.pixels import packed, resample
from impasto.core.space import Preprocessing

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

NEAR = 0.02
"""Shift of the picture, in source pixels, that nobody sees."""

LARGE = 4_000_000
"""Source pixels above which a copy of them costs more than the faster resampling saves."""

REACH = 2
"""Pixels on either side that a bicubic filter looks at: of output, or of the source if larger."""


def prepare(picture: Picture, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Resize a picture and cut the central square out of it, in one antialiased step.

    The result is that of the usual two steps (short side to ``short_side``, then the central
    square), but only what the network sees is computed, and by torch's resampler of bytes, which
    is three to five times faster than Pillow's. That one begins on whole source pixels; so it
    begins as many pixels of output early as it takes until the two grids meet. What remains is a
    shift of at most 0.02 pixels, and rounding.

    Parameters
    ----------
    picture : PIL.Image.Image
        Upright, RGB.
    preprocessing : Preprocessing

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
        RGB, 0-255, C-contiguous. Channel order, mean and std are the network's business
        (`Tapped`).

    Examples
    --------
    >>> from PIL import Image
    >>> prepare(Image.new("RGB", (640, 480), "red"), Preprocessing(size=2)).tolist()
    [[[255, 0, 0], [255, 0, 0]], [[255, 0, 0], [255, 0, 0]]]
    """
    if picture.mode != "RGB":
        raise InvalidInput(f"The picture must be RGB, not {picture.mode}; convert it first.")
    size = preprocessing.size
    columns, rows = resized(picture.size, preprocessing)
    across = span(picture.width, columns, size)
    down = span(picture.height, rows, size)
    box = (across.start, down.start, across.stop, down.stop)
    if (box[2] - box[0]) * (box[3] - box[1]) > LARGE:
        return _in_place(picture, preprocessing, across, down)
    part = picture.crop(box) if box != (0, 0, *picture.size) else picture
    grid = resample(
        part,
        (across.outputs, down.outputs),
        preprocessing.interpolation,
        scale=(across.scale, down.scale),
    )
    return packed(grid)[down.skip : down.skip + size, across.skip : across.skip + size].copy()


def _in_place(
    picture: Picture, preprocessing: Preprocessing, across: Span, down: Span
) -> NDArray[np.uint8]:
    """Do the same with Pillow, which needs no copy of the source: the faster way when it is big."""
    from PIL.Image import Resampling

    filters = {"bicubic": Resampling.BICUBIC, "bilinear": Resampling.BILINEAR}
    size = preprocessing.size
    left, top = across.start + across.skip * across.scale, down.start + down.skip * down.scale
    # Rounding must not push the box over the edge.
    right = min(left + size * across.scale, picture.width)
    bottom = min(top + size * down.scale, picture.height)
    box = (left, top, right, bottom)
    return np.array(picture.resize((size, size), filters[preprocessing.interpolation], box=box))


def resized(extent: tuple[int, int], preprocessing: Preprocessing) -> tuple[int, int]:
    """Return width and height of the whole picture, resized, from which the square is cut.

    Examples
    --------
    >>> resized((640, 480), Preprocessing())
    (341, 256)
    """
    if preprocessing.fit == "squash":
        return (preprocessing.size, preprocessing.size)
    width, height = extent
    short = preprocessing.short_side
    if width <= height:
        return (short, short * height // width)
    return (short * width // height, short)


@dataclass(frozen=True, slots=True)
class Span:
    """One axis of the resampling.

    Parameters
    ----------
    start, stop : int
        Source pixels to read.
    outputs : int
        Pixels to compute from them.
    skip : int
        How many of these come before the ones that are wanted.
    scale : float
        Source pixels per pixel of output.
    """

    start: int
    stop: int
    outputs: int
    skip: int
    scale: float


def span(extent: int, whole: int, size: int) -> Span:
    """Choose the source pixels from which to compute the central `size` of `whole` outputs.

    Parameters
    ----------
    extent : int
        Source pixels that there are.
    whole : int
        Outputs that all of them would give.
    size : int
        Outputs that are wanted.

    Examples
    --------
    A short side of 480 pixels, to 256, of which 224: the output has a pixel every 1.875 of the
    source and begins at 30. Eight pixels of output earlier, with all that the filter looks at,
    it begins at 15.

    >>> span(480, 256, 224)
    Span(start=15, stop=454, outputs=232, skip=8, scale=1.875)
    """
    scale = extent / whole
    offset = round((whole - size) / 2)
    reach = REACH * max(1, scale)
    # Without a shift the grids always meet at the edge of the picture.
    skip = next(
        step
        for step in range(min(math.ceil(reach / scale), offset), offset + 1)
        if _to_whole((offset - step) * scale) <= NEAR
    )
    start = round((offset - skip) * scale)
    outputs = skip + size
    stop = min(extent, math.ceil(start + outputs * scale + reach))
    if outputs == stop - start and scale != 1:
        outputs += 1  # torch would take equal numbers for "nothing to do"
    return Span(start, stop, outputs, skip, scale)


def _to_whole(position: float) -> float:
    """Return the distance to the nearest whole number."""
    return abs(position - round(position))
