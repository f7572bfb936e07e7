"""Vectors on disk: what goes in comes out, and only what counts."""

from __future__ import annotations

import struct
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from impasto.core.errors import Busy, InvalidInput, NotFound, WrongCollection
from impasto.core.records import Flag
from impasto.core.space import Space
from impasto.store import Collection, files
from impasto.store import spaces as room

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def values(ids: Any, space: Space, shift: float = 0.0) -> NDArray[np.float32]:
    rows = np.asarray(ids, np.float32)[:, None] + np.arange(space.dimension, dtype=np.float32) / 8
    return (rows + shift).astype(np.float32)


def embed(shelf: Shelf, space: Space, *, batch: int = 3) -> None:
    """Read and embed what is pending, the same vector for the same content."""
    ids = shelf.collection.pending(space)
    with shelf.collection.writing(space) as writing:
        for start in range(0, len(ids), batch):
            some = ids[start : start + batch]
            writing.save(
                [(int(i), shelf.facts(int(i)), b"t") for i in some], some, [values(some, space)]
            )


def folder(shelf: Shelf, space: Space) -> Path:
    return shelf.collection.path / "spaces" / space.name


def test_round_trip(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(10)
    assert shelf.collection.pending(space).tolist() == ids.tolist()
    embed(shelf, space)
    vectors = shelf.collection.vectors(space)
    assert vectors.space == space
    assert vectors.ids.tolist() == ids.tolist()
    assert np.array_equal(vectors.values, values(ids, space).astype(np.float16))
    exact = np.linalg.norm(vectors.values.astype(np.float64), axis=1)
    assert np.allclose(vectors.norms, exact, rtol=1e-6)
    assert isinstance(vectors.values, np.memmap)
    assert not vectors.values.flags.writeable
    assert shelf.collection.pending(space).tolist() == []
    assert shelf.collection.space_names() == [space.name]
    (info,) = shelf.collection.spaces()
    assert (info.space, info.rows, info.bytes) == (space, 10, 10 * (12 + 8 + 4))
    assert shelf.collection.vectors(space.name).ids.tolist() == ids.tolist()


def test_bytes_are_as_documented(shelf: Shelf, space: Space) -> None:
    shelf.imagine(3)
    embed(shelf, space)
    home = folder(shelf, space)
    raw = (home / "vectors.f16").read_bytes()
    assert struct.unpack("<18e", raw) == tuple(values([1, 2, 3], space).reshape(-1))
    assert struct.unpack("<3q", (home / "ids.i64").read_bytes()) == (1, 2, 3)
    norms = struct.unpack("<3f", (home / "norms.f32").read_bytes())
    assert norms[1] == pytest.approx(sum(x * x for x in values([2], space)[0]) ** 0.5)
    assert sorted(file.name for file in home.iterdir()) == [
        "ids.i64",
        "norms.f32",
        "space.json",
        "vectors.f16",
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=arrays.arrays(
        np.float32, (2, 6), elements=st.floats(-65504, 65504, width=16, allow_subnormal=True)
    )
)
def test_every_half_float_survives(rows: NDArray[np.float32], space: Space) -> None:
    columns = room.columns(space, np.array([1, 2]), rows, None)
    assert np.array_equal(columns[room.VALUES].astype(np.float32), rows)
    assert np.isfinite(columns[room.NORMS]).all()


@pytest.mark.parametrize("wrong", [70_000.0, float("inf"), float("nan")])
def test_what_16_bits_cannot_hold_is_an_error(shelf: Shelf, space: Space, wrong: float) -> None:
    ids = shelf.imagine(2)
    rows = values(ids, space)
    rows[1, 4] = wrong
    with shelf.collection.writing(space) as writing, pytest.raises(InvalidInput, match="Image 2"):
        writing.save((), ids, [rows])
    assert len(shelf.collection.vectors(space)) == 0


def test_wrong_shapes_are_errors(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(2)
    with shelf.collection.writing(space) as writing:
        for wrong in (values(ids, space)[:1], values(ids, space)[:, :5]):
            with pytest.raises(InvalidInput, match="shape"):
                writing.save((), ids, [wrong])
        with pytest.raises(InvalidInput, match="1 spaces"):
            writing.save((), ids, [])
        with pytest.raises(InvalidInput, match="mirror"):
            writing.save((), ids, [values(ids, space)], [values(ids, space)])


def test_both_flips(shelf: Shelf, space: Space) -> None:
    both = replace(space, flip="both")
    ids = shelf.imagine(4)
    with shelf.collection.writing(space, both) as writing:
        rows = values(ids, space)
        writing.save((), ids, [rows, rows], [None, -rows])
        with pytest.raises(InvalidInput, match="needed"):
            writing.save((), ids, [rows, rows])
    assert shelf.collection.vectors(space).mirrored is None
    mirrored = shelf.collection.vectors(both).mirrored
    assert mirrored is not None
    assert np.array_equal(mirrored, -rows.astype(np.float16))


def test_two_spaces_of_one_pass_are_committed_together(shelf: Shelf, space: Space) -> None:
    other = replace(space, layer="fc6", dimension=3)
    ids = shelf.imagine(5)
    with shelf.collection.writing(space, other) as writing:
        readings = [(int(i), shelf.facts(int(i)), None) for i in ids]
        writing.save(readings, ids, [values(ids, space), values(ids, other)])
    assert shelf.collection.pending(space, other).tolist() == []
    assert shelf.collection.vectors(other).values.shape == (5, 3)
    assert shelf.collection.pending(replace(space, layer="new")).tolist() == ids.tolist()


def test_an_image_has_one_row(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(3)
    embed(shelf, space)
    with shelf.collection.writing(space) as writing:
        writing.save((), [2, 2, 3], [values([2, 2, 3], space)])
    assert shelf.collection.vectors(space).ids.tolist() == ids.tolist()


def test_changed_content_outdates_its_vectors(shelf: Shelf, space: Space) -> None:
    shelf.put({"a.png": b"a", "b.png": b"b", "c.png": b"c"})
    shelf.scan()
    embed(shelf, space)
    shelf.put({"b.png": b"other"})
    shelf.scan()
    assert shelf.collection.pending(space).tolist() == [2]
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2, 3]  # not known to differ yet
    shelf.collection.save_readings([(2, shelf.facts(2), b"t")])  # only its time had changed
    assert shelf.collection.pending(space).tolist() == []
    shelf.collection.save_readings([(2, shelf.facts("new"), b"t")])
    assert shelf.collection.vectors(space).ids.tolist() == [1, -1, 3]
    assert shelf.collection.pending(space).tolist() == [2]
    with shelf.collection.writing(space) as writing:
        writing.save((), [2], [values([2], space, shift=100)])
    assert shelf.collection.vectors(space).ids.tolist() == [1, -1, 3, 2]
    with shelf.collection.writing(space) as writing:  # read and embedded in one go
        writing.save([(3, shelf.facts("newer"), b"t")], [3], [values([3], space, shift=9)])
    assert shelf.collection.vectors(space).ids.tolist() == [1, -1, -1, 2, 3]


def test_gone_and_broken_images_do_not_count(shelf: Shelf, space: Space) -> None:
    shelf.put({"a.png": b"a", "b.png": b"b", "c.png": b"c"})
    shelf.scan()
    embed(shelf, space)
    (shelf.root / "a.png").rename(shelf.root.parent / "a.png")
    shelf.scan()
    assert shelf.collection.vectors(space).ids.tolist() == [-1, 2, 3]
    assert shelf.collection.pending(space).tolist() == []
    (shelf.root.parent / "a.png").rename(shelf.root / "a.png")
    shelf.scan()
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2, 3]
    assert shelf.collection.thumbnail(3) == b"t"
    unreadable = replace(shelf.facts(3, Flag("unreadable", "no permission")), sha256=b"")
    shelf.collection.save_readings([(3, unreadable, None)])
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2, -1]
    assert shelf.collection.thumbnail(3) is None
    shelf.collection.save_readings([(3, shelf.facts(3), b"t")])  # the same file after all
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2, 3]


