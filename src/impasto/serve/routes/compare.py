"""Several queries side by side."""

from __future__ import annotations

from fastapi import APIRouter

from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import CompareIn, CompareOut

router = APIRouter(tags=["compare"])


@router.post("/compare")
def compare(studio: StudioIn, asked: CompareIn) -> CompareOut:
    """Compare the distributions and rankings of several queries in one space."""
    return present.comparison(studio, asked)
