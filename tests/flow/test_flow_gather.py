"""Adding again, and every way to embed: what is on disk is what the network says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own, assert_same, draw, own_weights, vectors_on_disk
from numpy.typing import NDArray
from PIL import Image, ImageOps

from impasto import flow
from impasto.core.errors import Busy, Cancelled, InvalidInput, WrongCollection
from impasto.core.progress import Quiet
from impasto.core.space import Space
from impasto.embed import Engine
from impasto.flow import gather
from impasto.store import Changes, Collection


@pytest.fixture
def shapes(tmp_path: Path) -> Iterator[Collection]:
    """Return a collection of six pictures, gathered but not read."""
    draw(tmp_path / "shapes", 2)
    with flow.open_collection(tmp_path / "shapes", create=True) as collection:
        flow.add(collection, tmp_path / "shapes")
        yield collection


def options(own: Own, **more: object) -> flow.EmbedOptions:
    return replace(flow.EmbedOptions(own.network, weights=own.file), **more)  # type: ignore[arg-type]


def rows(collection: Collection, space: Space) -> NDArray[np.float32]:
    """Return the vectors of a space, sorted by image."""
    vectors = collection.vectors(space)
    return np.asarray(vectors.values, np.float32)[np.argsort(vectors.ids)]


def test_adding_again_finds_what_changed(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shapes", 4)
    with flow.open_collection(folder, create=True) as collection:
        assert flow.add(collection, folder).changes == Changes(new=12)
        flow.read(collection)
        ids = {image.path: image.id for image in collection.images(collection.order())}
        assert flow.add(collection, folder).changes == Changes(same=12)
        assert flow.read(collection).images == 0

        (folder / "discs" / "00.png").unlink()
        (folder / "discs" / "01.png").rename(folder / "checks" / "moved.png")
        Image.new("RGB", (33, 44), "red").save(folder / "stripes" / "02.png")
        Image.new("RGB", (55, 66), "blue").save(folder / "stripes" / "new.png")
        added = flow.add(collection, folder)
        assert added.changes == Changes(new=1, changed=1, moved=1, gone=1, same=9)
        assert flow.read(collection).images == 2
        after = {image.path: image for image in collection.images(ids.values())}
        assert after["checks/moved.png"].id == ids["discs/01.png"]
        assert after["checks/moved.png"].label == "checks"  # where it lies now
        assert (after["stripes/02.png"].width, after["stripes/02.png"].height) == (33, 44)
        assert [flag.kind for flag in collection.image(ids["discs/00.png"]).flags] == ["gone"]

        draw(folder, 1)
        assert flow.add(collection, folder).changes.gone == 0
        assert collection.counts().gone == 0


def test_changed_pictures_get_new_vectors(shapes: Collection, own: Own) -> None:
    (space,) = flow.embed(shapes, options(own)).spaces
    before = rows(shapes, space)
    image = shapes.image(3)
    Image.new("RGB", (90, 90), "green").save(image.file)
    os.utime(image.file, ns=(1, 1))
    flow.add(shapes, image.root)
    done = flow.embed(shapes, options(own))
    assert (done.images, done.embedded) == (1, 1)
    live = shapes.vectors(space)
    assert sorted(live.ids.tolist()) == [-1, 1, 2, 3, 4, 5, 6]
    after = rows(shapes, space)[1:]
    same = (after == before).all(axis=1)
    assert same.tolist() == [True, True, False, True, True, True]


def test_touched_pictures_keep_their_vectors(shapes: Collection, own: Own) -> None:
    flow.embed(shapes, options(own))
    before = vectors_on_disk(shapes.path)
    image = shapes.image(3)
    os.utime(image.file, ns=(1, 1))
    assert flow.add(shapes, image.root).changes.changed == 1
    assert flow.embed(shapes, options(own)).images == 1  # read, to see that it is the same
    assert vectors_on_disk(shapes.path) == before


def test_labels_stay_as_they_were_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    draw(folder / "a", 1)
    draw(folder / "b", 1)
    with flow.open_collection(folder, create=True) as collection:
        said = flow.add(collection, folder)
        assert said.labels.startswith("No labels from folders")
        flow.add(collection, folder, labels="parent")
        assert dict(collection.facets().labels).keys() >= {"a/discs", "b/stripes"}
        flow.add(collection, folder)  # as last time
        assert len(collection.facets().labels) == 6
        flow.add(collection, folder, labels="top")
        assert dict(collection.facets().labels) == {"a": 3, "b": 3}
        flow.add(collection, folder, labels="none")
        assert not collection.facets().labels


def test_left_out_files_are_counted_by_reason(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shapes", 1)
    for name in ("a.txt", "b.pdf", "c.pdf"):
        (folder / name).write_bytes(b"%PDF-1.7 something")
    with flow.open_collection(folder, create=True) as collection:
        added = flow.add(collection, folder)
        assert sum(added.skipped.values()) == len(collection.skipped()) >= 2
        flow.add(collection, folder)
        assert len(collection.skipped()) == sum(added.skipped.values())


def test_reading_and_embedding_in_one_pass_or_two(tmp_path: Path, own: Own) -> None:
    for name in ("one", "two"):
        draw(tmp_path / name, 3)
        (tmp_path / name / "discs" / "bad.png").write_bytes(b"")
    spaces = {}
    for name in ("one", "two"):
        with flow.open_collection(tmp_path / name, create=True) as collection:
            flow.add(collection, tmp_path / name)
            if name == "two":
                assert flow.read(collection).flags == {"empty": 1}
            done = flow.embed(collection, options(own))
            assert (done.images, done.embedded) == ((10, 9) if name == "one" else (9, 9))
            spaces[name] = rows(collection, done.spaces[0])
    assert_same(spaces["one"], spaces["two"])


def test_several_layers_in_one_pass(shapes: Collection, own: Own) -> None:
    together = flow.embed(shapes, options(own, layers=("pool", "blocks.1", "logits")))
    assert together.images == 6
    assert [space.dimension for space in together.spaces] == [256, 24, 5]
    read = [rows(shapes, space) for space in together.spaces]
    for layer, wanted in zip(("pool", "blocks.1", "logits"), read, strict=True):
        for space in together.spaces:
            if space.layer == layer:
                shapes.remove_space(space)
        (space,) = flow.embed(shapes, options(own, layers=(layer,))).spaces
        assert_same(rows(shapes, space), wanted)


def test_only_what_is_missing_is_computed(shapes: Collection, own: Own) -> None:
    (first,) = flow.embed(shapes, options(own, layers=("pool",))).spaces
    before = vectors_on_disk(shapes.path)
    done = flow.embed(shapes, options(own, layers=("logits", "pool")))
    assert done.images == 6
    after = vectors_on_disk(shapes.path)
    assert {name: after[name] for name in before} == before
    assert flow.embed(shapes, options(own, layers=("pool", "logits"))).images == 0
    assert len(shapes.spaces()) == 2
    assert shapes.spaces()[0].space == first


def test_flips(tmp_path: Path, own: Own) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, file in enumerate(sorted(draw(tmp_path / "drawn", 2).rglob("*.png"))):
        picture = Image.open(file).convert("RGB").resize((160, 160))
        picture.save(folder / f"{number}a.png")
        ImageOps.mirror(picture).save(folder / f"{number}b.png")
    with flow.open_collection(folder, create=True) as collection:
        flow.add(collection, folder)
        (plain,) = flow.embed(collection, options(own)).spaces
        (mean,) = flow.embed(collection, options(own, flip="mean")).spaces
        (both,) = flow.embed(collection, options(own, flip="both")).spaces
        assert len({plain.name, mean.name, both.name}) == 3
        paths = [image.path for image in collection.images(collection.order())]
        assert paths == sorted(paths)
        direct = rows(collection, plain)  # (2 * n_pictures, n_features), a and b in turn
        swapped = direct.reshape(6, 2, -1)[:, ::-1].reshape(12, -1)
        two = collection.vectors(both)
        assert two.mirrored is not None
        assert_same(rows(collection, both), direct)
        assert_same(np.asarray(two.mirrored, np.float32)[np.argsort(two.ids)], swapped)
        assert_same(rows(collection, mean), (direct + swapped) / 2)
        with pytest.raises(AssertionError):
            assert_same(direct, swapped)  # mirroring does something


def test_poolings(shapes: Collection, own: Own) -> None:
    found = {}
    for pooling in ("none", "mean", "max"):
        (space,) = flow.embed(shapes, options(own, layers=("blocks.1",), pooling=pooling)).spaces
        assert space.pooling == pooling
        found[pooling] = rows(shapes, space)
    maps = found["none"].reshape(6, 24, -1)  # (n_images, channels, positions)
    assert_same(found["mean"], maps.mean(axis=2))
    assert_same(found["max"], maps.max(axis=2))


def test_squashed_pictures_show_their_ends(tmp_path: Path, own: Own) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    for number, colour in enumerate(("red", "blue")):
        picture = Image.new("RGB", (300, 100), "white")
        picture.paste(colour, (0, 0, 90, 100))  # cut off by a central square
        picture.save(folder / f"{number}.png")
    with flow.open_collection(folder, create=True) as collection:
        flow.add(collection, folder)
        (crop,) = flow.embed(collection, options(own, fit="crop")).spaces
        (squash,) = flow.embed(collection, options(own, fit="squash")).spaces
        assert crop.name != squash.name
        assert np.array_equal(*rows(collection, crop))
        assert not np.array_equal(*rows(collection, squash))


def test_batches_give_the_same_vectors(shapes: Collection, own: Own) -> None:
    (space,) = flow.embed(shapes, options(own, batch=1)).spaces
    one = rows(shapes, space)
    shapes.remove_space(space)
    assert flow.embed(shapes, options(own, batch=4)).spaces == (space,)
    assert_same(rows(shapes, space), one)


class Stopping(Quiet):
    """A progress whose user stops after a few images."""

    def __init__(self, after: int) -> None:
        self.left = after

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.working = name == "embedding"

    def advance(self, n: int = 1) -> None:
        self.left -= n if self.working else 0
        if self.left < 0:
            raise Cancelled("Stopped.")


def test_stopped_by_the_user_what_was_done_is_kept(tmp_path: Path, own: Own) -> None:
    bytes_of = {}
    for name in ("whole", "stopped"):
        folder = draw(tmp_path / name / "shapes", 5)
        with flow.open_collection(folder, create=True) as collection:
            flow.add(collection, folder)
            if name == "stopped":
                with pytest.raises(Cancelled):
                    flow.embed(collection, options(own, batch=2), progress=Stopping(5))
                assert [info.rows for info in collection.spaces()] == [6]
            flow.embed(collection, options(own, batch=2))
            bytes_of[name] = vectors_on_disk(collection.path)
    assert bytes_of["stopped"] == bytes_of["whole"]


def test_options_are_checked_when_made() -> None:
    for wrong in (
        {"pooling": "average"},
        {"flip": "yes"},
        {"precision": "f16"},
        {"fit": "stretch"},
        {"batch": 0},
    ):
        with pytest.raises(InvalidInput, match=f"not {next(iter(wrong.values()))!r}"):
            flow.EmbedOptions(**wrong)


def test_sources_are_checked_before_anything_is_made(tmp_path: Path) -> None:
    draw(tmp_path / "shapes", 1)
    flow.check_sources([tmp_path / "shapes"])
    with pytest.raises(InvalidInput, match="no file or folder"):
        flow.check_sources([tmp_path / "shapes", tmp_path / "nowhere"])


def test_a_source_that_fails_is_not_looked_through_again(shapes: Collection) -> None:
    table = shapes.path.with_name("bad.csv")
    table.write_text("a,b\n1,2\n")
    before = shapes.sources()
    with pytest.raises(InvalidInput, match="file_name"):
        flow.add(shapes, table)
    assert shapes.sources() == before


def test_opening(gallery: Gallery, tmp_path: Path) -> None:
    with flow.open_collection(gallery.path, writable=False) as by_path:
        assert not by_path.writable
    with flow.open_collection(gallery.pictures, writable=False) as by_folder:
        assert by_folder.path == gallery.path
    with pytest.raises(WrongCollection):
        flow.open_collection(tmp_path / "none")
    assert not (tmp_path / "none.impasto").exists()
    with (
        flow.open_collection(tmp_path / "new", create=True),
        pytest.raises(Busy),
    ):
        flow.open_collection(tmp_path / "new")
    (tmp_path / "taken.impasto").mkdir()
    with pytest.raises(WrongCollection, match="in the way"):
        flow.open_collection(tmp_path / "taken", create=True)


def test_what_an_added_is_made_of(shapes: Collection) -> None:
    added = flow.add(shapes, shapes.roots()[0])
    assert astuple(added.changes) == astuple(Changes(same=6))
    assert added.labels == "The folder is the label: 3 classes."
    assert added.moved_from is None


class TestNothingLeft:
    """An order that was carried out before, with nothing new to do, loads no network."""

    @pytest.fixture
    def mine(
        self, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Collection]:
        monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
        with Collection.open(gallery.copy(tmp_path).path) as collection:
            yield collection

    def loads(self, collection: Collection, wanted: flow.EmbedOptions) -> bool:
        """Tell whether a network is loaded."""
        asked: list[flow.EmbedOptions] = []
        opened = gather.open_engine

        def watched(options: flow.EmbedOptions) -> Engine:
            asked.append(options)
            return opened(options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gather, "open_engine", watched)
            spaces = flow.embed(collection, wanted).spaces
        assert {info.space for info in collection.spaces()} >= set(spaces)
        return bool(asked)

    def test_the_second_time(self, mine: Collection, own: Own) -> None:
        wanted = options(own)
        assert self.loads(mine, wanted)
        assert not self.loads(mine, wanted)
        assert self.loads(mine, replace(wanted, pooling="max", layers=("blocks.1",)))
        assert self.loads(mine, replace(wanted, flip="mean"))
        assert not self.loads(mine, wanted)

    def test_a_new_image(self, mine: Collection, own: Own) -> None:
        wanted = options(own)
        self.loads(mine, wanted)
        picture = mine.image(1).file
        shutil.copy(picture, picture.with_name("new.png"))
        flow.add(mine, mine.roots()[0])
        assert self.loads(mine, wanted)
        assert [info.rows for info in mine.spaces()][-1] == 25

    def test_other_weights_under_the_same_name(
        self, mine: Collection, own: Own, tmp_path: Path
    ) -> None:
        file = Path(shutil.copy(own.file, tmp_path / "w.safetensors"))
        wanted = options(own, weights=file)
        self.loads(mine, wanted)
        own_weights(tmp_path, seed=3).file.replace(file)
        assert self.loads(mine, wanted)
        assert len(mine.spaces()) == 3

    def test_a_removed_space_or_a_damaged_note(
        self, mine: Collection, own: Own, tmp_path: Path
    ) -> None:
        wanted = options(own)
        self.loads(mine, wanted)
        mine.remove_space(mine.spaces()[-1].space)
        assert self.loads(mine, wanted)
        for note in (tmp_path / "cache" / "spaces").iterdir():
            note.write_text("{")
        assert self.loads(mine, wanted)
        assert not self.loads(mine, wanted)
