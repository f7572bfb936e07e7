"""AlexNet, VGG-16 and VGG-19 with the layer names that papers use.

The names are those of Caffe's blobs. Caffe runs its ReLU in place, so what papers call the
features of ``conv5_4``, ``fc6`` or ``fc7`` are numbers *after* the ReLU, and so are ours;
Caffe's names of the ReLU layers (``relu5_4``, ``relu6``, ``relu7``) are aliases for them. The
sums before the ReLU are reached by their module path (``classifier.3`` for fc7 of a VGG).
The weights are torchvision's, trained anew: the numbers differ from Caffe's files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.space import Preprocessing
from impasto.networks.recipes import Recipe, networks
from impasto.networks.weights import Published, at_hand, obtain

if TYPE_CHECKING:
    from torch import nn

ADDRESS = "https://download.pytorch.org/models/"

Layers = dict[str, tuple[str, int]]


def vgg_layers(blocks: tuple[int, ...]) -> Layers:
    """Name the layers of a VGG with so many convolutions in each of its five blocks.

    Examples
    --------
    >>> layers = vgg_layers((2, 2, 4, 4, 4))
    >>> layers["conv1_1"], layers["pool5"], layers["fc7"]
    (('features.1', 64), ('features.36', 512), ('classifier.4', 4096))
    """
    layers: Layers = {}
    position = 0
    for block, (convolutions, channels) in enumerate(
        zip(blocks, (64, 128, 256, 512, 512), strict=True), start=1
    ):
        for number in range(1, convolutions + 1):
            layers[f"conv{block}_{number}"] = (f"features.{position + 1}", channels)
            position += 2
        layers[f"pool{block}"] = (f"features.{position}", channels)
        position += 1
    return layers | {
        "fc6": ("classifier.1", 4096),
        "fc7": ("classifier.4", 4096),
        "fc8": ("classifier.6", 1000),
    }


ALEXNET: Layers = {
    "conv1": ("features.1", 64),
    "pool1": ("features.2", 64),
    "conv2": ("features.4", 192),
    "pool2": ("features.5", 192),
    "conv3": ("features.7", 384),
    "conv4": ("features.9", 256),
    "conv5": ("features.11", 256),
    "pool5": ("features.12", 256),
    "fc6": ("classifier.2", 4096),
    "fc7": ("classifier.5", 4096),
    "fc8": ("classifier.6", 1000),
}


def relu_aliases(layers: Layers) -> Iterator[tuple[str, str]]:
    """Pair Caffe's names of the ReLU layers with the blobs they write."""
    for name in layers:
        if name.startswith("conv"):
            yield name.replace("conv", "relu"), name
        elif name in {"fc6", "fc7"}:
            yield name.replace("fc", "relu"), name


def _builder(name: str) -> Callable[[int], nn.Module]:
    def build(classes: int) -> nn.Module:
        import torch
        import torchvision

        # On "meta" nothing is drawn at random that the weights replace a moment later.
        with torch.device("meta"):
            module: nn.Module = torchvision.models.get_model(
                name, weights=None, num_classes=classes
            )
        return module

    return build


def _register(name: str, title: str, layers: Layers, filename: str) -> None:
    published = Published(name, ADDRESS + filename, filename)

    def find(cache: Path | None) -> Path | None:
        return at_hand(published, cache)

    def get(cache: Path | None) -> Path:
        return obtain(published, cache)

    networks.register(
        name,
        Recipe(
            name=name,
            title=title,
            layers=layers,
            default_layer="fc7",
            preprocessing=Preprocessing(interpolation="bilinear"),
            licence="BSD-3-Clause",
            source=published.url,
            build=_builder(name),
            find=find,
            obtain=get,
            classifier="classifier.6.weight",
            aliases=dict(relu_aliases(layers)),
        ),
    )


_register("alexnet", "AlexNet (ImageNet, torchvision)", ALEXNET, "alexnet-owt-7be5be79.pth")
_register(
    "vgg16", "VGG-16 (ImageNet, torchvision)", vgg_layers((2, 2, 3, 3, 3)), "vgg16-397923af.pth"
)
_register(
    "vgg19", "VGG-19 (ImageNet, torchvision)", vgg_layers((2, 2, 4, 4, 4)), "vgg19-dcbb9e9d.pth"
)
