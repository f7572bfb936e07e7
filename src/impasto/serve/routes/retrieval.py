"""Does this space retrieve X?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from impasto.core.errors import InvalidInput
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import RetrievalOut

router = APIRouter(tags=["retrieval"])


@router.get("/retrieval")
def retrieval(
    studio: StudioIn,
    label: Annotated[str | None, Query()] = None,
    tag: Annotated[str | None, Query()] = None,
    space: Annotated[str | None, Query(description="Absent: all spaces.")] = None,
) -> RetrievalOut:
    """Measure how well images of a label or tag find each other, in one space or in all."""
    if (label is None) == (tag is None):
        raise InvalidInput("Give either label or tag: the X that is to be retrieved.")
    return present.retrieval(studio, label=label, tag=tag, space=space)
