"""What long work found about the whole collection, kept as one JSON file per name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.core.errors import WrongCollection
from impasto.store import files
from impasto.store.models import check_name


def save(home: Path, name: str, data: Mapping[str, Any], pages: Mapping[str, bytes]) -> None:
    """Write a report with its pages, instead of the one that had its name."""
    check_name(name, "report")
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    with files.explained(home):
        for ending, page_ in pages.items():
            files.replace(home / f"{name}.{ending}", page_)
        files.replace(home / f"{name}.json", f"{text}\n".encode())


def load(home: Path, name: str) -> Mapping[str, Any] | None:
    """Return a report, or None when there is none yet."""
    check_name(name, "report")
    file = home / f"{name}.json"
    try:
        data: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WrongCollection(f"{file} can't be read ({error}).") from error
    return data


def page(home: Path, name: str, ending: str) -> bytes | None:
    """Return a page of a report, or None when there is none."""
    check_name(name, "report")
    file = home / f"{name}.{ending}"
    return file.read_bytes() if file.is_file() else None
