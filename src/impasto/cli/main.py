"""The entry point: finds the command, turns errors into one clear sentence and an exit code."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

import click

from impasto._version import __version__
from impasto.core.errors import Cancelled, ImpastoError

COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module:function, one line of help, so that `impasto --help` loads nothing heavy)
    "demo": ("impasto.cli.start:demo", "Try everything on the sample, then open the app."),
    "open": ("impasto.cli.start:open_", "Look at a folder or a collection in the app."),
    "add": ("impasto.cli.gather:add", "Gather images: folders, tables, the sample."),
    "embed": ("impasto.cli.gather:embed", "Compute vectors with a network and its layers."),
    "find": ("impasto.cli.ask:find", "Neighbours and similarity distribution of a query."),
    "retrieve": ("impasto.cli.ask:retrieve", "Does a space retrieve this label or tag?"),
    "map": ("impasto.cli.maps:map_", "A map on which images lie near those they resemble."),
    "index": ("impasto.cli.index:index", "Quick neighbours for more than a million images."),
    "tags": ("impasto.cli.tags:tags", "Count tags, merge near-synonyms, drop junk."),
    "classes": ("impasto.cli.classes:classes", "From file names to labels, reviewed."),
    "split": ("impasto.cli.split:split", "Train, validation and test parts without leaks."),
    "learn": ("impasto.cli.teach:learn", "Learn labels from vectors, with an honest report."),
    "tune": ("impasto.cli.tune:tune", "Tune a network on labels or tags, by a layer plan."),
    "recipes": ("impasto.cli.teach:recipes", "What published works did, for `learn --recipe`."),
    "evaluate": ("impasto.cli.teach:evaluate", "Show the report of a model."),
    "compare-models": ("impasto.cli.compare_models:compare_models", "Models side by side."),
    "noise": ("impasto.cli.concepts:noise", "Tags that are probably missing or wrong."),
    "learnability": ("impasto.cli.concepts:learnability", "Which tags can be learned at all?"),
    "predict": ("impasto.cli.teach:predict", "Ask a model about images."),
    "edit": ("impasto.cli.change:edit", "Tag, label, flag or hide images."),
    "undo": ("impasto.cli.change:undo", "Take back the latest edit."),
    "redo": ("impasto.cli.change:redo", "Do again what was undone."),
    "export": ("impasto.cli.give:export", "Write a collection for other programs."),
    "status": ("impasto.cli.look:status", "What a collection holds, and what was left out."),
    "networks": ("impasto.cli.look:networks", "List networks, layers, licences and weights."),
    "doctor": ("impasto.cli.look:doctor", "What is installed, what will be used, and why."),
}


class Commands(click.Group):
    """A group that imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the work they do."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or return None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), function)
        assert isinstance(command, click.Command)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.envvar is None:
                parameter.envvar = _variable(cmd_name, parameter)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name near spellings when a command is unknown."""
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `impasto {near[0]}`?" if near else " See `impasto --help`."
            ctx.fail(f"No command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="impasto", message="%(prog)s %(version)s")
def cli() -> None:
    """Look at, learn from and look inside image collections through deep networks.

    Everything runs on this machine. Start with `impasto open FOLDER`, or `impasto demo`.
    Every option can also come from the environment: IMPASTO_EMBED_NETWORK=vgg19.
    """


def _variable(command: str, option: click.Option) -> str:
    """Name the environment variable of an option after what people type: ``--layer``."""
    name = max(option.opts, key=len).lstrip("-")
    return f"IMPASTO_{command}_{name}".replace("-", "_").upper()


def main() -> None:
    """Run the command line and exit: 1 what the user can mend, 2 wrong usage, 130 Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a pipe may not know every letter of a name
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        outcome: Any = cli.main(args=arguments, prog_name="impasto", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Cancelled, KeyboardInterrupt, click.Abort):
        click.echo(
            "Stopped. What was done so far is kept; run the same command to go on.", err=True
        )
        return 130
    except ImpastoError as error:
        click.echo(f"impasto: {error}", err=True)
        return 1
    except OSError as error:
        click.echo(f"impasto: {_explain(error)}", err=True)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _explain(error: OSError) -> str:
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return (
            f"The disk is full{where}. Nothing committed is lost: "
            "free some space and run the same command to go on."
        )
    return f"{error.strerror or error}{where}."
