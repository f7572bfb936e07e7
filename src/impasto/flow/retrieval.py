"""Does a space retrieve X? Asked of one X in all spaces, and of all labels or tags at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from impasto.core.errors import InvalidInput, NotFound, not_found
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate
from impasto.flow.ask import choose_space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from impasto.core.space import Space
    from impasto.explore import Retrieval
    from impasto.store import Collection

By = Literal["label", "tag"]

QUERIES = 200
"""Images of X that ask, at most."""

FEWER = 50
"""Images of each X that ask in an overview, at most."""

MOST = 500
"""Labels or tags in an overview, the most frequent."""


@dataclass(frozen=True, slots=True)
class X:
    """What is to be retrieved: a label, a tag or a selection.

    Parameters
    ----------
    kind : {"label", "tag", "selection"}
    name : str
    """

    kind: Literal["label", "tag", "selection"]
    name: str

    def __str__(self) -> str:
        """Write it as people type it."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> X:
        """Read ``label:cats``, ``tag:red`` or ``selection:best``."""
        kind, _, name = text.partition(":")
        if kind not in ("label", "tag", "selection") or not name:
            raise InvalidInput(
                f"Ask for label:NAME, tag:NAME or selection:NAME, not {text[:200]!r}."
            )
        return cls(kind, name)  # type: ignore[arg-type] # checked above

    def ids(self, collection: Collection) -> NDArray[np.int64]:
        """Return its images; raise NotFound with near spellings when there is none."""
        found = collection.ids_with(**{self.kind: self.name})
        if not len(found):
            facets = collection.facets()
            named = {"label": facets.labels, "tag": facets.tags}.get(self.kind, ())
            raise not_found(self.kind, self.name, [name for name, _ in named])
        return found


@dataclass(frozen=True, slots=True)
class Cell:
    """How well one space retrieves one X, in short.

    Parameters
    ----------
    space : str
        Name.
    average_precision, precision : Estimate
        `precision` is among the nearest `depth`.
    depth, queries, relevant : int
    answer : {"yes", "partly", "no"}
    gain : float
        Average precision corrected for chance, ``(value - chance) / (1 - chance)``, at most 1.
    """

    space: str
    average_precision: Estimate
    precision: Estimate
    depth: int
    queries: int
    relevant: int
    answer: Literal["yes", "partly", "no"]
    gain: float


@dataclass(frozen=True, slots=True)
class Overview:
    """How well every space retrieves every label or tag.

    Parameters
    ----------
    by : {"label", "tag"}
    made : str
        ISO 8601, UTC.
    spaces : mapping of str to int
        Name of each space to the number of its vectors when this was made, oldest first.
    rows : mapping of str to tuple of Cell
        By label or tag, the most frequent first; a space without an answer has no cell.
    queries : int
        Images of each X that asked, at most.
    left_out : mapping of str to int
        Why labels or tags are not among the rows: reason to number.
    """

    by: By
    made: str
    spaces: Mapping[str, int]
    rows: Mapping[str, tuple[Cell, ...]]
    queries: int
    left_out: Mapping[str, int]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Overview:
        """Read what `dataclasses.asdict` gave."""

        def cell(kept: Mapping[str, Any]) -> Cell:
            numbers = {name: Estimate(**kept[name]) for name in ("average_precision", "precision")}
            return Cell(**{**kept, **numbers})

        rows = {name: tuple(map(cell, cells)) for name, cells in data["rows"].items()}
        return cls(**{**data, "rows": rows})


def retrieval(
    collection: Collection,
    *,
    label: str | None = None,
    tag: str | None = None,
    selection: str | None = None,
    space: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Retrieval]:
    """Ask whether a space (all of them when none is named) retrieves X.

    Parameters
    ----------
    collection : Collection
    label, tag, selection : str or None
        X: one of the three.
    space : str or None
    seed : int
    progress : Progress, optional

    Raises
    ------
    NotFound
        When no image is of X.
    """
    given = {"label": label, "tag": tag, "selection": selection}
    named = [X(kind, name) for kind, name in given.items() if name is not None]  # type: ignore[arg-type] # the keys
    if len(named) != 1:
        raise InvalidInput("Say which label, tag or selection to look for: one of them.")
    (x,) = named
    ids = x.ids(collection)
    chosen = [choose_space(collection, space)] if space else filled(collection)
    return [measure(collection, one, x, ids, seed=seed, progress=progress) for one in chosen]


