"""Maps: every image of a space gets a place in the plane, near those it resembles.

Modules, from the bottom up: `faith` (how faithful a map is), `records` (what a map is), `pca`,
`layout` (t-SNE and UMAP), `place` (new images), `grid`, `make`, `figure` (a picture of a map).
"""

from impasto.explore.maps.faith import Faithfulness, faithfulness
from impasto.explore.maps.figure import PALETTE, category_colours, figure, number_colours
from impasto.explore.maps.layout import links, usual_method
from impasto.explore.maps.make import extend, make
from impasto.explore.maps.records import METHODS, Map, Method, Settings

__all__ = [
    "METHODS",
    "PALETTE",
    "Faithfulness",
    "Map",
    "Method",
    "Settings",
    "category_colours",
    "extend",
    "faithfulness",
    "figure",
    "links",
    "make",
    "number_colours",
    "usual_method",
]
