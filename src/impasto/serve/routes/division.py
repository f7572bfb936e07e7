"""Train, validation and test parts of the collection."""

from __future__ import annotations

from fastapi import APIRouter

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import preparing, present
from impasto.serve.preparing import DividedByOut, DivisionIn, DivisionOutlookOut
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import HistoryOut
from impasto.serve.studio import Studio

router = APIRouter(prefix="/division", tags=["preparing"])


@router.get("")
def divided_by(studio: StudioIn) -> DividedByOut:
    """Tell what the collection can be divided by."""
    collection = studio.collection
    return DividedByOut(
        labels=len(collection.memberships("label").names),
        tags=len(collection.memberships("tag").names),
        groups=[*collection.properties(), "folder", "root"],
    )


@router.post("/outlook")
def division_outlook(studio: StudioIn, asked: DivisionIn) -> DivisionOutlookOut:
    """Say what a division would come to, or what is in the way."""
    try:
        made = flow.split(studio.collection, _options(studio, asked), keep=False)
    except (InvalidInput, NotFound) as problem:
        return DivisionOutlookOut(problem=str(problem), made=None)
    return DivisionOutlookOut(problem="", made=preparing.division(made))


@router.post("")
def divide(studio: StudioIn, asked: DivisionIn) -> HistoryOut:
    """Divide the collection by one edit."""
    made = flow.split(studio.collection, _options(studio, asked))
    return present.history(studio.collection, made.changed)


def _options(studio: Studio, asked: DivisionIn) -> flow.SplitOptions:
    collection = studio.collection
    command = f"impasto split {collection.path} --against OTHER"
    places = [flow.check_place(collection, each, command) for each in asked.against]
    return asked.read([str(each) for each in places])
