"""Words as queries, from the command line and the library, in a space that knows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own, impasto
from towers import two_towers

import impasto as package
from impasto import flow
from impasto.core.errors import InvalidInput, MissingWeights, SpaceMismatch
from impasto.flow import own_weights
from impasto.flow import words as room
from impasto.networks import takes_words
from impasto.store import Collection


@pytest.fixture(scope="module")
def worded(gallery: Gallery, towers: Own, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return the gallery with a joint space, and the usual one, which is newer."""
    mine = gallery.copy(tmp_path_factory.mktemp("worded"))
    with flow.open_collection(mine.path) as collection:
        usual = flow.choose_space(collection)
        collection.remove_space(usual)
        flow.embed(collection, flow.EmbedOptions(towers.network, weights=towers.file))
        flow.embed(collection)
    return mine


@pytest.fixture
def collection(worded: Gallery) -> Iterator[Collection]:
    with Collection.open(worded.path, writable=False) as collection:
        yield collection


def ask(collection: Collection, *terms: str, away: tuple[str, ...] = ()) -> flow.Answer:
    return flow.ask(collection, *flow.read_terms(terms, away))


def test_words_are_compared_with_every_image(collection: Collection) -> None:
    answer = ask(collection, "text:a red bird")
    assert takes_words(answer.space), "the newest space knows no words; it is passed over"
    assert answer.query.title == "“a red bird”"
    assert answer.total == 24
    vectors = collection.vectors(answer.space)
    wanted = flow.vectors_of_words(answer.space, ["a red bird"])[0].astype(np.float64)
    rows = np.asarray(vectors.values, np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(
        answer.similarities, rows @ wanted / np.linalg.norm(wanted), atol=1e-4
    )
    assert answer.background.of == "random words with random images"


def test_the_background_is_that_of_random_words(collection: Collection) -> None:
    answer = ask(collection, "text:a red bird")
    words = room.random_words(answer.space).astype(np.float64)
    assert words.shape == (100, 16)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    rows = np.asarray(collection.vectors(answer.space).values, np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert answer.background.mean == pytest.approx((words @ rows.T).mean(), abs=1e-4)
    assert answer.background.std == pytest.approx((words @ rows.T).std(), abs=1e-4)


def test_words_with_pictures_and_away(collection: Collection) -> None:
    both = ask(collection, "text:a red bird", "12", away=("text:snow",))
    assert both.query.title.startswith("“a red bird” ")
    assert both.query.title.endswith(" not “snow”")
    assert 12 not in both.neighbours(24).ids
    assert both.background.of == "random words and images in the place of yours"
    names = [info.space for info in collection.spaces() if takes_words(info.space)]
    alone = flow.ask(collection, *flow.read_terms(["12"]), space=names[0].name)
    assert alone.background.of == "random pairs of images"


def test_a_space_without_words_says_which_has_them(
    collection: Collection, gallery: Gallery
) -> None:
    usual, joint = flow.choose_space(collection), ask(collection, "text:a dog").space
    with pytest.raises(InvalidInput, match="knows pictures, not words") as said:
        flow.ask(collection, *flow.read_terms(["text:a dog"]), space=usual.name)
    assert f"Ask in a space that does: {joint.name}." in str(said.value)
    said_so = impasto("find", gallery.path, "text:a dog")
    assert "knows pictures, not words" in said_so.sentence
    assert "impasto embed" in said_so.sentence
    assert "--network open_clip/ViT-B-32." in said_so.sentence


def test_the_command_line(worded: Gallery) -> None:
    said = impasto("find", worded.path, "text:a red bird", "--not", "text:snow", "-k", 3, "--json")
    assert said.data["query"] == "“a red bird” not “snow”"
    assert len(said.data["neighbours"]) == 3
    assert said.data["distribution"]["background"]["of"] == "random words with random images"
    plain = impasto("find", worded.path, "text:a red bird", "--versus", "text:a dog")
    assert "random words with random images: " in plain.out
    spaces = impasto("status", worded.path, "--json").data["spaces"]
    assert [one["words"] for one in spaces] == [True, False]
    assert impasto("status", worded.path).out.count("knows words") == 1
    assert "takes words" in impasto("find", worded.path, "text: ").sentence


def test_the_library(worded: Gallery) -> None:
    with package.open(worded.path, writable=False) as c:
        near = c.neighbours("text:a red bird", k=5)
        assert len(near) == 5
        assert takes_words(near.space)
        assert len(c.compare(["text:a dog", "text:a house"], space=near.space.name).titles) == 2


def test_random_words_are_kept(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = ask(collection, "text:a dog").space
    weights = own_weights.file_of(space)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    own_weights.remember(space.weights, weights)
    room.tower_of.cache_clear()
    first = room.random_words(space)
    (kept,) = (tmp_path / "words").iterdir()
    monkeypatch.setattr(room, "vectors_of_words", lambda *_: pytest.fail("not again"))
    np.testing.assert_array_equal(room.random_words(space), first)
    monkeypatch.undo()
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    for damaged in (b"", b"\x93NUMPY", kept.read_bytes()[:-7]):
        kept.write_bytes(damaged)
        np.testing.assert_array_equal(room.random_words(space), first)
    shutil.rmtree(tmp_path / "words")
    (tmp_path / "words").write_text("in the way")
    np.testing.assert_array_equal(room.random_words(space), first)


def test_weights_that_went_or_changed(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    mine = gallery.copy(tmp_path)
    own = two_towers(tmp_path / "own", seed=1)
    with flow.open_collection(mine.path) as collection:
        flow.embed(collection, flow.EmbedOptions(own.network, weights=own.file))
        room.tower_of.cache_clear()
        assert ask(collection, "text:a dog").total == 24
        room.tower_of.cache_clear()
        moved = own.file.rename(tmp_path / "moved.safetensors")
        with pytest.raises(MissingWeights, match="no longer there"):
            ask(collection, "text:a dog")
        two_towers(tmp_path / "own", seed=2)
        with pytest.raises(SpaceMismatch, match="words can't be compared"):
            ask(collection, "text:a dog")
        moved.replace(own.file)
        assert ask(collection, "text:a dog").total == 24


def test_spaces_without_words_say_so_beside_those_that_know_them(worded: Gallery) -> None:
    with package.open(worded.path, writable=False) as c:
        found = c.beside("text:a dog", k=5)
        (able,) = (answer.space.name for answer in found.answers)
        assert found.rankings[0].ids.tolist() == c.neighbours("text:a dog", k=24).ids.tolist()
        assert found.agreements == ()
        assert list(found.unable) == [name for name in c.spaces if name != able]
        assert "knows pictures, not words" in found.unable[next(iter(found.unable))]
        spaces = [part for name in c.spaces for part in ("--space", name)]
    said = impasto("find", worded.path, "text:a dog", *spaces)
    assert "knows pictures, not words" in said.out
    assert said.code == 0


def test_a_text_is_no_picture_to_predict_from(worded: Gallery) -> None:
    assert "asked about pictures" in impasto("predict", worded.path, "text:a dog").sentence


def test_networks_are_listed() -> None:
    assert "open_clip/<id>.<tag>" in impasto("networks").out
    listed = impasto("networks", "open_clip/ViT-B-32", "--json").data["networks"]
    assert {"open_clip/ViT-B-32.openai", "open_clip/ViT-B-32.laion2b_s34b_b79k"} <= {
        one["name"] for one in listed
    }
    assert not any(one["weights_at_hand"] for one in listed)
    assert "no weights yet, from https://" in impasto("networks", "open_clip/ViT-B-32").out
    assert "Did you mean" in impasto("networks", "open_clip/ViT-B-3").sentence