def test_images_without_picture_are_not_pending(shelf: Shelf, space: Space) -> None:
    shelf.imagine(2)
    shelf.collection.save_readings([(1, shelf.facts(1, Flag("broken", "why")), None)])
    assert shelf.collection.pending().tolist() == [2]
    assert shelf.collection.pending(space).tolist() == [2]
    assert shelf.collection.image(1).flags == (Flag("broken", "why"),)
    with pytest.raises(NotFound, match="77"):
        shelf.collection.save_readings([(77, shelf.facts(77), None)])


def test_an_error_keeps_what_was_saved(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(4)
    with pytest.raises(RuntimeError), shelf.collection.writing(space) as writing:
        writing.save((), ids[:2], [values(ids[:2], space)])
        raise RuntimeError
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2]
    embed(shelf, space)
    assert shelf.collection.vectors(space).ids.tolist() == [1, 2, 3, 4]


def test_one_writer_per_space(shelf: Shelf, space: Space) -> None:
    with shelf.collection.writing(space):
        with pytest.raises(Busy, match="Another task"):
            shelf.collection.writing(space)
        with pytest.raises(Busy):
            shelf.collection.remove_space(space)
    with pytest.raises(InvalidInput, match="twice"):
        shelf.collection.writing(space, space)
    with shelf.collection.writing(space):
        pass


def test_torn_tails_are_cut(shelf: Shelf, space: Space) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    home, path = folder(shelf, space), shelf.collection.path
    before = {file.name: file.read_bytes() for file in home.iterdir()}
    shelf.collection.close()
    for name in ("vectors.f16", "ids.i64", "norms.f32"):
        with (home / name).open("ab") as stream:
            stream.write(b"torn!")
    with Collection.open(path, writable=False) as reader:
        assert reader.vectors(space).ids.tolist() == [1, 2, 3, 4]
    with Collection.open(path) as again:
        assert again.vectors(space).ids.tolist() == [1, 2, 3, 4]
    assert {file.name: file.read_bytes() for file in home.iterdir()} == before


