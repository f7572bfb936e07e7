"""A program for the tests: children that run a command line, each in a process of its own.

It has imported the heavy libraries once and forks; a child then starts in milliseconds and can
be killed without harm to anyone. It reads one JSON object a line: ``words`` (the command line),
``limit`` (bytes that a file may have, or null) and ``log`` (a file for what the child says), and
answers with the child's process id. Asked to ``wait``, it answers with the exit code of its last
child; a negative one is the signal that ended it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kit import Said


@dataclass(frozen=True)
class Child:
    """A command line that runs."""

    pid: int
    log: Path
    nursery: Nursery

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Said:
        """Wait for its end."""
        code = int(self.nursery.ask(wait=self.pid))
        return Said(code, "", self.log.read_text())


class Nursery:
    """The program, seen from the tests."""

    def __init__(self, log: Path) -> None:
        self.log = log
        here = str(Path(__file__).parent)
        self.program = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": here},
        )

    def start(self, *words: object, limit: int | None = None) -> Child:
        """Start a command line."""
        listed = [str(word) for word in words]
        return Child(int(self.ask(words=listed, limit=limit, log=str(self.log))), self.log, self)

    def ask(self, **asked: object) -> str:
        """Ask the program, and return its answer."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(asked) + "\n")
        self.program.stdin.flush()
        return self.program.stdout.readline()

    def close(self) -> None:
        """End the program."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.close()
        self.program.stdout.close()
        self.program.wait()


def _be_child(words: list[str], limit: int | None, log: str) -> NoReturn:
    from impasto.cli.main import run

    # Also where the tests run in the background of a shell, which lets its jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    code = 99
    try:
        code = run(words)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    # Imported only: what they compute starts threads, and those can't be forked.
    import timm  # noqa: F401
    import torch  # noqa: F401

    from impasto.store import writing

    writing.SECONDS = 0.0  # commit every batch: more moments to be killed at
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _be_child(asked["words"], asked["limit"], asked["log"])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
