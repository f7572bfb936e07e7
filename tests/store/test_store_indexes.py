"""Approximate indexes on disk: replaced as a whole, and none when they can't be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.space import Space
from impasto.store import Collection

if TYPE_CHECKING:
    from tests.store.conftest import Shelf


def embed(shelf: Shelf, space: Space, n: int) -> None:
    shelf.imagine(n)
    ids = shelf.collection.pending(space)
    with shelf.collection.writing(space) as writing:
        readings = [(int(i), shelf.facts(int(i)), b"t") for i in ids]
        writing.save(readings, ids, [np.ones((len(ids), space.dimension), np.float32)])


def card(space: Space, rows: int) -> dict[str, object]:
    return {"format": 1, "space": space.name, "rows": rows}


def test_round_trip(shelf: Shelf, space: Space) -> None:
    embed(shelf, space, 3)
    assert shelf.collection.index(space) is None
    assert shelf.collection.spaces()[0].index is None
    shelf.collection.save_index(space, {"a.bin": b"old", "b.bin": b""}, card(space, 2))
    shelf.collection.save_index(space, {"a.bin": b"new"}, card(space, 3))
    found = shelf.collection.index(space.name)
    assert found is not None
    assert (found.space, found.card["rows"]) == (space, 3)
    assert found.card["made_by"].startswith("impasto ")
    assert {file.name for file in found.folder.iterdir()} == {"a.bin", "card.json"}
    assert (found.folder / "a.bin").read_bytes() == b"new"
    assert shelf.collection.spaces()[0].index == found


@pytest.mark.parametrize("wrong", [{"format": 2}, {"space": "other"}, {"rows": 4}, {"rows": "x"}])
def test_what_can_not_be_used_is_none(shelf: Shelf, space: Space, wrong: dict[str, object]) -> None:
    embed(shelf, space, 3)
    shelf.collection.save_index(space, {}, card(space, 3) | wrong)
    assert shelf.collection.index(space) is None


def test_a_torn_card_is_none(shelf: Shelf, space: Space) -> None:
    embed(shelf, space, 3)
    folder = shelf.collection.save_index(space, {}, card(space, 3)).folder
    text = (folder / "card.json").read_text()
    (folder / "card.json").write_text(text[: len(text) // 2])
    assert shelf.collection.index(space) is None
    (folder / "card.json").write_text(json.dumps([1]))
    assert shelf.collection.index(space) is None


def test_it_needs_its_space_and_a_writer(shelf: Shelf, space: Space) -> None:
    with pytest.raises(NotFound):
        shelf.collection.save_index(space, {}, card(space, 0))
    embed(shelf, space, 1)
    shelf.collection.close()
    with (
        Collection.open(shelf.collection.path, writable=False) as reader,
        pytest.raises(InvalidInput, match="reading only"),
    ):
        reader.save_index(space, {}, card(space, 1))
