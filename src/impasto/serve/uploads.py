"""Pictures from outside the collection, kept in memory for a while."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput, NotFound
from impasto.serve.pictures import DECODING

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST = 64
"""Uploads kept."""

MOST_BYTES = 256 * 2**20
"""Bytes of all uploads kept."""

MOST_PIXELS = 100_000_000
"""Of one upload; checked before it is decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A picture that could be decoded.

    Parameters
    ----------
    id : str
        First 32 hexadecimal digits of the bytes' SHA-256: the same picture, the same id.
    name : str
        What the browser called it.
    width, height : int
        Upright, pixels.
    data : bytes
        As it came. (Decoded pixels would need much more memory, and a query decodes once.)
    thumbnail : bytes
        JPEG.
    """

    id: str
    name: str
    width: int
    height: int
    data: bytes
    thumbnail: bytes

    def picture(self) -> Picture:
        """Decode the picture just as those of the collection are: same picture, same vector."""
        from impasto.collect.decode import read_bytes

        with DECODING:
            picture = read_bytes(self.data, thumbnail=None).picture
        assert picture is not None  # `decode` made sure of it
        return picture


class Uploads:
    """The latest uploads; safe for threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Upload] = OrderedDict()

    def add(self, data: bytes, name: str = "") -> Upload:
        """Decode a picture like any other hostile file, and keep it.

        Raises
        ------
        InvalidInput
            With the reason why it is not a picture that can be used.
        """
        upload = decode(data, name)
        with self._lock:
            self._kept[upload.id] = upload
            self._kept.move_to_end(upload.id)
            while len(self._kept) > 1 and (
                len(self._kept) > self._most
                or sum(len(kept.data) for kept in self._kept.values()) > MOST_BYTES
            ):
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


def decode(data: bytes, name: str = "") -> Upload:
    """Decode the bytes of a picture once, to know that it is one."""
    from impasto.collect.decode import Limits, read_bytes

    with DECODING:
        reading = read_bytes(data, limits=Limits(pixels=MOST_PIXELS))
    if reading.picture is None or reading.thumbnail is None:
        why = " ".join(flag.reason for flag in reading.facts.flags if flag.blocking)
        raise InvalidInput(f"This is not a picture that can be used. {why}".strip())
    return Upload(
        id=hashlib.sha256(data).hexdigest()[:32],
        name=name,
        width=reading.facts.width,
        height=reading.facts.height,
        data=data,
        thumbnail=reading.thumbnail,
    )
