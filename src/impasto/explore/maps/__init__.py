"""Maps: every image of a space gets a place in the plane, near those it resembles.

Modules, from the bottom up: `faith` (how faithful a map is), `records` (what a map is), `pca`,
`layout` (t-SNE and UMAP), `place` (new images), `grid`, `forecast` (how long it takes), `make`,
`figure` (a picture of a map).
"""

from impasto.explore.maps.faith import Faithfulness, faithfulness
from impasto.explore.maps.figure import PALETTE, category_colours, figure, number_colours
from impasto.explore.maps.forecast import forecast
from impasto.explore.maps.layout import links, usual_method
from impasto.explore.maps.make import extend, make
from impasto.explore.maps.records import FIT_ALL, FIT_ON, METHODS, Map, Method, Settings, placing

__all__ = [
    "FIT_ALL",
    "FIT_ON",
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
    "forecast",
    "links",
    "make",
    "number_colours",
    "placing",
    "usual_method",
]
