from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.store import Collection, SourceRecord


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "a.impasto") as collection:
        yield collection


def test_a_source_is_kept_once_with_what_was_said_last(made: Collection, tmp_path: Path) -> None:
    first, second = SourceRecord(tmp_path / "x", "auto"), SourceRecord(tmp_path / "y.csv", "none")
    for source in (first, second, SourceRecord(first.path, "parent")):
        made.remember_source(source)
    assert made.sources() == [SourceRecord(first.path, "parent"), second]


def test_sources_move_with_their_root_and_with_the_collection(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "pictures").mkdir(parents=True)
    with Collection.create(here / "a.impasto") as made:
        made.record(iter(()), root=here / "pictures", prune=True, hash_file=lambda _: b"")
        made.remember_source(SourceRecord(here / "pictures", "top"))
    there = here.rename(tmp_path / "there")
    with Collection.open(there / "a.impasto") as moved:
        assert moved.sources() == [SourceRecord(there / "pictures", "top")]
