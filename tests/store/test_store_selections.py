"""Named sets of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About
from impasto.store import Collection, Filter

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def test_saved_filtered_by_renamed_and_forgotten(shelf: Shelf) -> None:
    shelf.imagine(5, {1: About("cat"), 2: About("cat")})
    held = shelf.collection
    best = held.save_selection(" the best ", [4, 2, 4])
    assert (best.name, best.images) == ("the best", 2)
    held.save_selection("all", range(1, 6))
    assert [(one.name, one.images) for one in held.selections()] == [("all", 5), ("the best", 2)]
    assert held.ids_with(selection="the best").tolist() == [2, 4]
    assert held.ids_with(selection="the best", label="cat").tolist() == [2]
    assert held.order(Filter(selection="the best")).tolist() == [2, 4]
    assert dict(held.facets(Filter(selection="all")).labels) == {"cat": 2}
    held.save_selection("the best", [5])
    assert held.ids_with(selection="the best").tolist() == [5]
    held.rename_selection("the best", "a/b")
    assert [one.name for one in held.selections()] == ["a/b", "all"]
    held.remove_selection("a/b")
    assert held.order(Filter(selection="a/b")).tolist() == []
    assert len(held.order()) == 5


def test_kept_when_the_collection_is_opened_again(shelf: Shelf) -> None:
    shelf.imagine(3)
    saved = shelf.collection.save_selection("some", [1, 3])
    shelf.collection.close()
    with Collection.open(shelf.collection.path) as again:
        assert again.selections() == [saved]
        assert again.ids_with(selection="some").tolist() == [1, 3]


def test_what_is_gone_leaves_a_selection_until_it_returns(shelf: Shelf) -> None:
    shelf.put({"a.png": b"1", "b.png": b"2"})
    shelf.scan()
    shelf.collection.save_selection("both", [1, 2])
    (shelf.root / "a.png").unlink()
    shelf.scan()
    assert shelf.collection.ids_with(selection="both").tolist() == [2]
    shelf.put({"a.png": b"1"})
    shelf.scan()
    assert shelf.collection.ids_with(selection="both").tolist() == [1, 2]


def test_an_unread_image_of_a_selection_is_never_merged_away(shelf: Shelf) -> None:
    shelf.put({"a.png": b"same"})
    shelf.scan()
    shelf.read()
    (shelf.root / "a.png").unlink()
    shelf.scan()
    shelf.put({"b.png": b"same"})
    shelf.collection.record(  # as a killed run leaves it: listed, not yet recognised
        shelf.list(), root=shelf.root, prune=False, hash_file=lambda file: bytes(32)
    )
    shelf.collection.save_selection("new", [2])
    shelf.scan()
    assert shelf.collection.ids_with(selection="new").tolist() == [2]


def test_wrong_selections_are_explained_and_change_nothing(shelf: Shelf) -> None:
    shelf.imagine(2)
    held = shelf.collection
    kept = held.save_selection("kept", [1])
    held.save_selection("other", [2])
    for name in ("", "  ", "..", "x" * 201):
        with pytest.raises(InvalidInput, match="1 to 200"):
            held.save_selection(name, [1])
    with pytest.raises(InvalidInput, match="at least one image"):
        held.save_selection("kept", [])
    with pytest.raises(NotFound, match="77"):
        held.save_selection("kept", [2, 77])
    with pytest.raises(InvalidInput, match="already"):
        held.rename_selection("kept", "other")
    held.rename_selection("kept", "kept")
    with pytest.raises(NotFound, match="Did you mean 'kept'"):
        held.remove_selection("kepd")
    with pytest.raises(NotFound, match="Did you mean 'kept'"):
        held.rename_selection("kepd", "x")
    with pytest.raises(NotFound, match="Did you mean 'kept'"):
        held.ids_with(selection="kepd")
    assert held.selections()[0] == kept
    assert held.ids_with(selection="kept").tolist() == [1]
