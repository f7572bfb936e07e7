"""Comparisons that a person keeps: which queries, in which space; the numbers are made anew."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from impasto.core.errors import InvalidInput, WrongCollection, not_found
from impasto.store import files
from impasto.store.about import clean

FORMAT = 1
LONGEST = 200


@dataclass(frozen=True, slots=True)
class KeptQuery:
    """A query of a comparison.

    Parameters
    ----------
    terms : tuple of str
        As `impasto.flow.parse` reads them; none of a picture from outside, which is not kept.
    title : str
        "" for what its terms say.
    slot : int
        Its letter and colour, 0 for A.
    """

    terms: tuple[str, ...]
    title: str = ""
    slot: int = 0


@dataclass(frozen=True, slots=True)
class KeptComparison:
    """A comparison under a name.

    Parameters
    ----------
    name : str
    space : str
        Name of the space.
    queries : tuple of KeptQuery
    k : int
        Nearest images compared.
    saved : str
        When it was last saved, ISO 8601, UTC.
    """

    name: str
    space: str
    queries: tuple[KeptQuery, ...]
    k: int
    saved: str

    def __post_init__(self) -> None:
        """Check the name and the queries."""
        if (
            not 1 <= len(self.name) <= LONGEST
            or self.name != clean(self.name)
            or not self.name.isprintable()
            or not self.name.strip(".")
        ):
            raise InvalidInput(
                f"A comparison is named with 1 to {LONGEST} characters on one line that are not "
                f"all dots, not {self.name[:LONGEST]!r}."
            )
        if len(self.queries) < 2 or len({query.slot for query in self.queries}) < len(self.queries):
            raise InvalidInput("A comparison needs at least two queries, each with its own letter.")
        if any(term.removeprefix("-").startswith("upload:") for term in self._terms()):
            raise InvalidInput(
                "A comparison with a picture from outside can't be kept, since the picture is not. "
                "Add the picture to the collection and use it from there."
            )

    def _terms(self) -> list[str]:
        return [term for query in self.queries for term in query.terms]


def save(home: Path, comparison: KeptComparison) -> None:
    """Write a comparison, instead of the one that had its name."""
    text = json.dumps({"format": FORMAT, **asdict(comparison)}, indent=2, ensure_ascii=False)
    with files.explained(home):
        home.mkdir(exist_ok=True)
        files.replace(_file(home, comparison.name), f"{text}\n".encode())


def load(home: Path, name: str) -> KeptComparison:
    """Return a comparison, or raise NotFound."""
    file = _file(home, name)
    if not file.is_file():
        raise not_found("comparison", name, [each.name for each in known(home)])
    return _read(file)


def known(home: Path) -> list[KeptComparison]:
    """Return all comparisons, by name."""
    found = [_read(file) for file in home.glob("*.json") if not file.name.startswith(".")]
    return sorted(found, key=lambda each: each.name)


def rename(home: Path, name: str, new: str) -> None:
    """Give a comparison another name, which no other one has."""
    before, new = load(home, name), clean(new)
    if new == name:
        return
    if _file(home, new).exists():
        raise InvalidInput(f"There is a comparison {new!r} already; choose another name.")
    save(home, replace(before, name=new))
    _file(home, name).unlink()


def remove(home: Path, name: str) -> None:
    """Forget a comparison."""
    load(home, name)
    _file(home, name).unlink()


def _file(home: Path, name: str) -> Path:
    """Return the file of a name: its plain letters for people, a digest of all for machines."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
    digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    return home / f"{words}-{digest}.json".lstrip("-")


def _read(file: Path) -> KeptComparison:
    try:
        data: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']}, not {FORMAT}")
        return KeptComparison(
            name=data["name"],
            space=data["space"],
            queries=tuple(
                KeptQuery(tuple(query["terms"]), query["title"], query["slot"])
                for query in data["queries"]
            ),
            k=data["k"],
            saved=data["saved"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongCollection(f"{file} can't be read ({error}).") from error
