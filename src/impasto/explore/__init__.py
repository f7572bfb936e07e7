"""Looks at vectors: neighbours, similarity distributions, comparison, retrieval.

Modules, from the bottom up: `assembly` (LLVM text), `kernel` (the compiled scan and its
fall-back), `rows`, `queries`, `similarity`, `distribution`, `compare`, `retrieval`.
"""
