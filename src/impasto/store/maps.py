"""Maps: a folder of a card and raw arrays each, replaced as a whole, like a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, WrongCollection, not_found
from impasto.store import models

TYPES: dict[str, np.dtype[Any]] = {
    "f32": np.dtype("<f4"),
    "i32": np.dtype("<i4"),
    "i64": np.dtype("<i8"),
    "u8": np.dtype("u1"),
}
"""Ending of a file, and the type of the numbers in it."""

_POINT = {"ids.i64": 8, "rows.i64": 8, "positions.f32": 8, "cells.i32": 8, "placed.u8": 1}
_AXES = "axes.f32"


@dataclass(frozen=True, slots=True)
class MapRecord:
    """A map of a collection, without its arrays.

    Parameters
    ----------
    name : str
    card : mapping
        What it shows, how it was made and how faithful it is (JSON data).
    folder : Path
        Absolute folder of its files.
    """

    name: str
    card: Mapping[str, Any]
    folder: Path


def row_bytes(dimension: int) -> dict[str, int]:
    """Return the files of a map and how many bytes one row takes in each."""
    return _POINT | {_AXES: 4 * dimension}


def save(
    home: Path, name: str, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]
) -> Path:
    """Write a map, instead of the one that had its name; return its folder."""
    unknown = sorted(arrays.keys() - {*_POINT, _AXES})
    if unknown:
        raise InvalidInput(f"A map has no array {unknown[0]!r}.")
    contents = {
        file: np.ascontiguousarray(array, _type(file)).tobytes() for file, array in arrays.items()
    }
    return models.save(home, name, contents, card, "map")


def load(home: Path, name: str) -> MapRecord:
    """Return a map, or raise NotFound."""
    return MapRecord(name, models.read_card(home, name, "map"), home / name)


def parts(home: Path, name: str) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
    """Read a map: its card, and file name to flat array."""
    record = load(home, name)
    n = int(record.card["images"])
    found: dict[str, NDArray[Any]] = {}
    for file, width in _POINT.items():
        path = record.folder / file
        found[file] = _read(path)
        if found[file].nbytes != n * width:
            raise WrongCollection(
                f"{path} has {found[file].nbytes:,} bytes where {n * width:,} were written: it was "
                "cut or replaced. Restore it from a copy, or make the map again."
            )
    if (record.folder / _AXES).exists():
        found[_AXES] = _read(record.folder / _AXES)
    return record.card, found


def remove(home: Path, name: str) -> None:
    """Delete a map, or raise NotFound."""
    if name not in (known := models.names(home)):
        raise not_found("map", name, known)
    models.discard(home / name)


def _read(path: Path) -> NDArray[Any]:
    try:
        return np.fromfile(path, _type(path.name))
    except OSError as error:
        raise WrongCollection(f"{path} can't be read ({error.strerror or error}).") from error


def _type(file: str) -> np.dtype[Any]:
    return TYPES[file.rpartition(".")[2]]
