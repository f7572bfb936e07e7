"""The nearest images of a query."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from impasto.explore.similarity import nearest
from impasto.serve.routes.given import SpaceName, StudioIn, Terms
from impasto.serve.schemas import Background, NeighbourOut, NeighboursOut

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
    found = nearest(answer.space, answer.ids, answer.similarities, offset + k)
    similarities = found.similarities[offset:]
    columns = (
        found.ids[offset:].tolist(),
        similarities.tolist(),
        answer.background.percentile(similarities).tolist(),
        answer.background.z(similarities).tolist(),
    )
    return NeighboursOut(
        space=answer.space.name,
        title=answer.query.title,
        total=answer.total,
        background=Background(
            mean=answer.background.mean, std=answer.background.std, of=answer.background.of
        ),
        neighbours=[
            NeighbourOut(id=id_, similarity=similarity, percentile=percentile, z=z)
            for id_, similarity, percentile, z in zip(*columns, strict=True)
        ],
    )
