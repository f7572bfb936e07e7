"""The pictures that a network is tuned on: read once, then varied anew for every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Preprocessing
from impasto.learn.tune.course import Augment

if TYPE_CHECKING:
    from torch import Tensor

Pixels = NDArray[np.uint8]
Read = Callable[[int, Sequence[Preprocessing]], tuple[Pixels, ...] | None]
"""Image id and preprocessings → its squares; None when the file can't be read."""

ROOM = 8 / 7
"""Side of the square that variations are cut from, over the side that the network reads."""


def roomy(preprocessing: Preprocessing) -> Preprocessing:
    """Return the same view of a picture with more pixels, for cutting parts out of it."""
    return replace(preprocessing, size=round(preprocessing.size * ROOM))


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The squares of all images: as the network will see them later, and with more pixels.

    Parameters
    ----------
    exact : ndarray of shape (n_images, size, size, 3), uint8
        To the byte what embedding gives the network.
    wide : ndarray of shape (n_images, side, side, 3), uint8
        The same view with an eighth more pixels a side. Both may be files mapped into memory.
    """

    exact: Pixels
    wide: Pixels


def fill(
    pictures: Pictures, ids: Sequence[int], read: Read, how: Preprocessing, *, threads: int
) -> Iterator[bool]:
    """Read the pictures into their places, and say of each whether it could be read.

    Parameters
    ----------
    pictures : Pictures
        Filled in place.
    ids : sequence of int
    read : callable
    how : Preprocessing
        Of the network.
    threads : int

    Yields
    ------
    bool
        In the order of `ids`.
    """
    wanted = (how, roomy(how))

    def one(row: int) -> bool:
        found = read(ids[row], wanted)
        if found is None:
            return False
        pictures.exact[row], pictures.wide[row] = found
        return True

    with ThreadPoolExecutor(threads) as pool:
        block = 64 * threads  # so that a stop does not wait for all that were handed out
        for first in range(0, len(ids), block):
            yield from pool.map(one, range(first, min(first + block, len(ids))))


def vary(wide: Pixels, size: int, augment: Augment, chance: np.random.Generator) -> Tensor:
    """Cut a random part out of every picture, mirror half of them, and perhaps change colours.

    Parameters
    ----------
    wide : ndarray of shape (n_images, side, side, 3), uint8
    size : int
        Side of the result.
    augment : {"light", "strong"}
    chance : numpy.random.Generator

    Returns
    -------
    torch.Tensor of shape (n_images, size, size, 3), float32
        On the 0-255 scale.
    """
    import torch
    from torch.nn.functional import grid_sample

    n = len(wide)
    least, stretch = (0.6, 1.0) if augment == "light" else (0.3, 4 / 3)
    side = np.sqrt(chance.uniform(least, 1, n))
    shape = np.exp(chance.uniform(-np.log(stretch), np.log(stretch), n) / 2)
    across, down = np.minimum(side * shape, 1), np.minimum(side / shape, 1)
    # Centres, in [-1, 1], such that the part lies inside.
    x, y = (1 - across) * chance.uniform(-1, 1, n), (1 - down) * chance.uniform(-1, 1, n)
    across = across * chance.choice((-1.0, 1.0), n)
    steps = (np.arange(size) + 0.5) / size * 2 - 1
    grid = np.empty((n, size, size, 2), np.float32)
    grid[..., 0] = (x[:, None] + across[:, None] * steps)[:, None, :]
    grid[..., 1] = (y[:, None] + down[:, None] * steps)[:, :, None]
    pixels = torch.from_numpy(np.ascontiguousarray(wide)).permute(0, 3, 1, 2).float()
    cut: Tensor = grid_sample(
        pixels, torch.from_numpy(grid), mode="bilinear", padding_mode="border", align_corners=False
    ).permute(0, 2, 3, 1)
    return _coloured(cut, chance) if augment == "strong" else cut


def _coloured(pixels: Tensor, chance: np.random.Generator) -> Tensor:
    import torch

    factors = torch.from_numpy(chance.uniform(0.7, 1.3, (3, len(pixels), 1, 1, 1))).float()
    brightness, contrast, saturation = factors.unbind()
    pixels = pixels * brightness
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = mean + (pixels - mean) * contrast
    grey = pixels.mean(dim=3, keepdim=True)
    return (grey + (pixels - grey) * saturation).clamp(0, 255)
