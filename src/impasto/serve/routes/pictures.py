"""The pixels of images: thumbnails, upright pictures for a screen, originals to keep."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from impasto.core.errors import NotFound
from impasto.serve import pictures, present
from impasto.serve.routes.given import StudioIn, pictures_of

router = APIRouter(tags=["pictures"])
Version = Annotated[
    str | None, Query(alias="v", description="The image's `version`: the answer may be kept.")
]


@router.get(
    "/thumbnails/{id}", response_class=Response, responses=pictures_of("image/jpeg", "image/webp")
)
def thumbnail(request: Request, studio: StudioIn, id: int, v: Version = None) -> Response:  # noqa: A002
    """Give the small picture of an image, longest side at most 256 pixels."""
    version = present.version(studio.collection.hashes(np.array([id]))[0])
    same, headers = pictures.cached(request, version, for_ever=v == version)
    if same is not None and version:
        return same
    data = studio.collection.thumbnail(id)
    if data is None or not version:
        flags = studio.collection.image(id).flags
        why = next((flag.reason for flag in flags if flag.blocking), "It was not read yet.")
        raise NotFound(f"Image {id} has no thumbnail. {why}")
    return Response(data, media_type=pictures.media_type(data), headers=headers)


@router.get(
    "/pictures/{id}",
    response_class=Response,
    responses=pictures_of("image/jpeg", "image/png", "image/webp"),
)
def picture(
    request: Request,
    studio: StudioIn,
    id: int,  # noqa: A002
    side: Annotated[int, Query(ge=16, le=4096, description="Longest side, pixels.")] = 1600,
    v: Version = None,
) -> Response:
    """Give an image for a screen: upright, in sRGB, made from the original as it is now."""
    image = studio.collection.image(id)
    file = pictures.original(image)
    state = file.stat()
    version = present.version(image.sha256)
    etag = f"{version}-{state.st_size:x}-{state.st_mtime_ns:x}-{side}"
    unchanged = v == version and state.st_size == image.size
    same, headers = pictures.cached(request, etag, for_ever=unchanged)
    if same is not None:
        return same
    data, kind = pictures.for_screen(file, side)
    return Response(data, media_type=kind, headers=headers)


@router.get(
    "/originals/{id}",
    response_class=FileResponse,
    responses=pictures_of("application/octet-stream"),
)
def original(studio: StudioIn, id: int) -> FileResponse:  # noqa: A002
    """Give the original file, to be saved."""
    image = studio.collection.image(id)
    return FileResponse(
        pictures.original(image),
        media_type="application/octet-stream",
        filename=image.name,
        content_disposition_type="attachment",
    )
