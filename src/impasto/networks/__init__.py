"""The catalogue of networks: builder, weights, preprocessing, named layers, taps."""

from impasto.networks.catalogue import DEFAULT, FAMILIES, TUNED, catalogue, load
from impasto.networks.joint import takes_words
from impasto.networks.preprocessing import prepare
from impasto.networks.recipes import Recipe, networks
from impasto.networks.records import LayerInfo, Network, NetworkInfo, Tap, TextTower

__all__ = [
    "DEFAULT",
    "FAMILIES",
    "TUNED",
    "LayerInfo",
    "Network",
    "NetworkInfo",
    "Recipe",
    "Tap",
    "TextTower",
    "catalogue",
    "load",
    "networks",
    "prepare",
    "takes_words",
]
