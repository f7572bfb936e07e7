"""Killed at any moment, out of space at any moment: the next run goes on, to the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit import Own, draw, impasto, vectors_on_disk
from zoo import contents

from impasto.store import Collection

if sys.platform == "win32":
    pytest.skip("kills and forks as POSIX systems do", allow_module_level=True)

from nursery import Nursery

TABLES = {
    "catalogue": (
        *("roots", "sources", "images", "labels", "tags", "image_tags", "flags", "skipped"),
        *("search", "spaces", "dead_rows"),
    ),
    "thumbnails": ("thumbnails",),
}
States = dict[tuple[str, ...], dict[str, Any]]
"""What is on disk, by the options it was made with."""

LARGE = ("--layer", "conv_stem", "--pooling", "none")  # 200 KB an image


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery") / "said.txt")
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 36 good pictures with bad ones among them."""
    folder = draw(tmp_path_factory.mktemp("pictures") / "shapes", 12)
    for number, name in enumerate(("empty.jpg", "truncated.jpg", "text.jpg", "broken.png")):
        label = ("checks", "discs", "stripes")[number % 3]
        (folder / label / f"{number + 3:02}-{name}").write_bytes(contents()[name][0])
    return folder


def settle(folder: Path, pictures: Path) -> Path:
    """Copy the pictures, times included, and list them in a collection beside them."""
    shutil.copytree(pictures, folder / "shapes")
    said = impasto("add", folder / "shapes", folder / "shapes", "--list-only")
    assert said.code == 0, said.err
    return folder / "shapes.impasto"


def state(path: Path) -> dict[str, Any]:
    """Return every byte below spaces/, and all that the databases say."""
    found: dict[str, Any] = {**vectors_on_disk(path)}
    for name, tables in TABLES.items():
        db = sqlite3.connect(path / f"{name}.sqlite")
        for table in tables:
            found[table] = sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
    return found


def rows(path: Path) -> int:
    """Count the rows that the catalogue vouches for; another program may be adding some."""
    with Collection.open(path, writable=False) as collection:
        before = collection.spaces()
        seen = [len(collection.vectors(info.space)) for info in before]
        after = {info.space: info.rows for info in collection.spaces()}
    for info, count in zip(before, seen, strict=True):
        assert info.rows <= count <= after[info.space]
    return min((info.rows for info in before), default=0)


def written(path: Path) -> int:
    """Return the bytes of vectors on disk, of all spaces."""
    return sum(file.stat().st_size for file in path.glob("spaces/*/vectors.f16"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, pictures: Path, own: Own) -> States:
    """Return, per way to embed, what there is after a run without trouble."""
    states: States = {}
    for options in ((), LARGE):
        path = settle(tmp_path_factory.mktemp("undisturbed"), pictures)
        assert impasto("embed", path, *options, *(own.words if options else ())).code == 0
        states[options] = state(path)
    return states


def test_the_undisturbed_run_is_what_it_should_be(
    undisturbed: States,
) -> None:
    content = undisturbed[()]
    (space,) = {name.split("/")[0] for name in content if "/" in name}
    assert len(content[f"{space}/ids.i64"]) == 36 * 8
    assert len(content[f"{space}/vectors.f16"]) == 36 * 1280 * 2
    assert len(content["thumbnails"]) == 36
    assert len(content["flags"]) == 4


def test_embedding_killed_again_and_again(
    tmp_path: Path,
    pictures: Path,
    nursery: Nursery,
    undisturbed: States,
) -> None:
    path = settle(tmp_path, pictures)
    chance = random.Random(5)
    killed = []
    for _ in range(3):
        begun = written(path)
        child = nursery.start("embed", path)
        deadline = time.monotonic() + 60
        while written(path) <= begun and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.06))
        child.kill()
        said = child.wait()
        assert said.code in (0, -signal.SIGKILL), said.err
        killed.append(rows(path))
        if said.code == 0:
            break
    assert any(0 < row < 36 for row in killed), killed
    assert nursery.start("embed", path).wait().code == 0
    assert state(path) == undisturbed[()]


def test_gathering_killed_again_and_again(tmp_path: Path, pictures: Path, nursery: Nursery) -> None:
    shutil.copytree(pictures, tmp_path / "a" / "shapes")
    shutil.copytree(pictures, tmp_path / "b" / "shapes")
    assert impasto("add", tmp_path / "a" / "shapes", tmp_path / "a" / "shapes").code == 0
    chance = random.Random(2)
    words = ("add", tmp_path / "b" / "shapes", tmp_path / "b" / "shapes")
    codes = []
    for _ in range(6):
        child = nursery.start(*words)
        time.sleep(chance.uniform(0, 0.3))
        child.kill()
        codes.append(child.wait().code)
    assert -signal.SIGKILL in codes
    assert nursery.start(*words).wait().code == 0
    ours, theirs = (state(tmp_path / home / "shapes.impasto") for home in "ba")
    assert ours == theirs


def test_no_space_left_for_a_file(
    tmp_path: Path,
    pictures: Path,
    nursery: Nursery,
    undisturbed: States,
    own: Own,
) -> None:
    path = settle(tmp_path, pictures)
    said = nursery.start("embed", path, *LARGE, *own.words, limit=2_000_000).wait()
    assert "no space left" in said.sentence
    assert 0 < rows(path) < 36
    assert nursery.start("embed", path, *LARGE, *own.words).wait().code == 0
    assert state(path) == undisturbed[LARGE]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk; the limit on files is tested either way")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(
    small_disk: Path,
    pictures: Path,
    nursery: Nursery,
    undisturbed: States,
    own: Own,
) -> None:
    path = settle(small_disk, pictures)
    said = nursery.start("embed", path, *LARGE, *own.words).wait()
    assert "no space left" in said.sentence
    assert 0 < rows(path) < 36
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert nursery.start("embed", path, *LARGE, *own.words).wait().code == 0
    assert state(path) == undisturbed[LARGE]


def test_interrupted_by_the_keyboard(tmp_path: Path, nursery: Nursery) -> None:
    many = draw(tmp_path / "many", 80)  # more than are done before the signal comes
    path = settle(tmp_path / "here", many)
    child = nursery.start("embed", path, "--flip", "mean")
    while not rows(path):  # a reader, while another program writes
        time.sleep(0.002)
    os.kill(child.pid, signal.SIGINT)
    said = child.wait()
    assert said.code == 130
    assert "Traceback" not in said.err
    assert said.err.splitlines()[-1].startswith("Stopped.")
    assert 0 < rows(path) < 240
