"""The graph of nearest images against brute force, and what must not change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from impasto.core.errors import Cancelled, InvalidInput, SpaceMismatch
from impasto.core.progress import Quiet
from impasto.core.records import Graph
from impasto.core.space import Space, Vectors
from impasto.explore import blocks as room
from impasto.explore.graph import knn_graph
from impasto.explore.queries import from_rows
from impasto.explore.similarity import neighbours

Make = Callable[..., Vectors]


def slowly(vectors: Vectors, k: int) -> list[list[tuple[float, int]]]:
    """Rank all others of every image, in float64: (similarity, id), best first, ties by id."""
    rows = [row for row, id_ in enumerate(vectors.ids) if id_ >= 0]
    rows.sort(key=lambda row: vectors.ids[row])

    def unit(array: NDArray[Any]) -> NDArray[np.float64]:
        wide = array.astype(np.float64)
        norms = np.linalg.norm(wide, axis=1, keepdims=True)
        wide /= np.where(norms > 0, norms, 1)
        return wide

    own = unit(vectors.values)
    other = own if vectors.mirrored is None else unit(vectors.mirrored)
    return [
        sorted(
            (
                (float(max(own[a] @ own[b], own[a] @ other[b])), int(vectors.ids[b]))
                for b in rows
                if b != a
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )[:k]
        for a in rows
    ]


def check(found: Graph, vectors: Vectors, k: int) -> None:
    """Equal to brute force; where 32 bits can't tell two images apart, either may come first."""
    truth = slowly(vectors, k)
    assert found.neighbours.shape == (len(truth), k)
    assert found.ids.tolist() == sorted(id_ for id_ in vectors.ids.tolist() if id_ >= 0)
    for line, nodes, similarities in zip(truth, found.neighbours, found.similarities, strict=True):
        there = nodes >= 0
        assert np.count_nonzero(there) == len(line)
        assert np.isnan(similarities[~there]).all()
        expected = np.array([similarity for similarity, _ in line])
        np.testing.assert_allclose(similarities[there], expected, atol=2e-6)
        certain = {id_ for similarity, id_ in line if similarity > line[-1][0] + 2e-6}
        ids = found.ids[nodes[there]].tolist()
        assert certain <= set(ids)
        assert len(set(ids)) == len(ids)


