"""Write docs/commands.md from the commands themselves: every argument and option of each.

``python docs/generate_commands.py`` writes the file; ``--check`` only ends with 1 when it is old.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from impasto.cli.main import COMMANDS, cli

FILE = Path(__file__).with_name("commands.md")

HEAD = """\
# Commands

Written by `docs/generate_commands.py` from the commands themselves; `impasto COMMAND --help` says
the same.

COLLECTION is the folder of a collection; `.impasto` at the end may be left out.
A command ends with exit code 0 when it did its work, 1 for what you can mend (one sentence on
standard error), 2 for wrong usage, and 130 after Ctrl-C. Progress goes to standard error, answers
to standard output, so `--json` can be piped.

Every option can also come from the environment; the tables name the variables. An option that may
be given several times takes several values there, separated by spaces.
`IMPASTO_DATA` says where collections go that can't lie beside their pictures, `IMPASTO_CACHE` where
impasto looks for weights first.
"""


def document() -> str:
    """Return the text of docs/commands.md."""
    parts = [HEAD, "| command | does |\n|---|---|"]
    parts[-1] += "".join(
        f"\n| [`impasto {name}`](#impasto-{name}) | {line} |"
        for name, (_, line) in COMMANDS.items()
    )
    context = click.Context(cli, info_name="impasto")
    parts += [section(name, context) for name in COMMANDS]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def section(name: str, parent: click.Context) -> str:
    """Describe one command."""
    command = cli.get_command(parent, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f"## impasto {name}",
        "",
        f"    impasto {name} {usage}",
        "",
        flowing(command.help or ""),
    ]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        lines += ["", "| option | means | variable |", "|---|---|---|"]
        lines += [row(option, context) for option in options]
    return "\n".join(lines) + "\n"


def row(option: click.Option, context: click.Context) -> str:
    """Describe one option as a row of the table."""
    record = option.get_help_record(context)
    assert record is not None
    name, text = (cell.replace("|", "\\|") for cell in record)
    return f"| `{name}` | {' '.join(text.split())} | `{option.envvar or ''}` |"


def flowing(text: str) -> str:
    """Join the lines of each paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))


def main() -> int:
    """Write the file, or check it."""
    text = document()
    if "--check" in sys.argv[1:]:
        current = FILE.is_file() and FILE.read_text(encoding="utf-8") == text
        return 0 if current else 1
    FILE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
