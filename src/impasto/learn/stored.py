"""The stored form of every model: a description in JSON beside arrays in safetensors; no pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

FORMAT = 2
WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"

Arrays = Mapping[str, NDArray[Any]]
T = TypeVar("T")


def pack(description: Mapping[str, Any], arrays: Arrays) -> dict[str, bytes]:
    """Return the files of a model by their names."""
    from safetensors.numpy import save

    packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return {DESCRIPTION: json.dumps(description, indent=1).encode(), WEIGHTS: packed}


def unpack(
    source: Path | Mapping[str, bytes],
    what: str,
    build: Callable[[Mapping[str, Any], Arrays], T],
) -> T:
    """Read a model.

    Parameters
    ----------
    source : Path or mapping of str to bytes
        A folder that holds, or a mapping like, what `pack` gave.
    what : str
        What it should be, for the error: "a tagger".
    build : callable
        Makes it from its description and arrays.

    Raises
    ------
    InvalidInput
        If there is none, one of a newer format, or a damaged one.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    files = read_files(source) if isinstance(source, Path) else source
    try:
        description = json.loads(files[DESCRIPTION])
        if description["format"] > FORMAT:
            raise InvalidInput(
                f"This model has format {description['format']}; this version of impasto reads "
                f"up to {FORMAT}. Update impasto."
            )
        return build(description, load(files[WEIGHTS]))
    except (KeyError, ValueError, TypeError, SafetensorError) as error:
        raise InvalidInput(
            f"This is not {what} that impasto stored, or it is damaged ({error!r}). Make it again."
        ) from error


def read_files(folder: Path) -> dict[str, bytes]:
    """Read the files of a model; raise InvalidInput when there is none."""
    try:
        return {name: (folder / name).read_bytes() for name in (DESCRIPTION, WEIGHTS)}
    except OSError as error:
        raise InvalidInput(
            f"There is no model in {folder}: {error.strerror or error}. It should hold "
            f"{DESCRIPTION} and {WEIGHTS}."
        ) from error
