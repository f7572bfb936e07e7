"""What commands print: JSON for machines, short tables for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(data: Any) -> None:
    """Print one JSON object, in ASCII so that any pipe carries it; NaN becomes null."""
    click.echo(json.dumps(_plain(data), allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns wide enough for their cells; numbers stand right."""
    cells = [[str(cell) for cell in row] for row in rows]
    kinds = [
        all(_is_number(row[i]) for row in cells if row[i]) and bool(cells)
        for i in range(len(header))
    ]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(header)]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, kinds, strict=True)
        ]
        return "  ".join(parts).rstrip()

    click.echo(click.style(line(list(header)), bold=True))
    for row in cells:
        click.echo(line(row))


def size_of(n: int) -> str:
    """Write a number of bytes with a unit a person reads.

    Examples
    --------
    >>> size_of(1536)
    '1.5 KB'
    """
    size = float(n)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return True


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if hasattr(data, "tolist"):  # NumPy scalars and arrays
        return _plain(data.tolist())
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data
