"""Files that people decide in: one JSON object a line, read with patience, written whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from impasto.core.errors import InvalidInput


def read_lines(file: Path) -> list[Mapping[str, Any]]:
    """Read a file of JSON objects, one a line."""
    found: list[Mapping[str, Any]] = []
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise InvalidInput(f"Line {number} of {file.name} is no JSON object: {line[:80]!r}.")
        found.append(data)
    return found


def write_lines(file: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """Write JSON objects to a file, one a line; return its path."""
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    return write_bytes(file, text.encode())


def read_text(file: Path) -> str:
    """Read a file of words that a person named."""
    try:
        return file.expanduser().read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {str(file)!r}.") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise InvalidInput(f"{str(file)!r} is no text in UTF-8.") from None


def write_bytes(file: Path, data: bytes) -> Path:
    """Write a file, all of it or nothing; return its path."""
    file = file.expanduser()
    if not file.parent.is_dir():
        raise InvalidInput(f"There is no folder {file.parent}; make it, or choose another place.")
    new = file.with_name(f".new-{file.name}")
    new.write_bytes(data)
    new.replace(file)
    return file
