"""Resampling of pictures, without copying them and without holding the interpreter's lock.

Pillow's own way into an array copies every pixel while all other threads wait. Its pixels can
be looked at where they lie instead (four bytes each, the last of them unused), and torch's
resampler of bytes, several times faster than Pillow's, takes them like that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Interpolation

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


def resample(
    picture: Picture,
    size: tuple[int, int],
    interpolation: Interpolation,
    *,
    scale: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """Resize a picture, antialiased, as torch does it.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB.
    size : tuple of int
        Width and height of the result.
    interpolation : {"bicubic", "bilinear"}
    scale : tuple of float or None
        Source pixels per pixel of output, across and down; None: as the sizes have it.

    Returns
    -------
    ndarray of shape (height, width, 4), uint8
        RGB, and a fourth byte that means nothing. C-contiguous; only to be read, since it may be
        the memory of the picture.

    Examples
    --------
    >>> from PIL import Image
    >>> resample(Image.new("RGB", (8, 4), "red"), (2, 1), "bilinear")[..., :3].tolist()
    [[[255, 0, 0], [255, 0, 0]]]
    """
    import torch

    try:
        pixels = in_place(picture)
    except ValueError:
        copied = bytearray(picture.tobytes("raw", "RGBX"))
        pixels = np.frombuffer(copied, np.uint8).reshape(picture.height, picture.width, 4)
    if picture.size == size and scale is None:
        return pixels
    across, down = (None, None) if scale is None else (1 / scale[0], 1 / scale[1])
    with torch.inference_mode():
        # The batch axis must come first of all: torch then sees channels-last and stays there.
        batch = torch.from_numpy(pixels)[None].permute(0, 3, 1, 2)
        # The function below `interpolate`, which would not take both a size and a scale.
        operation = getattr(torch.ops.aten, f"_upsample_{interpolation}2d_aa")
        grid = operation(batch, [size[1], size[0]], False, down, across)
        return np.ascontiguousarray(grid[0].permute(1, 2, 0).numpy())


def packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drop every fourth byte: (height, width, 4) to (height, width, 3); by Pillow, which is quick.

    Examples
    --------
    >>> packed(np.array([[[1, 2, 3, 255]]], np.uint8)).tolist()
    [[[1, 2, 3]]]
    """
    from PIL import Image

    height, width, _ = pixels.shape
    picture = Image.frombuffer("RGB", (width, height), pixels, "raw", "RGBX", 0, 1)
    content = bytearray(picture.tobytes("raw", "RGB"))
    return np.frombuffer(content, np.uint8).reshape(height, width, 3)


def in_place(picture: Picture) -> NDArray[np.uint8]:
    """Return the pixels of an RGB picture where they lie: (height, width, 4).

    Write only into a picture that nobody else has seen.

    Raises
    ------
    ValueError
        When they lie in several pieces, as Pillow keeps pictures above 16 MiB.
    """
    return np.asarray(_Memory(picture))


class _Memory:
    """A picture as NumPy's array interface shows memory; it lives as long as the array."""

    def __init__(self, picture: Picture) -> None:
        import pyarrow as pa

        self._pixels: Any = pa.array(picture).values  # keeps the memory
        self.__array_interface__ = {
            "version": 3,
            "shape": (picture.height, picture.width, 4),
            "typestr": "|u1",
            "data": (self._pixels.buffers()[1].address + self._pixels.offset, False),
        }
