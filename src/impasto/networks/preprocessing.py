"""From an upright RGB picture to the square of bytes that a network reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Preprocessing

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Box = tuple[int, int, int, int]


def prepare(picture: Picture, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Cut and resize a picture to the input of a network, in one antialiased step.

    Only the part that the network sees is resized. Shrinking goes through torch's resampler
    of bytes, which computes what Pillow does (a bicubic with a = -0.5, or a triangle, widened
    by the scale) to within two grey levels, three to five times faster; its box lies on whole
    pixels, so both edges move by at most half a pixel, symmetrically. Enlarging, where half a
    pixel would be seen, goes through Pillow with the exact box.

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
    left, top, right, bottom = box = whole_box(picture.size, preprocessing)
    if right - left < size or bottom - top < size:
        return _enlarge(picture, preprocessing)
    part = np.array(picture.crop(box) if box != (0, 0, *picture.size) else picture)
    return _shrink(part, preprocessing)


def exact_box(
    extent: tuple[int, int], preprocessing: Preprocessing
) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what the network sees of a picture of this extent."""
    width, height = extent
    if preprocessing.fit == "squash":
        return (0, 0, width, height)
    side = min(width, height) * preprocessing.size / preprocessing.short_side
    return (
        (width - side) / 2,
        (height - side) / 2,
        (width + side) / 2,
        (height + side) / 2,
    )


def whole_box(extent: tuple[int, int], preprocessing: Preprocessing) -> Box:
    """Return `exact_box` moved to whole pixels, its centre still exactly the picture's.

    Examples
    --------
    >>> whole_box((640, 480), Preprocessing())
    (110, 30, 530, 450)
    >>> whole_box((501, 500), Preprocessing())
    (32, 31, 469, 469)
    """
    left, top, _, _ = exact_box(extent, preprocessing)
    x, y = round(left), round(top)
    return (x, y, extent[0] - x, extent[1] - y)


def _shrink(part: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.uint8]:
    import torch
    from torch.nn.functional import interpolate

    size = preprocessing.size
    with torch.inference_mode():
        # The batch axis must come first of all: torch then sees channels-last and stays there.
        pixels = torch.from_numpy(part)[None].permute(0, 3, 1, 2)
        small = interpolate(pixels, (size, size), mode=preprocessing.interpolation, antialias=True)
        return np.ascontiguousarray(small[0].permute(1, 2, 0).numpy())


def _enlarge(picture: Picture, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    from PIL.Image import Resampling

    filters = {"bicubic": Resampling.BICUBIC, "bilinear": Resampling.BILINEAR}
    size = preprocessing.size
    return np.array(
        picture.resize(
            (size, size),
            filters[preprocessing.interpolation],
            box=exact_box(picture.size, preprocessing),
        )
    )
