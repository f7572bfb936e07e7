"""`impasto add` and `impasto embed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import (
    collection_argument,
    embedding_options,
    json_option,
    quiet_option,
)
from impasto.cli.output import print_json
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.collect.labels import How
    from impasto.flow import Added, Done


@click.command()
@collection_argument
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Choice(["auto", "parent", "top", "none"]),
    help="What folder names mean: auto takes class/image and train/class/image for labels, "
    "parent the whole folder path, top its first part (default: as last time, else auto).",
)
@click.option("--list-only", is_flag=True, help="List the files; read them later.")
@json_option
@quiet_option
def add(
    collection: Path,
    sources: tuple[Path, ...],
    labels: How | None,
    list_only: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Gather images into COLLECTION from folders, tables (CSV, JSONL, Parquet) and files.

    COLLECTION is made when it does not exist. Run it again to find what is new, changed, moved
    or gone. The files themselves are never touched.
    """
    from impasto import flow

    flow.check_sources(sources)
    progress = progress_for(quiet=quiet)
    with flow.open_collection(collection, create=True) as opened, progress:
        added = [flow.add(opened, source, labels=labels, progress=progress) for source in sources]
        done = None if list_only else flow.read(opened, progress=progress)
        images = opened.counts().images
    if as_json:
        print_json(
            {
                "collection": str(opened.path),
                "sources": [describe_added(one) for one in added],
                "read": None if done is None else describe_done(done),
            }
        )
        return
    for one in added:
        say_added(one)
    if done is not None and images:
        say_done(done, verb="read")


@click.command()
@collection_argument
@embedding_options
@json_option
@quiet_option
def embed(collection: Path, as_json: bool, quiet: bool, **options: Any) -> None:
    """Compute the vectors of every image of COLLECTION that has none yet.

    Several --layer are read in one pass. Kill it whenever you like: the next run goes on.
    """
    from impasto import flow

    progress = progress_for(quiet=quiet)
    with flow.open_collection(collection) as opened, progress:
        done = flow.embed(opened, flow.EmbedOptions(**options), progress=progress)
        images = opened.counts().images
    if as_json:
        print_json({"collection": str(opened.path), **describe_done(done)})
    elif images:
        say_done(done, verb="embedded")
    else:
        click.echo(f"There are no images yet. Gather some: impasto add {collection} FOLDER")


def describe_added(added: Added) -> dict[str, Any]:
    """Return what `impasto add --json` says of a source."""
    from dataclasses import asdict

    return {
        "source": str(added.source),
        **asdict(added.changes),
        "skipped": dict(added.skipped),
        "labels": added.labels,
        "moved_from": str(added.moved_from) if added.moved_from else None,
    }


def describe_done(done: Done) -> dict[str, Any]:
    """Return what `--json` says of a pass over the images."""
    return {
        "images": done.images,
        "embedded": done.embedded,
        "flags": dict(done.flags),
        "spaces": [space.name for space in done.spaces],
        "seconds": round(done.seconds, 3),
        "engine": done.engine,
        "notes": done.notes,
    }


def say_added(added: Added) -> None:
    """Print what a source held."""
    from dataclasses import asdict

    counts = [f"{n:,} {what}" for what, n in asdict(added.changes).items() if n]
    click.echo(f"{added.source}: {', '.join(counts) or 'no images'}.")
    if added.moved_from:
        click.echo(f"  It was {added.moved_from} before; its images stay who they were.")
    if added.labels:
        click.echo(f"  {added.labels}")
    for reason, n in added.skipped.most_common(5):
        click.echo(f"  left out {n:,}: {reason}")
    if len(added.skipped) > 5:
        click.echo(f"  and {len(added.skipped) - 5} more reasons: impasto status COLLECTION")


def say_done(done: Done, *, verb: str) -> None:
    """Print what a pass over the images did."""
    if not done.images and not done.notes:
        click.echo(f"Nothing to do: every image is {verb} already.")
    elif done.images:
        n = done.embedded if verb == "embedded" else done.images
        click.echo(f"{n:,} images {verb} in {done.seconds:.1f} s ({done.rate:.0f} images/s).")
    for space in done.spaces:
        click.echo(f"  space {space.name} ({space.dimension} numbers)")
    if done.images and done.engine:
        click.echo(f"  {done.engine}")
    for kind, n in done.flags.most_common():
        click.echo(f"  {n:,} flagged {kind}")
    for note in done.notes:
        click.echo(f"  {note}")
