"""Does a space retrieve X? Of one X in all spaces, of all labels at once; kept, and said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own, impasto

import impasto as library
from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Quiet
from impasto.store import Collection


class Counted(Quiet):
    """Counts what is done of how much."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        self.total = total

    def advance(self, n: int = 1) -> None:
        self.done += n


@pytest.fixture
def collection(gallery: Gallery) -> Iterator[Collection]:
    with Collection.open(gallery.path, writable=False) as collection:
        yield collection


def test_a_selection_is_asked_for_like_a_label(gallery: Gallery, tmp_path: Path) -> None:
    with library.open(gallery.copy(tmp_path).path) as c:
        c.save_selection("the discs", c.ids_with(label="discs"))
        (by_label,), (by_name,) = c.retrieval(label="discs"), c.retrieval(selection="the discs")
        np.testing.assert_array_equal(by_label.scores, by_name.scores)
        assert "'the discs'" in by_name.sentence
        with pytest.raises(InvalidInput, match="one of them"):
            c.retrieval()
        with pytest.raises(InvalidInput, match="one of them"):
            c.retrieval(label="discs", tag="round")


@pytest.mark.parametrize("text", ["discs", "label:", "split:test", ""])
def test_what_is_no_x(text: str) -> None:
    with pytest.raises(InvalidInput, match="label:NAME"):
        flow.X.parse(text)
    assert str(flow.X.parse("tag:a:b")) == "tag:a:b"


def test_the_overview_says_what_each_alone_says(gallery: Gallery, tmp_path: Path) -> None:
    counted = Counted()
    with library.open(gallery.copy(tmp_path).path) as c:
        assert flow.kept_overview(c.stored, "label") is None
        found = c.retrieval_overview(progress=counted)
        assert counted.done == counted.total == 24
        assert flow.kept_overview(c.stored, "label") == found
        assert list(found.spaces.values()) == [24]
        assert found.left_out == {}
        for name, (cell,) in found.rows.items():
            (alone,) = c.retrieval(label=name)
            assert cell.average_precision.value == pytest.approx(alone.average_precision.value)
            assert (cell.answer, cell.relevant, cell.queries) == (alone.answer, 8, 8)
        tags = c.retrieval_overview("tag", queries=3)
        assert set(tags.rows) == {"round", "angular"}  # "drawn" is all there is
        assert sum(tags.left_out.values()) == 1
        assert {cell.queries for cells in tags.rows.values() for cell in cells} == {3}
    with library.open(c.path, writable=False) as reader:
        again = reader.retrieval_overview()
        assert again.rows == found.rows
        assert flow.kept_overview(reader.stored, "tag") == tags


def test_only_the_most_frequent_are_asked_for(collection: Collection) -> None:
    found = flow.overview(collection, "tag", most=1)
    assert list(found.left_out) == [
        "beyond the 1 most frequent",
        "fewer than two images with a vector, or all there are",
    ]
    assert found.rows == {}


def test_without_labels_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "empty.impasto") as empty:
        with pytest.raises(NotFound, match="has no labels"):
            flow.overview(empty)
        with pytest.raises(NotFound, match="no vectors yet"):
            flow.filled(empty)


def test_the_command_line_compares_spaces(gallery: Gallery, tmp_path: Path, own: Own) -> None:
    path = gallery.copy(tmp_path).path
    assert impasto("embed", path, *own.words).code == 0
    said = impasto("retrieve", path, "tag:round", "--json").data
    assert said["verdict"].split(":")[0] in ("Yes", "Partly", "No")
    (gap,) = said["differences"]
    assert gap["queries"] == 8
    low, high = (gap["average_precision"][end] for end in ("low", "high"))
    assert low <= gap["average_precision"]["value"] <= high
    assert "the best of 2 spaces" in impasto("retrieve", path, "tag:round").out
    table = impasto("retrieve", path, "label")
    assert table.out.splitlines()[0].split()[:3] == ["label", "images", "chance"]
    assert (
        sum(line.startswith(("checks", "discs", "stripes")) for line in table.out.splitlines()) == 3
    )
    assert "--space" in impasto("retrieve", path, "label", "--space", "x").sentence
    data = impasto("retrieve", path, "label", "--json").data
    assert len(data["rows"]["discs"]) == 2
