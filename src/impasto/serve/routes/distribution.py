"""The similarities of a query to every image."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from impasto.serve import present
from impasto.serve.routes.given import OCTETS, SpaceName, StudioIn, Terms, id_bytes
from impasto.serve.schemas import DistributionOut

router = APIRouter(tags=["distribution"])


@router.get("/distribution")
def distribution(
    studio: StudioIn,
    terms: Terms,
    space: SpaceName = None,
    bins: Annotated[int, Query(ge=2, le=2000)] = 200,
) -> DistributionOut:
    """Give the histogram of all similarities of a query, beside that of random pairs."""
    return present.distribution(studio.answers.ask(space, terms), bins=bins)


@router.get("/distribution/images", response_class=Response, responses=OCTETS)
def brushed(
    request: Request,
    studio: StudioIn,
    terms: Terms,
    low: Annotated[float, Query(ge=-2, le=2)],
    high: Annotated[float, Query(ge=-2, le=2)],
    space: SpaceName = None,
) -> Response:
    """Give the ids of images with a similarity from `low` to `high`, most similar first."""
    answer = studio.answers.ask(space, terms)
    return id_bytes(answer.between(low, high), request)
