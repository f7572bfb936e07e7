"""The networks by name: what there is, and one of them, ready to be read."""

from __future__ import annotations

from pathlib import Path

from impasto.networks import classic as _classic
from impasto.networks import efficientnet as _efficientnet
from impasto.networks.recipes import networks
from impasto.networks.records import Network, NetworkInfo

DEFAULT = _efficientnet.NAME
"""The network that works offline, right after the installation."""

FAMILIES = ("timm/<id>", "torchvision/<id>", "open_clip/<id>.<tag>")
"""Further names that `load` takes, beside those that `catalogue` lists."""

TUNED = "model:"
"""How the names of networks begin that were tuned on a collection."""

__all__ = ["DEFAULT", "FAMILIES", "TUNED", "catalogue", "load"]

_ = _classic  # imported so that its networks are registered


def catalogue(*, cache: Path | None = None) -> list[NetworkInfo]:
    """List the named networks, with layers, licence and whether their weights are at hand.

    Quick: neither imports torch nor asks the network.

    Parameters
    ----------
    cache : Path or None
        Our folder of weights, looked at first.

    Examples
    --------
    >>> [info.name for info in catalogue()]
    ['efficientnet-lite0', 'alexnet', 'vgg16', 'vgg19']
    """
    infos = [recipe.info(cache) for recipe in networks.values()]
    return sorted(infos, key=lambda info: info.name != DEFAULT)


def load(name: str = DEFAULT, *, weights: Path | None = None, cache: Path | None = None) -> Network:
    """Load a network with its weights.

    The weights are taken from `weights`; else from an installed package; else from the caches
    of this machine (`cache`, torch's, Hugging Face's); else from the publisher.

    Parameters
    ----------
    name : str
        As `catalogue` lists it, or ``timm/<id>``, ``torchvision/<id>``, or
        ``open_clip/<id>.<tag>``, which knows words too; or ``model:<name>``, a tuned network.
    weights : Path or None
        A safetensors or pth file of the user; of a tuned network, the one that it is stored in.
    cache : Path or None
        Our folder of weights; downloads of files without a cache of their own lie in torch's.

    Raises
    ------
    NotFound
        For an unknown name.
    MissingWeights
        When there are no weights and they can't be had; the message says where to get them.
    MissingExtra
        When a package that the network needs is not installed.
    InvalidInput
        For a file that does not hold weights of this network.
    """
    if name.startswith("timm/"):
        from impasto.networks.foreign import load_timm

        return load_timm(name, weights, cache)
    if name.startswith("torchvision/"):
        from impasto.networks.foreign import load_torchvision

        return load_torchvision(name, weights, cache)
    if name.startswith("open_clip/"):
        from impasto.networks.joint import load_open_clip

        return load_open_clip(name, weights, cache)
    if name.startswith(TUNED):
        from impasto.networks.tuned import load_tuned

        return load_tuned(name, weights, cache)
    return networks[name].load(weights, cache)
