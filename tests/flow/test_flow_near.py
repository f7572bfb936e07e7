"""The graph beside the vectors: computed once, completed when images come and go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery

import impasto
from impasto import flow
from impasto.core.errors import NotFound
from impasto.core.progress import Quiet
from impasto.core.space import Space
from impasto.explore import knn_graph
from impasto.store import Collection


class Work(Quiet):
    """Counts the pairs that were compared."""

    done = 0

    def advance(self, n: int = 1) -> None:
        self.done += n


def compared(collection: Collection, k: int) -> int:
    work = Work()
    flow.graph(collection, k=k, progress=work)
    return work.done


def test_it_is_kept_and_completed(gallery: Gallery, tmp_path: Path) -> None:
    with Collection.open(gallery.copy(tmp_path).path) as collection:
        space = flow.choose_space(collection)
        n = len(collection.vectors(space))
        assert collection.graph(space) is None
        assert compared(collection, 4) == n * n
        assert compared(collection, 4) == compared(collection, 2) == 0
        kept = collection.graph(space)
        assert kept is not None
        assert kept.k == 4  # a narrower wish doesn't narrow it
        assert compared(collection, 6) == n * n
        collection.images([1])[0].file.unlink()
        flow.add(collection, collection.roots()[0])
        assert 0 < compared(collection, 6) < n * n
        found = flow.graph(collection, space.name, k=6)
        assert found.ids.tolist() == list(range(2, n + 1))
        fresh = knn_graph(collection.vectors(space), 6)
        np.testing.assert_array_equal(found.neighbours, fresh.neighbours)
        np.testing.assert_allclose(found.similarities, fresh.similarities, atol=1e-6)


def test_a_reader_computes_and_keeps_nothing(gallery: Gallery) -> None:
    with impasto.open(gallery.path, writable=False) as c:
        found = c.graph(3)
        assert (len(found), found.k, found.exact) == (24, 3, True)
        assert found.ids[found.neighbours[4]].tolist() == c.neighbours(5, k=3).ids.tolist()
        assert c.stored.graph(found.space) is None


def test_without_vectors_it_says_what_to_do(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "a.impasto") as collection:
        with pytest.raises(NotFound, match="impasto embed"):
            flow.graph(collection)
        with collection.writing(Space("a", "b", 3, "00")):
            pass
        with pytest.raises(NotFound, match="impasto embed"):
            flow.graph(collection)
