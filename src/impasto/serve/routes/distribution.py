"""The similarities of a query to every image: all of them, a range, a set, every label."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from impasto import flow
from impasto.core.records import Estimate
from impasto.explore.cut import SHARE, Cut, curve
from impasto.explore.distribution import between
from impasto.explore.distribution import distribution as spread
from impasto.serve import present
from impasto.serve.routes.given import OCTETS, SpaceName, StudioIn, Terms, id_bytes
from impasto.serve.schemas import (
    ContrastOut,
    CutOut,
    DistributionOut,
    GroupOut,
    GroupsOut,
    Quantile,
)

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
    found = spread(answer.similarities, bins=bins)
    random = answer.background.distribution(bins=bins)
    scale = found.total / random.total if random.total else 0.0
    cuts = curve(answer.similarities, answer.background.similarities, found.edges)
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
        parts=list(answer.query.parts),
        above=cuts.counts.tolist(),
        expected=cuts.expected.tolist(),
        shares=_finite(cuts.shares),
        unrelated=cuts.unrelated,
        cut=_cut(cuts.suggest(share)),
        cut_sentence=cuts.sentence(share),
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


def _cut(cut: Cut | None) -> CutOut | None:
    if cut is None:
        return None
    return CutOut(
        similarity=cut.similarity, count=cut.count, expected=cut.expected, share=cut.share
    )


def _finite(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
