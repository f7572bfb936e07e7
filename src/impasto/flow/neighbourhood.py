"""Who is near whom: the graph of nearest images, and the index that very large collections need."""

from __future__ import annotations

import json
from collections.abc import Collection as Several
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from impasto.core.errors import MissingExtra, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate
from impasto.core.space import Space
from impasto.flow.ask import choose_space

if TYPE_CHECKING:
    from impasto.core.records import Graph, Neighbours
    from impasto.core.space import Vectors
    from impasto.explore import Query
    from impasto.explore.index import Index
    from impasto.store import Collection, IndexRecord

K = 15
"""Neighbours that a map is usually made of."""

INDEX_FROM = 1_000_000
"""With more images than this neighbours come from the index, if there is one."""

GRAPH_FROM = 200_000
"""With more images than this the graph comes from an index: all pairs would take an hour."""

FIRST = 200
"""Ranks that the index is asked for when nothing is said; further down everything is compared."""

_COVERED = 0.9
"""An index that covers less of the images is of no use to a graph."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """An approximate index and how well it does.

    Parameters
    ----------
    space : Space
    rows : int
        Vectors that it covers.
    recall : dict of int to Estimate
        Share of the true nearest that it finds, by their number.
    bytes : int
        On disk.
    library : str
    """

    space: Space
    rows: int
    recall: dict[int, Estimate]
    bytes: int
    library: str

    @classmethod
    def of(cls, record: IndexRecord) -> Indexed:
        """Read what the card of an index says."""
        return cls(
            record.space,
            int(record.card["rows"]),
            {int(k): Estimate(**one) for k, one in record.card["recall"].items()},
            sum(file.stat().st_size for file in record.folder.iterdir()),
            str(record.card["library"]),
        )

    @property
    def sentence(self) -> str:
        """What people read."""
        shares = " and ".join(
            f"{one.value:.1%} of the {k} nearest ({one.low:.1%} to {one.high:.1%})"
            for k, one in self.recall.items()
        )
        return f"Approximate index of {self.rows:,} vectors: finds {shares}."


def index(
    collection: Collection,
    space: str | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Indexed:
    """Build the approximate index of a space beside its vectors, and measure what it finds.

    Parameters
    ----------
    collection : Collection
        Open for writing.
    space : str or None
        Name of a space or the beginning of it; None: the newest.
    seed : int
        Of the images that ask when recall is measured.
    progress : Progress, optional

    Raises
    ------
    MissingExtra
        When usearch is not installed.
    """
    from impasto.explore.index import build

    vectors = collection.vectors(choose_space(collection, space))
    contents, card = build(vectors, seed=seed, progress=progress).save()
    _close_indexes()
    return Indexed.of(collection.save_index(vectors.space, contents, card))


def near(
    collection: Collection,
    vectors: Vectors,
    query: Query,
    k: int,
    *,
    exclude: Several[int] = (),
    exact: bool | None = None,
) -> Neighbours:
    """Find the `k` nearest images, by one pass over the vectors or with the index.

    Parameters
    ----------
    collection : Collection
    vectors : Vectors
    query : Query
    k : int
    exclude : collection of int
        Images to leave out, besides those that the query is made of.
    exact : bool or None
        None: exact, unless there are more than a million images, an index of them, and no more
        than the first 200 are wanted. The answer says which it is.

    Raises
    ------
    NotFound
        When `exact` is False and there is no index.
    """
    from impasto.explore import neighbours
    from impasto.explore.index import search

    if uses_index(collection, vectors, k, exact=exact):
        opened = open_index(collection, vectors.space)
        return search(opened, vectors, query, k, exclude=exclude)
    return neighbours(vectors, query, k, exclude=exclude)


def uses_index(
    collection: Collection, vectors: Vectors, k: int, *, exact: bool | None = None
) -> bool:
    """Tell whether `near` would ask the index."""
    if exact is not None:
        return not exact
    wanted = len(vectors) > INDEX_FROM and k <= FIRST
    return wanted and collection.index(vectors.space) is not None


def open_index(collection: Collection, space: Space) -> Index:
    """Open the index of a space, and keep the latest few open; raise NotFound without one."""
    record = collection.index(space)
    if record is None:
        raise NotFound(
            f"{space.title} has no approximate index. Build it: impasto index {collection.path}"
        )
    return _opened(space, record.folder, json.dumps(record.card, sort_keys=True))


@lru_cache(maxsize=2)
def _opened(space: Space, folder: Path, card: str) -> Index:
    from impasto.explore.index import Index

    return Index.load(space, folder, json.loads(card))


def _close_indexes() -> None:
    """Let go of the files, so that they can be replaced on any system."""
    _opened.cache_clear()


def graph(
    collection: Collection,
    space: str | None = None,
    *,
    k: int = K,
    exact: bool | None = None,
    progress: Progress | None = None,
) -> Graph:
    """Return the `k` nearest images of every image of a space.

    What is kept beside the vectors is used; only what it lacks is compared, and the result is
    kept in turn, unless the collection is open for reading only.

    Parameters
    ----------
    collection : Collection
    space : str or None
        Name of a space or the beginning of it; None: the newest.
    k : int
    exact : bool or None
        Whether to compare all pairs. None: up to 200,000 images; of more the index is asked, and
        built when it is missing, if usearch is installed.
    progress : Progress, optional

    Returns
    -------
    Graph
        Of all images that count now; it says whether it is exact, or else its recall.
    """
    from impasto.explore import knn_graph

    progress = progress or Quiet()
    chosen = choose_space(collection, space)
    vectors, known = collection.vectors(chosen), collection.graph(chosen)
    if exact is None:
        exact = len(vectors) <= GRAPH_FROM or chosen.flip == "both"
    if not exact and known is not None and known.k >= k and _complete(known, vectors):
        return known.cut(k)
    found = None if exact else _from_index(collection, vectors, k, progress)
    if found is None:
        found = knn_graph(vectors, k, known=known, progress=progress)
    if collection.writable and not _holds(known, found):
        collection.save_graph(found, vectors)
    return found


def _from_index(
    collection: Collection, vectors: Vectors, k: int, progress: Progress
) -> Graph | None:
    """Ask the index for every image; None when there is none and none can be built."""
    from impasto.explore.index import near_graph

    record = collection.index(vectors.space)
    if record is None or record.card["rows"] < _COVERED * len(vectors):
        if not collection.writable:
            return None
        try:
            progress.note(index(collection, vectors.space.name, progress=progress).sentence)
        except MissingExtra as error:
            progress.note(f"All pairs are compared, which takes long. {error}")
            return None
    opened = open_index(collection, vectors.space)
    return near_graph(opened, vectors, k, progress=progress)


def _complete(known: Graph, vectors: Vectors) -> bool:
    """Tell whether a graph has all images, each with a list as long as it can be."""
    usable = np.sort(vectors.ids[vectors.ids >= 0])
    longest = min(known.k, len(known) - 1)
    full = bool((known.neighbours[:, :longest] >= 0).all())
    return full and np.array_equal(known.ids, usable)


def _holds(known: Graph | None, found: Graph) -> bool:
    """Tell whether the graph that is kept says all that was found."""
    return (
        known is not None
        and known.exact >= found.exact
        and known.k >= found.k
        and np.array_equal(known.ids, found.ids)
        and np.array_equal(known.neighbours[:, : found.k], found.neighbours)
    )
