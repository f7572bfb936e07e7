"""From a path to a collection that is open: names, places, what is filled."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import Gallery
from kit import Own, draw

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.store import Collection


def test_a_folder_becomes_a_collection_beside_it(tmp_path: Path, own: Own) -> None:
    folder = draw(tmp_path / "shapes", 2)
    options = flow.EmbedOptions(own.network, weights=own.file)
    opened = flow.begin(folder)
    with opened.collection as collection:
        assert collection.path == tmp_path.resolve() / "shapes.impasto"
        assert (opened.sources, opened.note) == ((folder.resolve(),), "")
        added, done = flow.fill(opened, options)
        assert added[0].changes.new == done.embedded == 6
    again = flow.begin(tmp_path / "shapes.impasto")
    with again.collection:
        assert again.sources == (folder.resolve(),)
        (folder / "discs" / "00.png").unlink()
        added, done = flow.fill(again, options)
        assert (added[0].changes.gone, done.images) == (1, 0)


def test_by_every_name(gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = gallery.copy(tmp_path)
    monkeypatch.chdir(mine.pictures)
    for path in (".", mine.pictures, mine.path, "../shapes", "../shapes.impasto", "discs/.."):
        opened = flow.begin(path)
        assert opened.collection.path == mine.path.resolve(), path
        opened.collection.close()
    monkeypatch.chdir(mine.path)
    for path in (".", mine.path / "."):
        assert flow.named_collection(path) == mine.path.resolve()
    mine.pictures.rename(tmp_path / "away")
    opened = flow.begin(mine.pictures)  # only the collection is left
    assert opened.collection.path == mine.path.resolve()
    opened.collection.close()


def test_names_of_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert flow.named_collection("pictures") == Path("pictures.impasto")
    assert flow.named_collection("pictures.impasto") == Path("pictures.impasto")
    assert flow.named_collection("v1.2") == Path("v1.2.impasto")
    assert flow.named_collection("~/pictures") == tmp_path / "pictures.impasto"
    assert flow.named_collection(".") == tmp_path.resolve().with_name(f"{tmp_path.name}.impasto")
    (tmp_path / "file").touch()
    (tmp_path / "file.impasto").touch()
    for wrong in ("file", "file.impasto"):
        with pytest.raises(InvalidInput, match="is a file"):
            flow.named_collection(wrong)
    Collection.create(tmp_path / "x.impasto").close()
    (tmp_path / "x.impasto").rename(tmp_path / "plain")
    assert flow.named_collection("plain") == Path("plain")  # a collection, however it is called


def test_nothing_to_open(tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    for wrong in ("nowhere", "file.txt"):
        with pytest.raises(InvalidInput, match="folder with pictures"):
            flow.begin(tmp_path / wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_an_empty_folder_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    opened = flow.begin(tmp_path / "empty")
    with opened.collection:
        added, done = flow.fill(opened, flow.EmbedOptions("no such network"))
        assert not any((added[0].changes.new, done.images, done.spaces))


def test_folders_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMPASTO_DATA", str(tmp_path / "d"))
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "c"))
    assert (flow.data_folder(), flow.cache_folder()) == (tmp_path / "d", tmp_path / "c")
    monkeypatch.delenv("IMPASTO_DATA")
    monkeypatch.delenv("IMPASTO_CACHE")
    assert flow.data_folder().name == flow.cache_folder().name == "impasto"
    assert flow.data_folder() != flow.cache_folder()


def test_places_for_folders_that_nobody_can_put_something_beside() -> None:
    root = Path("/").resolve()
    place = flow.collection_for(root)
    assert place.parent == flow.data_folder()
    assert place.name.startswith("images-")
