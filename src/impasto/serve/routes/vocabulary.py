"""The tags of the collection: looked over, and decided by one edit."""

from __future__ import annotations

from fastapi import APIRouter, Response

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import preparing, present
from impasto.serve.preparing import CuratedOutlookOut, DecisionsIn, VocabularyOut
from impasto.serve.routes.given import SpaceName, StudioIn
from impasto.serve.schemas import HistoryOut

router = APIRouter(prefix="/vocabulary", tags=["preparing"])


@router.get("")
def vocabulary(studio: StudioIn, space: SpaceName = None) -> VocabularyOut | None:
    """Count the tags, compare their pictures, suggest what to do; null without any tag."""
    collection = studio.collection
    if not collection.memberships("tag").names:
        return None
    decided = flow.stored_decisions(collection)
    return preparing.vocabulary(collection, studio.vocabulary.seen(space), decided)


@router.post("/outlook")
def vocabulary_outlook(studio: StudioIn, asked: DecisionsIn) -> CuratedOutlookOut:
    """Say what decisions about tags would come to, or what is in the way."""
    try:
        made = flow.decide_tags(studio.collection, asked.read(), strict=asked.strict, keep=False)
    except (InvalidInput, NotFound) as problem:
        return CuratedOutlookOut(problem=str(problem), made=None)
    return CuratedOutlookOut(problem="", made=preparing.curated(made))


@router.post("/decisions")
def decide_tags(studio: StudioIn, asked: DecisionsIn) -> HistoryOut:
    """Carry out decisions as one edit, and remember them."""
    made = flow.decide_tags(studio.collection, asked.read(), strict=asked.strict)
    return present.history(studio.collection, made.changed)


@router.post("/again")
def decide_tags_again(studio: StudioIn) -> HistoryOut:
    """Carry out what was decided before on the pictures that came since."""
    collection = studio.collection
    made = flow.decide_tags(collection, flow.decisions_again(collection), strict=False)
    return present.history(collection, made.changed)


@router.get("/decisions", responses=preparing.LINES)
def tag_decisions(studio: StudioIn) -> Response:
    """Give the decisions that hold, as a file that can be carried out elsewhere."""
    lines = (one.to_json() for one in flow.stored_decisions(studio.collection))
    return preparing.lines(lines, f"{studio.collection.name}-tags.jsonl")
