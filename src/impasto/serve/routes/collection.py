"""What the collection holds, and what one can filter by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from impasto._version import __version__
from impasto.serve import present
from impasto.serve.routes.given import StudioIn, Wanted
from impasto.serve.schemas import CollectionOut, FacetOut, FacetsOut

router = APIRouter(tags=["collection"])


@router.get("/collection")
def collection(studio: StudioIn) -> CollectionOut:
    """Tell what the collection holds."""
    held = studio.collection
    state, counts = held.version, held.counts()  # in this order: rather once too often than never
    return CollectionOut(
        name=held.name,
        images=counts.images,
        usable=counts.usable,
        unread=counts.unread,
        spaces=[present.space(info) for info in held.spaces()],
        default_space=studio.answers.default_space(),
        models=[present.model(record) for record in held.models()],
        version=__version__,
        writable=held.writable,
        roots=[str(root) for root in held.roots()],
        state=state,
    )


@router.get("/facets")
def facets(studio: StudioIn, filter_: Wanted) -> FacetsOut:
    """Count labels, tags, splits and flags among the images that pass the filter."""
    return present.facets(studio.collection.facets(filter_), studio.collection.properties())


@router.get("/facet")
def facet(
    studio: StudioIn,
    filter_: Wanted,
    by: Annotated[
        str,
        Query(description="property:NAME, size, width, height, aspect, pixels or model:NAME:WHAT."),
    ],
    bins: Annotated[int, Query(ge=1, le=500)] = 40,
) -> FacetOut:
    """Divide the images that pass the filter by one property or number."""
    return present.facet(studio.collection.facet(by, filter_, bins=bins))
