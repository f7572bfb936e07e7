"""Images: pages of them, their order, single ones, cards by id."""

from __future__ import annotations

from typing import Annotated, get_args

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve import present
from impasto.serve.routes.given import (
    OCTETS,
    Ids,
    SpaceName,
    StudioIn,
    Wanted,
    id_bytes,
)
from impasto.serve.schemas import ImageOut, ImagesOut
from impasto.store import Sort, SortKey

router = APIRouter(tags=["images"])
MOST = 500


SortName = Annotated[
    str,
    Query(
        pattern=f"^({'|'.join([*get_args(SortKey), *flow.SCORES])}|property:.+|model:.+)$",
        description=f"{', '.join(get_args(SortKey))}, property:NAME, model:NAME:WHAT (score, "
        "confidence, margin, error, tag:TAG and so on), or what a space says of images: "
        f"{', '.join(flow.SCORES)}.",
    ),
]
Alike = Annotated[
    list[str], Query(max_length=500, description="The query to sort by similarity to.")
]


@router.get("/images")
def images(
    studio: StudioIn,
    filter_: Wanted,
    sort: SortName = "added",
    descending: Annotated[bool, Query()] = False,
    term: Alike = [],  # noqa: B006 - FastAPI copies it
    space: SpaceName = None,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> ImagesOut:
    """Give a page of images."""
    held = studio.collection
    if sort in flow.SCORES:
        ids = studio.answers.order(filter_, sort, term, descending=descending, space=space)
        begin = 0 if after is None else _behind(ids, after)
        page = ids[begin : begin + limit].tolist()
        return ImagesOut(
            images=[present.image(each) for each in held.images(page)],
            next=f"{begin + len(page)}-{page[-1]}" if begin + len(page) < len(ids) else None,
            total=len(ids),
        )
    found = held.page(filter_, Sort(sort, descending), after=after, limit=limit)
    return ImagesOut(
        images=[present.image(each) for each in found.images],
        next=found.next,
        total=held.count(filter_),
    )


def _behind(ids: NDArray[np.int64], after: str) -> int:
    """Return the place behind the last image of the page before, where it was if it is gone."""
    place, dash, last = after.partition("-")
    if not (dash and place.isdecimal() and last.isdecimal()):
        raise InvalidInput(
            "`after` must be what the page before gave as `next`, with the same sort."
        )
    there = np.flatnonzero(ids == int(last))
    return int(there[0]) + 1 if len(there) else min(int(place), len(ids))


@router.get("/order", response_class=Response, responses=OCTETS)
def order(
    request: Request,
    studio: StudioIn,
    filter_: Wanted,
    sort: SortName = "added",
    descending: Annotated[bool, Query()] = False,
    term: Alike = [],  # noqa: B006 - FastAPI copies it
    space: SpaceName = None,
) -> Response:
    """Give the ids of all images that pass the filter, in order."""
    if sort in flow.SCORES:
        ids = studio.answers.order(filter_, sort, term, descending=descending, space=space)
    else:
        ids = studio.collection.order(filter_, Sort(sort, descending))
    return id_bytes(ids, request)


@router.get("/images/{id}")
def image(studio: StudioIn, id: int) -> ImageOut:  # noqa: A002
    """Give one image."""
    return present.image(studio.collection.image(id))


@router.get("/cards")
def cards(studio: StudioIn, ids: Ids) -> list[ImageOut]:
    """Give several images, in the order in which their ids were given."""
    return [present.image(each) for each in studio.collection.images(parse_ids(ids))]


def parse_ids(text: str) -> list[int]:
    """Read ``1,2,3``."""
    parts = [part for part in text.split(",") if part.strip()]
    if len(parts) > MOST:
        raise InvalidInput(f"{len(parts)} ids were asked for; at most {MOST} at once.")
    try:
        return [int(part) for part in parts]
    except ValueError:
        raise InvalidInput(
            f"ids must be whole numbers with commas between, not {text[:80]!r}."
        ) from None
