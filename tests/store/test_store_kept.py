"""What was read once is not read again, until something changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from impasto.store import Filter, Sort, catalogue, facets, query
from impasto.store.kept import Kept

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


class Source:
    def __init__(self) -> None:
        self.version, self.reads = 1, 0

    def read(self) -> str:
        self.reads += 1
        return f"{self.version}.{self.reads}"


def test_it_is_read_anew_after_each_change() -> None:
    source = Source()
    kept = Kept[str](lambda: source.version, most=2)
    assert [kept.get("a", source.read) for _ in range(3)] == ["1.1"] * 3
    source.version = 2
    assert [kept.get("a", source.read) for _ in range(2)] == ["2.2"] * 2


def test_the_things_not_asked_for_the_longest_go_first() -> None:
    source = Source()
    kept = Kept[str](lambda: source.version, most=2)
    for key in "abac":
        kept.get(key, source.read)
    assert source.reads == 3
    kept.get("a", source.read)
    assert source.reads == 3
    kept.get("b", source.read)
    assert source.reads == 4


def test_what_changed_while_it_was_read_is_not_kept() -> None:
    source = Source()
    kept = Kept[str](lambda: source.version, most=2)

    def read() -> str:
        source.version += 1
        kept.get("other", source.read)  # another thread sees the change meanwhile
        return "old"

    assert kept.get("a", read) == "old"
    assert kept.get("a", source.read) != "old"


def test_a_collection_reads_once_until_it_changes(shelf: Shelf) -> None:
    ids = shelf.imagine(5)
    shelf.collection.set_split([5], "test")  # what was read until now is old
    reads = {"order": 0, "facets": 0, "counts": 0}

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def read(*given: Any) -> Any:
            reads[name] += 1
            return real(*given)

        return read

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((query, "order"), (facets, "facets"), (catalogue, "counts")):
            patch.setattr(module, name, counted(name, getattr(module, name)))
        c = shelf.collection
        for _ in range(3):
            c.order()
            c.facets()
            c.counts()
        assert reads == {"order": 1, "facets": 1, "counts": 1}
        c.order(sort=Sort("name"))
        c.facets(Filter(label="cats"))
        assert reads == {"order": 2, "facets": 2, "counts": 1}
        assert dict(c.facets().labels) == {}
        c.set_label([1, 2], "cats")
        assert dict(c.facets().labels) == {"cats": 2}
        assert np.array_equal(c.order(), ids)
        with pytest.raises(ValueError, match="read-only"):
            c.order()[0] = 7
