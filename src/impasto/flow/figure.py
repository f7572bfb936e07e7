"""A picture of a map, made of its images' thumbnails."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.flow.values import Values, values

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.explore.maps import Map
    from impasto.flow.maps import Mapped
    from impasto.store import Collection

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
"""Endings of the files that a figure can be written to."""


def draw_map(
    collection: Collection,
    mapped: Mapped,
    file: str | Path,
    *,
    grid: bool = False,
    by: str | None = None,
    size: int = 2400,
    progress: Progress | None = None,
) -> Path:
    """Write a picture of a map, made of its images' thumbnails.

    Parameters
    ----------
    collection : Collection
    mapped : Mapped
    file : str or Path
        What it is written to; its ending says the format.
    grid : bool
        Draw the grid, where no image covers another.
    by : str or None
        Colour a frame around each image, as `values` says; a legend names the colours.
    size : int
        Longest side, pixels.
    progress : Progress, optional

    Returns
    -------
    Path
        The file.
    """
    from impasto.explore.maps import figure

    file = check_picture_file(file)
    found = None if by is None else values(collection, by, mapped.ids, mapped)
    ids = mapped.ids.tolist()
    drawn = figure(
        mapped.centres if grid else mapped.points,
        lambda at: _small(collection.thumbnail(ids[at])),
        size=size,
        side=_cell(mapped.map, size) if grid else None,
        colours=None if found is None else _colours(found),
        legend=() if found is None else _legend(found),
        progress=progress,
    )
    new = file.with_name(f".new-{file.name}")
    drawn.save(new, quality=92)
    new.replace(file)
    return file


def check_picture_file(file: str | Path) -> Path:
    """Return the path of a figure; raise InvalidInput when none can be written there."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in PICTURES:
        raise InvalidInput(f"A figure is written to {', '.join(PICTURES)}, not to {path.name!r}.")
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent}; make it, or choose another place.")
    return path


def _small(jpeg: bytes | None) -> Picture | None:
    from PIL import Image

    return None if jpeg is None else Image.open(BytesIO(jpeg)).convert("RGB")


def _cell(shown: Map, size: int) -> int:
    """Return the side of a picture that fills most of a cell of the grid."""
    return max(int(0.94 * size / max(*shown.shape, 1)), 1)


def _colours(found: Values) -> NDArray[np.uint8]:
    from impasto.explore.maps import category_colours, number_colours

    return (number_colours if found.kind == "number" else category_colours)(found.data)


def _legend(found: Values) -> list[tuple[str, tuple[int, int, int]]]:
    from impasto.explore.maps import PALETTE, number_colours

    if found.kind == "category":
        return list(zip(found.categories, PALETTE, strict=False))
    if found.range is None:
        return []
    steps = np.linspace(*found.range, 5, dtype=np.float32)
    colours = [(int(r), int(g), int(b)) for r, g, b in number_colours(steps)]
    return [(f"{step:.4g}", colour) for step, colour in zip(steps, colours, strict=True)]
