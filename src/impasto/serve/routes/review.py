"""Suspected tags: what waits for an answer, and answers that change no tag."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from impasto import flow
from impasto.serve import present
from impasto.serve.headers import REPORT_HEADERS
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import LeftIn, ReviewOut

router = APIRouter(tags=["tags"])


@router.get("/review")
def review(studio: StudioIn) -> ReviewOut | None:
    """Give the tags that are probably missing or wrong; null when none were looked for yet."""
    found = flow.review(studio.collection)
    return None if found is None else present.review(found)


@router.post("/review/answers", status_code=204)
def answer(studio: StudioIn, asked: LeftIn) -> None:
    """Leave a suspected tag as it is, not to be asked again. Corrections are edits."""
    flow.answer(studio.collection, asked.id, asked.tag, asked.wrong, right=asked.right)


@router.get("/learnability")
def learnability(studio: StudioIn) -> dict[str, Any] | None:
    """Give which tags can be learned, as a job last found; null when none did."""
    found = studio.collection.report(flow.LEARNABILITY)
    return None if found is None else dict(found)


@router.get("/learnability/report", response_class=HTMLResponse)
def learnability_report(studio: StudioIn) -> HTMLResponse:
    """Give that as a page that can load and send nothing."""
    return HTMLResponse(flow.learnability_page(studio.collection), headers=REPORT_HEADERS)
