"""The graph of nearest images: computed where it is missing, kept beside the vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.core.progress import Progress
from impasto.flow.ask import choose_space

if TYPE_CHECKING:
    from impasto.core.records import Graph
    from impasto.store import Collection

K = 15
"""Neighbours that a map is usually made of."""


def graph(
    collection: Collection,
    space: str | None = None,
    *,
    k: int = K,
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
    progress : Progress, optional

    Returns
    -------
    Graph
        Of all images that count now.
    """
    from impasto.explore import knn_graph

    chosen = choose_space(collection, space)
    vectors, known = collection.vectors(chosen), collection.graph(chosen)
    found = knn_graph(vectors, k, known=known, progress=progress)
    if collection.writable and not _holds(known, found):
        collection.save_graph(found, vectors)
    return found


def _holds(known: Graph | None, found: Graph) -> bool:
    """Tell whether the graph that is kept says all that was found."""
    return (
        known is not None
        and known.exact
        and known.k >= found.k
        and known.ids.tolist() == found.ids.tolist()
        and bool((known.neighbours[:, : found.k] == found.neighbours).all())
    )
