"""Looks at vectors: neighbours, similarity distributions, comparison, retrieval.

Modules, from the bottom up: `assembly` (LLVM text), `kernel` (the compiled scan and its
fall-back), `rows`, `queries`, `similarity`, `distribution`, `compare`, `retrieval`, `graph`.
"""

from impasto.explore.compare import Comparison, compare
from impasto.explore.distribution import Background, Distribution, background, between, distribution
from impasto.explore.graph import knn_graph
from impasto.explore.queries import Query, combine, from_rows, from_vectors
from impasto.explore.retrieval import Retrieval, retrieval
from impasto.explore.similarity import nearest, neighbours, similarities, similarities_of

__all__ = [
    "Background",
    "Comparison",
    "Distribution",
    "Query",
    "Retrieval",
    "background",
    "between",
    "combine",
    "compare",
    "distribution",
    "from_rows",
    "from_vectors",
    "knn_graph",
    "nearest",
    "neighbours",
    "retrieval",
    "similarities",
    "similarities_of",
]
