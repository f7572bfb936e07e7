"""Killed at any moment, the next run goes on; the end is the same to the byte."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from impasto.store import Collection

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX systems do")

TABLES = {
    "catalogue": (
        *("roots", "images", "labels", "tags", "image_tags", "flags"),
        *("search", "label_search", "tag_search", "property_values", "spaces", "dead_rows"),
    ),
    "thumbnails": ("thumbnails",),
}
PROGRAM = Path(__file__).with_name("killed_run.py")


def run(folder: Path, moment: int = 0) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), str(moment)], capture_output=True, text=True
    )


def state(folder: Path) -> dict[str, object]:
    """Return every byte below spaces/, and all that the databases say."""
    home = folder / "c.impasto"
    found: dict[str, object] = {
        str(file.relative_to(home)): file.read_bytes()
        for file in sorted(home.joinpath("spaces").rglob("*"))
        if file.is_file()
    }
    for name, tables in TABLES.items():
        db = sqlite3.connect(home / f"{name}.sqlite")
        for table in tables:
            found[table] = sorted(db.execute(f"SELECT * FROM {table}"), key=repr)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], int]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return state(folder), int(done.stdout)


def test_the_undisturbed_run_is_what_it_should_be(
    undisturbed: tuple[dict[str, object], int],
) -> None:
    content, moments = undisturbed
    assert moments > 300
    assert [row[2] for row in content["spaces"]] == [52, 52]  # type: ignore[attr-defined]
    assert len(content["thumbnails"]) == 52  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again(
    tmp_path: Path, undisturbed: tuple[dict[str, object], int], seed: int
) -> None:
    content, moments = undisturbed
    chance = random.Random(seed)
    killed = 0
    for _ in range(100):
        done = run(tmp_path, chance.randrange(1, moments // 2))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
    assert killed >= 2
    assert state(tmp_path) == content


def test_killed_by_the_clock(tmp_path: Path, undisturbed: tuple[dict[str, object], int]) -> None:
    chance = random.Random(1)
    for _ in range(4):
        program = subprocess.Popen([sys.executable, str(PROGRAM), str(tmp_path), "0"], stdout=-3)
        time.sleep(chance.uniform(0.2, 0.7))
        program.kill()
        program.wait()
        if tmp_path.joinpath("c.impasto").exists():
            with Collection.open(tmp_path / "c.impasto", writable=False) as reader:
                for name in reader.space_names():
                    assert len(reader.vectors(name)) <= 52
    assert run(tmp_path).returncode == 0
    assert state(tmp_path) == undisturbed[0]
