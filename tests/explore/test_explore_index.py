"""The approximate index against the exact search: what it finds, what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, MissingExtra, SpaceMismatch, WrongCollection
from impasto.core.progress import Quiet
from impasto.core.space import Vectors
from impasto.explore import index as room
from impasto.explore.graph import knn_graph
from impasto.explore.index import Index, build, near_graph, search
from impasto.explore.queries import from_rows
from impasto.explore.similarity import neighbours

pytest.importorskip("usearch.index")
Make = Callable[..., Vectors]


def clustered(n: int, d: int, seed: int = 0) -> NDArray[np.float16]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((12, d))
    values = centres[rng.integers(0, 12, n)] + 0.7 * rng.standard_normal((n, d)) + 0.3
    return values.astype(np.float16)


@pytest.fixture(scope="module")
def vectors(make: Make) -> Vectors:
    return make(clustered(3000, 96))


@pytest.fixture(scope="module")
def index(vectors: Vectors) -> Index:
    return build(vectors, queries=50)


def save(index: Index, folder: Path) -> dict[str, object]:
    contents, card = index.save()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return card


def test_it_finds_what_it_says(vectors: Vectors, index: Index) -> None:
    rng = np.random.default_rng(5)
    for k in (10, 100):
        said = index.recall[k]
        assert 0.9 < said.low < said.value <= said.high <= 1
        assert said.chance == pytest.approx(k / 2999)
        shares = []
        for id_ in rng.choice(vectors.ids, 60, replace=False).tolist():
            query = from_rows(vectors, [id_])
            found, truth = search(index, vectors, query, k), neighbours(vectors, query, k)
            assert (found.exact, found.recall) == (False, said.value)
            assert len(found) == k
            assert id_ not in found.ids
            shares.append(np.isin(truth.ids, found.ids).mean())
            # the numbers are those of the exact search, to the last bit
            known = dict(zip(truth.ids.tolist(), truth.similarities.tolist(), strict=True))
            for other, similarity in zip(
                found.ids.tolist(), found.similarities.tolist(), strict=True
            ):
                assert known.get(other, similarity) == similarity
        assert np.mean(shares) == pytest.approx(said.value, abs=0.03)


def test_a_poor_index_says_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that know nothing must measure a recall near chance: the measure can fail."""
    vectors = make(clustered(3000, 96))

    def blind(directions: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.uint8]:
        noise = np.random.default_rng(len(directions))
        return noise.integers(0, 256, (len(directions), 12), np.uint8)

    monkeypatch.setattr(room, "_codes", blind)
    monkeypatch.setattr(room, "CANDIDATES", (400,))
    found = build(vectors, queries=40)
    assert found.recall[10].value < 0.4


def test_more_candidates_are_taken_when_few_find_too_little(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CANDIDATES", (100, 200, 1600))
    values = np.random.default_rng(1).standard_normal((2000, 24)).astype(np.float16)
    found = build(make(values), queries=40)  # three bytes say little of where a vector points
    assert found.candidates == 1600


def test_what_came_is_compared_and_what_went_is_left_out(make: Make, index: Index) -> None:
    values = clustered(3000, 96)
    later = np.concatenate([values, values[:40] + np.float16(0.01)])
    ids = np.arange(10, 3050)
    ids[5] = -1
    now = make(later, ids)
    query = from_rows(now, [12])
    found = search(index, now, query, 8)
    assert found.ids[0] == 3012  # its double, which the index has never seen
    assert 15 not in found.ids
    assert found.similarities.tolist() == neighbours(now, query, 8).similarities.tolist()
    assert 3012 not in search(index, now, query, 8, exclude=[3012]).ids


def test_it_comes_back_from_its_files(vectors: Vectors, index: Index, tmp_path: Path) -> None:
    card = save(index, tmp_path)
    again = Index.load(vectors.space, tmp_path, card)
    assert (again.rows, again.candidates, again.recall) == (
        index.rows,
        index.candidates,
        index.recall,
    )
    for id_ in (10, 500, 3000):
        query = from_rows(vectors, [id_])
        first, second = (search(each, vectors, query, 20) for each in (index, again))
        assert first.ids.tolist() == second.ids.tolist()
    again.close()


@pytest.mark.parametrize("name", [room.CODES, room.CENTRE])
def test_a_damaged_file_is_refused_before_the_library_reads_it(
    vectors: Vectors, index: Index, tmp_path: Path, name: str
) -> None:
    card = save(index, tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WrongCollection, match="build the index again"):
        Index.load(vectors.space, tmp_path, card)


def test_a_graph_knows_what_it_misses(vectors: Vectors, index: Index) -> None:
    found = near_graph(index, vectors, 7, queries=80)
    exact = knn_graph(vectors, 7)
    assert not found.exact
    np.testing.assert_array_equal(found.ids, exact.ids)
    share = np.mean(
        [
            np.isin(true, line).mean()
            for true, line in zip(exact.neighbours, found.neighbours, strict=True)
        ]
    )
    assert share > 0.8
    assert found.recall == pytest.approx(share, abs=0.03)
    assert (np.diff(found.similarities, axis=1) <= 0).all()
    assert (found.neighbours != np.arange(len(found))[:, None]).all()


def test_a_graph_of_images_that_came_and_went(make: Make, index: Index) -> None:
    values = clustered(3000, 96)
    ids = np.random.default_rng(3).permutation(4000)[:3020]
    ids[[3, 7]] = -1
    now = make(np.concatenate([values, values[:20]]), ids)
    found = near_graph(index, now, 5, queries=20)
    assert found.ids.tolist() == sorted(id_ for id_ in ids.tolist() if id_ >= 0)
    double = {int(ids[row]): int(ids[3000 + row]) for row in range(20) if ids[row] >= 0}
    for id_, other in double.items():
        at = int(np.searchsorted(found.ids, id_))
        assert found.ids[found.neighbours[at, 0]] == other


class Stages(Quiet):
    def __init__(self) -> None:
        self.seen: dict[str, list[int]] = {}

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.seen[name] = [0, total or 0]

    def advance(self, n: int = 1) -> None:
        self.seen[list(self.seen)[-1]][0] += n


def test_progress_comes_to_its_end(make: Make) -> None:
    stages = Stages()
    build(make(clustered(200, 32)), queries=20, progress=stages)
    assert stages.seen == {"Indexing": [200, 200], "Measuring": [20, 20]}


def test_small_spaces_are_found_whole(make: Make) -> None:
    vectors = make(clustered(5, 16))
    found = build(vectors)
    assert found.recall[100].value == 1
    assert len(search(found, vectors, from_rows(vectors, [10]), 50)) == 4
    assert (near_graph(found, vectors, 6).neighbours[:, 4:] == -1).all()


def test_what_makes_no_sense_is_refused(
    make: Make, vectors: Vectors, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = clustered(20, 16)
    with pytest.raises(InvalidInput, match="two vectors"):
        build(make(values, mirrored=values))
    with pytest.raises(InvalidInput, match="two images"):
        build(make(values[:1]))
    other = make(vectors.values, network="other")
    with pytest.raises(SpaceMismatch):
        search(index, other, from_rows(other, [10]), 5)
    with pytest.raises(SpaceMismatch):
        near_graph(index, other, 5)
    monkeypatch.setitem(__import__("sys").modules, "usearch.index", None)
    with pytest.raises(MissingExtra, match=r"impasto\[index\]"):
        build(vectors)
