"""What a network of the catalogue is made of, before its weights are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.registry import Registry
from impasto.core.space import Preprocessing
from impasto.networks.records import LayerInfo, Network, NetworkInfo
from impasto.networks.weights import State, digest, load_strictly, read_weights

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a named network comes about.

    Parameters
    ----------
    name, title : str
    layers : mapping of str to (str, int)
        Name to module path and length of the vector (mean pooling), input to output.
    default_layer : str
    preprocessing : Preprocessing
    licence, source : str
    build : callable
        Number of classes to module, with any weights.
    find : callable
        Our cache folder (or None) to the file of the published weights, None where there is
        none on this machine.
    obtain : callable
        The same, but downloads, and raises MissingWeights.
    classifier : str
        Tensor whose rows are the classes.
    adapt : callable
        From the names that tensors have in published files to those of the module.
    aliases : mapping of str to str
    """

    name: str
    title: str
    layers: Mapping[str, tuple[str, int]]
    default_layer: str
    preprocessing: Preprocessing
    licence: str
    source: str
    build: Callable[[int], nn.Module]
    find: Callable[[Path | None], Path | None]
    obtain: Callable[[Path | None], Path]
    classifier: str
    adapt: Callable[[State], State] = lambda state: state
    aliases: Mapping[str, str] = field(default_factory=dict)

    def load(self, weights: Path | None, cache: Path | None) -> Network:
        """Build the network around its weights, or around those of a file the user names."""
        state = self.adapt(read_weights(weights or self.obtain(cache)))
        last = state.get(self.classifier)
        module = self.build(1000 if last is None else len(last)).eval()
        load_strictly(module, state, self.name)
        return Network(
            name=self.name,
            module=module.requires_grad_(False),
            layers={name: path for name, (path, _) in self.layers.items()},
            default_layer=self.default_layer,
            preprocessing=self.preprocessing,
            weights=digest(module),
            licence=self.licence,
            source=self.source if weights is None else str(weights),
            class_names=class_names(0 if last is None else len(last), own=weights is not None),
            aliases=self.aliases,
        )

    def info(self, cache: Path | None) -> NetworkInfo:
        """Describe the network for a list."""
        file = self.find(cache)
        return NetworkInfo(
            name=self.name,
            title=self.title,
            layers=tuple(LayerInfo(name, size) for name, (_, size) in self.layers.items()),
            default_layer=self.default_layer,
            licence=self.licence,
            source=self.source,
            weights_at_hand=file is not None,
            where=str(file) if file else f"downloaded when first used, from {self.source}",
        )


networks: Registry[Recipe] = Registry("network")
"""The catalogue; a stranger's recipe is registered the same way as ours."""


def class_names(classes: int, *, own: bool) -> tuple[str, ...] | None:
    """Return ImageNet's names for published weights of 1,000 classes, else None."""
    if own or classes != 1000:
        return None
    names = files("impasto.networks").joinpath("imagenet.txt").read_text(encoding="utf-8")
    return tuple(names.splitlines())
