"""What every table says about an image: the same columns, by the same names, in every format."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from impasto.core.records import Image, Value

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: dict[str, str] = {
    "id": "int",
    "file_name": "str",
    "label": "str",
    "split": "str",
    "tags": "list",
    "width": "int",
    "height": "int",
    "format": "str",
    "size": "int",
    "sha256": "str",
    "flags": "list",
}
"""Columns that every collection has, and their types."""

RESERVED = frozenset({"vector", "projection_x", "projection_y", "neighbors", "image"})


def columns(properties: Mapping[str, str]) -> dict[str, str]:
    """Return all columns and their types: str, int, float, bool or list (of str).

    Examples
    --------
    >>> list(columns({"year": "int", "label": "str"}))[-2:]
    ['year', 'property_label']
    """
    return COLUMNS | {column(name): kind for name, kind in properties.items()}


def column(name: str) -> str:
    """Name the column of a property, apart from ours where it has the same name."""
    taken = name in COLUMNS or name in RESERVED or name.startswith("property_")
    return f"property_{name}" if taken else name


def row(
    image: Image, file_name: str, properties: Mapping[str, str], *, splits: bool = True
) -> dict[str, Any]:
    """Return the facts about an image, in the order of `columns`; None where there is none."""
    own = image.properties
    return {
        "id": image.id,
        "file_name": file_name,
        "label": image.label,
        "split": image.split if splits else None,
        "tags": list(image.tags),
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "size": image.size,
        "sha256": image.sha256.hex() if image.sha256 else None,
        "flags": [flag.kind for flag in image.flags],
        **{column(name): _typed(own.get(name), kind) for name, kind in properties.items()},
    }


def _typed(value: Value | None, kind: str) -> Value | None:
    """Return a value as its column has it: a column of text may hold numbers, one of floats ints.

    Numbers that JSON does not know (NaN, infinity) become None.
    """
    if value is None:
        return None
    if kind == "str":
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "float":
        number = float(value)
        return number if math.isfinite(number) else None
    return value


def schema(properties: Mapping[str, str]) -> pa.Schema:
    """Return the columns as Arrow knows them."""
    import pyarrow as pa

    kinds = {
        "str": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "list": pa.list_(pa.string()),
    }
    return pa.schema([pa.field(name, kinds[kind]) for name, kind in columns(properties).items()])
