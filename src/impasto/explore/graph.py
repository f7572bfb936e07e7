"""The k nearest images of every image, exactly: all pairs, block by block, through BLAS.

Two blocks of unit vectors give a square of similarities in one 32-bit matrix product, which
serves both blocks: half of all products are spared. A block of vectors is read when its turn
comes, so memory holds two of them, one square and the lists that grow. Blocks have the same
size and order whatever the number of threads, and so have the bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Graph
from impasto.core.space import Vectors, check_same_space
from impasto.explore import kernel
from impasto.explore.rows import scales_of

_BLOCK = 4096  # images: a square takes 64 MB, and a product is long enough to use all cores
_DENSE = 4  # times k: with more candidates per image, a block's own k best are found first

Floats = NDArray[np.float32]
Nodes = NDArray[np.int64]


def knn_graph(
    vectors: Vectors,
    k: int,
    *,
    known: Graph | None = None,
    progress: Progress | None = None,
) -> Graph:
    """Find the `k` nearest images of every image of a space.

    As in `neighbours`, an image is none of its own, a vector of zeros has the similarity 0 to
    all, and with ``flip="both"`` the better of an image and its mirror image counts.

    Parameters
    ----------
    vectors : Vectors
    k : int
    known : Graph, optional
        An exact graph of some of these images, whose vectors have not changed since. Only what
        it lacks is compared: new images with all, and images whose line is not full.
    progress : Progress, optional

    Returns
    -------
    Graph
        Of all images that have a similarity. The time grows with n² d: one to two minutes
        for 100,000 images of 1,280 numbers on two cores.

    Raises
    ------
    SpaceMismatch
        When `known` belongs to another space.
    """
    if k < 1:
        raise InvalidInput(f"Ask for at least one neighbour, not {k}.")
    if known is not None:
        check_same_space(vectors.space, known.space)
    directions = _Directions.of(vectors)
    lists = _Lists.empty(len(directions), k)
    work = _pairs(directions, lists)
    if known is not None and known.exact and known.k >= k:
        kept, fresh, new = _Lists.of(known, k, directions.ids)
        if 2 * len(fresh) <= len(directions):  # else all pairs are less work
            lists, work = kept, _pairs_of(directions, kept, fresh, new)
    progress = progress or Quiet()
    progress.stage("Comparing", next(work), "pairs")
    for compared in work:
        progress.advance(compared)
    return Graph(vectors.space, directions.ids, lists.nodes, lists.similarities())


@dataclass(frozen=True, slots=True, eq=False)
class _Directions:
    """The images of a graph by rising id, and their unit vectors, a block at a time."""

    vectors: Vectors
    rows: NDArray[np.int64]  # (n_images,), of the space

    @classmethod
    def of(cls, vectors: Vectors) -> _Directions:
        rows = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
        return cls(vectors, rows[np.argsort(vectors.ids[rows], kind="stable")])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ids(self) -> NDArray[np.int64]:
        return self.vectors.ids[self.rows]

    def block(self, nodes: Nodes) -> _Block:
        rows, mirrored = self.rows[nodes], self.vectors.mirrored
        ids = self.vectors.ids[rows]
        own = kernel.scaled(self.vectors.values, rows, scales_of(self.vectors.norms[rows], ids))
        if mirrored is None:
            return _Block(nodes, own, None)
        norms = kernel.lengths(mirrored[rows])
        return _Block(nodes, own, kernel.scaled(mirrored, rows, scales_of(norms, ids)))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some images: their places in the graph, unit vectors, and those of their mirror images."""

    nodes: Nodes
    own: Floats
    mirrored: Floats | None

    def against(self, other: _Block) -> Floats:
        """Return the similarity of each image here to each of another block."""
        found = self.own @ other.own.T
        if other.mirrored is not None:
            np.maximum(found, self.own @ other.mirrored.T, out=found)
        if self.nodes[0] <= other.nodes[-1] and other.nodes[0] <= self.nodes[-1]:
            _, here, there = np.intersect1d(self.nodes, other.nodes, return_indices=True)
            found[here, there] = -np.inf  # nobody is a neighbour of itself
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """The best neighbours so far: best first, ties by place; -1 and -inf where there is none."""

    nodes: NDArray[np.int32]  # (n_images, k)
    values: Floats  # (n_images, k)

    @classmethod
    def empty(cls, n: int, k: int) -> _Lists:
        return cls(np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32))

    def similarities(self) -> Floats:
        found = np.clip(self.values, -1, 1)
        found[self.nodes < 0] = np.nan
        return found

    @classmethod
    def of(cls, known: Graph, k: int, ids: NDArray[np.int64]) -> tuple[_Lists, Nodes, Nodes]:
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


def _blocks(nodes: Nodes) -> list[Nodes]:
    return [nodes[begin : begin + _BLOCK] for begin in range(0, len(nodes), _BLOCK)]


def _pairs(directions: _Directions, lists: _Lists) -> Iterator[int]:
    """Compare all with all; yield how many pairs there are, then how many were compared."""
    blocks = _blocks(np.arange(len(directions)))
    yield sum(len(a) * len(b) for i, a in enumerate(blocks) for b in blocks[i:])
    for i, nodes in enumerate(blocks):
        ours = directions.block(nodes)
        for others in blocks[i:]:
            theirs = ours if others is nodes else directions.block(others)
            found = ours.against(theirs)
            lists.offer(nodes, others, found)
            if theirs is not ours:
                back = found.T if theirs.mirrored is None else theirs.against(ours)
                lists.offer(others, nodes, back)
            yield len(nodes) * len(others)


def _pairs_of(directions: _Directions, lists: _Lists, fresh: Nodes, new: Nodes) -> Iterator[int]:
    """Compare some images with all, whose lists then take up the new ones among them."""
    everyone = np.arange(len(directions))
    is_fresh, is_new = (np.isin(everyone, some) for some in (fresh, new))
    yield len(fresh) * len(everyone)
    for nodes in _blocks(fresh):
        ours = directions.block(nodes)
        for others in _blocks(everyone):
            theirs = directions.block(others)
            found = ours.against(theirs)
            lists.offer(nodes, others, found)
            back = found.T if theirs.mirrored is None else theirs.against(ours)
            known, added = ~is_fresh[others], is_new[nodes]
            if known.any() and added.any():
                lists.offer(others[known], nodes[added], back[known][:, added])
            yield len(nodes) * len(others)
