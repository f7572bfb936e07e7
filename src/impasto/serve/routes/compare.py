"""Several queries side by side: distances, scatter, rank changes, figures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from impasto import flow
from impasto.explore import pair
from impasto.serve.compared import changes_out, scatter_out
from impasto.serve.routes.given import OCTETS, StudioIn, id_bytes
from impasto.serve.schemas import (
    ChangesIn,
    ChangesOut,
    CompareIn,
    CompareOut,
    ScatterIn,
    ScatterOut,
    WithinIn,
    WrittenIn,
)

router = APIRouter(prefix="/compare", tags=["compare"])

MEDIA = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "json": "application/json",
    "csv": "text/csv",
    "zip": "application/zip",
}
_IN_MEMORY = 16 * 2**20  # what is larger waits on disk until it is sent
_CHUNK = 2**20


@router.post("")
def compare(studio: StudioIn, asked: CompareIn) -> CompareOut:
    """Compare the distributions and rankings of several queries in one space."""
    return CompareOut(**flow.describe_comparison(studio.compared.get(asked)))


@router.post("/scatter")
def scatter(studio: StudioIn, asked: ScatterIn) -> ScatterOut:
    """Give all images by their similarities to two queries, counted in cells."""
    compared = studio.compared.get(asked)
    return scatter_out(compared, asked.first, asked.second, cells=asked.cells, points=asked.points)


@router.post("/images", response_class=Response, responses=OCTETS)
def compared_images(request: Request, studio: StudioIn, asked: WithinIn) -> Response:
    """Give the ids of images in a box or corner of the scatter, furthest out first."""
    compared = studio.compared.get(asked)
    if asked.box is not None:
        box = pair.Box(**asked.box.model_dump())
    else:
        assert asked.corner is not None  # checked when it was read
        box = pair.corner(compared, asked.first, asked.second, asked.corner)
    return id_bytes(pair.within(compared, asked.first, asked.second, box), request)


@router.post("/changes")
def changes(studio: StudioIn, asked: ChangesIn) -> ChangesOut:
    """Give the images that gain and lose most ranks from one query to another."""
    compared = studio.compared.get(asked)
    return changes_out(compared, asked.first, asked.second, asked.count)


@router.post(
    "/file",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, to be saved.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA.values()
            },
        }
    },
)
def comparison_file(studio: StudioIn, asked: WrittenIn) -> StreamingResponse:
    """Write a comparison as a figure (svg, png) or as data (json, csv, zip)."""
    look = flow.Look(asked.title, asked.slots, (asked.first, asked.second), asked.date)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    try:
        compared = studio.compared.get(asked)
        flow.stream_comparison(file, studio.collection, compared, asked.kind, look)
    except BaseException:
        file.close()
        raise
    return StreamingResponse(
        _chunks(file),
        media_type=MEDIA[asked.kind],
        headers={"Content-Disposition": f'attachment; filename="comparison.{asked.kind}"'},
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk
