"""Scans against what the catalogue knows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About, Found, Skipped, Split
from impasto.store import Changes, Collection, Filter

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def never(file: Path) -> bytes:
    raise AssertionError(f"{file} was hashed")


def test_first_and_second_look(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a", "sub/b.png": b"bb", "sub/Ünïcode.PNG": b"ccc"})
    assert shelf.scan() == Changes(new=3)
    assert shelf.paths() == {1: "a.png", 2: "sub/b.png", 3: "sub/Ünïcode.PNG"}
    assert shelf.scan() == Changes(same=3)
    image = shelf.collection.image(2)
    assert (image.file, image.size, image.sha256, image.width) == (
        shelf.root / "sub/b.png",
        2,
        None,
        0,
    )
    assert image.file.read_bytes() == b"bb"


def test_changed_file_is_read_again(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a", "b.png": b"b"})
    shelf.scan()
    shelf.read()
    assert shelf.collection.pending().tolist() == []
    shelf.put({"b.png": b"longer"})
    assert shelf.scan() == Changes(same=1, changed=1)
    assert shelf.collection.pending().tolist() == [2]
    os.utime(shelf.root / "a.png", ns=(5, 5))
    assert shelf.scan() == Changes(same=1, changed=1)
    assert shelf.collection.pending().tolist() == [1, 2]


def test_gone_and_returned(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a", "b.png": b"b"})
    shelf.scan()
    shelf.read()
    (shelf.root / "b.png").rename(shelf.root.parent / "b.png")
    assert shelf.scan(prune=False) == Changes(same=1)
    assert shelf.scan() == Changes(same=1, gone=1)
    assert shelf.scan() == Changes(same=1)
    assert [flag.kind for flag in shelf.collection.image(2).flags] == ["gone"]
    assert shelf.collection.order().tolist() == [1]
    assert shelf.collection.order(Filter(flag="gone")).tolist() == [2]
    assert shelf.collection.order(Filter(gone=True)).tolist() == [1, 2]
    counts = shelf.collection.counts()
    assert (counts.images, counts.usable, counts.unread, counts.gone) == (1, 1, 0, 1)
    (shelf.root.parent / "b.png").rename(shelf.root / "b.png")
    assert shelf.scan() == Changes(same=1, returned=1)
    assert shelf.collection.image(2).flags == ()
    assert shelf.collection.pending().tolist() == []


def test_moved_image_keeps_what_people_said(shelf: Shelf) -> None:
    shelf.put({"a.png": b"one", "b.png": b"two", "c.png": b"six"})
    shelf.scan()
    shelf.read()
    shelf.collection.set_label([2], "mine")
    shelf.collection.add_tags([2], ["kept"])
    (shelf.root / "new").mkdir()
    (shelf.root / "b.png").rename(shelf.root / "new/other.png")
    shelf.put({"d.png": b"ten"})  # same size, other content
    said = {"new/other.png": About(label="theirs", tags=("said",), properties={"year": 1900})}
    assert shelf.scan(said) == Changes(same=2, new=1, moved=1)
    image = shelf.collection.image(2)
    assert image.path == "new/other.png"
    assert (image.label, image.tags, image.properties) == ("mine", ("kept", "said"), {"year": 1900})
    assert shelf.collection.pending().tolist() == [4]
    assert shelf.collection.order(Filter(text="other")).tolist() == [2]
    assert shelf.collection.order(Filter(text="b.png")).tolist() == []
    assert shelf.scan() == Changes(same=4)


def test_a_copy_does_not_take_the_place_of_what_is_there(shelf: Shelf) -> None:
    shelf.put({"a.png": b"one"})
    shelf.scan()
    shelf.read()
    shelf.put({"b.png": b"one"})
    changes = shelf.collection.record(shelf.list(), root=shelf.root, prune=True, hash_file=never)
    assert changes == Changes(same=1, new=1)


def test_killed_before_moves_were_found(shelf: Shelf) -> None:
    """A run that recorded the new path but died before comparing is made good by the next."""
    shelf.put({"a.png": b"one"})
    shelf.scan()
    shelf.read()
    (shelf.root / "a.png").rename(shelf.root / "z.png")

    def stop(file: Path) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shelf.collection.record(shelf.list(), root=shelf.root, prune=True, hash_file=stop)
    assert shelf.scan() == Changes(moved=1)
    assert shelf.paths() == {1: "z.png"}


def test_a_stream_that_breaks_keeps_what_came(shelf: Shelf) -> None:
    def broken() -> object:
        yield Found(shelf.root, "a.png", 1, 1)
        raise OSError("the network share is gone")

    with pytest.raises(OSError, match="share"):
        shelf.collection.record(broken(), root=shelf.root, prune=True, hash_file=never)  # type: ignore[arg-type]
    assert shelf.collection.counts().gone == 0


def test_what_a_source_says(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a", "b.png": b"b"})
    first = {
        "a.png": About(
            "cat", ("x", " y ", "x", ""), "train", {"n": 1, "f": 0.5, "s": "ü", "b": True}
        )
    }
    shelf.scan(first)
    image = shelf.collection.image(1)
    assert (image.label, image.tags, image.split) == ("cat", ("x", "y"), "train")
    assert image.properties == {"n": 1, "f": 0.5, "s": "ü", "b": True}
    assert shelf.collection.properties() == {"b": "bool", "f": "float", "n": "int", "s": "str"}
    shelf.scan()  # says nothing: nothing changes
    assert shelf.collection.image(1) == image
    shelf.scan(
        {"a.png": About("dog", ("z",), "test", {"n": 2.5, "s": float("nan"), 'q"\\': "odd"})}
    )
    image = shelf.collection.image(1)
    assert (image.label, image.tags, image.split) == ("dog", ("z",), "test")
    assert image.properties == {"n": 2.5, "f": 0.5, "s": "ü", "b": True, "q'/": "odd"}
    assert shelf.collection.properties()["n"] == "float"
    assert shelf.collection.order(Filter(text="dog z")).tolist() == [1]
    assert shelf.collection.order(Filter(text="cat")).tolist() == []
    shelf.scan({"a.png": About("", ())})
    assert (shelf.collection.image(1).label, shelf.collection.image(1).tags) == (None, ())


def test_people_have_the_last_word(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a"})
    said = {"a.png": About("cat", ("x", "y"), "train")}
    shelf.scan(said)
    shelf.collection.set_label([1], None)
    shelf.collection.set_split([1], "test")
    shelf.collection.add_tags([1], ["mine"])
    shelf.collection.remove_tags([1], ["x"])
    shelf.scan(said)
    shelf.scan({"a.png": About("dog", ("x", "y", "z"), "validation")})
    image = shelf.collection.image(1)
    assert (image.label, image.tags, image.split) == (None, ("mine", "y", "z"), "test")


def test_a_file_named_twice(shelf: Shelf) -> None:
    found = [
        Found(shelf.root, "a.png", 1, 1, About(label="cat", tags=("x",))),
        Found(shelf.root, "a.png", 1, 1, About(label="dog")),
    ]
    assert shelf.collection.record(found, root=shelf.root, prune=True, hash_file=never) == Changes(
        new=1
    )
    image = shelf.collection.image(1)
    assert (image.label, image.tags) == ("dog", ("x",))


def test_one_file_has_one_name_whichever_folder_is_added(shelf: Shelf) -> None:
    shelf.put({"a.png": b"a", "sub/b.png": b"b", "sub/deep/c.png": b"c"})
    everything = shelf.list()
    below = [
        Found(shelf.root / "sub", one.path.removeprefix("sub/"), one.size, one.mtime_ns)
        for one in everything
        if one.path.startswith("sub/")
    ]
    record = shelf.collection.record
    assert record(below, root=shelf.root / "sub", prune=True, hash_file=never) == Changes(new=2)
    assert record(everything, root=shelf.root, prune=True, hash_file=never) == Changes(
        new=1, same=2
    )
    assert record(below, root=shelf.root / "sub", prune=True, hash_file=never) == Changes(same=2)
    assert shelf.collection.roots() == [shelf.root / "sub", shelf.root]
    assert shelf.collection.folder_counts(shelf.root) == {"": 1, "sub": 1, "sub/deep": 1}
    assert shelf.collection.folder_counts(shelf.root / "sub") == {"": 1, "deep": 1}
    deep = shelf.root / "sub/deep"
    assert record([], root=deep, prune=True, hash_file=never) == Changes(gone=1)
    assert shelf.collection.folder_counts(shelf.root) == {"": 1, "sub": 1}
    shelf.collection.set_folder_labels(shelf.root, {"": "top", "sub": "below"}, {})
    assert [i.label for i in shelf.collection.images([3, 1])] == ["top", "below"]


def test_folder_labels(shelf: Shelf) -> None:
    shelf.put({"train/cat/1.png": b"1", "train/dog/2.png": b"2", "test/cat/3.png": b"3"})
    shelf.scan({"train/dog/2.png": About(label="wolf")})
    counts = shelf.collection.folder_counts(shelf.root)
    assert counts == {"train/cat": 1, "train/dog": 1, "test/cat": 1}
    labels = {folder: folder.split("/")[1] for folder in counts}
    splits: dict[str, Split | None] = {
        folder: "test" if folder.startswith("test") else "train" for folder in counts
    }
    assert shelf.collection.set_folder_labels(shelf.root, labels, splits) == 2
    got = {i.path: (i.label, i.split) for i in shelf.collection.images([1, 2, 3])}
    assert got == {
        "test/cat/3.png": ("cat", "test"),
        "train/cat/1.png": ("cat", "train"),
        "train/dog/2.png": ("wolf", "train"),
    }
    assert shelf.collection.order(Filter(text="cat")).tolist() == [1, 2]
    shelf.collection.set_label([1], "mine")
    nothing = dict.fromkeys(counts)
    assert shelf.collection.set_folder_labels(shelf.root, nothing, {}) == 1
    assert [i.label for i in shelf.collection.images([1, 2, 3])] == ["mine", None, "wolf"]
    with pytest.raises(NotFound, match="No root"):
        shelf.collection.folder_counts(shelf.root.parent / "elsewhere")


def test_skipped_is_replaced_per_source(shelf: Shelf) -> None:
    record = shelf.collection.record_skipped
    assert record("a", (Skipped(f"{i}.txt", "not a picture") for i in range(3))) == 3
    assert record("b", [Skipped("locked", "unreadable \udcff")]) == 1
    assert record("a", []) == 0
    assert shelf.collection.skipped() == [Skipped("locked", "unreadable ?")]


def test_unreadable_and_unsupported_are_tried_again(shelf: Shelf) -> None:
    from impasto.core.records import Facts, Flag

    shelf.put({"a.heic": b"a", "b.png": b"b"})
    shelf.scan()
    shelf.collection.save_readings(
        [
            (1, Facts(b"", 0, 0, 0, "", (Flag("unsupported", "install pillow-heif"),)), None),
            (2, Facts(b"2" * 32, 0, 0, 0, "", (Flag("broken", "no"),)), None),
        ]
    )
    assert shelf.collection.pending().tolist() == []
    assert shelf.scan() == Changes(same=2)
    assert shelf.collection.pending().tolist() == [1]


def test_names_that_are_not_text(shelf: Shelf) -> None:
    with pytest.raises(InvalidInput, match="rename"):
        shelf.collection.record(
            [Found(shelf.root, "bad\udcff.png", 1, 1)],
            root=shelf.root,
            prune=True,
            hash_file=never,
        )


NAMES = st.sampled_from(["a", "b", "c", "d/e", "d/f"])
SCAN = st.dictionaries(NAMES, st.tuples(st.integers(1, 3), st.integers(0, 2)))


@settings(max_examples=15, deadline=None)
@given(st.lists(SCAN, max_size=5))
def test_scans_against_a_slow_model(scans: list[Mapping[str, tuple[int, int]]]) -> None:
    """Unread images never move, so the right counts follow from dictionaries."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "pictures"
        with Collection.create(Path(folder) / "c.impasto") as collection:
            known: dict[str, tuple[int, int]] = {}
            gone: set[str] = set()
            for scan in scans:
                got = collection.record(
                    [Found(root, name, *facts) for name, facts in scan.items()],
                    root=root,
                    prune=True,
                    hash_file=never,
                )
                old = scan.keys() & known.keys()
                changed = {name for name in old if known[name] != scan[name]}
                assert got == Changes(
                    new=len(scan.keys() - known.keys()),
                    changed=len(changed),
                    gone=len(known.keys() - gone - scan.keys()),
                    returned=len((old - changed) & gone),
                    same=len(old - changed - gone),
                )
                known |= scan
                gone = known.keys() - scan.keys()
                shown = collection.images(collection.order())
                assert {image.path for image in shown} == scan.keys()
                assert np.array_equal(np.sort(collection.pending()), collection.order())
