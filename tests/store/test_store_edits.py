"""What people change, and the record of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About, Found, Split
from impasto.core.space import Space
from impasto.store import Collection, Filter

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def history(shelf: Shelf) -> list[tuple[int, int, str, str | None, str | None]]:
    with shelf.collection._catalogue.reading() as db:
        return db.execute(
            "SELECT action, image, field, before, after FROM edits ORDER BY id"
        ).fetchall()


def test_every_change_is_written_down(shelf: Shelf) -> None:
    shelf.imagine(3, {1: About("cat", ("x",)), 2: About("dog")})
    change = shelf.collection
    assert change.set_label([1, 2, 3], " cat ") == 2
    assert change.set_label([1], None) == 1
    assert change.add_tags([1, 2], ["x", "y", "x"]) == 2
    assert change.remove_tags([1, 3], ["x"]) == 1
    assert change.set_split([2, 2], "test") == 1
    assert change.set_split([2], "test") == 0
    assert history(shelf) == [
        (1, 2, "label", "dog", "cat"),
        (1, 3, "label", None, "cat"),
        (2, 1, "label", "cat", None),
        (3, 2, "tag", None, "x"),
        (3, 1, "tag", None, "y"),
        (3, 2, "tag", None, "y"),
        (4, 1, "tag", "x", None),
        (5, 2, "split", None, "test"),
    ]
    one, two, three = change.images([1, 2, 3])
    assert (one.label, one.tags) == (None, ("y",))
    assert (two.label, two.tags, two.split) == ("cat", ("x", "y"), "test")
    assert (three.label, three.tags) == ("cat", ())
    assert change.order(Filter(text="cat y")).tolist() == [2]


def test_wrong_edits_change_nothing(shelf: Shelf) -> None:
    shelf.imagine(2)
    wrongs: list[Callable[[], int]] = [
        lambda: shelf.collection.set_label([1], "  "),
        lambda: shelf.collection.add_tags([1], [""]),
        lambda: shelf.collection.add_tags([1], "sea"),
        lambda: shelf.collection.set_split([1], "training"),  # type: ignore[arg-type]
    ]
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            wrong()
    with pytest.raises(NotFound, match="77"):
        shelf.collection.set_label([1, 77], "cat")
    assert history(shelf) == []
    assert shelf.collection.image(1).label is None


def test_undo_and_redo_last_over_a_restart(shelf: Shelf) -> None:
    shelf.imagine(3, {1: About("cat", ("x",), "train")})
    held = shelf.collection
    held.set_label([1, 2], "dog")
    held.add_tags([1, 2, 3], ["x", "y"])
    held.set_hidden([3])
    held.set_flag([1, 2], "odd")
    held.close()
    with Collection.open(held.path) as again:
        assert [action.title for action in again.history()] == [
            *("Flagged: odd", "Hidden", "Tagged x, y", "Labelled dog")
        ]
        assert (again.undo().title, again.undo().images) == ("Flagged: odd", 1)
        assert [action.undone for action in again.history()] == [True, True, False, False]
    with Collection.open(held.path) as again:
        assert again.redo().title == "Hidden"
        assert again.order().tolist() == [1, 2]
        assert again.undo().title == "Hidden"
        assert again.undo().title == "Tagged x, y"
        assert [image.tags for image in again.images([1, 2, 3])] == [("x",), (), ()]
        assert again.undo().undone
        assert again.image(1).label == "cat"
        with pytest.raises(NotFound, match="nothing to undo"):
            again.undo()
        again.set_split([1], "test")  # drops what could have been done again
        with pytest.raises(NotFound, match="nothing to redo"):
            again.redo()
        assert [action.title for action in again.history()] == ["Put into test"]
        assert again.set_split([1], "test") == 0
        assert len(again.history()) == 1


def test_what_changes_nothing_is_no_action(shelf: Shelf) -> None:
    shelf.imagine(2, {1: About("cat", ("x",))})
    held = shelf.collection
    held.add_tags([2], ["y"])
    held.undo()
    assert (
        held.set_label([1], "cat") == held.add_tags([1], ["x"]) == held.set_hidden([1], False) == 0
    )
    assert held.redo().title == "Tagged y"  # still there to be done again


def test_after_undo_the_source_counts_again(shelf: Shelf) -> None:
    shelf.put({"a.png": b"1"})
    shelf.scan({"a.png": About("cat", ("x",), "train")})
    held = shelf.collection
    held.set_label([1], "dog")
    held.set_split([1], "test")
    held.add_tags([1], ["mine"])
    held.remove_tags([1], ["x"])
    shelf.scan({"a.png": About("bird", ("x", "z"), "validation")})
    image = held.image(1)
    assert (image.label, image.split, image.tags) == ("dog", "test", ("mine", "z"))
    for _ in range(4):
        held.undo()
    shelf.scan({"a.png": About("bird", ("x", "w"), "validation")})
    image = held.image(1)
    assert (image.label, image.split, image.tags) == ("bird", "validation", ("w", "x"))


def test_hidden_images_are_left_out_until_asked_for(shelf: Shelf) -> None:
    space = Space("net", "fc7", 2, "00" * 32)
    ids = shelf.imagine(4, {1: About("cat", ("x",)), 2: About("cat", ("x",))})
    held = shelf.collection
    with held.writing(space) as writing:
        readings = [(int(image), shelf.facts(image), None) for image in ids]
        writing.save(readings, ids, [np.ones((4, 2), np.float32)])
    held.save_selection("all", ids)
    assert held.set_hidden([1, 4]) == 2
    assert held.order().tolist() == [2, 3]
    assert held.count() == 2
    assert held.order(Filter(hidden=True)).tolist() == [1, 2, 3, 4]
    assert held.order(Filter(flag="hidden")).tolist() == [1, 4]
    assert held.vectors(space).ids.tolist() == [-1, 2, 3, -1]
    assert held.ids_with(label="cat").tolist() == held.ids_with(tag="x").tolist() == [2]
    assert held.ids_with(selection="all").tolist() == [2, 3]
    assert held.labelled()[0].tolist() == [2]
    assert dict(held.facets().flags) == {"hidden": 2}
    assert held.pending(space).tolist() == []  # they keep their vectors
    held.undo()
    assert held.vectors(space).ids.tolist() == [1, 2, 3, 4]


def test_reading_a_file_again_keeps_what_people_said(shelf: Shelf) -> None:
    shelf.put({"a.png": b"1"})
    shelf.scan()
    shelf.read()
    shelf.collection.set_flag([1], "")
    shelf.collection.set_hidden([1])
    shelf.put({"a.png": b"22"})
    shelf.scan()
    shelf.read()
    kinds = {flag.kind: flag.reason for flag in shelf.collection.image(1).flags}
    assert kinds == {"flagged": "", "hidden": "A person hid it."}


IDS = st.lists(st.integers(1, 5), max_size=5)
TAGS = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2)
SPLITS: list[Split | None] = [None, "train", "test"]
EDITS = st.one_of(
    st.tuples(st.just("set_label"), IDS, st.sampled_from([None, "cat", "dog"])),
    st.tuples(st.just("set_split"), IDS, st.sampled_from(SPLITS)),
    st.tuples(st.just("add_tags"), IDS, TAGS),
    st.tuples(st.just("remove_tags"), IDS, TAGS),
    st.tuples(st.just("set_flag"), IDS, st.sampled_from([None, "", "odd"])),
    st.tuples(st.just("set_hidden"), IDS, st.booleans()),
    st.tuples(st.sampled_from(["undo", "redo"])),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(EDITS, max_size=14))
def test_any_edits_against_a_list_of_states(shelf: Shelf, steps: list[tuple[str, ...]]) -> None:
    """The slow obvious way: keep every state there was, and where in the list one is."""
    held = shelf.collection
    if not len(held.order(Filter(hidden=True))):
        shelf.imagine(5, {1: About("cat", ("x",), "test"), 2: About(tags=("x", "y"))})
    start = len([action for action in held.history(10_000) if not action.undone])
    states, at = [seen(held)], 0
    for name, *arguments in steps:
        try:
            answer = getattr(held, name)(*arguments)
        except NotFound:
            assert at == (0 if name == "undo" else len(states) - 1)
            assert name == "redo" or start == 0
            continue
        if name in ("undo", "redo"):
            if name == "undo" and at == 0:
                held.redo()  # an example before left something to undo
                continue
            at += 1 if name == "redo" else -1
            assert seen(held) == states[at]
        elif answer:
            states[at + 1 :] = [seen(held)]
            at += 1
            changed = sum(
                one != other for one, other in zip(states[at - 1], states[at], strict=True)
            )
            assert answer == changed
        assert seen(held) == states[at]
    while at:
        held.undo()
        at -= 1
        assert seen(held) == states[at]
    if len(states) > 1:  # leave nothing to do again
        held.set_label([1], f"other {time.monotonic_ns()}")


def seen(held: Collection) -> list[tuple[object, ...]]:
    return [
        (
            image.label,
            image.split,
            image.tags,
            tuple(sorted((f.kind, f.reason) for f in image.flags)),
        )
        for image in held.images(range(1, 6))
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX systems do")
def test_killed_at_any_instant_an_edit_happened_or_did_not(tmp_path: Path) -> None:
    many = 20_000
    path = tmp_path / "a.impasto"
    with Collection.create(path) as made:
        made.record(
            (Found(tmp_path, f"{k}.png", 1, k) for k in range(many)),
            root=tmp_path,
            prune=False,
            hash_file=lambda file: bytes(32),
        )
    program = (
        "import sys, itertools\n"
        "from pathlib import Path\n"
        "from impasto.store import Collection, Filter\n"
        "with Collection.open(Path(sys.argv[1])) as held:\n"
        "    ids = held.order(Filter(hidden=True)).tolist()\n"
        "    print('ready', flush=True)\n"
        "    for number in itertools.count():\n"
        "        held.set_label(ids, f'label {number}')\n"
        "        held.set_hidden(ids, number % 2 == 0)\n"
        "        held.undo()\n"
    )
    chance = random.Random(3)
    for _ in range(4):
        running = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.5))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()
        with Collection.open(path) as held:
            everything = Filter(hidden=True)
            labels = dict(held.facets(everything).labels)
            assert list(labels.values()) in ([], [many])
            assert held.count() in (0, many)
            done = [action for action in held.history() if not action.undone]
            assert all(action.images == many for action in done)
            if done and done[0].title.startswith("Labelled"):
                assert list(labels) == [done[0].title.removeprefix("Labelled ")]
