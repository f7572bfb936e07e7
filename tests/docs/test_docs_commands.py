"""docs/commands.md is what the commands say, and nothing in it is missing or left over."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from impasto.cli.main import COMMANDS, cli

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "commands.md").read_text(encoding="utf-8")


def test_the_file_is_current() -> None:
    script = DOCS / "generate_commands.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0, (
        "docs/commands.md is old: run python docs/generate_commands.py"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_listed(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    section = TEXT.split(f"\n## impasto {name}\n")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE))
    flags = {flag for option in listed for flag in re.findall(r"(?<!\S)--?[a-z][\w-]*", option)}
    wanted = {
        flag
        for each in command.params
        if isinstance(each, click.Option)
        for flag in (*each.opts, *each.secondary_opts)
    }
    assert flags == wanted


def test_every_command_has_its_heading() -> None:
    assert re.findall(r"^## impasto ([\w-]+)$", TEXT, re.MULTILINE) == list(COMMANDS)
