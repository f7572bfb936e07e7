"""What a page tells the notebook that shows it."""

from __future__ import annotations

from fastapi import APIRouter

from impasto.core.errors import NotFound
from impasto.serve.routes.given import StudioIn, chosen
from impasto.serve.schemas import SessionIn

router = APIRouter(tags=["session"])


@router.put("/session", status_code=204)
def report_shown(studio: StudioIn, shown: SessionIn) -> None:
    """Tell the notebook what a page shows: the chosen images and the place."""
    if studio.exchange is None:
        raise NotFound("No notebook shows this app, so nobody asks what is chosen.")
    ids = tuple(chosen(studio.collection, shown.selected))
    studio.exchange.report(ids, shown.view, shown.version)
