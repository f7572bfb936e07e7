"""Models side by side on the images that all of them were tested on."""

from impasto.learn.comparison.align import Common, Way, align
from impasto.learn.comparison.compare import (
    CLASS_MEASURES,
    MEASURES,
    TITLES,
    Cell,
    Gap,
    ModelComparison,
    Pair,
    Row,
    compare_models,
)

__all__ = [
    "CLASS_MEASURES",
    "MEASURES",
    "TITLES",
    "Cell",
    "Common",
    "Gap",
    "ModelComparison",
    "Pair",
    "Row",
    "Way",
    "align",
    "compare_models",
]
