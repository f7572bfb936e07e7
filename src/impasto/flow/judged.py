"""What came out when a model was judged on other collections, kept with the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput, NotFound, not_found
from impasto.flow.elsewhere import Elsewhere, ElsewhereOptions, evaluate_elsewhere
from impasto.flow.gather import open_collection

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.store import Collection

JUDGED = "elsewhere-"
"""How the files of a model begin that say how it did elsewhere."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """Which model to judge, where, and how.

    Parameters
    ----------
    model : str
    on : str
        Path of the other collection.
    names : tuple of str
        Lines ``their name = the model's name``, of labels or tags that are called otherwise.
    keep_leaks : bool
        Also count images that the model learned from, or near-duplicates of these.
    seed : int
        Of the resampling.
    """

    model: str = ""
    on: str = ""
    names: tuple[str, ...] = ()
    keep_leaks: bool = False
    seed: int = 0

    def as_elsewhere(self) -> ElsewhereOptions:
        """Return the same without the two names.

        Raises
        ------
        InvalidInput
            For a line that is none of `names`.
        """
        from impasto.curate.tags import parse_map

        merges = parse_map("\n".join(self.names))
        return ElsewhereOptions({one.of: one.into for one in merges}, self.keep_leaks, self.seed)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a model did on another collection, as it was kept.

    Parameters
    ----------
    key : str
        Names it among those of the model.
    data : mapping
        What `Elsewhere.to_json` gives, without the answers; and ``made``, ``path``.
    """

    key: str
    data: Mapping[str, Any]


def judge_and_keep(
    collection: Collection, options: JudgeOptions, *, progress: Progress | None = None
) -> Judged:
    """Judge a model on another collection, and keep what came out with the model.

    Raises
    ------
    NotFound
        When there is no such model or collection, or no vectors of its space there.
    InvalidInput
        When there is nothing to judge by; the message says what is missing.
    """
    with open_collection(Path(options.on), writable=False) as there:
        if there.path.resolve() == collection.path.resolve():
            raise InvalidInput(
                f"{collection.name} is the model's own collection; its own test says how it does."
            )
        found = evaluate_elsewhere(
            collection, options.model, there, options.as_elsewhere(), progress=progress
        )
        return _kept(collection, found, there.path)


def _kept(collection: Collection, found: Elsewhere, path: Path) -> Judged:
    key = re.sub(r"[^A-Za-z0-9_.-]+", "-", path.stem).strip(".-") or "collection"
    data = {name: one for name, one in found.to_json().items() if name != "answers"}
    data["made"] = datetime.now(UTC).isoformat(timespec="seconds")
    data["path"] = str(path)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    files = {f"{JUDGED}{key}.html": found.page.encode(), f"{JUDGED}{key}.json": text.encode()}
    collection.add_to_model(found.model, files)
    return Judged(key, data)


def judged(collection: Collection, model: str) -> tuple[Judged, ...]:
    """Return how a model did on other collections, by their names.

    Raises
    ------
    NotFound
        When there is no such model.
    """
    files = sorted(collection.model(model).folder.glob(f"{JUDGED}*.json"))
    return tuple(
        Judged(file.stem.removeprefix(JUDGED), json.loads(file.read_text(encoding="utf-8")))
        for file in files
    )


def judged_page(collection: Collection, model: str, key: str) -> bytes:
    """Return the report on how a model did on another collection, as HTML.

    Raises
    ------
    NotFound
        When it was not judged there.
    """
    known = [one.key for one in judged(collection, model)]
    if key not in known:
        raise not_found("other collection that the model was judged on", key, known)
    file = collection.model(model).folder / f"{JUDGED}{key}.html"
    if not file.is_file():
        raise NotFound(f"The report of {model} on {key} is gone; judge it there again.")
    return file.read_bytes()


def others(collection: Collection) -> tuple[Path, ...]:
    """Return the collections that lie beside one, by name."""
    from impasto.store import is_collection

    own = collection.path.resolve()
    beside = sorted(own.parent.iterdir()) if own.parent.is_dir() else []
    return tuple(path for path in beside if is_collection(path) and path.resolve() != own)
