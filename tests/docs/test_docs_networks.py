"""docs/networks.md against the catalogue and the code that it describes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from impasto.core.space import Flip, Pooling, Precision
from impasto.networks import FAMILIES, catalogue
from impasto.networks.classic import ALEXNET, vgg_layers

TEXT = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    lines = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", TEXT, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in lines}


def test_the_table_is_the_catalogue() -> None:
    table = rows()
    for info in catalogue():
        weights, default, layers = table[info.name]
        assert weights.startswith(info.licence)
        assert default == f"`{info.default_layer}`"
        assert layers == ", ".join(f"`{one.name}` {one.dimension}" for one in info.layers)
    assert set(table) >= {info.name for info in catalogue()}


@pytest.mark.parametrize("kind", [Pooling, Flip, Precision])
def test_every_choice_is_explained(kind: object) -> None:
    for choice in get_args(kind):
        assert re.search(rf"\b{choice}\b", TEXT), choice


def test_families_are_named() -> None:
    for family in FAMILIES:
        assert f"`{family.replace('<id>', 'ID').replace('<tag>', 'TAG')}`" in TEXT


def test_what_is_said_of_fc7() -> None:
    """The path before the ReLU is the one in front of ours."""
    for name, layers, said in (("VGG", vgg_layers((2, 2, 4, 4, 4)), 3), ("AlexNet", ALEXNET, 4)):
        after = int(layers["fc7"][0].removeprefix("classifier."))
        assert after - 1 == said, name
    assert "`classifier.3` is\nfc7 of a VGG before it, `classifier.4` for AlexNet" in TEXT
    assert ALEXNET["conv1"][1] == 64
