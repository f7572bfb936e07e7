"""Records → better records: duplicates, splits."""

from impasto.curate.duplicates import Duplicates, find_duplicates
from impasto.curate.splits import folds, rare_classes, split

__all__ = ["Duplicates", "find_duplicates", "folds", "rare_classes", "split"]
