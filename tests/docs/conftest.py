"""Documents that run: their code blocks are executed in order, what they show is compared."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from impasto.cli.main import COMMANDS, run

ROOT = Path(__file__).parents[2]
ABRIDGED = "…"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?$")
_TIMES = re.compile(r"\d[\d.,]*(?= s\b| images/s\b|\.\d+/s\b)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document."""

    language: str
    text: str
    line: int


def blocks_of(document: Path) -> list[Block]:
    """Read the fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]


def commands_of(block: Block) -> list[list[str]]:
    """Split a shell block into command lines, without comments."""
    lines = (shlex.split(line, comments=True) for line in block.text.splitlines())
    return [words for words in lines if words]


def check_options(words: list[str]) -> None:
    """Parse a command line of ours as `impasto` would, without running it."""
    module, function = COMMANDS[words[1]][0].split(":")
    command: click.Command = getattr(importlib.import_module(module), function)
    command.make_context(words[1], list(words[2:]))


def difference(shown: str, printed: str) -> str | None:
    """Compare what a document shows with what came out; None when it is the same.

    A line that is only `…` stands for any lines, a word `…` for any words of a line. Numbers with
    a point may differ by 2 in 100 or by 0.03 (another processor rounds otherwise), counts of a
    histogram by 2; times by anything.
    """
    wanted, got = shown.strip().splitlines(), printed.strip().splitlines()
    at, skipping = 0, False
    for line in wanted:
        if line.strip() == ABRIDGED:
            skipping = True
            continue
        near = range(at, len(got) if skipping else min(at + 1, len(got)))
        found = next((i for i in near if same(line, got[i])), None)
        if found is None:
            instead = got[at] if at < len(got) else "(the end)"
            return f"the document shows\n    {line}\nwhere this came out:\n    {instead}"
        at, skipping = found + 1, False
    if at < len(got) and not skipping:
        return f"the document stops before\n    {got[at]}"
    return None


def same(shown: str, printed: str) -> bool:
    """Compare two lines word by word."""
    slack = 2 if "█" in shown else 0
    first, second = (_TIMES.sub("0", re.sub("█+", "█", line)).split() for line in (shown, printed))
    return _same_words(first, second, slack)


def _same_words(shown: list[str], printed: list[str], slack: int) -> bool:
    if not shown:
        return not printed
    if shown[0] == ABRIDGED:
        return any(_same_words(shown[1:], printed[i:], slack) for i in range(len(printed) + 1))
    return bool(printed) and (
        _same_word(shown[0], printed[0], slack) and _same_words(shown[1:], printed[1:], slack)
    )


def _same_word(shown: str, printed: str, slack: int) -> bool:
    a, b = shown.strip("(),.:;[]%"), printed.strip("(),.:;[]%")
    if not (_NUMBER.match(a) and _NUMBER.match(b)):
        return shown == printed
    x, y = float(a.replace(",", "")), float(b.replace(",", ""))
    if "." in a:
        return abs(x - y) <= max(0.03, 0.02 * abs(x))
    return abs(x - y) <= slack


class Runner:
    """Runs a document in a folder, one block after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""
        self.compared = 0

    def run(self, document: Path) -> None:
        """Run all blocks of a document; `sh` and `python` act, `text` is compared."""
        for block in blocks_of(document):
            self.run_block(document, block)

    def run_block(self, document: Path, block: Block) -> None:
        """Run or compare one block."""
        with self._told(document, block):
            if block.language == "sh":
                self.printed = "".join(map(self.command, commands_of(block)))
            elif block.language == "python":
                self.printed = self._captured(functools.partial(self._python, block))
            elif block.language == "text":
                problem = difference(block.text, self.printed)
                assert problem is None, problem
                self.compared += 1

    def _python(self, block: Block) -> None:
        code = compile("\n" * block.line + block.text, "the document", "exec")
        exec(code, self.names)

    def command(self, words: list[str]) -> str:
        """Run one command line and return what it printed."""
        assert words[0] == "impasto", f"only commands of impasto run here, not {words[0]}"
        if words[1] in ("open", "demo"):  # they serve until Ctrl-C
            check_options(words)
            return ""
        code = 0

        def called() -> None:
            nonlocal code
            code = run(words[1:])

        text = self._captured(called)
        assert code == 0, f"`{' '.join(words)}` ends with {code}"
        return text

    def _captured(self, action: Callable[[], object]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            action()
        return out.getvalue().replace(str(self.folder), ABRIDGED)

    @contextlib.contextmanager
    def _told(self, document: Path, block: Block) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            error.add_note(f"in the block at {document.name}:{block.line}")
            raise


@dataclass(frozen=True, slots=True)
class Reader:
    """What tests read in documents."""

    def blocks(self, document: Path, language: str) -> list[Block]:
        """Return the blocks of one language."""
        return [block for block in blocks_of(document) if block.language == language]

    def commands(self, document: Path) -> list[list[str]]:
        """Return every command line of ours in the shell blocks, as words."""
        lines = (words for block in self.blocks(document, "sh") for words in commands_of(block))
        return [["impasto", *words[1:]] for words in lines if words[0].endswith("impasto")]

    def check_options(self, words: list[str]) -> None:
        """Parse a command line without running it."""
        check_options(words)

    def difference(self, shown: str, printed: str) -> str | None:
        """Compare what is shown with what was printed."""
        return difference(shown, printed)


@pytest.fixture
def reader() -> Reader:
    """What tests read in documents."""
    return Reader()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A runner in a temporary folder, with data and caches of its own."""
    folder = tmp_path.resolve()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMPASTO_DATA", str(folder / "data"))
    monkeypatch.setenv("IMPASTO_CACHE", str(folder / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    return Runner(folder)
