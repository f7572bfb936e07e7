"""Thumbnails packed into sheets, for the map."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Request, Response

from impasto.serve import pictures
from impasto.serve.routes.given import Ids, StudioIn, pictures_of
from impasto.serve.routes.images import parse_ids

router = APIRouter(tags=["sprites"])
SHAPE = np.dtype([("id", "<i4"), ("ratio", "<f4")])
SHAPES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Rows of 8 bytes, rising ids: little-endian int32 id, float32 ratio.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/shapes", response_class=Response, responses=SHAPES)
def shapes(request: Request, studio: StudioIn) -> Response:
    """Give the ids of all images with a picture, and how wide each is for its height."""
    ids, ratios = studio.collection.shapes()
    rows = np.empty(len(ids), SHAPE)
    rows["id"], rows["ratio"] = ids, ratios
    body = rows.tobytes()
    etag = hashlib.blake2b(body, digest_size=12).hexdigest()
    same, headers = pictures.cached(request, etag, for_ever=False)
    return same or Response(body, media_type="application/octet-stream", headers=headers)


@router.get("/sprites/{side}/{page}", response_class=Response, responses=pictures_of("image/jpeg"))
def sheet(
    request: Request,
    studio: StudioIn,
    side: Annotated[int, Path(description="Pixels along a sprite: 8, 16, 32 or 64.")],
    page: Annotated[int, Path(ge=0, lt=2**21, description="Which 1,024 ids.")],
) -> Response:
    """Give the thumbnails of the images 1,024 × page to 1,024 × page + 1,023, 32 in a row.

    Each fills its square cell; the image's shape is in `shapes`.
    """
    name = studio.sprites.name(side, page)
    same, headers = pictures.cached(request, name.version, for_ever=False)
    return same or Response(studio.sprites.sheet(name), media_type="image/jpeg", headers=headers)


@router.get("/sprites/{side}", response_class=Response, responses=pictures_of("image/jpeg"))
def chosen(
    studio: StudioIn,
    side: Annotated[int, Path(description="Pixels along a sprite: 16, 32, 64 or 128.")],
    ids: Ids,
) -> Response:
    """Give the thumbnails of up to 256 images in one picture, in the order of the ids, 16 in a row.

    Each fills its square cell.
    """
    data = studio.sprites.chosen(side, parse_ids(ids))
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
