"""An approximate index for very large collections, which knows how much it misses.

Every vector is reduced to one bit per number: above the mean of the space or not. A graph over
these codes (HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search
using hierarchical navigable small world graphs", 2018; the library is usearch) leads to a few
hundred candidates, whose similarities are then computed exactly, from the 16-bit vectors: so the
numbers are those of the exact search, bit for bit, and only some images may be missing. How many
is measured when the index is built, against the exact answers to a sample of queries.

The graph depends on how threads happened to take turns, so two builds are not the same to the
byte; each is measured by itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, MissingExtra, WrongCollection
from impasto.core.intervals import wilson
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate, Graph, Neighbours
from impasto.core.space import Space, Vectors, check_same_space
from impasto.explore import kernel
from impasto.explore.queries import Query
from impasto.explore.rows import scales_of
from impasto.explore.similarity import nearest, neighbours

FORMAT = 1
CODES, CENTRE = "codes.usearch", "centre.f32"
KS = (10, 100)
"""Numbers of neighbours at which the recall is measured."""

CONNECTIVITY, EXPANSION = 16, 128  # usearch's own defaults, as the paper advises
CANDIDATES = (400, 800, 1600, 3200)  # the first that finds enough is taken
ENOUGH = {10: 0.99, 100: 0.98}
QUERIES = 200
OF_GRAPH = 8  # candidates per neighbour of a graph

_BLOCK = 8192
_SAMPLE = 20_000  # images whose mean is the centre
_AT_ONCE = 8  # exact queries that share a pass

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """What leads to candidates, and how well it did.

    Parameters
    ----------
    space : Space
    rows : int
        Rows of the space that it covers; those behind are always compared.
    centre : ndarray of shape (n_features,), float32
        Mean of the unit vectors: a bit says on which side of it a number lies.
    candidates : int
        Images whose similarity is computed, for up to 100 neighbours.
    recall : mapping of int to Estimate
        Share of the true nearest that were found, by their number; with a 95 % interval in
        which all neighbours of one query count as a single observation.
    codes : usearch.index.Index
        Codes by row, as keys.
    """

    space: Space
    rows: int
    centre: Floats
    candidates: int
    recall: Mapping[int, Estimate]
    codes: Any
    turn: Any  # a lock: usearch answers one caller at a time

    def recall_at(self, k: int) -> Estimate:
        """Return the recall that was measured for `k` neighbours or the next larger number."""
        return self.recall[min((at for at in KS if at >= k), default=KS[-1])]

    def save(self) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Return the files of the index and its card, which `load` takes."""
        contents = {
            CODES: bytes(self.codes.save()),
            CENTRE: self.centre.astype("<f4").tobytes(),
        }
        card = {
            "format": FORMAT,
            "space": self.space.name,
            "rows": self.rows,
            "candidates": self.candidates,
            "recall": {str(k): one.to_json() for k, one in self.recall.items()},
            "library": f"usearch {version('usearch')}",
            "crc32": {name: zlib.crc32(data) for name, data in contents.items()},
        }
        return contents, card

    @classmethod
    def load(cls, space: Space, folder: Path, card: Mapping[str, Any]) -> Index:
        """Open an index that was saved; the codes stay in the file, mapped into memory.

        Raises
        ------
        WrongCollection
            When a file is not what was saved: the library would not survive reading it.
        """
        for name, expected in card["crc32"].items():
            if _checksum(folder / name) != expected:
                raise WrongCollection(
                    f"{folder / name} is damaged. Delete {folder}, or build the index again: "
                    "impasto index COLLECTION"
                )
        return cls(
            space,
            int(card["rows"]),
            np.fromfile(folder / CENTRE, "<f4"),
            int(card["candidates"]),
            {int(k): Estimate(**one) for k, one in card["recall"].items()},
            _usearch().Index.restore(str(folder / CODES), view=True),
            Lock(),
        )

    def close(self) -> None:
        """Let go of the file."""
        with self.turn:
            self.codes.reset()


