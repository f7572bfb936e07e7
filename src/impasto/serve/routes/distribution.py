"""The similarities of a query to every image."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from impasto.explore.distribution import between
from impasto.explore.distribution import distribution as spread
from impasto.serve.routes.given import OCTETS, SpaceName, StudioIn, Terms, id_bytes
from impasto.serve.schemas import DistributionOut, Quantile

router = APIRouter(tags=["distribution"])


@router.get("/distribution")
def distribution(
    studio: StudioIn,
    terms: Terms,
    space: SpaceName = None,
    bins: Annotated[int, Query(ge=2, le=2000)] = 200,
) -> DistributionOut:
    """Give the histogram of all similarities of a query, beside that of random pairs."""
    answer = studio.answers.ask(space, terms)
    found = spread(answer.similarities, bins=bins)
    random = answer.background.distribution(bins=bins)
    scale = found.total / random.total if random.total else 0.0
    return DistributionOut(
        space=answer.space.name,
        title=answer.query.title,
        edges=found.edges.tolist(),
        counts=found.counts.tolist(),
        background=(random.counts * scale).tolist(),
        mean=found.mean,
        std=found.std,
        background_mean=random.mean,
        background_std=random.std,
        background_of=answer.background.of,
        quantiles=[Quantile(q=q, value=value) for q, value in found.quantiles.items()],
        total=found.total,
    )


@router.get("/distribution/images", response_class=Response, responses=OCTETS)
def brushed(
    request: Request,
    studio: StudioIn,
    terms: Terms,
    low: Annotated[float, Query(ge=-2, le=2)],
    high: Annotated[float, Query(ge=-2, le=2)],
    space: SpaceName = None,
) -> Response:
    """Give the ids of images with a similarity in [low, high), most similar first.

    Between two edges of the histogram these are exactly the images that its bins count.
    """
    answer = studio.answers.ask(space, terms)
    return id_bytes(between(answer.similarities, answer.ids, low, high), request)
