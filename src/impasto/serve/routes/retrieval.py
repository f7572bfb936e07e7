"""How well spaces retrieve a label or tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from impasto.core.errors import InvalidInput
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import PrecisionOut, RetrievalOut, RetrievalResult

if TYPE_CHECKING:
    from impasto.explore.retrieval import Retrieval

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
    spaces = studio.answers.filled_spaces() if space is None else [space]
    return RetrievalOut(
        x=label or tag or "",
        results=[_result(studio.answers.retrieval(name, label=label, tag=tag)) for name in spaces],
    )


def _result(found: Retrieval) -> RetrievalResult:
    return RetrievalResult(
        space=found.space.name,
        title=found.space.title,
        precision=[
            PrecisionOut(k=k, **estimate.to_json()) for k, estimate in found.precision.items()
        ],
        average_precision=present.estimate(found.average_precision),
        auc=present.estimate(found.auc),
        answer=found.answer,
        sentence=found.sentence,
        best=list(found.best),
        worst=list(found.worst),
        relevant=found.n_relevant,
        images=found.n_images,
    )
