"""Models side by side, and the images behind each number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.learn.comparison import Cell
from impasto.serve.routes.given import OCTETS, StudioIn, id_bytes
from impasto.serve.schemas import ModelsComparedOut

router = APIRouter(prefix="/models-compared", tags=["models"])
MOST = 16

Names = Annotated[
    str,
    Query(
        description="Two models or more, separated by commas; class by class the others are "
        "compared with the first.",
        examples=["label-logistic,label-linear-svm"],
    ),
]


@router.get("")
def compare_models(studio: StudioIn, names: Names) -> ModelsComparedOut:
    """Compare models on the images that all of them were tested on."""
    found = _compared(studio, names).comparison.to_json()
    return ModelsComparedOut.model_validate(found)


@router.get("/images", response_class=Response, responses=OCTETS)
def images_behind(
    request: Request,
    studio: StudioIn,
    names: Names,
    cell: Annotated[
        Cell,
        Query(
            description="Of two rows: both, first (alone), second (alone) or neither is right. Of "
            "one row and a label or tag: found, missed or wrong. Of numbers: first or second is "
            "closer."
        ),
    ],
    first: Annotated[str, Query(description="Name of a row.")],
    second: Annotated[str | None, Query(description="Name of a row.")] = None,
    name: Annotated[str | None, Query(description="A label or tag; absent: all of them.")] = None,
) -> Response:
    """Give the ids of the images behind a number of a comparison."""
    compared = _compared(studio, names).comparison
    return id_bytes(compared.images(cell, first, second, name), request)


def _compared(studio: StudioIn, names: str) -> flow.ModelsCompared:
    wanted = [name for name in names.split(",") if name]
    if not 2 <= len(wanted) <= MOST:
        raise InvalidInput(f"A comparison takes 2 to {MOST} models, not {len(wanted)}.")
    return studio.models.compare(wanted)