def same(first: Graph, second: Graph) -> None:
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.neighbours, second.neighbours)
    np.testing.assert_array_equal(first.similarities, second.similarities)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 70),
    k=st.integers(1, 12),
    block=st.integers(3, 80),
    seed=st.integers(0, 1000),
    mirrored=st.booleans(),
)
def test_equals_brute_force(
    make: Make, n: int, k: int, block: int, seed: int, mirrored: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, 9)).astype(np.float16)
    ids = rng.permutation(10 * n)[:n] if n else np.empty(0, np.int64)
    ids[rng.random(n) < 0.1] = -1
    values[rng.random(n) < 0.05] = 0
    other = rng.standard_normal((n, 9)).astype(np.float16) if mirrored else None
    vectors = make(values, ids, other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", block)
        check(knn_graph(vectors, k), vectors, k)


@settings(max_examples=40, deadline=None)
@given(which=arrays.arrays(np.int64, 40, elements=st.integers(0, 4)), block=st.integers(3, 41))
def test_ties_go_by_id(make: Make, which: NDArray[np.int64], block: int) -> None:
    # Products of these are exact, so that equal similarities are equal to the last bit.
    values = np.array([[1, 0], [-3, 0], [0, 2], [0, -1], [0, 0]], np.float16)[which]
    vectors = make(values, np.random.default_rng(0).permutation(40))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", block)
        found = knn_graph(vectors, 7)
    for line, nodes in zip(slowly(vectors, 7), found.neighbours, strict=True):
        assert [id_ for _, id_ in line] == found.ids[nodes].tolist()


def test_agrees_with_the_neighbours_of_each_image(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((90, 24)).astype(np.float16))
    found = knn_graph(vectors, 8)
    for row, id_ in enumerate(found.ids.tolist()):
        near = neighbours(vectors, from_rows(vectors, [id_]), 8)
        assert near.ids.tolist() == found.ids[found.neighbours[row]].tolist()


def test_many_equal_images_take_no_more_room_than_others(make: Make) -> None:
    values = np.ones((300, 4), np.float16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", 64)
        found = knn_graph(make(values), 3)
    assert found.neighbours[0].tolist() == [1, 2, 3]
    assert found.neighbours[2].tolist() == [0, 1, 3]
    assert (found.neighbours[3:] == [0, 1, 2]).all()


def test_the_number_of_threads_changes_no_bit(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((700, 130)).astype(np.float16))
    graphs = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):
            graphs.append(knn_graph(vectors, 10))
    one, two, three = (
        [each.tobytes() for each in (graph.ids, graph.neighbours, graph.similarities)]
        for graph in graphs
    )
    assert one == two == three


@settings(max_examples=40, deadline=None)
@given(
    before=st.integers(0, 60),
    after=st.integers(0, 60),
    gone=st.integers(0, 20),
    block=st.integers(5, 130),
    mirrored=st.booleans(),
)
def test_what_is_known_is_not_compared_again(
    make: Make, before: int, after: int, gone: int, block: int, mirrored: bool
) -> None:
    rng = np.random.default_rng(before * 61 + after)
    n = before + after
    values = rng.standard_normal((n, 7)).astype(np.float16)
    values[rng.random(n) < 0.2] = values[:1]  # the same picture several times: ties
    other = rng.standard_normal((n, 7)).astype(np.float16) if mirrored else None
    ids = rng.permutation(5 * n)[:n] if n else np.empty(0, np.int64)
    first = make(values[:before], ids[:before], None if other is None else other[:before])
    now = ids.copy()
    now[rng.permutation(before)[:gone]] = -1
    second = make(values, now, other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", block)
        known = without(knn_graph(first, 4), set(now.tolist()))
        check(knn_graph(second, 3, known=known), second, 3)


def without(graph: Graph, left: set[int]) -> Graph:
    """Return a graph without the images that are not left, as the store does."""
    keep = np.array([id_ in left for id_ in graph.ids.tolist()], bool)
    place = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    nodes = np.where(graph.neighbours >= 0, place[graph.neighbours], -1).astype(np.int32)
    return replace(
        graph, ids=graph.ids[keep], neighbours=nodes[keep], similarities=graph.similarities[keep]
    )


class Count(Quiet):
    def __init__(self, stop: int = 10**9) -> None:
        self.total, self.done, self.stop = 0, 0, stop

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.total = total or 0

    def advance(self, n: int = 1) -> None:
        self.done += n
        if self.done >= self.stop:
            raise Cancelled("Stopped.")


def test_only_new_images_are_compared(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((200, 8)).astype(np.float16)
    whole, part = Count(), Count()
    known = knn_graph(make(values[:190]), 5, progress=whole)
    found = knn_graph(make(values), 5, known=known, progress=part)
    assert whole.done == whole.total == 190 * 190
    assert part.done == part.total == 10 * 200
    check(found, make(values), 5)
    nothing = Count()
    same(knn_graph(make(values), 5, known=found, progress=nothing), found)
    assert nothing.done == nothing.total == 0


def test_a_narrow_or_estimated_graph_helps_nobody(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((30, 8)).astype(np.float16))
    exact = knn_graph(vectors, 5)
    for known in (exact.cut(3), replace(exact, exact=False, recall=0.9)):
        count = Count()
        same(knn_graph(vectors, 5, known=known, progress=count), exact)
        assert count.done == 900


def test_half_the_products_serve_all_pairs(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((100, 8)).astype(np.float16))
    count = Count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", 10)
        knn_graph(vectors, 5, progress=count)
    assert count.done == count.total == 10 * 11 / 2 * 10 * 10


def test_it_can_be_stopped(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((60, 8)).astype(np.float16))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(room, "_BLOCK", 10)
        knn_graph(vectors, 5, progress=Count(stop=300))


def test_what_makes_no_sense_is_refused(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((10, 8)).astype(np.float16))
    found = knn_graph(vectors, 3)
    with pytest.raises(InvalidInput, match="at least one"):
        knn_graph(vectors, 0)
    with pytest.raises(SpaceMismatch):
        knn_graph(make(vectors.values, network="other"), 3, known=found)
    with pytest.raises(InvalidInput, match="1 to 3"):
        found.cut(4)
    with pytest.raises(InvalidInput, match="per image"):
        Graph(Space("a", "b", 3, "0"), np.arange(4), found.neighbours, found.similarities)
    with pytest.raises(InvalidInput, match="per neighbour"):
        Graph(vectors.space, found.ids, found.neighbours, found.similarities[:, :2])
    assert found.cut(2).neighbours.tolist() == found.neighbours[:, :2].tolist()
    assert found.cut(3) is found
    assert (len(found), found.k, found.exact, found.recall) == (10, 3, True, 1.0)