def measure(
    collection: Collection,
    space: Space,
    x: X,
    ids: NDArray[np.int64],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Retrieval:
    """Ask whether one space retrieves X, the images `ids`."""
    from impasto.explore import retrieval as ask

    return ask(
        collection.vectors(space),
        ids.tolist(),
        name=x.name,
        queries=QUERIES,
        seed=seed,
        progress=progress,
    )


def filled(collection: Collection) -> list[Space]:
    """Return the spaces that have vectors, oldest first; raise NotFound when none has."""
    found = [info.space for info in collection.spaces() if info.rows]
    if not found:
        choose_space(collection)  # says how to compute them
    return found


def overview(
    collection: Collection,
    by: By = "label",
    *,
    queries: int = FEWER,
    most: int = MOST,
    seed: int = 0,
    progress: Progress | None = None,
) -> Overview:
    """Ask of all labels (or the most frequent tags) whether each space retrieves them; keep it.

    Parameters
    ----------
    collection : Collection
        Open for reading only, the answer is not kept.
    by : {"label", "tag"}
    queries : int
        Images of each that ask, at most.
    most : int
        Labels or tags, the most frequent.
    seed : int
    progress : Progress, optional
    """
    from impasto.explore import retrieval as ask

    progress = progress or Quiet()
    facets = collection.facets()
    named = facets.labels if by == "label" else facets.tags
    if not named:
        raise NotFound(f"{collection.name} has no {by}s to ask for; give its images some first.")
    spaces = {space.name: collection.vectors(space) for space in filled(collection)}
    chosen = named[:most]
    left_out = {f"beyond the {most} most frequent": len(named) - most} if len(named) > most else {}
    progress.stage(
        "Asking", len(spaces) * sum(min(queries, count) for _, count in chosen), "queries"
    )
    rows: dict[str, tuple[Cell, ...]] = {}
    for name, count in chosen:
        ids = collection.ids_with(**{by: name}).tolist()
        cells = []
        for space, vectors in spaces.items():
            within = _Within(progress)
            try:
                found = ask(
                    vectors,
                    ids,
                    name=name,
                    ks=(1, 2, 3, 5, 10),
                    queries=queries,
                    seed=seed,
                    progress=within,
                )
                cells.append(_cell(space, found))
            except InvalidInput:
                pass  # fewer than two images with a vector, or all there are: counted below
            progress.advance(min(queries, count) - within.done)
        if cells:
            rows[name] = tuple(cells)
    lone = len(chosen) - len(rows)
    if lone:
        left_out["fewer than two images with a vector, or all there are"] = lone
    made = datetime.now(UTC).isoformat(timespec="seconds")
    sizes = {info.space.name: info.rows for info in collection.spaces() if info.rows}
    found_all = Overview(by, made, sizes, rows, queries, left_out)
    if collection.writable:
        collection.save_report(_report(by), asdict(found_all))
    return found_all


def kept_overview(collection: Collection, by: By) -> Overview | None:
    """Return the overview that was computed last, or None."""
    data = collection.report(_report(by))
    return None if data is None else Overview.from_json(data)


def best_spaces(found: Sequence[Retrieval]) -> list[tuple[Retrieval, Retrieval]]:
    """Pair the best answer with each other one that can be compared with it."""
    import numpy as np

    from impasto.explore.retrieval import best_first

    best, *others = best_first(found)
    return [(best, other) for other in others if np.isin(best.asked, other.asked).any()]


def _cell(space: str, found: Retrieval) -> Cell:
    average = found.average_precision
    return Cell(
        space=space,
        average_precision=average,
        precision=found.precision[found.depth],
        depth=found.depth,
        queries=found.queries,
        relevant=found.n_relevant,
        answer=found.answer,
        gain=(average.value - average.chance) / max(1 - average.chance, 1e-12),
    )


def _report(by: By) -> str:
    return f"retrieval-{by}"


class _Within:
    """Counts towards a stage that has begun already."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.done = 0

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Go on with the stage there is."""

    def advance(self, n: int = 1) -> None:
        """Count."""
        self.done += n
        self._progress.advance(n)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._progress.note(text)
