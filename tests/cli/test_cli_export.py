"""`impasto export` as people and machines call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kit import impasto

if TYPE_CHECKING:
    from fixtures import Gallery


def test_people_read_what_was_written(gallery: Gallery, tmp_path: Path) -> None:
    said = impasto("export", gallery.path, tmp_path / "a.csv", "--label", "discs", "-q")
    assert said.code == 0, said.err
    assert said.out.startswith(f"8 images written to {tmp_path / 'a.csv'} (csv, ")
    again = impasto("export", gallery.path, tmp_path / "a.csv")
    assert again.sentence.startswith(f"{tmp_path / 'a.csv'} exists already.")
    assert impasto("export", gallery.path, tmp_path / "a.csv", "--overwrite").code == 0


def test_machines_read_json(gallery: Gallery, tmp_path: Path) -> None:
    words = ("--format", "numpy", "--limit", "5", "--json")
    told = impasto("export", gallery.path, tmp_path / "out", *words).data
    assert told["images"] == 5
    assert told["skipped"] == []
    assert json.loads((tmp_path / "out" / "export.json").read_text())["images"] == 5


def test_either_a_destination_or_a_site(gallery: Gallery, tmp_path: Path) -> None:
    for words in ((), (tmp_path / "a.csv", "--app", tmp_path / "site")):
        said = impasto("export", gallery.path, *words)
        assert said.code == 2
        assert "Name either DESTINATION or --app DIR." in said.err


@pytest.mark.parametrize("format_", ["", "pickle"])
def test_unknown_formats_are_answered_with_the_known_ones(
    gallery: Gallery, tmp_path: Path, format_: str
) -> None:
    words = ("--format", format_) if format_ else ()
    assert "webdataset" in impasto("export", gallery.path, tmp_path / "out", *words).sentence
