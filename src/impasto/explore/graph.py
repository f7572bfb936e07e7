"""The k nearest images of every image, exactly: all pairs, block by block, through BLAS.

A square of similarities serves both its blocks: half of all products are spared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Graph
from impasto.core.space import Vectors, check_same_space
from impasto.explore.blocks import Directions, Lists, Nodes, blocks


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
    directions = Directions.of(vectors)
    lists = Lists.empty(len(directions), k)
    work = _pairs(directions, lists)
    if known is not None and known.exact and known.k >= k:
        kept, fresh, new = Lists.of(known, k, directions.ids)
        if 2 * len(fresh) <= len(directions):  # else all pairs are less work
            lists, work = kept, _pairs_of(directions, kept, fresh, new)
    progress = progress or Quiet()
    progress.stage("Comparing", next(work), "pairs")
    for compared in work:
        progress.advance(compared)
    return Graph(vectors.space, directions.ids, lists.nodes, lists.similarities())


def _pairs(directions: Directions, lists: Lists) -> Iterator[int]:
    """Compare all with all; yield how many pairs there are, then how many were compared."""
    every = blocks(np.arange(len(directions)))
    yield sum(len(a) * len(b) for i, a in enumerate(every) for b in every[i:])
    for i, nodes in enumerate(every):
        ours = directions.block(nodes)
        for others in every[i:]:
            theirs = ours if others is nodes else directions.block(others)
            found = ours.against(theirs)
            lists.offer(nodes, others, found)
            if theirs is not ours:
                back = found.T if theirs.mirrored is None else theirs.against(ours)
                lists.offer(others, nodes, back)
            yield len(nodes) * len(others)


def _pairs_of(directions: Directions, lists: Lists, fresh: Nodes, new: Nodes) -> Iterator[int]:
    """Compare some images with all, whose lists then take up the new ones among them."""
    everyone = np.arange(len(directions))
    is_fresh, is_new = (np.isin(everyone, some) for some in (fresh, new))
    yield len(fresh) * len(everyone)
    for nodes in blocks(fresh):
        ours = directions.block(nodes)
        for others in blocks(everyone):
            theirs = directions.block(others)
            found = ours.against(theirs)
            lists.offer(nodes, others, found)
            back = found.T if theirs.mirrored is None else theirs.against(ours)
            known, added = ~is_fresh[others], is_new[nodes]
            if known.any() and added.any():
                lists.offer(others[known], nodes[added], back[known][:, added])
            yield len(nodes) * len(others)
