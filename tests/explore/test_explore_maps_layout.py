"""t-SNE and UMAP: classes come apart, the same input gives the same bytes, new images fit in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from impasto.core.errors import Cancelled, InvalidInput, MissingExtra
from impasto.core.progress import Quiet
from impasto.core.records import Graph
from impasto.core.space import Vectors
from impasto.explore import blocks as room
from impasto.explore import knn_graph, maps
from impasto.explore.among import among
from impasto.explore.maps import Method, Settings, layout
from impasto.explore.maps.place import median

if TYPE_CHECKING:
    from tests.explore.conftest import Make

METHODS: tuple[Method, ...] = ("tsne", "umap")
N, CLASSES, D = 300, 12, 32


@pytest.fixture(scope="module")
def classes() -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    centres = np.random.default_rng(1).normal(size=(CLASSES, D))
    rng = np.random.default_rng(2)
    labels = rng.integers(0, CLASSES, N)
    return (centres[labels] + 0.7 * rng.normal(size=(N, D))).astype(np.float16), labels


@pytest.fixture(scope="module")
def made(
    make: Make, classes: tuple[NDArray[np.float16], NDArray[np.int64]]
) -> dict[str, tuple[Vectors, maps.Map]]:
    vectors = make(classes[0])
    methods: tuple[Method, ...] = ("pca", *METHODS)
    return {
        method: (vectors, maps.make(vectors, Settings(method), classes[1])) for method in methods
    }


def told_apart(places: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return how often the nearest places tell the class."""
    return float(cross_val_score(KNeighborsClassifier(5), places, labels, cv=4).mean())


@pytest.mark.parametrize("method", METHODS)
def test_what_was_mixed_comes_apart(
    made: dict[str, tuple[Vectors, maps.Map]],
    classes: tuple[NDArray[np.float16], NDArray[np.int64]],
    method: Method,
) -> None:
    before, after = made["pca"][1], made[method][1]
    assert told_apart(before.positions, classes[1]) < 0.75
    assert told_apart(after.positions, classes[1]) > 0.95
    assert before.faithfulness is not None
    assert after.faithfulness is not None
    for measure in ("trustworthiness", "kept", "label_hit"):
        worse, better = (getattr(one.faithfulness, measure) for one in (before, after))
        assert worse.chance == better.chance < worse.value < better.value


@pytest.mark.parametrize("method", METHODS)
def test_the_same_input_gives_the_same_bytes(
    made: dict[str, tuple[Vectors, maps.Map]],
    classes: tuple[NDArray[np.float16], NDArray[np.int64]],
    method: Method,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, first = made[method]
    monkeypatch.setattr(layout, "cores", lambda: 3)
    monkeypatch.setattr(layout, "_PER_THREAD", 100)
    again = maps.make(vectors, Settings(method), classes[1])
    assert again.card() == first.card()
    for file, array in first.arrays().items():
        assert again.arrays()[file].tobytes() == array.tobytes(), file
    other = maps.make(vectors, Settings(method, seed=1))
    assert not np.array_equal(other.positions, first.positions)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 4, 5, 7])
@pytest.mark.parametrize("like", ["different", "identical", "zero"])
def test_few_or_identical_images(
    make: Make, rng: np.random.Generator, method: Method, n: int, like: str
) -> None:
    values = rng.normal(size=(n, 8)).astype(np.float16)
    values = {"different": values, "identical": values[:1].repeat(n, 0), "zero": 0 * values}[like]
    found = maps.make(make(values), Settings(method))
    assert np.isfinite(found.positions).all()
    assert len(np.unique(found.cells, axis=0)) == n


class Impatient(Quiet):
    """Stops the work in a stage."""

    def __init__(self, stage: str, after: int) -> None:
        self.wanted, self.after, self.now = stage, after, ""

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.now = name

    def advance(self, n: int = 1) -> None:
        if self.now == self.wanted:
            self.after -= n
            if self.after <= 0:
                raise Cancelled("Stopped.")


