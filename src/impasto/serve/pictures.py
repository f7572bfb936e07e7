"""Original files → pixels for a browser, without ever leaving the collection's folders."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request, Response

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import Image
from impasto.serve.errors import Forbidden

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

DECODING = threading.BoundedSemaphore(4)
"""Pictures decoded at the same time: each may need some hundred megabytes."""


def original(image: Image) -> Path:
    """Return the path of an image's file, checked to lie inside the image's root.

    Raises
    ------
    NotFound
        When the file is gone.
    Forbidden
        When the path, or a link in it, leads out of the root.
    """
    try:
        root, file = image.root.resolve(strict=True), image.file.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise NotFound(f"The file of image {image.id} is not there now: {image.path}.") from None
    if not file.is_relative_to(root):
        raise Forbidden(f"{image.path} leads out of its folder, so it is not handed out.")
    if not file.is_file():
        raise NotFound(f"The file of image {image.id} is not a file now: {image.path}.")
    return file


def for_screen(file: Path, side: int) -> tuple[bytes, str]:
    """Decode a file and encode it for a browser.

    Parameters
    ----------
    file : Path
    side : int
        Longest side of the answer, pixels; smaller pictures stay as they are.

    Returns
    -------
    bytes
        JPEG when the file is one, else WebP, which keeps drawn edges sharp.
    str
        Its media type.
    """
    from impasto.collect.decode import read

    with DECODING:
        reading = read(file, short_side=side, thumbnail=None)
        if reading.picture is None:
            why = " ".join(flag.reason for flag in reading.facts.flags if flag.blocking)
            raise InvalidInput(f"{file.name} can't be shown. {why}".strip())
        reading.picture.thumbnail((side, side), reducing_gap=2.0)
    if reading.facts.format in ("JPEG", "MPO"):
        return encode(reading.picture, "JPEG"), "image/jpeg"
    return encode(reading.picture, "WEBP"), "image/webp"


def encode(picture: Picture, format_: str) -> bytes:
    """Encode a picture as JPEG or WebP."""
    out = io.BytesIO()
    picture.save(out, format_, quality=90)
    return out.getvalue()


def media_type(data: bytes) -> str:
    """Tell JPEG, PNG and WebP apart by their first bytes."""
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"


def cached(
    request: Request, etag: str, *, for_ever: bool
) -> tuple[Response | None, dict[str, str]]:
    """Return the answer 304 if the browser has this very content, and headers for any answer."""
    kept = "private, max-age=31536000, immutable" if for_ever else "private, no-cache"
    headers = {"ETag": f'"{etag}"', "Cache-Control": kept}
    if f'"{etag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers), headers
    return None, headers
