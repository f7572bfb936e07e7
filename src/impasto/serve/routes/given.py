"""What routes share: the studio, the filter, the terms of a query, kinds of answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, cast

import numpy as np
from fastapi import Depends, Query, Request, Response
from numpy.typing import NDArray

from impasto.flow import filter_from
from impasto.serve.schemas import FilterFields, ImagesIn
from impasto.serve.studio import Studio
from impasto.store import Collection, Filter


async def _studio(request: Request) -> Studio:
    return cast(Studio, request.app.state.studio)


StudioIn = Annotated[Studio, Depends(_studio)]

Terms = Annotated[
    list[str],
    Query(
        alias="term",
        min_length=1,
        max_length=500,
        description="`image:12`, `upload:ID`, `label:cats`, `tag:sunset`, `selection:best`, "
        "`text:a red bird` (in spaces that know words); a leading `-` moves away from it. "
        "Repeatable.",
        examples=[["image:12", "-image:15"]],
    ),
]
SpaceName = Annotated[
    str | None, Query(description="Name of a space; absent: the collection's default space.")
]
Ids = Annotated[str, Query(description="Up to 500 ids, separated by commas.", examples=["1,2,3"])]


def octets_of(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer of raw numbers, for the API's documentation."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": description, "content": {"application/octet-stream": binary}}}


OCTETS = octets_of("Ids in order: little-endian 32-bit integers.")


def pictures_of(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a picture, for the API's documentation."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The picture.", "content": dict.fromkeys(kinds, binary)}}


async def _filter(asked: Annotated[FilterFields, Query()]) -> Filter:
    return filter_of(asked)


def chosen(collection: Collection, asked: ImagesIn) -> list[int]:
    """Return the ids of the images that a request means, in the order in which it names them."""
    if asked.ids is not None:
        return asked.ids
    assert asked.filter is not None  # checked when it was read
    found: list[int] = collection.order(filter_of(asked.filter)).tolist()
    return found


def filter_of(asked: FilterFields) -> Filter:
    """Read a filter."""
    return filter_from(
        label=asked.label,
        unlabelled=asked.unlabelled,
        tags=asked.tag,
        any_tag=asked.any_tag,
        part=asked.split,
        flag=asked.flag,
        text=asked.text,
        selection=asked.selection,
        values_=asked.value,
        ranges=asked.range,
        answers=asked.answer,
    )


Wanted = Annotated[Filter, Depends(_filter)]


def id_bytes(
    ids: NDArray[np.int64], request: Request, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with ids as little-endian int32, or 304 when the browser has just these."""
    return octets(ids.astype("<i4"), request, headers)


def octets(
    rows: NDArray[Any], request: Request, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with the bytes of an array, or 304 when the browser has just these."""
    body = rows.tobytes()
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    known = {
        **(headers or {}),
        "X-Total": str(len(rows)),
        "ETag": etag,
        "Cache-Control": "private, no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=known)
    return Response(body, media_type="application/octet-stream", headers=known)