@pytest.mark.parametrize(("method", "stage"), [("tsne", "t-SNE"), ("umap", "UMAP")])
def test_it_can_be_stopped_between_steps(
    made: dict[str, tuple[Vectors, maps.Map]], method: Method, stage: str
) -> None:
    impatient = Impatient(stage, 100)
    with pytest.raises(Cancelled):
        maps.make(made[method][0], Settings(method), progress=impatient)
    assert impatient.after > -350  # before the end, though these steps take no time


def test_the_app_goes_on_meanwhile(made: dict[str, tuple[Vectors, maps.Map]]) -> None:
    from umap import layouts

    assert getattr(layouts, layout._EPOCH).targetoptions["nogil"]


def test_the_graph_has_to_be_that_of_the_vectors(
    made: dict[str, tuple[Vectors, maps.Map]], make: Make
) -> None:
    vectors = made["tsne"][0]
    with pytest.raises(InvalidInput, match="90 nearest"):
        maps.make(vectors, Settings("tsne"), graph=knn_graph(vectors, 15))
    fewer = make(np.asarray(vectors.values[:-1]))
    with pytest.raises(InvalidInput, match="14 nearest"):
        maps.make(vectors, Settings("umap"), graph=knn_graph(fewer, 15))


@pytest.mark.parametrize("method", METHODS)
def test_a_graph_with_gaps(made: dict[str, tuple[Vectors, maps.Map]], method: Method) -> None:
    vectors = made[method][0]
    graph = knn_graph(vectors, 90)
    neighbours, similarities = graph.neighbours.copy(), graph.similarities.copy()
    neighbours[5, 3:], similarities[5, 3:] = -1, np.nan
    neighbours[9], similarities[9] = -1, np.nan
    gaps = Graph(vectors.space, graph.ids, neighbours, similarities, exact=False, recall=0.9)
    found = maps.make(vectors, Settings(method), graph=gaps)
    assert np.isfinite(found.positions).all()


def test_a_machine_without_the_library_of_tsne(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="openTSNE"):
        maps.make(make(np.eye(6, dtype=np.float16)), Settings("tsne"))


# New images


def grown(
    make: Make, values: NDArray[np.float16], more: NDArray[np.float16], ids: list[int]
) -> Vectors:
    """Return a space after new rows were appended."""
    return make(np.concatenate([values, more]), np.array([*range(10, 10 + len(values)), *ids]))


@pytest.mark.parametrize("method", ["pca", *METHODS])
def test_new_images_come_beside_their_like_and_nobody_moves(
    made: dict[str, tuple[Vectors, maps.Map]],
    classes: tuple[NDArray[np.float16], NDArray[np.int64]],
    make: Make,
    method: Method,
) -> None:
    vectors, old = made[method]
    rng = np.random.default_rng(5)
    centres = np.random.default_rng(1).normal(size=(CLASSES, D))
    labels = rng.integers(0, CLASSES, 60)
    more = (centres[labels] + 0.7 * rng.normal(size=(60, D))).astype(np.float16)
    more[0] = vectors.values[17]  # a picture that is there already
    labels[0] = classes[1][17]
    now = grown(make, classes[0], more, list(range(1000, 1060)))
    new = maps.extend(old, now)
    assert new.ids.tolist() == now.ids.tolist()
    assert new.placed.tolist() == [False] * N + [True] * 60
    assert new.positions[:N].tobytes() == old.positions.tobytes()
    if method != "pca":  # a projected image may lie outside, so that the frame grows
        assert new.points[:N].tobytes() == old.points.tobytes()
        told = KNeighborsClassifier(5).fit(old.positions, classes[1])
        assert told.score(new.positions[N:], labels) > 0.9
        assert told.score(new.positions[N:], np.roll(labels, 1)) < 0.4
    apart = np.linalg.norm(new.positions[N] - old.positions[17])
    assert apart < 0.01 * np.ptp(old.positions, axis=0).max()
    assert len(np.unique(new.cells, axis=0)) == N + 60
    # In two steps, or in another order, everybody comes to the same place.
    first = maps.extend(old, grown(make, classes[0], more[30:], list(range(1030, 1060))))
    order = np.r_[30:60, 0:30]
    both = grown(make, classes[0], more[order], (1000 + order).tolist())
    second = maps.extend(first, both)
    place = dict(zip(new.ids.tolist(), new.positions.tolist(), strict=True))
    for image, position in zip(second.ids.tolist(), second.positions.tolist(), strict=True):
        assert position == pytest.approx(place[image], abs=1e-4)