def build(
    vectors: Vectors,
    *,
    seed: int = 0,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> Index:
    """Index all images of a space, and measure what the index finds.

    Parameters
    ----------
    vectors : Vectors
    seed : int
        Of the images that the centre is the mean of, and of those that ask.
    queries : int
        Images that ask, when recall is measured.
    progress : Progress, optional

    Returns
    -------
    Index

    Raises
    ------
    InvalidInput
        When there are fewer than two images, or the space keeps vectors of mirror images.
    MissingExtra
        When usearch is not installed.
    """
    progress = progress or Quiet()
    library = _usearch()
    if vectors.mirrored is not None:
        raise InvalidInput(
            f'The space {vectors.space.name} has flip="both": an image is as near as the better of '
            "two vectors, which an index of one can't tell. Its neighbours are always exact."
        )
    rows = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    if len(rows) < 2 or queries < 1:
        raise InvalidInput(
            f"An index needs at least two images and one query, not {len(rows)} and {queries}."
        )
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(rows, min(_SAMPLE, len(rows)), replace=False))
    centre = _units(vectors, some).mean(axis=0, dtype=np.float64).astype(np.float32)
    codes = library.Index(
        ndim=8 * len(_codes(centre[None], centre)[0]),
        metric=library.MetricKind.Hamming,
        dtype=library.ScalarKind.B1,
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION,
    )
    progress.stage("Indexing", len(rows))
    for begin in range(0, len(rows), _BLOCK):
        block = rows[begin : begin + _BLOCK]
        codes.add(block, _codes(_units(vectors, block), centre))
        progress.advance(len(block))
    asking = np.sort(rng.choice(rows, min(queries, len(rows)), replace=False))
    index = Index(vectors.space, len(vectors), centre, CANDIDATES[0], {}, codes, Lock())
    return _measured(index, vectors, asking, progress)


def search(
    index: Index,
    vectors: Vectors,
    query: Query,
    k: int,
    *,
    exclude: Collection[int] = (),
) -> Neighbours:
    """Find about the `k` images most similar to a query, without the images it is made of.

    Images that came after the index was built are compared one by one, and those that went since
    are left out.

    Parameters
    ----------
    index : Index
    vectors : Vectors
        As they are now.
    query : Query
    k : int
    exclude : collection of int
        Further images to leave out.

    Returns
    -------
    Neighbours
        Not exact; with the recall that was measured.
    """
    check_same_space(vectors.space, index.space)
    check_same_space(vectors.space, query.space)
    left_out = {*query.members, *exclude}
    codes = _codes(query.vector[None], index.centre)
    rows = _candidates(index, codes, _many(index, k + len(left_out)))[0]
    rows = np.concatenate([rows[rows >= 0], np.arange(index.rows, len(vectors))])
    some = Vectors(vectors.space, vectors.ids[rows], vectors.values[rows], vectors.norms[rows])
    near = neighbours(some, query, k, exclude=exclude)
    return replace(near, exact=False, recall=index.recall_at(k).value)


