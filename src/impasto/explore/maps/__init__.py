"""Maps: every image of a space gets a place in the plane, near those it resembles.

Modules, from the bottom up: `records` (what a map is), `pca`, `grid`, `faith` (how faithful a map
is), `make`.
"""

from impasto.explore.maps.faith import Faithfulness, faithfulness
from impasto.explore.maps.make import make
from impasto.explore.maps.records import METHODS, Map, Method, Settings

__all__ = [
    "METHODS",
    "Faithfulness",
    "Map",
    "Method",
    "Settings",
    "faithfulness",
    "make",
]
