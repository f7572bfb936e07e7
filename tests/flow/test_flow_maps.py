"""Maps of a real collection: made, kept, extended, coloured, drawn, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import draw
from PIL import Image

from impasto import flow
from impasto.core.errors import Cancelled, InvalidInput, NotFound
from impasto.core.progress import Quiet
from impasto.explore.maps import Settings
from impasto.learn import Evaluation
from impasto.store import Collection

PCA, UMAP = Settings("pca"), Settings("umap", neighbours=5)


@pytest.fixture
def own_gallery(gallery: Gallery, tmp_path: Path) -> Gallery:
    """A gallery that the test may change."""
    return gallery.copy(tmp_path)


@pytest.fixture
def collection(own_gallery: Gallery) -> Iterator[Collection]:
    with Collection.open(own_gallery.path) as collection:
        yield collection


def files(collection: Collection) -> dict[str, bytes]:
    """Return every byte below maps/."""
    home = collection.path / "maps"
    return {str(f.relative_to(home)): f.read_bytes() for f in home.rglob("*") if f.is_file()}


def test_a_map_is_made_once(collection: Collection) -> None:
    made = flow.make_map(collection, PCA)
    space = flow.choose_space(collection)
    assert made.name == f"pca-{space.name}"
    assert (made.made, len(made), made.added, made.left) == (True, 24, 0, 0)
    before = files(collection)
    again = flow.make_map(collection, PCA)
    assert (again.made, again.added, again.left) == (False, 0, 0)
    assert files(collection) == before
    np.testing.assert_array_equal(again.positions, made.positions)
    read = flow.read_map(collection)
    assert read.ids.tolist() == made.ids.tolist()
    assert read.faithfulness == made.faithfulness
    assert read.faithfulness is not None
    assert read.faithfulness.label_hit is not None
    assert "stays as it was made." in again.sentence


def test_made_anew_it_is_the_same_to_the_byte(collection: Collection) -> None:
    flow.make_map(collection, UMAP)
    before = {name: data for name, data in files(collection).items() if "card" not in name}
    assert flow.make_map(collection, UMAP, again=True).made
    assert before == {name: data for name, data in files(collection).items() if "card" not in name}


def test_other_settings_need_another_name_or_again(collection: Collection) -> None:
    flow.make_map(collection, UMAP)
    other = Settings("umap", neighbours=7)
    with pytest.raises(InvalidInput, match=r"neighbours 5.*--again.*--name"):
        flow.make_map(collection, other)
    assert flow.make_map(collection, other, name="wider").name == "wider"
    assert flow.make_map(collection, other, again=True).map.settings == other
    # The perplexity is nothing to UMAP.
    assert not flow.make_map(collection, Settings("umap", neighbours=7, perplexity=9)).made


def test_a_growing_collection(collection: Collection, own_gallery: Gallery) -> None:
    made = flow.make_map(collection, UMAP)
    draw(own_gallery.pictures / "more", 2, seed=9)
    (own_gallery.pictures / "discs" / "00.png").unlink()
    flow.add(collection, own_gallery.pictures)
    flow.embed(collection)
    (gone,) = set(made.ids.tolist()) - set(collection.order().tolist())
    seen = flow.read_map(collection)
    assert len(seen) == 23
    assert gone not in seen.ids
    more = flow.make_map(collection, UMAP)
    assert (more.made, more.added, more.left, len(more)) == (False, 6, 1, 29)
    assert more.placed.tolist() == [False] * 23 + [True] * 6
    assert gone not in more.ids
    place = {image: point.tobytes() for image, point in zip(made.ids, made.points, strict=True)}
    for image, point, placed in zip(more.ids, more.points, more.placed, strict=True):
        assert placed or point.tobytes() == place[image]
    assert "resemble: 6" in more.sentence
    assert "hidden: 1" in more.sentence
    anew = flow.make_map(collection, UMAP, again=True)
    assert not anew.placed.any()
    assert len(anew) == 29


def test_a_hidden_image_comes_back_to_its_place(collection: Collection) -> None:
    made = flow.make_map(collection, UMAP)
    collection.set_hidden([4], True)
    assert 4 not in flow.read_map(collection).ids
    again = flow.make_map(collection, UMAP)
    assert (again.added, again.left, len(again)) == (0, 1, 23)
    collection.set_hidden([4], False)
    back = flow.read_map(collection)
    assert back.points.tobytes() == made.points.tobytes()
    assert back.centres.tobytes() == made.centres.tobytes()


class Stopped(Quiet):
    """Stops everything in one stage."""

    def __init__(self, stage: str) -> None:
        self.wanted, self.now = stage, ""

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.now = name

    def advance(self, n: int = 1) -> None:
        if self.now == self.wanted:
            raise Cancelled("Stopped.")


@pytest.mark.parametrize("stage", ["Averaging", "UMAP", "Laying the grid", "Measuring"])
def test_stopped_it_leaves_nothing_half_written(collection: Collection, stage: str) -> None:
    with pytest.raises(Cancelled):
        flow.make_map(collection, UMAP, progress=Stopped(stage))
    assert files(collection) == {}
    flow.make_map(collection, UMAP)
    before = files(collection)
    with pytest.raises(Cancelled):
        flow.make_map(collection, UMAP, again=True, progress=Stopped(stage))
    assert files(collection) == before


def test_which_map_is_meant(collection: Collection) -> None:
    with pytest.raises(NotFound, match="no map yet"):
        flow.read_map(collection)
    flow.make_map(collection, PCA)
    assert flow.choose_map(collection) == flow.choose_map(collection, "pca")
    flow.make_map(collection, PCA, name="mine")
    with pytest.raises(InvalidInput, match="Name one of the maps: mine, pca"):
        flow.choose_map(collection)
    with pytest.raises(NotFound, match="No map 'tsne'"):
        flow.choose_map(collection, "tsne")
    with pytest.raises(InvalidInput, match="name of a map"):
        flow.make_map(collection, PCA, name="../mine")


def test_colours_by_a_model_are_those_of_its_test(collection: Collection) -> None:
    taught = flow.learn(collection, flow.LearnOptions(method="logistic", folds=3, name="m"))
    assert isinstance(taught.evaluation, Evaluation)
    answers = taught.evaluation.answers
    labels = taught.evaluation.labels
    ids = answers.ids[::-1]
    told = flow.values(collection, "model:m", ids)
    assert [told.categories[code] for code in told.data] == [
        labels[code] for code in answers.order[::-1, 0]
    ]
    right = answers.order[::-1, 0] == answers.truth[::-1]
    wrong = flow.values(collection, "model:m:error", ids)
    assert [wrong.categories[code] for code in wrong.data] == [
        "right" if one else "wrong" for one in right
    ]
    sure = flow.values(collection, "model:m:score", ids)
    np.testing.assert_allclose(sure.data, answers.truth_probabilities[::-1], atol=1e-6)
    first = answers.probabilities[:, 0][::-1]
    np.testing.assert_allclose(sure.data[right], first[right], atol=1e-6)
    assert (sure.data[~right] <= first[~right]).all()
    assert sure.missing == 0
    unknown = flow.values(collection, "model:m", np.array([10_000]))
    assert (unknown.data.tolist(), unknown.missing, unknown.categories) == ([-1], 1, ())
    nothing = flow.values(collection, "model:m:score", np.array([10_000]))
    assert nothing.range is None
    (collection.path / "models" / "m" / "scores.safetensors").unlink()
    with pytest.raises(NotFound, match="learn it again"):
        flow.values(collection, "model:m", ids)


def test_colours_by_a_selection(collection: Collection) -> None:
    collection.save_selection("mine", [3, 5])
    found = flow.values(collection, "selection:mine", np.array([5, 4, 3, 2]))
    assert [found.categories[code] for code in found.data] == [
        *("mine", "without mine", "mine", "without mine"),
    ]
    with pytest.raises(NotFound, match="No selection 'yours'"):
        flow.values(collection, "selection:yours", np.array([1]))


def test_a_figure(collection: Collection, tmp_path: Path) -> None:
    mapped = flow.make_map(collection, PCA)
    file = flow.draw_map(collection, mapped, tmp_path / "map.png", size=400)
    with Image.open(file) as drawn:
        assert max(drawn.size) == 400
        shades = np.asarray(drawn.convert("L"))
    assert 0.05 < (shades < 250).mean() < 0.95
    before = file.read_bytes()
    assert flow.draw_map(collection, mapped, file, size=400).read_bytes() == before
    grid = flow.draw_map(collection, mapped, tmp_path / "g.jpg", grid=True, by="label", size=500)
    with Image.open(grid) as drawn:
        assert drawn.format == "JPEG"
        assert drawn.height > drawn.width * mapped.map.shape[1] / mapped.map.shape[0]  # the legend
    assert sorted(f.name for f in tmp_path.iterdir() if f.is_file()) == ["g.jpg", "map.png"]
    for place, said in (("map.gif", ".png, .jpg"), ("nowhere/map.png", "no folder")):
        with pytest.raises(InvalidInput, match=said):
            flow.draw_map(collection, mapped, tmp_path / place)
    with pytest.raises(InvalidInput, match="20,000 pixels"):
        flow.draw_map(collection, mapped, file, size=50_000)
