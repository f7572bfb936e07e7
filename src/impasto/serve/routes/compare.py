"""Several queries side by side."""

from __future__ import annotations

from fastapi import APIRouter

from impasto.explore.compare import compare as compare_queries
from impasto.flow import parse
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import CompareIn, CompareOut

router = APIRouter(tags=["compare"])


@router.post("/compare")
def compare(studio: StudioIn, asked: CompareIn) -> CompareOut:
    """Compare the distributions and rankings of several queries in one space."""
    terms = [parse(term) for each in asked.queries for term in each.terms]
    vectors, _ = studio.answers.vectors_for(asked.space, terms)
    queries = [studio.answers.query(vectors, each.terms, each.title) for each in asked.queries]
    found = compare_queries(vectors, queries, bins=asked.bins)
    return CompareOut(
        space=found.space.name,
        titles=list(found.titles),
        edges=found.distributions[0].edges.tolist(),
        counts=[each.counts.tolist() for each in found.distributions],
        ks=found.ks.tolist(),
        wasserstein=found.wasserstein.tolist(),
        spearman=found.spearman.tolist(),
        overlap=found.overlap.tolist(),
        rbo=found.rbo.tolist(),
        k=found.k,
    )
