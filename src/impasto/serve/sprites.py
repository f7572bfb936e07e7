"""Thumbnails packed into sheets, so that a map of very many pictures loads in few requests."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from impasto import flow
from impasto.core.errors import ImpastoError, InvalidInput, NotFound
from impasto.serve.cache import Cache
from impasto.store import SheetName, Sheets

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.store import Collection

SIDES = (8, 16, 32, 64)
"""Pixels along one sprite of the sheets of everything; multiples of a JPEG's blocks of 8."""

COLUMNS = 32
PER_SHEET = COLUMNS * COLUMNS
"""Sheet p holds the images from p × 1024 to p × 1024 + 1023, row by row, whatever the map."""

MOST_CHOSEN = 256
CHOSEN_SIDES = (16, 32, 64, 128)
CHOSEN_COLUMNS = 16

_FORMAT = b"1"  # another number: sheets that were kept are made anew
_MEMORY = 64 * 2**20
_MAKING = threading.BoundedSemaphore(4)  # each holds 1024 thumbnails, some 15 MB
_log = logging.getLogger("impasto.serve")


class Sprites:
    """Sheets of a collection's thumbnails: made once, kept on the disk, made anew when needed.

    A sprite fills its square cell, whatever the shape of its picture; who draws it gives it
    its shape back (`Collection.shapes`). That spends no pixel on margins.

    Parameters
    ----------
    collection : Collection
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._sheets = Sheets(flow.sheets_folder(collection))
        self._memory = Cache[bytes](_MEMORY, len)

    def name(self, side: int, page: int) -> SheetName:
        """Return the name of a sheet as its images are now.

        Raises
        ------
        InvalidInput
            For a side that no sheet has.
        NotFound
            When no image of the page was read yet.
        """
        if side not in SIDES:
            raise InvalidInput(f"Sheets have sprites of {_listed(SIDES)} pixels, not {side}.")
        hashes = self._collection.hashes(np.array(_ids_of(page)))
        if not any(hashes):
            first, last = _ids_of(page)[0], _ids_of(page)[-1]
            raise NotFound(f"Sheet {page} is empty: no image from {first} to {last} was read.")
        sums = hashlib.blake2b(_FORMAT, digest_size=8)
        for each in hashes:
            sums.update(each or bytes(32))
        return SheetName(side, page, sums.hexdigest())

    def sheet(self, name: SheetName) -> bytes:
        """Return a sheet (JPEG), from memory, from the disk, or made now."""
        return self._memory.get(name, lambda: self._sheets.read(name) or self._made(name))

    def chosen(self, side: int, ids: list[int]) -> bytes:
        """Pack the sprites of a few images, in the order given, 16 in a row (JPEG)."""
        if side not in CHOSEN_SIDES:
            raise InvalidInput(
                f"Chosen sprites have {_listed(CHOSEN_SIDES)} pixels a side, not {side}."
            )
        if not 0 < len(ids) <= MOST_CHOSEN:
            raise InvalidInput(f"{len(ids)} ids were given; 1 to {MOST_CHOSEN} at once.")
        with _MAKING:
            thumbnails = self._collection.thumbnails(ids)
            return pack((thumbnails.get(each) for each in ids), len(ids), side, CHOSEN_COLUMNS)

    def _made(self, name: SheetName) -> bytes:
        with _MAKING:
            ids = _ids_of(name.page)
            thumbnails = self._collection.thumbnails(ids)
            data = pack((thumbnails.get(each) for each in ids), PER_SHEET, name.side, COLUMNS)
        try:
            self._sheets.write(name, data)
        except (OSError, ImpastoError) as problem:
            _log.warning("A sheet of thumbnails could not be kept: %s", problem)
        return data


def pack(thumbnails: Iterable[bytes | None], count: int, side: int, columns: int) -> bytes:
    """Pack thumbnails into one picture.

    Parameters
    ----------
    thumbnails : iterable of bytes or None
        JPEG; None (or what is damaged) leaves its cell grey.
    count : int
        How many there are.
    side : int
        Pixels along a cell. Multiples of 8 fall on the blocks of JPEG, so that no picture
        colours its neighbour.
    columns : int

    Returns
    -------
    bytes
        JPEG without colour subsampling, ``columns`` cells wide, as high as needed.
    """
    from PIL import Image as Pillow

    rows = -(-count // columns)
    sheet = Pillow.new("RGB", (columns * side, rows * side), (128, 128, 128))
    for cell, thumbnail in enumerate(thumbnails):
        sprite = None if thumbnail is None else _sprite(thumbnail, side)
        if sprite is not None:
            row, column = divmod(cell, columns)
            sheet.paste(sprite, (column * side, row * side))
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=88, subsampling=0)
    return out.getvalue()


def _sprite(thumbnail: bytes, side: int) -> Picture | None:
    """Decode only as many pixels as are needed (at least twice the side), then shrink."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(thumbnail)) as picture:
            picture.draft("RGB", (2 * side, 2 * side))
            return picture.convert("RGB").resize((side, side), Pillow.Resampling.BILINEAR)
    except OSError:
        return None


def _ids_of(page: int) -> range:
    return range(page * PER_SHEET, (page + 1) * PER_SHEET)


def _listed(sides: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, sides[:-1]))} or {sides[-1]}"
