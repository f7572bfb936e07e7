"""Looks at vectors: neighbours, similarity distributions, comparison, retrieval."""
