"""What people change, and the record of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About
from impasto.store import Filter

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