def near_graph(
    index: Index,
    vectors: Vectors,
    k: int,
    *,
    seed: int = 0,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> Graph:
    """Find about the `k` nearest images of every image, and measure how many are missing.

    Parameters
    ----------
    index : Index
        Of all these images; build it again when many came since.
    vectors : Vectors
    k : int
    seed : int
        Of the images whose neighbours are compared with the exact ones.
    queries : int
        How many of them.
    progress : Progress, optional

    Returns
    -------
    Graph
    """
    check_same_space(vectors.space, index.space)
    progress = progress or Quiet()
    rows = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    rows = rows[np.argsort(vectors.ids[rows], kind="stable")]
    place = np.full(len(vectors), -1, np.int32)  # in the graph, of each row
    place[rows] = np.arange(len(rows))
    nodes = np.full((len(rows), k), -1, np.int32)
    values = np.full((len(rows), k), np.nan, np.float32)
    many = max(OF_GRAPH * k, EXPANSION)
    late = rows[rows >= index.rows]

    def work(begin: int) -> int:
        block = rows[begin : begin + 256]
        directions = _units(vectors, block)
        found = _candidates(index, _codes(directions, index.centre), many)
        for at, (row, direction) in enumerate(zip(block, directions, strict=True), begin):
            others = found[at - begin]
            others = np.concatenate([others[(others >= 0) & (others != row)], late[late != row]])
            near = _similarities(vectors, others, direction[None])[0]
            order = np.lexsort((place[others], -near))
            order = order[~np.isnan(near[order])][:k]
            nodes[at, : len(order)] = place[others[order]]
            values[at, : len(order)] = near[order]
        return len(block)

    progress.stage("Neighbours", len(rows))
    with ThreadPoolExecutor(kernel.cores()) as pool:
        for done in pool.map(work, range(0, len(rows), 256)):
            progress.advance(done)
    rng = np.random.default_rng(seed)
    asking = np.sort(rng.choice(len(rows), min(queries, len(rows)), replace=False))
    truth = _truth(vectors, rows[asking], k, progress)
    recall = _share([rows[nodes[at][nodes[at] >= 0]] for at in asking], truth)
    return Graph(vectors.space, vectors.ids[rows], nodes, values, exact=False, recall=recall)


def _measured(index: Index, vectors: Vectors, asking: Rows, progress: Progress) -> Index:
    """Ask for what is known exactly, with ever more candidates until enough is found."""
    truth = _truth(vectors, asking, KS[-1], progress)
    directions = _units(vectors, asking)
    codes = _codes(directions, index.centre)
    chance = {k: k / max(1, len(vectors) - 1) for k in KS}
    recall: dict[int, Estimate] = {}
    for many in CANDIDATES:
        index = replace(index, candidates=many)
        found = []
        for row, direction, near in zip(
            asking, directions, _candidates(index, codes, many), strict=True
        ):
            rows = near[(near >= 0) & (near != row)]
            found.append(rows[np.argsort(-_similarities(vectors, rows, direction[None])[0])])
        recall = {}
        for k in KS:
            share = _share([rows[:k] for rows in found], [rows[:k] for rows in truth])
            low, high = wilson(share, len(asking))
            recall[k] = Estimate(share, min(low, share), max(high, share), min(1.0, chance[k]))
        if all(recall[k].value >= ENOUGH[k] for k in KS):
            break
    return replace(index, recall=recall)


def _truth(vectors: Vectors, asking: Rows, k: int, progress: Progress) -> list[Rows]:
    """Return the rows of the exact `k` nearest of some images."""
    progress.stage("Measuring", len(asking), "queries")
    scales = scales_of(vectors.norms, vectors.ids)
    everyone = np.arange(len(vectors))
    truth: list[Rows] = []
    for begin in range(0, len(asking), _AT_ONCE):
        some = asking[begin : begin + _AT_ONCE]
        for row, line in zip(
            some, kernel.scan(vectors.values, _units(vectors, some), scales), strict=True
        ):
            line[row] = np.nan
            truth.append(nearest(vectors.space, everyone, line, k).ids)
        progress.advance(len(some))
    return truth


def _share(found: list[Rows], truth: list[Rows]) -> float:
    """Return the mean share of the true rows among those found."""
    shares = [
        np.isin(true, rows).mean() if len(true) else 1.0
        for rows, true in zip(found, truth, strict=True)
    ]
    return float(np.mean(shares))


def _many(index: Index, k: int) -> int:
    return max(index.candidates, index.candidates * k // KS[-1])


def _candidates(index: Index, codes: NDArray[np.uint8], many: int) -> Rows:
    """Return rows with near codes, shape (n_queries, many); -1 where there are fewer."""
    many = min(many, len(index.codes))
    with index.turn:
        index.codes.expansion_search = max(many, EXPANSION)
        found = index.codes.search(codes, many)
    keys = np.atleast_2d(found.keys).astype(np.int64)
    if len(codes) > 1:  # one query gives just what was found, several as many places as asked for
        keys[np.arange(keys.shape[1]) >= found.counts[:, None]] = -1
    return keys


def _similarities(vectors: Vectors, rows: Rows, directions: Floats) -> Floats:
    """Compare some rows as the exact search does, NaN where a row no longer counts."""
    scales = scales_of(vectors.norms[rows], vectors.ids[rows])
    return kernel.scan(vectors.values[rows], directions, scales)


def _units(vectors: Vectors, rows: Rows) -> Floats:
    return kernel.scaled(vectors.values, rows, scales_of(vectors.norms[rows], vectors.ids[rows]))


def _codes(directions: Floats, centre: Floats) -> NDArray[np.uint8]:
    return np.packbits(directions > centre, axis=1)


def _checksum(file: Path) -> int:
    value = 0
    for part in _parts(file):
        value = zlib.crc32(part, value)
    return value


def _parts(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while part := stream.read(1 << 22):
            yield part


def _usearch() -> Any:
    try:
        import usearch.index as library
    except ImportError as error:
        raise MissingExtra(
            "The approximate index needs usearch. Install it: pip install 'impasto[index]'. "
            "Without it all neighbours are exact, one pass over the vectors each."
        ) from error
    return library
