"""Unit vectors block by block, and the nearest images found so far: what all pairs are made of.

Two blocks of unit vectors give a square of similarities in one 32-bit matrix product. A block
of vectors is read when its turn comes, so memory holds two of them, one square and the lists that
grow. Blocks have the same size and order whatever the number of threads, and so have the bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.records import Graph
from impasto.core.space import Vectors
from impasto.explore import kernel
from impasto.explore.rows import scales_of

_BLOCK = 4096  # images: a square takes 64 MB, and a product is long enough to use all cores
_DENSE = 4  # times k: with more candidates per image, a block's own k best are found first

Floats = NDArray[np.float32]
Nodes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Images of a space, each known by its place among them, and their unit vectors."""

    vectors: Vectors
    rows: NDArray[np.int64]  # (n_images,), of the space

    @classmethod
    def of(cls, vectors: Vectors) -> Directions:
        """Take all images that have a similarity, by rising id."""
        rows = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
        return cls(vectors, rows[np.argsort(vectors.ids[rows], kind="stable")])

    def __len__(self) -> int:
        """Count the images."""
        return len(self.rows)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Id of each image, shape (n_images,)."""
        return self.vectors.ids[self.rows]

    def block(self, nodes: Nodes) -> Block:
        """Read the vectors of some images."""
        rows, mirrored = self.rows[nodes], self.vectors.mirrored
        ids = self.vectors.ids[rows]
        own = kernel.scaled(self.vectors.values, rows, scales_of(self.vectors.norms[rows], ids))
        if mirrored is None:
            return Block(nodes, own, None)
        norms = kernel.lengths(mirrored[rows])
        return Block(nodes, own, kernel.scaled(mirrored, rows, scales_of(norms, ids)))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some images: their places, unit vectors, and those of their mirror images."""

    nodes: Nodes
    own: Floats
    mirrored: Floats | None

    def against(self, other: Block) -> Floats:
        """Return the similarity of each image here to each of another block."""
        found = self.own @ other.own.T
        if other.mirrored is not None:
            np.maximum(found, self.own @ other.mirrored.T, out=found)
        if self.nodes[0] <= other.nodes[-1] and other.nodes[0] <= self.nodes[-1]:
            _, here, there = np.intersect1d(self.nodes, other.nodes, return_indices=True)
            found[here, there] = -np.inf  # nobody is a neighbour of itself
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """The best neighbours so far: best first, ties by place; -1 and -inf where there is none."""

    nodes: NDArray[np.int32]  # (n_images, k)
    values: Floats  # (n_images, k)

    @classmethod
    def empty(cls, n: int, k: int) -> Lists:
        """Begin with lists of `n` images that hold nobody."""
        return cls(np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32))

    def similarities(self) -> Floats:
        """Return the similarity of each neighbour, NaN where there is none."""
        found = np.clip(self.values, -1, 1)
        found[self.nodes < 0] = np.nan
        return found

    @classmethod
    def of(cls, known: Graph, k: int, ids: NDArray[np.int64]) -> tuple[Lists, Nodes, Nodes]:
        """Return the lists of a graph, which images have to be compared, and the new ones.

        An image of the graph whose list is not full has to be compared as well.
        """
        n = len(ids)
        lists = cls.empty(n, k)
        place = np.searchsorted(ids, known.ids)  # in this graph, of each row of the known one
        there = np.isin(known.ids, ids)
        nodes = known.neighbours[there, :k]
        full = (nodes >= 0).all(axis=1) & there[nodes].all(axis=1)
        kept = place[there][full]
        lists.nodes[kept] = place[nodes[full]]
        lists.values[kept] = known.similarities[there, :k][full]
        everyone = np.arange(n)
        return lists, np.setdiff1d(everyone, kept), np.setdiff1d(everyone, place[there])

    def offer(self, targets: Nodes, others: Nodes, found: Floats) -> None:
        """Let images take neighbours from a block.

        Parameters
        ----------
        targets : ndarray of shape (n_targets,), int64
        others : ndarray of shape (n_others,), int64
            Rising.
        found : ndarray of shape (n_targets, n_others), float32
            Similarities; may be a transposed view. -inf is no neighbour.
        """
        k = self.nodes.shape[1]
        bounds = self.values[targets, -1]
        mask = found >= bounds[:, None]
        if np.count_nonzero(mask) > _DENSE * k * len(targets):
            mask = _best(np.ascontiguousarray(found), bounds, k)
        across = not mask.flags.c_contiguous  # NumPy looks through memory in its own order
        where = np.flatnonzero(mask.T if across else mask)
        at, which = np.divmod(where, len(targets) if across else len(others))
        if across:
            at, which = which, at
        if len(at):
            self._merge(targets, at, others[which], found[at, which])

    def _merge(self, targets: Nodes, at: Nodes, nodes: Nodes, values: Floats) -> None:
        """Put candidates, ``nodes[i]`` for ``targets[at[i]]``, where they belong."""
        k = self.nodes.shape[1]
        touched, line = np.unique(at, return_inverse=True)
        mine = targets[touched]
        line = np.concatenate([np.repeat(np.arange(len(mine)), k), line])
        nodes = np.concatenate([self.nodes[mine].ravel(), nodes])
        values = np.concatenate([self.values[mine].ravel(), values])
        order = np.lexsort((nodes, -values, line))
        begins = np.searchsorted(line[order], np.arange(len(mine)))
        order = order[begins[:, None] + np.arange(k)]  # every line holds at least k
        self.nodes[mine] = nodes[order]
        self.values[mine] = values[order]


def _best(found: Floats, bounds: Floats, k: int) -> NDArray[np.bool_]:
    """Mark the `k` best of each line that reach its bound, ties by place; -inf is none."""
    n_others = found.shape[1]
    if k < n_others:
        own = np.partition(found, n_others - k, axis=1)[:, n_others - k]
        bounds = np.maximum(bounds, own)
    chosen: NDArray[np.bool_] = found > bounds[:, None]
    tied = (found == bounds[:, None]) & np.isfinite(bounds)[:, None]
    room = k - np.count_nonzero(chosen, axis=1)
    many = np.flatnonzero(np.count_nonzero(tied, axis=1) > room)
    tied[many] &= np.cumsum(tied[many], axis=1, dtype=np.int32) <= room[many, None]
    chosen |= tied
    return chosen


def blocks(nodes: Nodes) -> list[Nodes]:
    """Cut numbers of images into blocks."""
    return [nodes[begin : begin + _BLOCK] for begin in range(0, len(nodes), _BLOCK)]
