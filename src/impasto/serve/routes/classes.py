"""From the names of files to labels: looked over, and decided by one edit."""

from __future__ import annotations

from fastapi import APIRouter, Response

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.curate.names import ClassAudit
from impasto.serve import preparing, present
from impasto.serve.preparing import AuditIn, ClassedOutlookOut, ClassesOut, NamesIn
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import HistoryOut

router = APIRouter(prefix="/classes", tags=["preparing"])


@router.post("")
def classes(studio: StudioIn, asked: NamesIn) -> ClassesOut:
    """Say which names fit which classes, and propose which of them to keep."""
    return preparing.classes(
        studio.collection, flow.look_at_classes(studio.collection, asked.read())
    )


@router.post("/outlook")
def classes_outlook(studio: StudioIn, asked: AuditIn) -> ClassedOutlookOut:
    """Say what decisions about classes would come to, or what is in the way."""
    try:
        audit = ClassAudit.from_lines(asked.lines)
        made = flow.decide_classes(studio.collection, audit, keep=False)
    except InvalidInput as problem:
        return ClassedOutlookOut(problem=str(problem), made=None)
    return ClassedOutlookOut(problem="", made=preparing.classed(made))


@router.post("/decisions")
def decide_classes(studio: StudioIn, asked: AuditIn) -> HistoryOut:
    """Label by decisions, as one edit, and keep them."""
    made = flow.decide_classes(studio.collection, ClassAudit.from_lines(asked.lines))
    return present.history(studio.collection, made.changed)


@router.get("/decisions", responses=preparing.LINES)
def class_decisions(studio: StudioIn) -> Response:
    """Give the decisions that the labels came from, as a file; empty when they came otherwise."""
    kept = studio.collection.report(flow.CLASSES)
    lines = [] if kept is None else kept["decisions"]
    return preparing.lines(lines, f"{studio.collection.name}-classes.jsonl")
