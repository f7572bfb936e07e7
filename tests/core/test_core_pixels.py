"""Resampling without a copy: against Pillow, and never into the picture itself."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PIL import Image

from impasto.core.pixels import packed, resample
from impasto.core.space import Interpolation

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def noise(width: int, height: int) -> Image.Image:
    drawn = np.random.default_rng(0).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    return Image.fromarray(drawn).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [(64, 48), (50, 37), (1, 1), (320, 240)])
def test_it_is_what_pillow_gives(interpolation: Interpolation, size: tuple[int, int]) -> None:
    picture = noise(320, 240)
    got = packed(resample(picture, size, interpolation)).astype(np.int16)
    oracle = np.asarray(picture.resize(size, FILTERS[interpolation]), np.int16)
    assert got.shape == (size[1], size[0], 3)
    assert np.abs(got - oracle).max() <= 1


def test_a_picture_in_several_pieces_gives_the_same() -> None:
    picture = noise(2400, 2000)  # above 16 MiB
    got = packed(resample(picture, (240, 200), "bilinear")).astype(np.int16)
    oracle = np.asarray(picture.resize((240, 200), Image.Resampling.BILINEAR), np.int16)
    assert np.abs(got - oracle).max() <= 1


def test_the_pixels_outlive_the_picture() -> None:
    picture = noise(64, 64)
    before = np.asarray(picture)
    same = resample(picture, (64, 64), "bilinear")  # nothing to do: the picture's own memory
    del picture
    gc.collect()
    others = [noise(64, 64).rotate(90) for _ in range(8)]  # would take the memory if it were free
    assert np.array_equal(packed(same), before)
    assert len(others) == 8


def test_scale_places_the_outputs_where_it_says() -> None:
    picture = Image.fromarray(np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 3, 2))
    got = packed(resample(picture.resize((200, 10)), (50, 10), "bilinear", scale=(2, 1)))
    assert np.abs(got[5, 1:49, 0] - (2 * np.arange(1, 49) + 0.5)).max() <= 1
