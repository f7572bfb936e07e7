"""Several programs at once, folders that can't be written, collections that move."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from fixtures import Gallery
from kit import Said, as_anyone, draw, impasto, process, program, vectors_on_disk

from impasto import flow
from impasto.store import Collection

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and signals of POSIX")


def restricted(*words: object) -> Said:
    """Run a command line as someone whom permissions stop."""
    done = subprocess.run([*as_anyone(), *program(*words)], capture_output=True, text=True)
    return Said(done.returncode, done.stdout, done.stderr)


def test_one_writes_and_others_read(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    with Collection.open(mine.path):
        for words in (["add", mine.path, mine.pictures], ["embed", mine.path]):
            sentence = process(*words).sentence
            assert f"process {os.getpid()}" in sentence
            assert "Wait until that is done" in sentence
        assert process("status", mine.path, "--json").data["images"] == 24
        opened = flow.begin(mine.path)
        assert not opened.collection.writable
        assert opened.note.endswith("Opened to look only.")
        opened.collection.close()
    assert process("add", mine.path, mine.pictures, "--json").data["sources"][0]["same"] == 24


@posix
def test_a_collection_that_cannot_be_written(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    before = vectors_on_disk(mine.path)
    folders = [mine.path, *(part for part in mine.path.rglob("*") if part.is_dir())]
    files = [part for part in mine.path.rglob("*") if part.is_file()]
    for part in [*folders, *files]:
        part.chmod(0o555 if part.is_dir() else 0o444)
    try:
        assert restricted("status", mine.path, "--json").data["images"] == 24
        assert restricted("find", mine.path, "1", "--json").data["neighbours"]
        assert "can't be written" in restricted("add", mine.path, mine.pictures).sentence
        look = (
            "from impasto import flow; import sys; opened = flow.begin(sys.argv[1]);"
            "print(opened.collection.writable, len(opened.sources), opened.note)"
        )
        said = subprocess.run(
            [*as_anyone(), sys.executable, "-c", look, str(mine.path)],
            capture_output=True,
            text=True,
        ).stdout
        assert said.startswith("False 0 ")
        assert "can't be written, so it is open to look only" in said
        assert vectors_on_disk(mine.path) == before
    finally:
        for part in folders:
            part.chmod(0o755)


@posix
def test_pictures_where_nothing_can_be_written(tmp_path: Path) -> None:
    draw(tmp_path / "locked" / "shapes", 1)
    (tmp_path / "locked").chmod(0o555)
    data = tmp_path / "data"
    look = (
        "from impasto import flow; import sys; opened = flow.begin(sys.argv[1]);"
        "print(opened.collection.path)"
    )
    try:
        places = {
            subprocess.run(
                [*as_anyone(), sys.executable, "-c", look, str(tmp_path / "locked" / "shapes")],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "IMPASTO_DATA": str(data)},
            ).stdout.strip()
            for _ in range(2)
        }
    finally:
        (tmp_path / "locked").chmod(0o755)
    (place,) = places  # the second time it is found again
    assert Path(place).parent == data.resolve()
    assert Path(place).name.startswith("shapes-")
    assert Path(place).suffix == ".impasto"


def test_both_move_together(gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    mine = gallery.copy(tmp_path / "before")
    shutil.move(tmp_path / "before", tmp_path / "after")
    path, pictures = tmp_path / "after" / mine.path.name, tmp_path / "after" / mine.pictures.name
    found = impasto("find", path, "1", "--json").data["neighbours"]
    assert all(Path(one["file"]).is_relative_to(pictures) for one in found)
    assert all(Path(one["file"]).is_file() for one in found)
    (source,) = impasto("add", path, pictures, "--json").data["sources"]
    assert source["same"] == 24
    assert source["moved_from"] is None


def test_only_the_collection_moves(gallery: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "renamed.impasto"
    shutil.copytree(gallery.path, path)
    before = impasto("find", gallery.path, "1", "--json").data["neighbours"]
    after = impasto("find", path, "1", "--json").data["neighbours"]
    assert [one["id"] for one in before] == [one["id"] for one in after]
    assert impasto("predict", path, "1", "--json").data["predictions"]
    said = impasto("embed", path, "--layer", "stage1", "--json").data
    assert said["images"] == 0
    assert "24 images are left for later" in said["notes"][0]
    status = impasto("status", path, "--json").data
    assert (status["usable"], len(status["spaces"])) == (24, 1)  # nothing was marked or made


def test_only_the_pictures_move(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    before = vectors_on_disk(mine.path)
    renamed = mine.pictures.rename(tmp_path / "renamed")
    opened = flow.begin(mine.path)
    assert "Not there now" in opened.note
    assert str(mine.pictures) in opened.note
    opened.collection.close()
    (source,) = impasto("add", mine.path, renamed, "--json").data["sources"]
    assert source["moved_from"] == str(mine.pictures)
    assert source["same"] == 24
    assert source["new"] == source["moved"] == source["gone"] == 0
    assert impasto("embed", mine.path, "--json").data["images"] == 0
    assert vectors_on_disk(mine.path) == before
    found = impasto("find", mine.path, "1", "--json").data["neighbours"]
    assert all(Path(one["file"]).is_relative_to(renamed) for one in found)


def test_another_folder_is_not_taken_for_one_that_is_away(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    shutil.move(mine.pictures, tmp_path / "unplugged")
    other = draw(tmp_path / "other", 8, seed=7)
    (source,) = impasto("add", mine.path, other, "--json").data["sources"]
    assert (source["moved_from"], source["new"]) == (None, 24)
    status = impasto("status", mine.path, "--json").data
    assert (status["images"], status["gone"]) == (48, 0)


@posix
def test_open_fills_the_app_and_ends_at_once(tmp_path: Path) -> None:
    pictures = draw(tmp_path / "shapes", 3)
    child = subprocess.Popen(
        program("open", pictures, "--no-browser", "--port", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        address = child.stdout.readline().split()[3]
        deadline = time.monotonic() + 90
        jobs: list[dict[str, object]] = []
        while time.monotonic() < deadline and not (jobs and jobs[0]["state"] == "done"):
            time.sleep(0.2)
            jobs = ask(address, "api/jobs")
        (space,) = ask(address, "api/collection")["spaces"]
        assert space["rows"] == 9
        assert ask(address, "api/neighbours?term=image:1&k=3")["neighbours"]
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode in (0, 130)
    assert "Traceback" not in err
    assert impasto("status", pictures, "--json").data["usable"] == 9


def ask(address: str, route: str) -> Any:
    with urllib.request.urlopen(f"{address}{route}", timeout=30) as answer:
        return json.load(answer)
