"""Maps are written as a whole, read as they were written, and deleted as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.errors import InvalidInput, NotFound, WrongCollection
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def test_what_was_written_is_read(shelf: Shelf) -> None:
    written = shelf.points(7) | {"axes.f32": np.arange(12, dtype=np.float32).reshape(3, 4)}
    folder = shelf.collection.save_map("pca", written, {"images": 7, "title": "Ü"})
    assert folder == shelf.collection.path / "maps" / "pca"
    card, read = shelf.collection.map_parts("pca")
    assert card == {"images": 7, "title": "Ü"}
    assert read.keys() == written.keys()
    for file, array in written.items():
        assert np.array_equal(read[file], array.ravel())
    assert [record.name for record in shelf.collection.maps()] == ["pca"]
    assert (folder / "positions.f32").read_bytes() == written["positions.f32"].tobytes()


def test_a_map_is_replaced_as_a_whole(shelf: Shelf) -> None:
    shelf.collection.save_map("m", shelf.points(5) | {"axes.f32": np.zeros((3, 2))}, {"images": 5})
    shelf.collection.save_map("m", shelf.points(3), {"images": 3})
    card, read = shelf.collection.map_parts("m")
    assert card == {"images": 3}
    assert "axes.f32" not in read
    assert len(read["ids.i64"]) == 3


def test_deleting(shelf: Shelf) -> None:
    shelf.collection.save_map("m", shelf.points(2), {"images": 2})
    shelf.collection.remove_map("m")
    assert shelf.collection.maps() == []
    assert list((shelf.collection.path / "maps").iterdir()) == []
    with pytest.raises(NotFound, match="No map 'm'"):
        shelf.collection.remove_map("m")
    with pytest.raises(NotFound, match="No map 'm'"):
        shelf.collection.map("m")


def test_what_a_kill_left_is_mended(shelf: Shelf) -> None:
    shelf.collection.save_map("m", shelf.points(2), {"images": 2})
    home = shelf.collection.path / "maps"
    (home / "m").rename(home / ".old-m")
    (home / ".new-m").mkdir()
    assert shelf.collection.maps() == []
    shelf.collection.close()
    with Collection.open(shelf.collection.path) as again:
        assert [record.name for record in again.maps()] == ["m"]
        assert [folder.name for folder in home.iterdir()] == ["m"]


def test_a_collection_from_before_there_were_maps(shelf: Shelf) -> None:
    (shelf.collection.path / "maps").rmdir()
    assert shelf.collection.maps() == []
    with pytest.raises(NotFound, match="there is none yet"):
        shelf.collection.map("m")
    shelf.collection.close()
    with Collection.open(shelf.collection.path) as again:
        again.save_map("m", shelf.points(1), {"images": 1})


def test_what_is_refused(shelf: Shelf) -> None:
    with pytest.raises(InvalidInput, match="name of a map"):
        shelf.collection.save_map("../m", shelf.points(1), {"images": 1})
    with pytest.raises(InvalidInput, match=r"no array 'colours.f32'"):
        shelf.collection.save_map("m", {"colours.f32": np.zeros(1)}, {"images": 1})
    shelf.collection.save_map("m", shelf.points(4), {"images": 4})
    with (shelf.collection.path / "maps" / "m" / "rows.i64").open("r+b") as stream:
        stream.truncate(8)
    with pytest.raises(WrongCollection, match=r"8 bytes where 32 were written"):
        shelf.collection.map_parts("m")
    (shelf.collection.path / "maps" / "m" / "rows.i64").unlink()
    with pytest.raises(WrongCollection, match="can't be read"):
        shelf.collection.map_parts("m")
    with Collection.open(shelf.collection.path, writable=False) as reader:
        with pytest.raises(InvalidInput, match="reading only"):
            reader.save_map("n", shelf.points(1), {"images": 1})
        with pytest.raises(InvalidInput, match="reading only"):
            reader.remove_map("m")
