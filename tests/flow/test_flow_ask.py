"""Queries from words, pictures and numbers; spaces by name; weights of the user's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from hypothesis import given
from hypothesis import strategies as st
from kit import Own, assert_same, impasto, own_weights
from numpy.typing import NDArray

from impasto import flow
from impasto.core.errors import InvalidInput, MissingWeights, NotFound, SpaceMismatch
from impasto.core.space import Space
from impasto.flow import own_weights as memory
from impasto.flow.ask import engine_of
from impasto.store import Collection


@pytest.fixture
def collection(gallery: Gallery) -> Iterator[Collection]:
    with Collection.open(gallery.path, writable=False) as collection:
        yield collection


def ask(collection: Collection, *terms: str, away: tuple[str, ...] = ()) -> flow.Answer:
    return flow.ask(collection, *flow.read_terms(terms, away))


def units(collection: Collection) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ids and unit vectors of the newest space, the slow and obvious way."""
    vectors = collection.vectors(flow.choose_space(collection))
    values = np.asarray(vectors.values, np.float64)
    return vectors.ids, values / np.linalg.norm(values, axis=1, keepdims=True)


terms = st.builds(
    flow.Term, st.sampled_from(["upload", "label", "tag"]), st.text(min_size=1), st.booleans()
) | st.builds(flow.Term, st.just("image"), st.integers(0, 10**17).map(str), st.booleans())


@given(terms)
def test_terms_are_read_as_they_are_written(term: flow.Term) -> None:
    assert flow.parse(str(term)) == term


@pytest.mark.parametrize(
    "text", ["", "12", "label:", "-label:", "colour:red", "image:x", "image:-1", "image:²", "label"]
)
def test_what_is_no_term(text: str) -> None:
    with pytest.raises(InvalidInput):
        flow.parse(text)


def test_what_people_type(gallery: Gallery) -> None:
    file = str(gallery.pictures / "discs" / "00.png")
    read, pictures = flow.read_terms(["12", "image:3", "label:discs", file], ["tag:round"])
    assert [str(term) for term in read] == [
        "image:12",
        "image:3",
        "label:discs",
        f"upload:{file}",
        "-tag:round",
    ]
    assert list(pictures) == [file]
    assert pictures[file].mode == "RGB"


def test_an_image(collection: Collection) -> None:
    ids, rows = units(collection)
    answer = ask(collection, "5")
    wanted = rows @ rows[ids == 5][0]
    np.testing.assert_allclose(answer.similarities[ids != 5], wanted[ids != 5], atol=5e-4)
    assert np.isnan(answer.similarities[ids == 5]).all()
    assert answer.total == 23
    assert 5 not in answer.neighbours(24).ids


def test_a_label_is_a_mean_direction_and_keeps_its_images(collection: Collection) -> None:
    ids, rows = units(collection)
    members = np.isin(ids, collection.ids_with(label="discs"))
    mean = rows[members].mean(axis=0)
    answer = ask(collection, "label:discs")
    np.testing.assert_allclose(answer.similarities, rows @ mean / np.linalg.norm(mean), atol=5e-4)
    assert set(answer.neighbours(8).ids) == set(collection.ids_with(label="discs"))


def test_every_term_counts_once(collection: Collection) -> None:
    """Eight discs as a label weigh as much as one picture of stripes."""
    ids, rows = units(collection)
    discs = rows[np.isin(ids, collection.ids_with(label="discs"))].mean(axis=0)
    single = rows[ids == 20][0]
    wanted = discs / np.linalg.norm(discs) + single
    answer = ask(collection, "label:discs", "20")
    others = ids != 20
    np.testing.assert_allclose(
        answer.similarities[others], (rows @ wanted / np.linalg.norm(wanted))[others], atol=1e-3
    )


