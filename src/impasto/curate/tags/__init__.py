"""The vocabulary of tags: counted, compared, and what was decided about it."""

from impasto.curate.tags.coherence import Coherence, Ground, Likeness, ground, likenesses
from impasto.curate.tags.decisions import (
    BARE,
    TagDecision,
    TagPlan,
    distinct_steps,
    in_steps,
    parse_map,
    plan_tags,
)
from impasto.curate.tags.figure import tags_per_image
from impasto.curate.tags.spelling import edit_distance, plain, singular, slips, stem
from impasto.curate.tags.suggest import (
    machine_made,
    suggest_junk,
    suggest_merges,
)
from impasto.curate.tags.table import Pair, TagTable, tag_table

__all__ = [
    "BARE",
    "Coherence",
    "Ground",
    "Likeness",
    "Pair",
    "TagDecision",
    "TagPlan",
    "TagTable",
    "distinct_steps",
    "edit_distance",
    "ground",
    "in_steps",
    "likenesses",
    "machine_made",
    "parse_map",
    "plain",
    "plan_tags",
    "singular",
    "slips",
    "stem",
    "suggest_junk",
    "suggest_merges",
    "tag_table",
    "tags_per_image",
]
