"""The similarities of a query to every image: all of them, a range, a set, every label."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from impasto import flow
from impasto.core.records import Estimate
from impasto.explore.cut import SHARE
from impasto.explore.distribution import between
from impasto.serve import present
from impasto.serve.routes.given import OCTETS, SpaceName, StudioIn, Terms, id_bytes
from impasto.serve.schemas import (
    ContrastOut,
    DistributionOut,
    GroupOut,
    GroupsOut,
)
from impasto.serve.spread import distribution_out

router = APIRouter(tags=["distribution"])

Bins = Annotated[int, Query(ge=2, le=2000, description="Of equal width, from -1 to 1.")]


@router.get("/distribution")
def distribution(
    studio: StudioIn,
    terms: Terms,
    space: SpaceName = None,
    bins: Bins = 200,
    share: Annotated[
        float, Query(gt=0, lt=1, description="Background that the suggested cut lets in.")
    ] = SHARE,
) -> DistributionOut:
    """Give the histogram of all similarities of a query, beside that of random pairs."""
    answer = studio.answers.ask(space, terms)
    return distribution_out(answer, bins=bins, share=share)


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


@router.get("/distribution/inside")
def inside(
    studio: StudioIn,
    terms: Terms,
    of: Annotated[
        str, Query(description="`label:NAME`, `tag:NAME` or `selection:NAME`.", max_length=1000)
    ],
    space: SpaceName = None,
    bins: Bins = 200,
) -> ContrastOut:
    """Compare the similarities of a query inside a set of images with those outside."""
    answer = studio.answers.ask(space, terms)
    chosen = flow.parse(of)
    found = flow.contrast(studio.collection, answer, chosen, bins=bins)
    return ContrastOut(
        inside_title=chosen.value,
        edges=found.inside.edges.tolist(),
        inside=found.inside.counts.tolist(),
        outside=found.outside.counts.tolist(),
        inside_total=found.inside.total,
        outside_total=found.outside.total,
        inside_mean=found.inside.mean,
        outside_mean=found.outside.mean,
        auc=present.estimate(found.auc),
        ks=found.ks,
        asked=str(chosen) in terms,
    )


@router.get("/distribution/groups")
def groups(
    studio: StudioIn,
    terms: Terms,
    by: Annotated[Literal["label", "tag"], Query()] = "label",
    space: SpaceName = None,
    bins: Bins = 50,
    most: Annotated[int, Query(ge=1, le=2000, description="The most frequent ones.")] = 1000,
) -> GroupsOut:
    """Spread the similarities of a query over every label or tag, the surest to be near first."""
    answer = studio.answers.ask(space, terms)
    told = flow.groups(studio.collection, answer, by, most=most, bins=bins)
    found = told.groups
    estimates = zip(found.auc.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return GroupsOut(
        by=by,
        edges=found.edges.tolist(),
        mean=found.mean,
        groups=[
            GroupOut(name=name, counts=counts, size=size, mean=mean, auc=present.estimate(auc))
            for name, counts, size, mean, auc in zip(
                found.names,
                found.counts.tolist(),
                found.sizes.tolist(),
                found.means.tolist(),
                (Estimate(*values, 0.5) for values in estimates),
                strict=True,
            )
        ],
        left_out=told.left_out,
    )