def test_a_damaged_space_says_so_and_can_be_removed(shelf: Shelf, space: Space) -> None:
    shelf.imagine(4)
    embed(shelf, space)
    other = replace(space, layer="fc6")
    embed(shelf, other)
    (folder(shelf, space) / "vectors.f16").write_bytes(b"short")
    path = shelf.collection.path
    shelf.collection.close()
    with Collection.open(path) as again:
        assert len(again.vectors(other)) == 4
        with pytest.raises(WrongCollection, match="5 bytes where 48"):
            again.vectors(space)
        again.remove_space(space)
        assert not (path / "spaces" / space.name).exists()
        assert again.pending(space).tolist() == [1, 2, 3, 4]
        with pytest.raises(NotFound, match="No space"):
            again.vectors(space)
        with pytest.raises(NotFound, match="No space"):
            again.remove_space(space)
        shelf.collection = again
        embed(shelf, space)
        assert len(again.vectors(space)) == 4


def test_vectors_of_an_earlier_look_stay_as_they_were(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(6)
    with shelf.collection.writing(space) as writing:
        writing.save((), ids[:3], [values(ids[:3], space)])
        writing.flush()
        early = shelf.collection.vectors(space)
        writing.save((), ids[3:], [values(ids[3:], space)])
        writing.flush()
        assert len(early) == 3
        assert np.array_equal(early.values, values(ids[:3], space).astype(np.float16))
        assert len(shelf.collection.vectors(space)) == 6


def test_nothing_counts_before_it_is_on_the_disk(
    shelf: Shelf, space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thumbnails first, then the rows are synced, then the catalogue counts them."""
    ids = shelf.imagine(1)
    events: list[str] = []
    real = files.sync

    def sync(fileno: int) -> None:
        real(fileno)
        events.append("sync")

    with shelf.collection.writing(space) as writing:
        monkeypatch.setattr(files, "sync", sync)
        for name in ("thumbnails", "catalogue"):
            db = getattr(shelf.collection, f"_{name}")._writer
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)
            db.set_trace_callback(lambda text, name=name: events.append(f"{name} {text}"))
        writing.save([(1, shelf.facts(1), b"t")], ids, [values(ids, space)])
        writing.flush()
    told = [
        event for event in events if event == "sync" or "COMMIT" in event or "SET rows" in event
    ]
    assert told[:6] == [
        "thumbnails COMMIT",
        "sync",
        "sync",
        "sync",
        "catalogue UPDATE spaces SET rows = 1 WHERE id = 1",
        "catalogue COMMIT",
    ]


def test_vectors_are_the_same_object_until_they_change(shelf: Shelf, space: Space) -> None:
    ids = shelf.imagine(4)
    embed(shelf, space)
    first = shelf.collection.vectors(space)
    assert shelf.collection.vectors(space.name) is first
    assert not first.ids.flags.writeable
    version = shelf.collection.version
    shelf.collection.set_label(ids.tolist(), "cats")
    assert shelf.collection.version != version
    assert shelf.collection.vectors(space) is first  # labels are nothing to vectors
    shelf.imagine(6)
    assert shelf.collection.vectors(space) is first  # nothing was embedded yet
    embed(shelf, space)
    second = shelf.collection.vectors(space)
    assert (len(first), len(second)) == (4, 6)
    change(shelf, 2)
    third = shelf.collection.vectors(space)
    assert third.ids.tolist() == [1, -1, 3, 4, 5, 6]
    assert second.ids.tolist() == [1, 2, 3, 4, 5, 6]


def change(shelf: Shelf, image: int) -> None:
    """Save a reading that finds other content."""
    facts = replace(shelf.facts(image), sha256=b"x" * 32)
    shelf.collection.save_readings([(image, facts, b"t")])


def test_a_reader_sees_what_another_connection_changed(shelf: Shelf, space: Space) -> None:
    shelf.imagine(3)
    embed(shelf, space)
    with Collection.open(shelf.collection.path, writable=False) as reader:
        before, version = reader.vectors(space), reader.version
        assert reader.version == version
        change(shelf, 3)
        assert reader.version != version
        assert before.ids.tolist() == [1, 2, 3]
        assert reader.vectors(space).ids.tolist() == [1, 2, -1]


def test_a_closed_collection_has_no_version(shelf: Shelf) -> None:
    shelf.collection.close()
    with pytest.raises(InvalidInput, match="closed"):
        shelf.collection.version  # noqa: B018


def test_a_closed_collection_lets_go_of_mapped_files(shelf: Shelf, space: Space) -> None:
    shelf.imagine(2)
    embed(shelf, space)
    mapped = weakref.ref(shelf.collection.vectors(space).values)
    assert mapped() is not None, "it is kept for whoever asks next"
    shelf.collection.close()
    assert mapped() is None
