from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo import encoded, quarters

from impasto.collect.scan import scan_folder, tags_from_text
from impasto.core.errors import InvalidInput
from impasto.core.records import Found, Skipped

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs links and names of POSIX")


def found(folder: Path, **options: Any) -> dict[str, Found]:
    return {item.path: item for item in scan_folder(folder, **options) if isinstance(item, Found)}


def skipped(folder: Path, **options: Any) -> dict[str, str]:
    items = scan_folder(folder, **options)
    return {item.path: item.reason for item in items if isinstance(item, Skipped)}


def fill(folder: Path, *names: str, data: bytes = b"\xff\xd8\xff") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_every_file_of_a_tree_is_found_or_skipped_or_left_out(tmp_path: Path) -> None:
    pictures = ["b.jpg", "a.PNG", "deep/er/est/c.tiff", "deep/d.svg", "ünï/图.webp"]
    fill(tmp_path, *pictures)
    fill(tmp_path, "notes.md", "deep/film.mp4", "photo.CR2", data=b"x")
    fill(tmp_path, ".hidden.jpg", ".git/a.jpg", "Thumbs.db", "deep/.DS_Store", "desktop.ini")
    fill(tmp_path, "__MACOSX/a.jpg", "mine.impasto/models/a/x.png")

    assert sorted(found(tmp_path)) == sorted(pictures)
    assert set(skipped(tmp_path)) == {"notes.md", "deep/film.mp4", "photo.CR2"}
    assert "a video" in skipped(tmp_path)["deep/film.mp4"]
    assert "raw" in skipped(tmp_path)["photo.CR2"]


def test_size_time_and_root_are_those_of_the_file(tmp_path: Path) -> None:
    fill(tmp_path, "x/a.jpg", data=b"12345")
    os.utime(tmp_path / "x/a.jpg", ns=(1, 1_600_000_000_123_456_700))
    item = found(tmp_path)["x/a.jpg"]
    assert (item.root, item.size) == (tmp_path, 5)
    assert item.mtime_ns == (tmp_path / "x/a.jpg").stat().st_mtime_ns
    assert item.file == tmp_path / "x/a.jpg"


def test_the_order_is_the_same_however_the_files_came(tmp_path: Path) -> None:
    names = [f"{folder}{i}.jpg" for folder in ("", "b/", "a/", "a/z/") for i in range(9)]
    fill(tmp_path / "one", *names)
    fill(tmp_path / "two", *reversed(names))
    assert list(found(tmp_path / "one")) == list(found(tmp_path / "two"))
    assert list(found(tmp_path / "one"))[:2] == ["0.jpg", "1.jpg"]


def test_files_without_a_telling_ending_are_sniffed(tmp_path: Path) -> None:
    fill(tmp_path, "scan", "a.dat", data=encoded(quarters(), "PNG"))
    fill(tmp_path, "b.dat", data=b"%PDF-1.4")
    fill(tmp_path, "c.dat", data=b"")
    assert set(found(tmp_path)) == {"scan", "a.dat"}
    assert "PDF" in skipped(tmp_path)["b.dat"]
    assert set(skipped(tmp_path)) == {"b.dat", "c.dat"}


def test_bad_pictures_are_found_since_only_reading_can_tell(tmp_path: Path) -> None:
    fill(tmp_path, "empty.jpg", "text.png", data=b"")
    assert set(found(tmp_path)) == {"empty.jpg", "text.png"}


def test_tag_files_beside_pictures(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.png", "d.png", "e.png")
    (tmp_path / "a.txt").write_text("cat, black cat,\ncat\n")
    (tmp_path / "b.jpg.txt").write_text("﻿größe", encoding="utf-8")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9")
    (tmp_path / "d.txt").write_text("A whole sentence that describes the picture " * 5)
    (tmp_path / "e.txt").write_text("")
    (tmp_path / "lonely.txt").write_text("cat")

    tags = {path: item.about.tags for path, item in found(tmp_path).items()}

    assert tags == {
        "a.jpg": ("cat", "black cat"),
        "b.jpg": ("größe",),
        "c.png": None,
        "d.png": None,
        "e.png": (),
    }
    assert set(skipped(tmp_path)) == {"c.txt", "d.txt", "lonely.txt"}


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters=","), max_size=20)))
def test_tags_are_split_stripped_and_named_once(words: list[str]) -> None:
    tags = tags_from_text(",".join(words))
    if tags is not None:
        assert len(set(tags)) == len(tags)
        assert all(tag == tag.strip() and tag for tag in tags)


