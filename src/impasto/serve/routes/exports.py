"""Exports: the formats there are, and the files that jobs made."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from impasto.serve import exporting
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import FormatOut

router = APIRouter(prefix="/exports", tags=["exports"])


@router.get("")
def formats() -> list[FormatOut]:
    """List what an `export` job can write: the formats, and a site."""
    return exporting.formats()


@router.get(
    "/{id}",
    response_class=FileResponse,
    responses={200: {"description": "One table, or a ZIP archive of a folder."}},
)
def made(studio: StudioIn, id: str) -> FileResponse:  # noqa: A002
    """Give the file that an export job made; it is kept until the server ends or five came."""
    file = studio.exports[id]
    return FileResponse(file, filename=file.name, media_type="application/octet-stream")
