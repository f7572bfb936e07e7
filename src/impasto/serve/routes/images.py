"""Images: pages of them, their order, single ones, cards by id."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import APIRouter, Query, Request, Response

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve import present
from impasto.serve.routes.given import (
    OCTETS,
    Ids,
    Ordered,
    SpaceName,
    StudioIn,
    Wanted,
    id_bytes,
)
from impasto.serve.schemas import ImageOut, ImagesOut
from impasto.store import Sort, SortKey

router = APIRouter(tags=["images"])
MOST = 500


@router.get("/images")
def images(
    studio: StudioIn,
    filter_: Wanted,
    sort: Ordered,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> ImagesOut:
    """Give a page of images."""
    page = studio.collection.page(filter_, sort, after=after, limit=limit)
    return ImagesOut(
        images=[present.image(each) for each in page.images],
        next=page.next,
        total=studio.collection.count(filter_),
    )


@router.get("/order", response_class=Response, responses=OCTETS)
def order(
    request: Request,
    studio: StudioIn,
    filter_: Wanted,
    sort: Annotated[
        str,
        Query(
            description=f"{', '.join(get_args(SortKey))}, property:NAME, model:NAME:WHAT, or what "
            f"a space says of images: {', '.join(flow.SCORES)}."
        ),
    ] = "added",
    descending: Annotated[bool, Query()] = False,
    term: Annotated[
        list[str], Query(max_length=500, description="The query to sort by similarity to.")
    ] = [],  # noqa: B006 - FastAPI copies it
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
