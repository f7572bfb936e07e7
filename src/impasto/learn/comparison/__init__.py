"""Models side by side on the images that all of them were tested on."""

from impasto.learn.comparison.align import Common, Way, align, one_kind
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
from impasto.learn.comparison.numbers import NUMBER_TITLES, NumberComparison, compare_numbers

__all__ = [
    "CLASS_MEASURES",
    "MEASURES",
    "NUMBER_TITLES",
    "TITLES",
    "Cell",
    "Common",
    "Gap",
    "ModelComparison",
    "NumberComparison",
    "Pair",
    "Row",
    "Way",
    "align",
    "compare_models",
    "compare_numbers",
    "one_kind",
]
