"""The parts of a network that can be tuned, in the order in which a picture passes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput
from impasto.networks.records import INPUT, Network

if TYPE_CHECKING:
    from torch import nn

TOP = "(top)"
"""What holds the parameters that belong to no part of the network: a transformer's tokens."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A module with parameters of its own: a convolution, a linear layer, a normalisation.

    Parameters
    ----------
    path : str
        Module path ("features.0").
    layer : str
        The named layer that it leads to ("conv1_1"), as `impasto networks` lists them.
    counted : bool
        Whether papers count it among "the layers": it has a matrix or filters, and is not dense.
    dense : bool
        Fully connected, beside or before the classifier in the same container, or it itself.
    classifier : bool
    """

    path: str
    layer: str
    counted: bool
    dense: bool
    classifier: bool


def classifier_path(network: Network) -> str:
    """Return the module path of the linear layer whose outputs are the classes.

    Raises
    ------
    InvalidInput
        When the last named layer is no linear layer: there is nothing to put new classes in.
    """
    from torch import nn

    last = list(network.layers.values())[-1]
    if last.endswith(INPUT) or not isinstance(network.module.get_submodule(last), nn.Linear):
        raise InvalidInput(
            f"{network.name} has no linear classifier at its end that new classes could take the "
            "place of; tune efficientnet-lite0, vgg19, or a classification network of timm or "
            "torchvision."
        )
    return last


def units_of(network: Network) -> tuple[Unit, ...]:
    """List the tunable parts of a network, from the input to the output.

    Parameters
    ----------
    network : Network

    Returns
    -------
    tuple of Unit
        In the order in which the modules were made, which is that of the computation in the
        networks of timm and torchvision.
    """
    from torch import nn

    classifier = classifier_path(network)
    container = classifier.rpartition(".")[0]
    modules = dict(network.module.named_modules())
    place = {path: index for index, path in enumerate(modules)}
    ends = sorted(_ends(network, place), key=lambda pair: pair[0])
    units = []
    for path, module in modules.items():
        own = list(module.parameters(recurse=False))
        if not own:
            continue
        dense = isinstance(module, nn.Linear) and path.rpartition(".")[0] == container
        units.append(
            Unit(
                path=path or TOP,
                layer=next((name for end, name in ends if end >= place[path]), ends[-1][1]),
                counted=not dense and path != "" and any(each.ndim > 1 for each in own),
                dense=dense,
                classifier=path == classifier,
            )
        )
    return tuple(units)


def _ends(network: Network, place: dict[str, int]) -> Iterator[tuple[float, str]]:
    """Yield where each named layer is finished, as a position among the modules."""
    for name, path in network.layers.items():
        if path.endswith(INPUT):
            yield place[path.removesuffix(INPUT)] - 0.5, name
        else:
            inside = [at for other, at in place.items() if (other + ".").startswith(path + ".")]
            yield max(inside), name


def module_of(module: nn.Module, unit: Unit) -> nn.Module:
    """Return the module of a unit."""
    return module if unit.path == TOP else module.get_submodule(unit.path)


def depths(units: tuple[Unit, ...]) -> dict[str, tuple[float, float]]:
    """Say where each named layer begins and ends among the counted layers, from 0 to 1.

    Papers number convolutions; a named layer of a modern network holds many of them. Layers
    without any (pooling, dense ones) are left out.

    Parameters
    ----------
    units : tuple of Unit

    Returns
    -------
    dict of str to (float, float)
        Of VGG-19: conv1_1 from 0 to 1/16, conv1_2 from 1/16 to 2/16, and so on.
    """
    total = sum(unit.counted for unit in units)
    found: dict[str, tuple[float, float]] = {}
    done = 0
    for unit in units:
        if unit.counted:
            begin = found[unit.layer][0] if unit.layer in found else done / total
            done += 1
            found[unit.layer] = (begin, done / total)
    return found
