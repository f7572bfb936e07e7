"""Records → better records: duplicates, groups, splits, leaks."""

from impasto.curate.duplicates import Duplicates, find_duplicates
from impasto.curate.groups import grouped, join_groups
from impasto.curate.leaks import Leaks, find_leaks
from impasto.curate.splits import folds, parse_parts, rare_classes, split, split_tags

__all__ = [
    "Duplicates",
    "Leaks",
    "find_duplicates",
    "find_leaks",
    "folds",
    "grouped",
    "join_groups",
    "parse_parts",
    "rare_classes",
    "split",
    "split_tags",
]
