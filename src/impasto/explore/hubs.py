"""Who is a neighbour of whom: ranks the other way round, and images that are near everything.

"x is near the query" does not mean "the query is near x": in spaces of many dimensions a few
images, the hubs, are among the nearest of very many others (Radovanović, Nanopoulos and
Ivanović, "Hubs in space", JMLR 11, 2010). Both are told by letting the neighbours ask.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.intervals import wilson
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate, Graph
from impasto.core.space import Space, Vectors
from impasto.explore.graph import knn_graph
from impasto.explore.rows import rows_of, scales_of
from impasto.explore.similarity import nearest, similarities

HUB = 3
"""A hub is a neighbour of at least so many times the usual number of images."""

_AT_ONCE = 8  # Queries that share a pass over the vectors.
_ROUNDING = 1e-6  # Similarities closer than this are equal: the rest is rounding.


def ranks_back(
    vectors: Vectors,
    ids: Collection[int],
    toward: NDArray[np.float32],
    *,
    besides: Collection[int] = (),
) -> NDArray[np.int64]:
    """Find the rank that a query would take among the neighbours of images, which ask in turn.

    Parameters
    ----------
    vectors : Vectors
    ids : collection of int
        Images that ask.
    toward : ndarray of shape (n_asking,), float32
        Similarity of the query to each of them.
    besides : collection of int
        Images that don't count, as those that the query is made of.

    Returns
    -------
    ndarray of shape (n_asking,), int64
        From 1, when no other image is more similar; equal ones share the better rank.

    Raises
    ------
    NotFound
        When an image has no vector in this space.
    """
    if len(ids) != len(toward):
        raise InvalidInput(f"{len(ids)} images need one similarity each, not {len(toward)}.")
    rows = rows_of(vectors, ids)
    aside = np.flatnonzero(np.isin(vectors.ids, np.fromiter(besides, np.int64, len(besides))))
    ranks = np.empty(len(rows), np.int64)
    for begin in range(0, len(rows), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        found = similarities(vectors, vectors.values[rows[part]].astype(np.float32))
        found[np.arange(len(found)), rows[part]] = np.nan
        found[:, aside] = np.nan
        bar = toward[part].astype(np.float64)[:, None] + _ROUNDING
        ranks[part] = 1 + np.count_nonzero(found > bar, axis=1)
    return ranks


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """How many images have each image among their `k` nearest: its k-occurrence.

    Parameters
    ----------
    space : Space
    k : int
        Also the mean over all images, so the usual number.
    ids : ndarray of shape (n_images,), int64
        Rising.
    counts : ndarray of shape (n_images,), int64
        Of the images that asked, those that have it among their `k` nearest.
    asked : int
        Images that asked; the counts are exact when all did.
    """

    space: Space
    k: int
    ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    asked: int

    @property
    def exact(self) -> bool:
        """Whether all images asked."""
        return self.asked == len(self.ids)

    def of(self, image: int) -> Estimate | None:
        """Return the k-occurrence of an image beside the usual one; None if it has no vector.

        When a sample asked, it is scaled up, with Wilson's 95 % interval (1927).
        """
        at = int(np.searchsorted(self.ids, image))
        if at == len(self.ids) or self.ids[at] != image:
            return None
        count, n = int(self.counts[at]), len(self.ids)
        if self.exact:
            return Estimate(count, count, count, self.k)
        low, high = wilson(count / self.asked, self.asked)
        return Estimate(n * count / self.asked, n * low, n * high, self.k)

    def is_hub(self, image: int) -> bool:
        """Tell whether an image is a neighbour of at least `HUB` times the usual number.

        When a sample asked, the lower end of the interval must reach that.
        """
        estimate = self.of(image)
        return estimate is not None and estimate.low >= HUB * self.k

    def hubs(self) -> NDArray[np.int64]:
        """List the hubs, the greatest first, ties by id."""
        often = self.ids[np.lexsort((self.ids, -self.counts))]
        kept = []
        for image in often.tolist():
            if not self.is_hub(image):
                break
            kept.append(image)
        return np.array(kept, np.int64)


def occurrence(
    vectors: Vectors,
    *,
    k: int,
    asking: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Occurrence:
    """Let all images ask for their `k` nearest, or a random sample of them, and count.

    Parameters
    ----------
    vectors : Vectors
    k : int
    asking : int or None
        Images that ask, at most; None: all of them.
    seed : int
        Of the sample.
    progress : Progress, optional

    Returns
    -------
    Occurrence
    """
    if k < 1 or (asking is not None and asking < 1):
        raise InvalidInput(
            f"At least one image asks for at least one neighbour; given were k = {k} and "
            f"asking = {asking}."
        )
    progress = progress or Quiet()
    usable = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    if asking is None or asking >= len(usable):
        return occurrence_in(knn_graph(vectors, k, progress=progress), k=k)
    rows = np.sort(np.random.default_rng(seed).choice(usable, asking, replace=False))
    ids = np.sort(vectors.ids[usable])
    counts = np.zeros(len(ids), np.int64)
    progress.stage("Asking", len(rows), "images")
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        found = similarities(vectors, vectors.values[some].astype(np.float32))
        found[np.arange(len(some)), some] = np.nan
        for line in found:
            near = nearest(vectors.space, vectors.ids, line, k).ids
            counts[np.searchsorted(ids, near)] += 1
        progress.advance(len(some))
    return Occurrence(vectors.space, k, ids, counts, len(rows))


def occurrence_in(graph: Graph, *, k: int) -> Occurrence:
    """Count in a graph of nearest images, in which all images have asked already."""
    near = graph.cut(k).neighbours
    counts = np.bincount(near[near >= 0], minlength=len(graph))
    return Occurrence(graph.space, k, graph.ids, counts.astype(np.int64, copy=False), len(graph))
