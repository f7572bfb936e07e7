"""`impasto split`: train, validation and test parts without leaks."""

from __future__ import annotations

import math
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
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.flow import Divided
    from impasto.flow.leaks import LeakPair

SHOWN = 12
"""Labels or tags that are listed for people."""

LEAKS = 5
"""Leaking images that are listed for people."""


@click.command()
@collection_argument
@click.option(
    "--parts",
    default="train=80,test=20",
    show_default=True,
    help="How much goes where: train=64,val=16,test=20.",
)
@click.option(
    "--by",
    type=click.Choice(["label", "tags", "nothing"]),
    default="label",
    show_default=True,
    help="What is shared out alike: the label, the tags (iteratively), or nothing.",
)
@click.option(
    "--group",
    multiple=True,
    metavar="PROPERTY",
    help="Images that share it stay together: a property such as user; folder; root.",
)
@click.option(
    "--missing",
    type=click.Choice(["refuse", "alone", "together"]),
    default="refuse",
    show_default=True,
    help="Images without the property of --group: an error, each a group, or one group.",
)
@click.option(
    "--group-duplicates/--no-group-duplicates",
    default=True,
    show_default=True,
    help="Copies and near-duplicates stay together.",
)
@space_option
@click.option(
    "--against",
    multiple=True,
    type=click.Path(),
    metavar="PATH",
    help="Another collection, or a model's folder, whose images must not be tested on here.",
)
@click.option(
    "--leaks",
    "on_leaks",
    type=click.Choice(["tell", "train", "leave-out"]),
    default="tell",
    show_default=True,
    help="What becomes of images that leak from --against.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would come out.")
@seed_option
@json_option
@quiet_option
def split(
    collection: Path, parts: str, dry_run: bool, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Divide COLLECTION into train, validation and test.

    Each label, or each tag, is shared out alike; groups and near-duplicates stay whole. What is
    tested is compared with every other set that was learned from: --against, and the models of the
    collection. One division is one edit, which `impasto undo` takes back.
    """
    from impasto import curate, flow

    wanted = flow.SplitOptions(shares=curate.parse_parts(parts), **options)
    with (
        progress_for(quiet=quiet) as progress,
        flow.open_collection(collection, writable=not dry_run) as opened,
    ):
        made = flow.split(opened, wanted, keep=not dry_run, progress=progress)
    if as_json:
        print_json(made.to_json() | {"stored": not dry_run})
        return
    _say(made)
    if dry_run:
        click.echo("Nothing was stored (--dry-run).")


def _like(pair: LeakPair) -> str:
    """Say what a leaking image is like."""
    if pair.exact and pair.path == pair.other:
        return ""
    if pair.exact:
        return f" is {pair.other}"
    if math.isnan(pair.similarity):
        return f" is in a group with {pair.other}"
    return f" is like {pair.other} (cosine {pair.similarity:.3f})"


def _say(made: Divided) -> None:
    from impasto.core.records import SPLITS

    total = max(sum(made.sizes), 1)
    print_table(
        ["part", "images", "share", "wanted"],
        [
            (part, f"{size:,}", f"{size / total:.1%}", f"{share:.1%}")
            for part, size, share in zip(SPLITS, made.sizes, made.wanted, strict=True)
        ],
    )
    if made.names:
        click.echo()
        print_table(
            ["", *SPLITS],
            [
                (name, *(f"{n:,}" for n in row))
                for name, row in zip(made.names[:SHOWN], made.counts.tolist(), strict=False)
            ],
        )
        if len(made.names) > SHOWN:
            click.echo(f"and {len(made.names) - SHOWN:,} more.")
    click.echo(f"\n{len(made.ids):,} images in {made.groups:,} groups, none in two parts.")
    for leak in made.leaks:
        if leak.images:
            click.echo(
                f"LEAK: {leak.images:,} validation or test images are in {leak.source} "
                f"({leak.exact:,} the very same):"
            )
            for pair in leak.pairs[:LEAKS]:
                click.echo(f"  {pair.path}{_like(pair)}")
        else:
            click.echo(f"No leak from {leak.source} ({leak.known:,} images).")
    for note in made.notes:
        click.echo(note)