def test_images_that_went_or_changed(
    made: dict[str, tuple[Vectors, maps.Map]],
    classes: tuple[NDArray[np.float16], NDArray[np.int64]],
    make: Make,
) -> None:
    vectors, old = made["umap"]
    assert maps.extend(old, vectors) is old
    ids = vectors.ids.copy()
    ids[[3, 50]] = -1  # 50 changed: its new content has another row
    values = np.concatenate([classes[0], classes[0][99:100]])
    now = make(values, np.append(ids, vectors.ids[50]))
    assert old.standing(now).tolist() == [i not in (3, 50) for i in range(N)]
    new = maps.extend(old, now)
    assert np.count_nonzero(new.standing(now)) == N - 1
    assert vectors.ids[3] in new.ids  # it keeps its point, should it come back
    assert new.ids.tolist().count(vectors.ids[50]) == 1
    back = make(values, np.where(np.arange(N + 1) == 3, vectors.ids[3], now.ids))
    assert new.standing(back).all()
    assert maps.extend(new, back) is new
    kept = np.isin(new.rows, old.rows)
    still = np.isin(old.rows, new.rows)
    assert new.positions[kept].tobytes() == old.positions[still].tobytes()
    assert new.points[kept].tobytes() == old.points[still].tobytes()
    (changed,) = np.flatnonzero(~kept)
    assert new.ids[changed] == vectors.ids[50]
    assert new.placed[changed]
    gone = np.full(N, -1)
    with pytest.raises(InvalidInput, match="make it anew"):
        maps.extend(old, make(values, np.append(gone, 7)))


def test_the_median_of_places(rng: np.random.Generator) -> None:
    places = rng.normal(size=(9, 2))
    weights = rng.random(9) + 0.1
    found = median(places, weights)

    def ways(point: NDArray[np.float64]) -> float:
        return float(weights @ np.linalg.norm(places - point, axis=1))

    around = found + rng.normal(size=(500, 2)) * np.geomspace(1e-3, 1, 500)[:, None]
    assert ways(found) <= min(map(ways, around)) + 1e-6
    two = np.concatenate([np.zeros((6, 2)), np.full((4, 2), 100.0)])
    np.testing.assert_allclose(median(two, np.ones(10)), 0, atol=0.01)  # not between the two
    np.testing.assert_array_equal(median(np.ones((3, 2)), np.ones(3)), [1, 1])


# Laid out from a sample


@pytest.fixture(scope="module")
def many() -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    rng = np.random.default_rng(8)
    centres = np.random.default_rng(1).normal(size=(CLASSES, D))
    labels = rng.integers(0, CLASSES, 900)
    return (centres[labels] + 0.7 * rng.normal(size=(900, D))).astype(np.float16), labels


def test_others_are_put_beside_those_that_were_drawn(
    make: Make, many: tuple[NDArray[np.float16], NDArray[np.int64]]
) -> None:
    vectors, settings = make(many[0]), Settings("umap", fit_on=300)
    made = maps.make(vectors, settings, many[1])
    assert (made.drawn, int(made.placed.sum())) == (300, 600)
    assert made.placing.startswith("300 images, drawn by lot, were laid out; the other 600 were")
    drawn = ~made.placed
    part = Vectors(vectors.space, vectors.ids[drawn], many[0][drawn], vectors.norms[drawn])
    alone = maps.make(part, Settings("umap"), many[1][drawn])
    assert made.positions[drawn].tobytes() == alone.positions.tobytes()
    told = KNeighborsClassifier(5).fit(alone.positions, many[1][drawn])
    assert told.score(made.positions[~drawn], many[1][~drawn]) > 0.9
    assert told.score(made.positions[~drawn], np.roll(many[1][~drawn], 1)) < 0.4
    again = maps.make(vectors, settings, many[1])
    assert again.positions.tobytes() == made.positions.tobytes()
    other = maps.make(vectors, Settings("umap", seed=1, fit_on=300), many[1])
    assert not np.array_equal(other.placed, made.placed)
    held = maps.Map.from_parts(made.card(), made.arrays())
    assert (held.drawn, held.settings) == (300, settings)


