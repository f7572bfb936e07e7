"""Sheets are kept under their name, in one state, and within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from impasto.store import SheetName, Sheets


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_sheet_is_read_as_it_was_written(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path / "sheets")
    name = SheetName(16, 3, "ab12")
    assert sheets.read(name) is None
    sheets.write(name, b"sheet")
    assert sheets.read(name) == b"sheet"
    assert files(tmp_path / "sheets") == {"16-000003-ab12.jpg"}


def test_a_new_state_of_a_page_takes_the_place_of_the_old(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path)
    for name in (SheetName(16, 3, "old"), SheetName(32, 3, "old"), SheetName(16, 4, "old")):
        sheets.write(name, b"x")
    sheets.write(SheetName(16, 3, "new"), b"y")
    assert sheets.read(SheetName(16, 3, "old")) is None
    assert files(tmp_path) == {"16-000003-new.jpg", "32-000003-old.jpg", "16-000004-old.jpg"}


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, most_bytes=250)
    first, second, third = (SheetName(8, page, "v") for page in range(3))
    for age, name in ((300, first), (200, second)):
        sheets.write(name, bytes(100))
        os.utime(tmp_path / name.file, (1e9 - age, 1e9 - age))
    sheets.read(first)  # used just now
    sheets.write(third, bytes(100))
    assert files(tmp_path) == {first.file, third.file}


def test_a_sheet_larger_than_the_bound_still_comes_through(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, most_bytes=10)
    name = SheetName(8, 0, "v")
    sheets.write(name, bytes(100))
    assert sheets.read(name) == bytes(100)


@pytest.mark.parametrize("left", [".new-8-000000-v.jpg", ".new-64-000009-w.jpg"])
def test_what_a_killed_write_left_is_cleared_up(tmp_path: Path, left: str) -> None:
    (tmp_path / left).write_bytes(b"half")
    Sheets(tmp_path).write(SheetName(8, 1, "v"), b"whole")
    assert files(tmp_path) == {"8-000001-v.jpg"}
