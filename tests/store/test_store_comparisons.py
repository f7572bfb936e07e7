"""Comparisons that a person keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from impasto.core.errors import InvalidInput, NotFound, WrongCollection
from impasto.store import Collection, KeptComparison, KeptQuery

if TYPE_CHECKING:
    from tests.store.conftest import Shelf

CATS = KeptComparison(
    "Cats & dogs, 50 %",
    "tiny-pool-00000000",
    (KeptQuery(("label:cat", "-image:3"), "cats", 2), KeptQuery(("label:dog",))),
    100,
    "2026-01-02T03:04:05+00:00",
)


def test_kept_renamed_and_forgotten_across_restarts(shelf: Shelf) -> None:
    held = shelf.collection
    assert held.comparisons() == []
    held.save_comparison(CATS)
    held.save_comparison(replace(CATS, name="another", k=7))
    held.save_comparison(replace(CATS, name="another", k=9))
    held.close()
    with Collection.open(held.path) as again:
        assert again.comparison(CATS.name) == CATS
        assert [(each.name, each.k) for each in again.comparisons()] == [
            (CATS.name, 100),
            ("another", 9),
        ]
        again.rename_comparison("another", " 日本語/a ")
        again.rename_comparison("日本語/a", "日本語/a")
        assert again.comparison("日本語/a") == replace(CATS, name="日本語/a", k=9)
        with pytest.raises(InvalidInput, match="already"):
            again.rename_comparison("日本語/a", CATS.name)
        again.remove_comparison(CATS.name)
        assert [each.name for each in again.comparisons()] == ["日本語/a"]
        for act in (again.comparison, again.remove_comparison):
            with pytest.raises(NotFound, match="日本語"):
                act(CATS.name)


def test_a_collection_to_read_is_not_written(shelf: Shelf) -> None:
    shelf.collection.save_comparison(CATS)
    with Collection.open(shelf.collection.path, writable=False) as reader:
        assert reader.comparisons() == [CATS]
        with pytest.raises(InvalidInput, match="reading only"):
            reader.save_comparison(CATS)
        with pytest.raises(InvalidInput, match="reading only"):
            reader.rename_comparison(CATS.name, "x")
        with pytest.raises(InvalidInput, match="reading only"):
            reader.remove_comparison(CATS.name)


@pytest.mark.parametrize("name", ["", " a", "a\nb", "..", "x" * 201])
def test_names_that_can_not_be(name: str) -> None:
    with pytest.raises(InvalidInput, match="is named with"):
        replace(CATS, name=name)


def test_queries_that_can_not_be_kept() -> None:
    one = KeptQuery(("label:cat",))
    for queries in ((one,), (one, one)):
        with pytest.raises(InvalidInput, match="at least two"):
            replace(CATS, queries=queries)
    with pytest.raises(InvalidInput, match="from outside"):
        replace(CATS, queries=(one, KeptQuery(("-upload:ab",), slot=1)))


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"format": 2}'])
def test_a_damaged_file_is_named(shelf: Shelf, damage: str) -> None:
    shelf.collection.save_comparison(CATS)
    (file,) = (shelf.collection.path / "comparisons").iterdir()
    assert file.name.startswith("cats-dogs-50-")
    assert json.loads(file.read_text(encoding="utf-8"))["name"] == CATS.name
    file.write_text(damage)
    with pytest.raises(WrongCollection, match="cats-dogs"):
        shelf.collection.comparisons()