def test_who_is_drawn_does_not_depend_on_the_others(
    make: Make, many: tuple[NDArray[np.float16], NDArray[np.int64]]
) -> None:
    order = np.random.default_rng(0).permutation(900)
    settings = Settings("umap", fit_on=100)
    first = maps.make(make(many[0]), settings)
    turned = maps.make(make(many[0][order], 10 + order), settings)
    assert turned.ids.tolist() == first.ids.tolist()
    assert turned.placed.tolist() == first.placed.tolist()
    np.testing.assert_allclose(turned.positions, first.positions, atol=1e-4)


def test_how_many_are_laid_out_and_how_long_that_takes() -> None:
    assert Settings("tsne").fitted(maps.FIT_ALL) == maps.FIT_ALL
    assert Settings("tsne").fitted(maps.FIT_ALL + 1) == maps.FIT_ON
    assert Settings("tsne", fit_on=0).fitted(10**6) == 10**6
    assert Settings("pca", fit_on=500).fitted(10**6) == 10**6
    assert Settings("umap", fit_on=500).fitted(300) == 300
    assert maps.forecast(Settings("tsne"), maps.FIT_ALL, 1280, 1e11) == ""
    assert maps.forecast(Settings("pca"), 10**6, 1280, 1e11) == ""
    some = maps.forecast(Settings("tsne"), 10**6, 1280, 3e11)
    assert some.startswith("t-SNE lays out 25,000 of 1,000,000 images, drawn by lot")
    every = maps.forecast(Settings("tsne", fit_on=0), 10**6, 1280, 3e11)
    assert every.startswith("t-SNE of all 1,000,000 images takes about")
    # 975,000 x 25,000 pairs of 1,280 numbers at three quarters of 3e11 a second: 5 minutes.
    assert "about 6 minutes here" in some
    assert "about 2.0 hours here" in every


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_nearest_among_others_by_brute_force(
    make: Make, rng: np.random.Generator, mirrored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_BLOCK", 16)
    values = rng.normal(size=(120, 9)).astype(np.float16)
    values[[7, 30]] = values[50]  # equal pictures: ties go by place
    turned = rng.normal(size=(120, 9)).astype(np.float16) if mirrored else None
    vectors = make(values, np.arange(120), turned)
    rows, others = rng.permutation(120)[:100].reshape(2, 50)
    places, similarities = among(vectors, rows, others, 6)
    for row, place, similar in zip(rows, places, similarities, strict=True):
        found = vectors_like(vectors, row)[others]
        order = np.lexsort((np.arange(50), -found))[:6]
        np.testing.assert_allclose(similar, found[order], atol=2e-6)
        np.testing.assert_allclose(found[place], found[order], atol=2e-6)
    one = among(vectors, rows[3:4], others, 6)
    assert one[1].tobytes() == similarities[3:4].tobytes()
    assert among(vectors, rows, others[:4], 6)[0].shape == (50, 4)


def vectors_like(vectors: Vectors, row: int) -> NDArray[np.float64]:
    """Compare one image with all, the slow obvious way."""

    def cosines(values: NDArray[np.floating]) -> NDArray[np.float64]:
        wide = values.astype(np.float64)
        ours = vectors.values[row].astype(np.float64)
        lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(ours)
        return np.asarray(wide @ ours / lengths)

    found = cosines(vectors.values)
    return found if vectors.mirrored is None else np.maximum(found, cosines(vectors.mirrored))
