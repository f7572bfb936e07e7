"""Train, validation and test parts of the collection."""

from __future__ import annotations

from fastapi import APIRouter

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import preparing, present
from impasto.serve.preparing import DividedByOut, DivisionIn, DivisionOutlookOut
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import HistoryOut

router = APIRouter(prefix="/division", tags=["preparing"])


@router.get("")
def divided_by(studio: StudioIn) -> DividedByOut:
    """Tell what the collection can be divided by."""
    return preparing.divided_by(studio.collection)


@router.post("/outlook")
def division_outlook(studio: StudioIn, asked: DivisionIn) -> DivisionOutlookOut:
    """Say what a division would come to, or what is in the way."""
    try:
        made = flow.split(
            studio.collection, preparing.looked_over(studio.collection, asked.read()), keep=False
        )
    except (InvalidInput, NotFound) as problem:
        return DivisionOutlookOut(problem=str(problem), made=None)
    return DivisionOutlookOut(problem="", made=preparing.division(made.to_json()))


@router.post("")
def divide(studio: StudioIn, asked: DivisionIn) -> HistoryOut:
    """Divide the collection by one edit."""
    made = flow.split(studio.collection, preparing.looked_over(studio.collection, asked.read()))
    return present.history(studio.collection, made.changed)
