"""Comparisons that are kept: list, save, rename, remove."""

from __future__ import annotations

from fastapi import APIRouter

from impasto import flow
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import ComparisonIn, ComparisonOut, NameIn
from impasto.store import KeptQuery

router = APIRouter(prefix="/comparisons", tags=["compare"])


@router.get("")
def comparisons(studio: StudioIn) -> list[ComparisonOut]:
    """List the comparisons that are kept, by name."""
    return [present.comparison(each) for each in studio.collection.comparisons()]


@router.post("", status_code=201)
def save_comparison(studio: StudioIn, asked: ComparisonIn) -> ComparisonOut:
    """Keep a comparison under a name, instead of the one that had it."""
    queries = [
        KeptQuery(tuple(query.terms), query.title, slot)
        for query, slot in zip(asked.queries, asked.slots, strict=True)
    ]
    kept = flow.keep(studio.collection, asked.name, queries, space=asked.space, k=asked.k)
    return present.comparison(kept)


@router.get("/{name:path}")
def comparison(studio: StudioIn, name: str) -> ComparisonOut:
    """Give a comparison that is kept."""
    return present.comparison(studio.collection.comparison(name))


@router.patch("/{name:path}", status_code=204)
def rename_comparison(studio: StudioIn, name: str, asked: NameIn) -> None:
    """Give a comparison another name."""
    studio.collection.rename_comparison(name, asked.name)


@router.delete("/{name:path}", status_code=204)
def remove_comparison(studio: StudioIn, name: str) -> None:
    """Forget a comparison; its images stay as they are."""
    studio.collection.remove_comparison(name)