def test_a_metadata_table_is_pointed_at(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    fill(tmp_path, "metadata.csv", data=b"file_name,label\n")
    assert "add it by its own path" in skipped(tmp_path)["metadata.csv"]


@POSIX
def test_links_are_followed_but_never_in_circles(tmp_path: Path) -> None:
    fill(tmp_path, "tree/a.jpg", "tree/sub/b.jpg", "else/c.jpg")
    tree = tmp_path / "tree"
    (tree / "sub/up").symlink_to(tree)
    (tree / "self").symlink_to(".")
    (tree / "other").symlink_to(tmp_path / "else")
    (tree / "one.jpg").symlink_to(tmp_path / "else/c.jpg")
    (tree / "lost.jpg").symlink_to(tmp_path / "nowhere")
    (tree / "ring.jpg").symlink_to("ring.jpg")

    assert sorted(found(tree)) == ["a.jpg", "one.jpg", "other/c.jpg", "sub/b.jpg"]
    reasons = skipped(tree)
    assert set(reasons) == {"sub/up", "self", "lost.jpg", "ring.jpg"}
    assert "contains it" in reasons["sub/up"]
    assert "nowhere" in reasons["lost.jpg"]

    assert sorted(found(tree, follow_links=False)) == ["a.jpg", "sub/b.jpg"]
    assert "one.jpg" in skipped(tree, follow_links=False)


@POSIX
def test_two_folders_that_link_to_each_other(tmp_path: Path) -> None:
    fill(tmp_path, "x/a.jpg", "y/b.jpg")
    (tmp_path / "x/to").symlink_to(tmp_path / "y")
    (tmp_path / "y/to").symlink_to(tmp_path / "x")
    assert sorted(found(tmp_path)) == ["x/a.jpg", "x/to/b.jpg", "y/b.jpg", "y/to/a.jpg"]
    assert set(skipped(tmp_path)) == {"x/to/to", "y/to/to"}


@POSIX
def test_what_is_neither_file_nor_folder_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "regular" in skipped(tmp_path)["pipe.jpg"]


@POSIX
def test_names_that_are_no_unicode_are_skipped_with_a_storable_path(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    (path,) = skipped(tmp_path)
    path.encode("utf-8")
    assert not found(tmp_path)


@POSIX
def test_a_folder_that_can_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "open/a.jpg", "shut/b.jpg")
    (tmp_path / "shut").chmod(0)
    try:
        if os.access(tmp_path / "shut", os.R_OK):  # root may: let the call itself refuse
            scandir = os.scandir

            def refuse(path: Any) -> Any:
                if str(path).endswith("shut"):
                    raise PermissionError(13, "Permission denied", path)
                return scandir(path)

            monkeypatch.setattr(os, "scandir", refuse)
        assert list(found(tmp_path)) == ["open/a.jpg"]
        assert "not allow" in skipped(tmp_path)["shut"]
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no folder"):
        scan_folder(tmp_path / "none")


def test_10_000_files_take_little_time_and_memory(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / f"{folder:02}").mkdir()
        for i in range(500):
            os.close(os.open(tmp_path / f"{folder:02}" / f"{i:03}.jpg", os.O_CREAT | os.O_WRONLY))
    start = time.process_time()
    n = sum(1 for _ in scan_folder(tmp_path))
    seconds = time.process_time() - start
    assert n == 10_000
    assert seconds < 1.5  # 100,000 in seconds

    tracemalloc.start()
    try:
        assert sum(1 for _ in scan_folder(tmp_path)) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 1_500_000  # one folder's worth
    finally:
        tracemalloc.stop()
