from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import v2

from impasto.core.errors import InvalidInput
from impasto.core.space import Preprocessing
from impasto.networks import Network, Tap, prepare
from impasto.networks.preprocessing import LARGE, REACH, resized, span
from impasto.networks.taps import Tapped

sides = st.integers(1, 3000)


def photographs() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


def two_steps(picture: Image.Image, settings: Preprocessing) -> NDArray[np.uint8]:
    """Do the same as torchvision does it, with Pillow: resize, then cut."""
    interpolation = v2.InterpolationMode(settings.interpolation)
    size = settings.size if settings.fit == "crop" else [settings.size, settings.size]
    if settings.fit == "squash":
        return np.asarray(v2.Resize(size, interpolation)(picture))
    whole = v2.Resize(settings.short_side, interpolation)(picture)
    return np.asarray(v2.CenterCrop(settings.size)(whole))


EXTENTS = [
    (640, 480),
    (427, 640),
    (500, 375),
    (481, 321),
    (416, 253),  # a scale of almost 1: torch takes equal sizes for "nothing to do"
    (256, 341),
    (300, 257),
    (77, 61),
    (31, 90),
]


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("extent", EXTENTS)
def test_it_is_torchvisions_two_steps_to_a_few_grey_levels(
    extent: tuple[int, int], interpolation: Any
) -> None:
    settings = Preprocessing(interpolation=interpolation)
    picture = photographs()[0].crop((5, 3, 5 + extent[0], 3 + extent[1]))
    ours, theirs = prepare(picture, settings), two_steps(picture, settings)
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.mean() < 0.6
    # A shift of one pixel would be told at once:
    assert np.abs(ours[:, 1:].astype(int) - theirs[:, :-1]).mean() > 3 * difference.mean()


def test_vectors_stay_what_the_two_steps_give(lite: Network) -> None:
    drawn = np.random.default_rng(0)
    pictures = []
    for index in range(24):
        photograph = photographs()[index % 2]
        width, height = int(drawn.integers(100, 640)), int(drawn.integers(100, 427))
        left = int(drawn.integers(0, photograph.width - width + 1))
        top = int(drawn.integers(0, photograph.height - height + 1))
        pictures.append(photograph.crop((left, top, left + width, top + height)))
    tapped = Tapped(lite, [Tap("pool")])
    vectors = []
    for make in (prepare, two_steps):
        batch = np.stack([make(picture, lite.preprocessing) for picture in pictures])
        with torch.inference_mode():
            vectors.append(tapped(torch.from_numpy(batch))[0])
    tapped.close()
    cosines = torch.cosine_similarity(*vectors)
    assert cosines.mean() > 0.9995
    assert cosines.min() > 0.999


def test_a_large_picture_takes_pillows_way_and_looks_the_same() -> None:
    picture = photographs()[1].resize((3200, 2400))
    assert LARGE < 2100 * 2100
    settings = Preprocessing()
    difference = np.abs(prepare(picture, settings).astype(int) - two_steps(picture, settings))
    assert difference.mean() < 0.6


def test_squashing_sees_the_whole_picture() -> None:
    picture = photographs()[0]
    settings = Preprocessing(fit="squash")
    difference = np.abs(prepare(picture, settings).astype(int) - two_steps(picture, settings))
    assert difference.max() <= 2


@given(sides, sides, st.sampled_from(["crop", "squash"]), st.sampled_from([1, 17, 64]))
@settings(deadline=None, max_examples=40)
def test_any_picture_becomes_the_square_that_the_network_reads(
    width: int, height: int, fit: Any, size: int
) -> None:
    picture = Image.new("RGB", (width, height), (10, 200, 30))
    pixels = prepare(picture, Preprocessing(size=size, fit=fit))
    assert pixels.shape == (size, size, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert (pixels == (10, 200, 30)).all()


@given(sides, sides, st.sampled_from([1.0, 0.875, 0.9, 0.95]), st.sampled_from([64, 224, 518]))
def test_a_span_holds_all_that_the_filter_looks_at(
    width: int, height: int, crop: float, size: int
) -> None:
    settings = Preprocessing(size=size, crop=crop)
    for extent, whole in zip((width, height), resized((width, height), settings), strict=True):
        part = span(extent, whole, size)
        offset = round((whole - size) / 2)
        begin, end = offset * part.scale, (offset + size) * part.scale
        reach = REACH * max(part.scale, 1)
        assert abs(part.start + part.skip * part.scale - begin) <= 0.0201
        assert 0 <= part.start < part.stop <= extent
        assert part.start <= max(0, begin - reach) + 0.5
        assert part.stop >= min(extent, end + reach) - 0.5
        assert part.outputs >= part.skip + size


def test_only_rgb_pictures_are_taken() -> None:
    with pytest.raises(InvalidInput, match="must be RGB, not L"):
        prepare(Image.new("L", (300, 300)), Preprocessing())
