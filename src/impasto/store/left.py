"""What a person looked at and left as it is: suspected tags that were right after all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from impasto.core.errors import WrongCollection
from impasto.store import files

FORMAT = 1

Left = frozenset[tuple[int, str, bool]]
"""Image, tag, and whether the image has it: left as it is."""


def load(file: Path) -> Left:
    """Return what was left as it is; nothing when nothing was looked at yet."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']}, not {FORMAT}")
        return frozenset(
            (int(image), tag, has)
            for tag, sides in data["right"].items()
            for has, side in ((True, "with"), (False, "without"))
            for image in sides.get(side, ())
        )
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongCollection(f"{file} can't be read ({error}).") from error


def save(file: Path, left: Iterable[tuple[int, str, bool]]) -> None:
    """Write what was left as it is, instead of what was there."""
    right: dict[str, dict[str, list[int]]] = {}
    for image, tag, has in sorted(left, key=lambda each: (each[1], not each[2], each[0])):
        right.setdefault(tag, {}).setdefault("with" if has else "without", []).append(image)
    text = json.dumps({"format": FORMAT, "right": right}, indent=1, ensure_ascii=False)
    with files.explained(file.parent):
        files.replace(file, f"{text}\n".encode())
