"""The graph and the index beside the vectors: computed once, used where they belong."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery

import impasto
from impasto import flow
from impasto.core.errors import NotFound
from impasto.core.progress import Quiet
from impasto.core.records import Facts, Found, Neighbours
from impasto.core.space import Space
from impasto.explore import knn_graph
from impasto.flow import neighbourhood
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


def crowd(folder: Path, n: int = 600) -> Collection:
    """Make a collection of images that lie in clusters; there are no files."""
    collection = Collection.create(folder / "crowd.impasto")
    root = folder / "pictures"
    collection.record(
        (Found(root, f"{i}.png", 1, 1) for i in range(n)),
        root=root,
        prune=False,
        hash_file=lambda _: b"",
    )
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((8, 128))
    values = centres[rng.integers(0, 8, n)] + rng.standard_normal((n, 128))
    facts = Facts(b"0" * 32, 1, 8, 8, "PNG")
    with collection.writing(Space("made", "up", 128, "00")) as writing:
        ids = collection.order()
        writing.save([(int(i), facts, b"t") for i in ids], ids, [values.astype(np.float32)])
    return collection


def ask(collection: Collection, image: int, k: int, exact: bool | None) -> Neighbours:
    vectors = collection.vectors(flow.choose_space(collection))
    asked = flow.query(collection, vectors, [flow.parse(f"image:{image}")])
    return flow.near(collection, vectors, asked, k, exact=exact)


def test_the_index_is_asked_only_on_request_or_above_a_million(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch.index")
    with crowd(tmp_path) as collection:
        with pytest.raises(NotFound, match="impasto index"):
            ask(collection, 5, 10, False)
        made = flow.index(collection)
        assert (made.rows, set(made.recall)) == (600, {10, 100})
        assert made.bytes > 600 * 16
        assert f"finds {made.recall[10].value:.1%} of the 10 nearest" in made.sentence
        assert collection.spaces()[0].index is not None
        truth = ask(collection, 5, 10, None)
        assert (truth.exact, truth.recall) == (True, 1.0)
        found = ask(collection, 5, 10, False)
        assert (found.exact, found.recall) == (False, made.recall[10].value)
        assert len(set(found.ids) & set(truth.ids)) >= 8
        monkeypatch.setattr(neighbourhood, "INDEX_FROM", 500)
        assert not ask(collection, 5, 10, None).exact
        assert ask(collection, 5, 10, True).exact
        assert ask(collection, 5, 300, None).exact  # so deep, everything is compared
        library = impasto.library.Collection(collection)
        assert not library.neighbours(5, 10).exact
        again = library.index()  # over the one that is open
        assert again.rows == 600
        assert len(ask(collection, 5, 10, False)) == 10


def test_a_large_graph_comes_from_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("usearch.index")
    monkeypatch.setattr(neighbourhood, "GRAPH_FROM", 500)
    with crowd(tmp_path) as collection:
        found = flow.graph(collection, k=6)
        assert not found.exact
        assert 0.8 < found.recall <= 1
        assert collection.index(found.space) is not None  # built on the way
        kept = collection.graph(found.space)
        assert kept is not None
        assert (kept.exact, kept.recall) == (False, found.recall)
        assert compared(collection, 6) == 0  # what is kept is used
        exact = flow.graph(collection, k=6, exact=True)
        assert exact.exact
        share = np.mean(
            [np.isin(a, b).mean() for a, b in zip(exact.neighbours, found.neighbours, strict=True)]
        )
        assert found.recall == pytest.approx(share, abs=0.05)


def test_without_the_library_all_pairs_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhood, "GRAPH_FROM", 50)
    monkeypatch.setitem(sys.modules, "usearch.index", None)

    class Notes(Quiet):
        said = ""

        def note(self, text: str) -> None:
            self.said += text

    notes = Notes()
    with crowd(tmp_path, 60) as collection:
        assert flow.graph(collection, k=6, progress=notes).exact
    assert "impasto[index]" in notes.said
