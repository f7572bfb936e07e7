"""Words of this room: what a network is, what can be read from it, how it is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import not_found
from impasto.core.space import Pooling, Preprocessing

if TYPE_CHECKING:
    from torch import nn

INPUT = ":input"
"""Suffix of a module path that means what goes into the module, not what comes out."""


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A named layer and the length of its vectors with mean pooling."""

    name: str
    dimension: int


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """A network of the catalogue, as `impasto networks` lists it.

    Parameters
    ----------
    name, title : str
    layers : tuple of LayerInfo
        From the input to the output.
    default_layer : str
    licence : str
        Of the weights.
    source : str
        Where the weights come from: a package or an address.
    weights_at_hand : bool
        Whether the network can be used without a download.
    where : str
        The file that would be used, or what to do to get it.
    """

    name: str
    title: str
    layers: tuple[LayerInfo, ...]
    default_layer: str
    licence: str
    source: str
    weights_at_hand: bool
    where: str


@dataclass(frozen=True, slots=True)
class Tap:
    """What to read from a network: a layer, and how its positions become one vector.

    Parameters
    ----------
    layer : str
        A named layer, an alias, or any module path (``features.28``); with the suffix
        ``:input`` what goes into that module.
    pooling : {"mean", "max", "none"}
        Over positions; "none" flattens them. No effect where the layer has no positions.
    """

    layer: str
    pooling: Pooling = "mean"


@dataclass(frozen=True, slots=True, eq=False)
class TextTower:
    """The part of a network that reads words.

    Parameters
    ----------
    layer : str
        The layer of the network whose vectors can be compared with those of words.
    encode : callable
        From a sequence of texts to their vectors, ndarray of shape (n_texts, n_features),
        float32, of any length.
    """

    layer: str
    encode: Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A neural network with its weights and preprocessing.

    Parameters
    ----------
    name : str
    module : torch.nn.Module
        In evaluation mode, on the CPU, f32.
    layers : mapping of str to str
        Name of a layer to its module path, from the input to the output.
    default_layer : str
    preprocessing : Preprocessing
    weights : str
        SHA-256 of the tensors (not of the file, so that the same weights in two file formats
        are the same weights), hexadecimal.
    licence, source : str
    class_names : tuple of str or None
        What the output layer's numbers stand for.
    aliases : mapping of str to str
        Other names of the named layers (``relu7`` is ``fc7``).
    text : TextTower or None
        In networks that know words.
    """

    name: str
    module: nn.Module
    layers: Mapping[str, str]
    default_layer: str
    preprocessing: Preprocessing
    weights: str
    licence: str
    source: str
    class_names: tuple[str, ...] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    text: TextTower | None = None

    def canonical(self, layer: str) -> str:
        """Return the one name of a layer, whichever of its names was given.

        Raises
        ------
        NotFound
            When it is neither a named layer nor a module path of the network.
        """
        if layer in self.layers:
            return layer
        if layer in self.aliases:
            return self.aliases[layer]
        for name, path in self.layers.items():
            if path == layer:
                return name
        modules = {path for path, _ in self.module.named_modules() if path}
        if layer.removesuffix(INPUT) in modules:
            return layer
        named = {*self.layers, *self.aliases}
        near = get_close_matches(layer, named | modules)
        # Without a near spelling the named layers help more than hundreds of module paths.
        raise not_found(f"layer of {self.name}", layer, named | modules if near else named)

    def path(self, layer: str) -> str:
        """Return the module path of a layer (with ``:input`` where its input is meant)."""
        name = self.canonical(layer)
        return self.layers.get(name, name)
