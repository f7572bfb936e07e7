"""Edits that give each image its own value: one action, one undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.store.conftest import Shelf

State = list[tuple[str | None, str | None, tuple[str, ...], bool]]


def state(collection: Collection) -> State:
    images = collection.images(range(1, 5))
    return [
        (one.label, one.split, one.tags, any(flag.kind == "hidden" for flag in one.flags))
        for one in images
    ]


def test_each_image_its_own_value_and_back(shelf: Shelf) -> None:
    shelf.imagine(4, {1: About("cat", ("fall", "x"), "test"), 2: About(None, ("fall", "autumn"))})
    held = shelf.collection
    before = state(held)
    assert held.assign_labels({1: None, 2: "dog", 3: " cat "}, "Labelled by name") == 3
    assert held.assign_splits({1: "train", 2: "test", 3: None}, "Split") == 2
    changed = held.change_tags(
        add={"autumn": [1, 2, 4]}, remove={"fall": [1, 2], "x": [1, 3]}, hide=[3], title="Merged"
    )
    assert changed == 4
    after: State = [
        (None, "train", ("autumn",), False),
        ("dog", "test", ("autumn",), False),
        ("cat", None, (), True),
        (None, None, ("autumn",), False),
    ]
    assert state(held) == after
    assert [action.title for action in held.history()] == ["Merged", "Split", "Labelled by name"]
    for _ in range(3):
        held.undo()
    assert state(held) == before
    for _ in range(3):
        held.redo()
    assert state(held) == after


def test_a_later_look_at_the_source_keeps_what_was_merged(shelf: Shelf) -> None:
    about = {1: About(tags=("fall", "x"), split="test")}
    shelf.imagine(2, about)
    held = shelf.collection
    held.change_tags(add={"autumn": [1]}, remove={"fall": [1]}, title="Merged")
    held.assign_splits({1: "test", 2: "train"}, "Split")
    shelf.imagine(2, {1: About(tags=("fall", "x", "new"), split="train")})
    one = held.image(1)
    assert (one.tags, one.split) == (("autumn", "new", "x"), "test")


def test_nothing_is_half_written(shelf: Shelf) -> None:
    shelf.imagine(2, {1: About("cat", ("x",))})
    held = shelf.collection
    with pytest.raises(NotFound, match="No image 9"):
        held.assign_labels({1: "dog", 9: "cat"}, "x")
    with pytest.raises(InvalidInput, match="at least one character"):
        held.assign_labels({1: "dog", 2: " "}, "x")
    with pytest.raises(InvalidInput, match="not 'training'"):
        held.assign_splits({1: "training"}, "x")  # type: ignore[dict-item]  # what callers may do
    with pytest.raises(InvalidInput, match="no space around"):
        held.change_tags(add={" y": [1]}, remove={"x": [1]}, title="x")
    with pytest.raises(NotFound, match="No image 9"):
        held.change_tags(add={}, remove={"x": [1]}, hide=[9], title="x")
    assert held.history() == []
    assert (held.image(1).label, held.image(1).tags) == ("cat", ("x",))
    assert held.assign_labels({1: "cat"}, "nothing") == 0
    assert held.history() == []
