"""The nearest images of a query."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from impasto.serve import present
from impasto.serve.routes.given import SpaceName, StudioIn, Terms
from impasto.serve.schemas import NeighboursOut

router = APIRouter(tags=["neighbours"])


@router.get("/neighbours")
def neighbours(
    studio: StudioIn,
    terms: Terms,
    space: SpaceName = None,
    k: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> NeighboursOut:
    """Find the k nearest images after the first `offset`, each beside random pairs."""
    answer = studio.answers.ask(space, terms)
    return present.neighbours(answer, k=k, offset=offset)
