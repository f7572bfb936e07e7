"""The nearest images of a query: in one space, in several, and who is near whom."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.explore.hubs import HUB
from impasto.flow.look import NEAR, SHOWN
from impasto.serve import present
from impasto.serve.routes.given import OCTETS, Ids, SpaceName, StudioIn, Terms, id_bytes
from impasto.serve.routes.images import parse_ids
from impasto.serve.schemas import (
    AgreementOut,
    Background,
    ColumnOut,
    MarkOut,
    MarksOut,
    NeighbourOut,
    NeighboursOut,
    PlacedOut,
    SideBySideOut,
)

if TYPE_CHECKING:
    from impasto.core.records import Neighbours
    from impasto.core.space import Space
    from impasto.explore.agreement import Agreement
    from impasto.explore.distribution import Background as Random

router = APIRouter(tags=["neighbours"])

FIRST = 2000
"""Up to this rank the best are picked; further down the whole ranking is sorted, and kept."""

DEEPEST = 1000
"""Ranks of each space that stand side by side at most."""


@router.get("/neighbours")
def neighbours(
    studio: StudioIn,
    terms: Terms,
    space: SpaceName = None,
    k: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    exact: Annotated[
        bool | None,
        Query(
            description="False asks the approximate index; absent: only above a million images, "
            "if there is one, and up to rank 200. The answer says which it was."
        ),
    ] = None,
) -> NeighboursOut:
    """Find the k nearest images after the first `offset`, each beside random pairs."""
    near = studio.answers.near(space, terms, min(offset + k, FIRST), exact=exact)
    found = near.neighbours
    if offset + k > FIRST:
        found = studio.answers.ranking(space, terms)
    return NeighboursOut(
        space=near.query.space.name,
        title=near.query.title,
        total=near.total,
        exact=found.exact,
        recall=found.recall,
        background=_background(near.background),
        neighbours=_told(near.background, found, slice(offset, offset + k)),
    )


@router.get("/neighbours/order", response_class=Response, responses=OCTETS)
def ranking(request: Request, studio: StudioIn, terms: Terms, space: SpaceName = None) -> Response:
    """Give the ids of all images that were compared, the most similar first."""
    return id_bytes(studio.answers.ranking(space, terms).ids, request)


@router.get("/neighbours/marks")
def marks(
    studio: StudioIn,
    terms: Terms,
    ids: Ids,
    space: SpaceName = None,
    k: Annotated[int, Query(ge=1, le=100, description="Nearest images that count.")] = NEAR,
) -> MarksOut:
    """Tell which of some images are mutual neighbours of the query, and which are hubs."""
    answer = studio.answers.ask(space, terms)
    vectors, _ = studio.answers.vectors(answer.space.name)
    known = studio.answers.hubs(answer.space.name, k)
    return MarksOut(
        k=k,
        hub_from=HUB * k,
        source=known.source,
        sentence=known.sentence,
        marks=[
            MarkOut(
                id=mark.image,
                back=mark.back,
                mutual=mark.mutual,
                occurrence=None if mark.occurrence is None else present.estimate(mark.occurrence),
                hub=mark.hub,
            )
            for mark in flow.marks(vectors, answer, parse_ids(ids), known, k=k)
        ],
    )


@router.get("/side-by-side")
def side_by_side(
    studio: StudioIn,
    terms: Terms,
    space: Annotated[
        list[str], Query(min_length=2, max_length=6, description="Names of different spaces.")
    ],
    k: Annotated[int, Query(ge=1, le=DEEPEST)] = SHOWN,
) -> SideBySideOut:
    """Ask the same in several spaces: each one's neighbours, and how far they agree.

    A space that knows no words, asked for words, says so in its column.
    """
    names = [flow.choose_space(studio.collection, name).name for name in space]
    if len(set(names)) < len(names):
        raise InvalidInput("Side by side stand different spaces; one was named twice.")
    unable = flow.cannot_ask(studio.collection, [flow.parse(term) for term in terms], names)
    able = [i for i, name in enumerate(names) if name not in unable]
    answers = {i: studio.answers.ask(names[i], terms) for i in able}
    rankings = {i: studio.answers.ranking(names[i], terms) for i in able}
    return SideBySideOut(
        title=answers[able[0]].query.title,
        columns=[
            _column(i, answers[i], rankings, k, len(names))
            if i in answers
            else _no_column(flow.choose_space(studio.collection, name), unable[name])
            for i, name in enumerate(names)
        ],
        agreements=[
            _agreement(*pair, found)
            for pair, found in zip(
                combinations(able, 2), flow.agree([*rankings.values()], k=k), strict=True
            )
        ],
    )


def _background(found: Random) -> Background:
    return Background(mean=found.mean, std=found.std, of=found.of)


def _told(background: Random, found: Neighbours, part: slice) -> list[NeighbourOut]:
    similarities = found.similarities[part]
    columns = (
        found.ids[part].tolist(),
        similarities.tolist(),
        background.percentile(similarities).tolist(),
        background.z(similarities).tolist(),
    )
    return [
        NeighbourOut(id=id_, similarity=similarity, percentile=percentile, z=z)
        for id_, similarity, percentile, z in zip(*columns, strict=True)
    ]


def _column(
    own: int, answer: flow.Answer, rankings: Mapping[int, Neighbours], k: int, columns: int
) -> ColumnOut:
    from impasto.explore.agreement import places

    found = rankings[own]
    ids: NDArray[np.int64] = found.ids[:k]
    ranks = np.zeros((len(ids), columns), np.int64)
    for column, ranking in rankings.items():
        ranks[:, column] = places(ranking, ids)
    return ColumnOut(
        space=answer.space.name,
        title=answer.space.title,
        total=len(found),
        background=_background(answer.background),
        neighbours=[
            PlacedOut(**told.model_dump(), ranks=[rank or None for rank in line])
            for told, line in zip(
                _told(answer.background, found, slice(k)), ranks.tolist(), strict=True
            )
        ],
    )


def _no_column(space: Space, reason: str) -> ColumnOut:
    return ColumnOut(
        space=space.name, title=space.title, total=0, background=None, neighbours=[], unable=reason
    )


def _agreement(first: int, second: int, found: Agreement) -> AgreementOut:
    return AgreementOut(
        first=first,
        second=second,
        images=found.images,
        k=found.k,
        shared=found.shared.tolist(),
        overlap=found.overlap,
        overlap_chance=found.overlap_chance,
        rbo=found.rbo,
        rbo_chance=found.rbo_chance,
        spearman=found.spearman,
    )