def test_away(collection: Collection) -> None:
    ids = collection.ids_with(label="stripes")
    towards = ask(collection, "tag:angular")
    away = ask(collection, "tag:angular", away=("label:stripes",))
    rows = np.isin(towards.ids, ids)
    assert (away.similarities[rows] < towards.similarities[rows]).all()
    assert away.query.title == "angular not stripes"


def test_a_file_is_the_image_it_was_made_from(gallery: Gallery, collection: Collection) -> None:
    for image in collection.images([2, 11, 23]):
        near = ask(collection, str(image.file)).neighbours(1)
        assert near.ids.tolist() == [image.id]
        assert near.similarities[0] == pytest.approx(1, abs=1e-3)


def test_pictures_from_outside_get_the_vectors_of_embedding(collection: Collection) -> None:
    space = flow.choose_space(collection)
    images = collection.images(collection.order()[:11])  # more than one batch
    found = flow.vectors_of(space, [flow.open_picture(image.file) for image in images])
    vectors = collection.vectors(space)
    wanted = np.stack([vectors.values[vectors.ids == image.id][0] for image in images])
    assert_same(found, wanted.astype(np.float32))
    assert flow.vectors_of(space, []).shape == (0, 1280)


def test_an_image_without_a_vector(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    (mine.pictures / "discs" / "bad.png").write_bytes(b"")
    impasto("add", mine.path, mine.pictures)
    with Collection.open(mine.path, writable=False) as collection:
        (bad,) = (i.id for i in collection.images(collection.order()) if i.name == "bad.png")
        with pytest.raises(NotFound, match=str(bad)):
            ask(collection, str(bad))
        with pytest.raises(NotFound, match="has no vector"):
            flow.predict(collection, flow.choose_model(collection), [str(bad)])


def test_spaces_by_name(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    assert impasto("embed", mine.path, "--layer", "stage1", "--layer", "stage2").code == 0
    with Collection.open(mine.path, writable=False) as collection:
        pool, one, two = (info.space for info in collection.spaces())
        assert flow.choose_space(collection) == two
        assert flow.choose_space(collection, pool.name) == pool
        assert flow.choose_space(collection, "efficientnet_lite0-stage1") == one
        with pytest.raises(InvalidInput, match="Several spaces"):
            flow.choose_space(collection, "eff")
        with pytest.raises(InvalidInput, match="Several spaces"):
            flow.choose_space(collection, pool.network)
        with pytest.raises(NotFound, match="No space 'stage1'"):
            flow.choose_space(collection, "stage1")
        assert [found.space for found in flow.retrieval(collection, label="discs")] == [
            pool,
            one,
            two,
        ]
        with pytest.raises(InvalidInput, match="one of them"):
            flow.retrieval(collection)
        # the model answers in its own space, not in the newest
        assert flow.predict(collection, flow.choose_model(collection), ["1"]).names == ("00.png",)


def test_a_space_that_is_only_begun_is_not_asked_unnamed(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    assert impasto("embed", mine.path, "--layer", "stage1").code == 0
    with Collection.open(mine.path, writable=False) as collection:
        pool, stage = collection.spaces()
        assert flow.newest([pool, stage]) == stage.space
        for rows, meant in ((pool.rows // 2, pool), (pool.rows, stage)):
            assert flow.newest([pool, replace(stage, rows=rows)]) == meant.space


class TestOwnWeights:
    """A space made with a file of the user's."""

    @pytest.fixture
    def mine(
        self, gallery: Gallery, tmp_path: Path, own: Own, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[tuple[Gallery, Own]]:
        monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
        (tmp_path / "mine").mkdir()
        mine = gallery.copy(tmp_path / "mine")
        file = Path(shutil.copy(own.file, tmp_path / "w.safetensors"))
        with flow.open_collection(mine.path) as collection:
            flow.embed(collection, flow.EmbedOptions(own.network, weights=file))
        engine_of.cache_clear()
        yield mine, Own(own.network, file)
        engine_of.cache_clear()

    def find(self, mine: Gallery) -> flow.Answer:
        with Collection.open(mine.path, writable=False) as collection:
            return ask(collection, str(mine.pictures / "discs" / "00.png"))

    def test_they_are_found_again(self, mine: tuple[Gallery, Own]) -> None:
        answer = self.find(mine[0])
        assert answer.space.network == mine[1].network
        near = answer.neighbours(1)
        assert near.similarities[0] == pytest.approx(1, abs=1e-3)

    def test_by_an_absolute_path(
        self, mine: tuple[Gallery, Own], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        gallery, own = mine
        monkeypatch.chdir(own.file.parent)
        options = flow.EmbedOptions(own.network, weights=Path(own.file.name))
        with flow.open_collection(gallery.path) as collection:
            flow.embed(collection, options)
        monkeypatch.chdir(tmp_path / "mine")
        assert self.find(gallery).total == 24

    def test_the_file_is_gone_and_comes_back(self, mine: tuple[Gallery, Own]) -> None:
        gallery, own = mine
        moved = own.file.rename(own.file.with_name("moved.safetensors"))
        with pytest.raises(MissingWeights, match="no longer there") as said:
            self.find(gallery)
        assert str(own.file) in str(said.value)
        assert f"impasto embed COLLECTION --network {own.network} --weights FILE" in str(said.value)
        again = ("--network", own.network, "--weights", moved)
        assert impasto("embed", gallery.path, *again, "--json").data["images"] == 0
        assert self.find(gallery).total == 24

    def test_the_file_holds_other_weights_now(self, mine: tuple[Gallery, Own]) -> None:
        gallery, own = mine
        other = own_weights(own.file.parent, seed=1)
        other.file.replace(own.file)
        with pytest.raises(SpaceMismatch, match="holds now"):
            self.find(gallery)

    def test_the_same_weights_in_another_format(
        self, mine: tuple[Gallery, Own], own: Own, tmp_path: Path
    ) -> None:
        gallery, copy = mine
        pth = own_weights(tmp_path, ending="pth")
        with flow.open_collection(gallery.path) as collection:
            done = flow.embed(collection, flow.EmbedOptions(own.network, weights=pth.file))
        assert done.images == 0  # the same space: what counts is the tensors
        copy.file.unlink()
        assert self.find(gallery).total == 24

    def test_predicting_with_them(self, mine: tuple[Gallery, Own]) -> None:
        gallery, _ = mine
        assert impasto("learn", gallery.path, "--name", "own", "--folds", "3").code == 0
        picture = gallery.pictures / "discs" / "00.png"
        said = impasto("predict", gallery.path, picture, "--model", "own", "--json").data
        assert len(said["predictions"][0]["top"]) == 3

    def test_a_cache_that_cannot_be_written_is_no_obstacle(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "file"))
        memory.remember("00", tmp_path / "w.pth")
        memory.remember("00", None)
        assert memory.recall("00") is None


def test_remembered_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    assert memory.recall("ab") is None
    memory.remember("ab", Path("w.pth"))
    memory.remember("cd", tmp_path / "größe 图片.pth")
    assert memory.recall("ab") == Path.cwd() / "w.pth"
    assert memory.recall("cd") == tmp_path / "größe 图片.pth"
    memory.remember("ab", None)
    memory.remember("ab", None)
    assert memory.recall("ab") is None
    for damaged in ("", "{", "[]", '{"file": 3}'):
        (tmp_path / "weights" / "cd.json").write_text(damaged)
        assert memory.recall("cd") is None
    assert not list(tmp_path.rglob(".new-*"))


def test_a_space_of_weights_that_are_not_here(gallery: Gallery, collection: Collection) -> None:
    from dataclasses import replace

    space: Space = replace(flow.choose_space(collection), weights="f" * 64)
    with pytest.raises(SpaceMismatch, match="other weights or settings"):
        flow.vectors_of(space, [flow.open_picture(collection.image(1).file)])
