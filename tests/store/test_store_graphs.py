"""Graphs on disk: what was saved comes back, as far as it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.errors import InvalidInput, NotFound, SpaceMismatch
from impasto.core.records import Graph
from impasto.core.space import Space
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def embed(shelf: Shelf, space: Space) -> None:
    ids = shelf.collection.pending(space)
    with shelf.collection.writing(space) as writing:
        rows = np.ones((len(ids), space.dimension), np.float32) * ids[:, None]
        writing.save([(int(i), shelf.facts(int(i)), b"t") for i in ids], ids, [rows])


def ring(collection: Collection, space: Space) -> Graph:
    """Make a graph in which everybody is next to those before and after."""
    ids = np.sort(collection.vectors(space).ids)
    n = len(ids)
    nodes = np.stack([(np.arange(n) + 1) % n, (np.arange(n) - 1) % n], axis=1).astype(np.int32)
    values = np.linspace(1, 0, 2 * n, dtype=np.float32).reshape(n, 2)
    return Graph(space, ids, nodes, values, exact=False, recall=0.75)


def home(shelf: Shelf, space: Space) -> Path:
    return shelf.collection.path / "spaces" / space.name


def test_round_trip(shelf: Shelf, space: Space) -> None:
    shelf.imagine(6)
    embed(shelf, space)
    assert shelf.collection.graph(space) is None
    graph = ring(shelf.collection, space)
    shelf.collection.save_graph(graph, shelf.collection.vectors(space))
    found = shelf.collection.graph(space.name)
    assert found is not None
    assert (found.space, found.exact, found.recall) == (space, False, 0.75)
    assert isinstance(found.neighbours, np.memmap)
    for name in ("ids", "neighbours", "similarities"):
        np.testing.assert_array_equal(getattr(found, name), getattr(graph, name))


def test_what_has_gone_is_left_out_and_lists_close_up(shelf: Shelf, space: Space) -> None:
    shelf.put({f"{name}.png": name.encode() for name in "abcdef"})
    shelf.scan()
    embed(shelf, space)
    graph = ring(shelf.collection, space)
    shelf.collection.save_graph(graph, shelf.collection.vectors(space))
    (shelf.root / "c.png").unlink()
    shelf.put({"e.png": b"another picture"})
    shelf.scan()
    shelf.read()
    found = shelf.collection.graph(space)
    assert found is not None
    assert found.ids.tolist() == [1, 2, 4, 6]
    assert found.neighbours.tolist() == [[1, 3], [0, -1], [-1, -1], [0, -1]]
    kept = graph.similarities
    expected = [[*kept[0]], [kept[1, 1], np.nan], [np.nan, np.nan], [kept[5, 0], np.nan]]
    np.testing.assert_array_equal(found.similarities, np.array(expected, np.float32))


def test_what_came_later_is_missing(shelf: Shelf, space: Space) -> None:
    shelf.imagine(3)
    embed(shelf, space)
    shelf.collection.save_graph(ring(shelf.collection, space), shelf.collection.vectors(space))
    shelf.imagine(5)
    embed(shelf, space)
    found = shelf.collection.graph(space)
    assert found is not None
    assert found.ids.tolist() == [1, 2, 3]


@pytest.mark.parametrize("file", ["graph.json", "rows.i64", "neighbours.i32", "similarities.f32"])
def test_a_damaged_graph_is_none(shelf: Shelf, space: Space, file: str) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    shelf.collection.save_graph(ring(shelf.collection, space), shelf.collection.vectors(space))
    assert shelf.collection.graph(space) is not None
    path = home(shelf, space) / "graph" / file
    path.write_bytes(path.read_bytes()[:-3])
    assert shelf.collection.graph(space) is None


def test_a_graph_of_more_rows_than_there_are_is_none(shelf: Shelf, space: Space) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    shelf.collection.save_graph(ring(shelf.collection, space), shelf.collection.vectors(space))
    with shelf.collection._catalogue.writing() as db:
        db.execute("UPDATE spaces SET rows = 3")
    assert shelf.collection.graph(space) is None


def test_a_killed_save_leaves_the_old_graph(shelf: Shelf, space: Space) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    shelf.collection.save_graph(ring(shelf.collection, space), shelf.collection.vectors(space))
    (home(shelf, space) / "graph").rename(home(shelf, space) / ".old-graph")
    (home(shelf, space) / ".new-graph").mkdir()
    shelf.collection.close()
    with Collection.open(shelf.collection.path) as again:
        assert again.graph(space) is not None
    assert not list(home(shelf, space).glob(".*"))


def test_what_does_not_fit_is_refused(shelf: Shelf, space: Space) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    vectors = shelf.collection.vectors(space)
    graph = ring(shelf.collection, space)
    other = Space("other", "layer", space.dimension, "00")
    with pytest.raises(SpaceMismatch):
        shelf.collection.save_graph(
            Graph(space, graph.ids, graph.neighbours, graph.similarities),
            type(vectors)(other, vectors.ids, vectors.values, vectors.norms),
        )
    with pytest.raises(InvalidInput, match="don't have"):
        shelf.collection.save_graph(
            Graph(space, graph.ids + 1, graph.neighbours, graph.similarities), vectors
        )
    with pytest.raises(NotFound):
        shelf.collection.graph("nothing")
    shelf.collection.remove_space(space)
    with pytest.raises(NotFound):
        shelf.collection.save_graph(graph, vectors)
    shelf.collection.close()
    with (
        Collection.open(shelf.collection.path, writable=False) as reader,
        pytest.raises(InvalidInput, match="reading only"),
    ):
        reader.save_graph(graph, vectors)
