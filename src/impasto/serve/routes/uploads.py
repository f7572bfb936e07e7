"""Pictures from outside the collection, used as queries."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, UploadFile

from impasto.serve import pictures
from impasto.serve.routes.given import StudioIn, pictures_of
from impasto.serve.schemas import UploadOut

router = APIRouter(tags=["uploads"])


@router.post("/uploads", status_code=201)
def upload(studio: StudioIn, file: UploadFile) -> UploadOut:
    """Take a picture; it stays in memory until 64 newer ones came."""
    kept = studio.uploads.add(file.file.read(), file.filename or "")
    return UploadOut(
        id=kept.id, width=kept.width, height=kept.height, thumbnail=f"uploads/{kept.id}"
    )


@router.get("/uploads/{id}", response_class=Response, responses=pictures_of("image/jpeg"))
def uploaded(request: Request, studio: StudioIn, id: str) -> Response:  # noqa: A002
    """Give the small picture of an upload."""
    kept = studio.uploads[id]
    same, headers = pictures.cached(request, kept.id, for_ever=True)
    return same or Response(kept.thumbnail, media_type="image/jpeg", headers=headers)
