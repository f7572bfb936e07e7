"""`impasto index`: neighbours without a pass over all vectors, for very large collections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import (
    collection_argument,
    json_option,
    quiet_option,
    seed_option,
    space_option,
)
from impasto.cli.output import print_json, print_table, size_of
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.flow import Indexed


@click.command()
@collection_argument
@space_option
@seed_option
@json_option
@quiet_option
def index(collection: Path, space: str | None, seed: int, as_json: bool, quiet: bool) -> None:
    """Build the approximate index of a space of COLLECTION, and measure what it finds.

    Up to a million images neighbours come from one pass over all vectors, exactly, in about a
    tenth of a second; an index pays above that. Neighbours that come from it say so, and the
    distribution of similarities is always exact. Images that come later are compared one by one
    until the index is built again. Needs one more package: pip install "impasto[index]".
    """
    from impasto import flow

    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        made = flow.index(opened, space, seed=seed, progress=progress)
    if as_json:
        print_json(describe_index(made))
    else:
        say_index(made)


def describe_index(made: Indexed) -> dict[str, Any]:
    """Return what `impasto index --json` says."""
    return {
        "space": made.space.name,
        "rows": made.rows,
        "bytes": made.bytes,
        "library": made.library,
        "recall": {str(k): one.to_json() for k, one in made.recall.items()},
    }


def say_index(made: Indexed) -> None:
    """Print what the index covers, and what share of the true nearest it finds."""
    click.echo(
        click.style(made.space.title, bold=True)
        + f"  {made.rows:,} vectors indexed, {size_of(made.bytes)} ({made.library})."
    )
    print_table(
        ["", "found", "low", "high", "chance"],
        (
            (f"{k} nearest", f"{one.value:.4f}", f"{one.low:.4f}", f"{one.high:.4f}",
             f"{one.chance:.4f}")
            for k, one in made.recall.items()
        ),
    )  # fmt: skip
