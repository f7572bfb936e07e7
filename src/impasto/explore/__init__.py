"""Looks at vectors: neighbours, similarity distributions, comparison, retrieval.

Modules, from the bottom up: `assembly` (LLVM text), `kernel` (the compiled scan and its
fall-back), `rows`, `queries`, `ranks`, `similarity`, `distribution`, `by_chance`, `cut`, `groups`,
`hubs`, `agreement`, `compare`, `pair`, `figure`, `retrieval`, `graph`, `typicality`.
"""

from impasto.explore.agreement import Agreement, agreement, places
from impasto.explore.by_chance import Part, background_of_words, strengths, together
from impasto.explore.compare import Comparison, compare
from impasto.explore.cut import Curve, Cut, curve
from impasto.explore.distribution import (
    Background,
    Distribution,
    background,
    between,
    distribution,
    uniform_edges,
)
from impasto.explore.graph import knn_graph
from impasto.explore.groups import Contrast, Groups, contrast, groups
from impasto.explore.hubs import Occurrence, occurrence, occurrence_in, ranks_back
from impasto.explore.pair import Box, Changes, Scatter, changes, corner, scatter, within
from impasto.explore.queries import Query, combine, from_rows, from_vectors
from impasto.explore.ranks import rank_biased_overlap
from impasto.explore.retrieval import Paired, Retrieval, paired, retrieval, verdict
from impasto.explore.similarity import nearest, neighbours, similarities, similarities_of
from impasto.explore.typicality import outlyingness, typicality

__all__ = [
    "Agreement",
    "Background",
    "Box",
    "Changes",
    "Comparison",
    "Contrast",
    "Curve",
    "Cut",
    "Distribution",
    "Groups",
    "Occurrence",
    "Paired",
    "Part",
    "Query",
    "Retrieval",
    "Scatter",
    "agreement",
    "background",
    "background_of_words",
    "between",
    "changes",
    "combine",
    "compare",
    "contrast",
    "corner",
    "curve",
    "distribution",
    "from_rows",
    "from_vectors",
    "groups",
    "knn_graph",
    "nearest",
    "neighbours",
    "occurrence",
    "occurrence_in",
    "outlyingness",
    "paired",
    "places",
    "rank_biased_overlap",
    "ranks_back",
    "retrieval",
    "scatter",
    "similarities",
    "similarities_of",
    "strengths",
    "together",
    "typicality",
    "uniform_edges",
    "verdict",
    "within",
]
