"""What routes share: the studio, the filter, the terms of a query, kinds of answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, cast

import numpy as np
from fastapi import Depends, Query, Request, Response
from numpy.typing import NDArray

from impasto.core.records import FlagKind, Split
from impasto.serve.studio import Studio
from impasto.store import Filter, Sort


async def _studio(request: Request) -> Studio:
    return cast(Studio, request.app.state.studio)


StudioIn = Annotated[Studio, Depends(_studio)]

Terms = Annotated[
    list[str],
    Query(
        alias="term",
        min_length=1,
        max_length=500,
        description="`image:12`, `upload:ID`, `label:cats`, `tag:sunset`; a leading `-` moves "
        "away from it. Repeatable.",
        examples=[["image:12", "-image:15"]],
    ),
]
SpaceName = Annotated[
    str | None, Query(description="Name of a space; absent: the collection's default space.")
]
Ids = Annotated[str, Query(description="Up to 500 ids, separated by commas.", examples=["1,2,3"])]

OCTETS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Ids in order: little-endian 32-bit integers.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def pictures_of(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a picture, for the API's documentation."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The picture.", "content": dict.fromkeys(kinds, binary)}}


async def _filter(
    label: Annotated[str | None, Query()] = None,
    tag: Annotated[list[str] | None, Query(description="All of them.", max_length=100)] = None,
    split: Annotated[Split | None, Query()] = None,
    flag: Annotated[FlagKind | None, Query()] = None,
    text: Annotated[
        str, Query(max_length=1000, description="Beginnings of words of names, labels, tags.")
    ] = "",
    unlabelled: Annotated[bool, Query(description="Only images without a label.")] = False,
) -> Filter:
    return Filter(
        label=label, tags=tuple(tag or ()), split=split, flag=flag, text=text, unlabelled=unlabelled
    )


async def _sort(
    sort: Annotated[
        str,
        Query(
            pattern="^(added|name|size|width|height|label|property:.+)$",
            description="added, name, size, width, height, label or property:NAME",
        ),
    ] = "added",
    descending: Annotated[bool, Query()] = False,
) -> Sort:
    return Sort(sort, descending)


Wanted = Annotated[Filter, Depends(_filter)]
Ordered = Annotated[Sort, Depends(_sort)]


def id_bytes(
    ids: NDArray[np.int64], request: Request, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with ids as little-endian int32, or 304 when the browser has just these."""
    body = ids.astype("<i4").tobytes()
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    known = {
        **(headers or {}),
        "X-Total": str(len(ids)),
        "ETag": etag,
        "Cache-Control": "private, no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=known)
    return Response(body, media_type="application/octet-stream", headers=known)
