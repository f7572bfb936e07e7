"""Without a network everything works, and nothing even asks for one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit import Said, draw, own_weights

REFUSE = Path(__file__).with_name("refuse")
PROGRAM = """
import contextlib, io, json, sys, time
from impasto.cli.main import run
for line in sys.stdin:
    out, err, began = io.StringIO(), io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(json.loads(line))
    print(json.dumps([code, out.getvalue(), err.getvalue(), time.monotonic() - began]), flush=True)
"""


@dataclass
class Offline:
    """A program that runs command lines and can reach no other machine."""

    folder: Path
    program: subprocess.Popen[str]
    seconds: float = 0.0

    def __call__(self, *words: object) -> Said:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.program.stdin.flush()
        code, out, err, self.seconds = json.loads(self.program.stdout.readline())
        return Said(code, out, err)

    @property
    def refused(self) -> list[str]:
        """What was tried."""
        log = self.folder / "refused.txt"
        return log.read_text().splitlines() if log.exists() else []


def surroundings(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(REFUSE),
        "REFUSED_LOG": str(folder / "refused.txt"),
        "HOME": str(folder / "home"),
        "IMPASTO_CACHE": str(folder / "cache"),
        "TORCH_HOME": str(folder / "torch"),
        "HF_HOME": str(folder / "huggingface"),
    }


def unplugged() -> list[str]:
    """Return what to put before a program so that it has no network, where that may be done."""
    if shutil.which("unshare") is None:
        return []
    may = subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0
    return ["unshare", "-rn"] if may else []


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Offline:
    folder = tmp_path_factory.mktemp("offline")
    (folder / "home").mkdir()
    program = subprocess.Popen(
        [*unplugged(), sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings(folder),
        cwd=folder,
    )
    return Offline(folder, program)


def test_the_guard_sees_and_refuses(tmp_path: Path) -> None:
    words = (
        "import socket, urllib.request\n"
        "for ask in (lambda: socket.create_connection(('192.0.2.1', 80)),\n"
        "            lambda: urllib.request.urlopen('https://example.org/')):\n"
        "    try: ask()\n"
        "    except OSError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", words], env=surroundings(tmp_path), capture_output=True, text=True
    )
    assert done.stdout.count("was refused") == 2, done
    log = (tmp_path / "refused.txt").read_text()
    assert "socket.getaddrinfo 192.0.2.1" in log
    assert "socket.getaddrinfo example.org" in log


def test_the_main_job_asks_nobody(offline: Offline) -> None:
    pictures = draw(offline.folder / "shapes", 6)
    own = own_weights(offline.folder)
    path = offline.folder / "shapes.impasto"
    for words in (
        ["add", path, pictures],
        ["embed", path],
        ["embed", path, "--network", own.network, "--weights", own.file],
        ["find", path, pictures / "discs" / "00.png"],
        ["retrieve", path, "label:discs"],
        ["learn", path, "--folds", "3"],
        ["predict", path, pictures / "discs" / "00.png"],
        ["evaluate", path],
        ["status", path],
        ["networks"],
        ["doctor"],
    ):
        said = offline(*words)
        assert said.code == 0, said.err
        assert offline.refused == [], words


def test_missing_weights_are_one_sentence_and_soon(offline: Offline) -> None:
    draw(offline.folder / "few", 1)
    path = offline.folder / "few.impasto"
    assert offline("add", path, offline.folder / "few").code == 0
    said = offline("embed", path, "--network", "vgg19")
    assert "--weights FILE" in said.sentence
    assert "download.pytorch.org" in said.sentence
    assert offline.seconds < 30
    assert {line.split()[1] for line in offline.refused} == {"download.pytorch.org"}
    assert offline("status", path, "--json").data["spaces"] == []


def test_it_ends(offline: Offline) -> None:
    assert offline.program.stdin is not None
    assert offline.program.stdout is not None
    began = time.monotonic()
    offline.program.stdin.close()
    assert offline.program.wait(60) == 0
    assert time.monotonic() - began < 30  # nobody waits for telemetry to be sent
    offline.program.stdout.close()
