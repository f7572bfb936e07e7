"""Figures of maps: every picture where its point is, in the colour of its value."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from impasto.core.errors import InvalidInput
from impasto.explore.maps import PALETTE, category_colours, figure, number_colours
from impasto.explore.maps.figure import GREY

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
CORNERS = np.array([[0, 0], [1, 0], [0, 0.5]], np.float32)


def square(at: int) -> Image.Image | None:
    return Image.new("RGB", (64, 64), (RED, GREEN, BLUE)[at])


def test_pictures_are_where_their_points_are() -> None:
    drawn = figure(CORNERS, square, size=300, side=40)
    assert drawn.size == (300, 170)
    assert drawn.getpixel((20, 20)) == RED
    assert drawn.getpixel((280, 20)) == GREEN
    assert drawn.getpixel((20, 150)) == BLUE
    assert drawn.getpixel((150, 100)) == (255, 255, 255)


def test_frames_and_legend() -> None:
    colours = category_colours(np.array([0, 1, -1], np.int32))
    plain = figure(CORNERS, square, size=300, side=40, colours=colours)
    assert plain.getpixel((1, 20)) == PALETTE[0]
    assert plain.getpixel((298, 20)) == PALETTE[1]
    assert plain.getpixel((1, 150)) == GREY
    assert plain.getpixel((20, 20)) == RED
    legend = [(f"a name {i}", colour) for i, colour in enumerate(PALETTE)]
    named = figure(CORNERS, square, size=300, side=40, colours=colours, legend=legend)
    assert named.width == plain.width
    below = named.crop((0, plain.height, *named.size))
    found = {colour for _, colour in below.getcolors(100_000) or ()}
    assert set(PALETTE) <= found


def test_pictures_that_are_missing_are_left_out() -> None:
    drawn = figure(CORNERS, lambda at: square(at) if at else None, size=300, side=40)
    assert drawn.getpixel((20, 20)) == (255, 255, 255)
    assert drawn.getpixel((280, 20)) == GREEN


def test_one_picture() -> None:
    drawn = figure(CORNERS[:1], square, size=300)
    assert drawn.getpixel((drawn.width // 2, drawn.height // 2)) == RED
    with pytest.raises(InvalidInput, match="no image"):
        figure(CORNERS[:0], square)


def test_numbers_have_a_colour_of_their_own() -> None:
    found = number_colours(np.array([2, np.nan, 4, 3, 2], np.float32))
    assert found[0].tolist() == found[4].tolist() == [68, 1, 84]
    assert found[2].tolist() == [253, 231, 37]
    assert found[3].tolist() == [33, 144, 141]
    assert tuple(found[1].tolist()) == GREY
    assert (number_colours(np.full(2, np.nan, np.float32)) == GREY).all()
    assert len({*map(tuple, number_colours(np.ones(3, np.float32)).tolist())}) == 1
