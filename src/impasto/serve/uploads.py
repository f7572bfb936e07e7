"""Pictures from outside the collection, kept in memory for a while."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST = 64
"""Uploads kept; with pictures scaled down to about 512 pixels that is at most some 100 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A decoded picture; the bytes that came are not kept.

    Parameters
    ----------
    id : str
        First 32 hexadecimal digits of the bytes' SHA-256: the same picture, the same id.
    width, height : int
        Of the picture that was sent, upright.
    picture : PIL.Image.Image
        RGB, upright, scaled down to what networks need.
    thumbnail : bytes
        JPEG.
    """

    id: str
    width: int
    height: int
    picture: Picture
    thumbnail: bytes


class Uploads:
    """The latest uploads; safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, data: bytes) -> Upload:
        """Decode a picture like any other hostile file, and keep it.

        Raises
        ------
        InvalidInput
            With the reason why it is not a picture that can be used.
        """
        upload = decode(data)
        with self._lock:
            self._kept[upload.id] = upload
            self._kept.move_to_end(upload.id)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return upload

    def __getitem__(self, id_: str) -> Upload:
        """Return an upload, or raise NotFound when newer ones took its place."""
        with self._lock:
            if id_ in self._kept:
                self._kept.move_to_end(id_)
                return self._kept[id_]
        raise NotFound(
            f"The upload {id_[:64]!r} is no longer kept (the server keeps the latest {self._most}, "
            "until it stops). Drop the picture again."
        )

    def __len__(self) -> int:
        """Count the uploads."""
        return len(self._kept)


def decode(data: bytes) -> Upload:
    """Decode the bytes of a picture, without keeping it."""
    from impasto.collect.decode import read_bytes

    reading = read_bytes(data)
    if reading.picture is None or reading.thumbnail is None:
        why = " ".join(flag.reason for flag in reading.facts.flags if flag.blocking)
        raise InvalidInput(f"This is not a picture that can be used. {why}".strip())
    return Upload(
        id=hashlib.sha256(data).hexdigest()[:32],
        width=reading.facts.width,
        height=reading.facts.height,
        picture=reading.picture,
        thumbnail=reading.thumbnail,
    )
