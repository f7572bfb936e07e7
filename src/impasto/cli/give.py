"""`impasto export`: a collection for other programs, or as a site that needs none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import collection_argument, filter_options, json_option, quiet_option
from impasto.cli.output import print_json, size_of
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.export import Exported, Files, Metadata


@click.command()
@collection_argument
@click.argument("destination", type=click.Path(path_type=Path), required=False)
@click.option(
    "--app",
    "site",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a site there instead, to look at in a browser: no Python, nothing to install.",
)
@click.option(
    "--format",
    "format_",
    metavar="FORMAT",
    help="csv, parquet, numpy, imagefolder, hf, coco, webdataset, projector or embedding-atlas "
    "(default: by the ending of DESTINATION).",
)
@filter_options
@click.option("--limit", type=click.IntRange(1), help="At most so many images.")
@click.option(
    "--space",
    help="Vectors of this space, by its name or the beginning of it (default: the newest where "
    "vectors belong to the format, else none).",
)
@click.option(
    "--map",
    "map_",
    help="Places on this map, by its name or the beginning of it, with --format parquet and "
    "embedding-atlas (default: embedding-atlas takes the first map of the space) and with --app "
    "(default: all maps).",
)
@click.option(
    "--files",
    type=click.Choice(["none", "copy", "link", "symlink"]),
    help="Image files: left out, copied, or linked (default: as is usual for the format).",
)
@click.option("--no-splits", is_flag=True, help="Pay no heed to train, validation and test.")
@click.option(
    "--metadata",
    type=click.Choice(["parquet", "jsonl", "csv"]),
    default="parquet",
    show_default=True,
    help="Kind of the metadata file, with --format hf.",
)
@click.option(
    "--keep-formats",
    is_flag=True,
    help="Leave SVG, HEIC and other formats that few programs open, instead of writing PNG.",
)
@click.option(
    "-k",
    "k",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Neighbours of each image, with --app.",
)
@click.option(
    "--comparison",
    "comparisons",
    multiple=True,
    help="A kept comparison, for the page Compare, with --app.",
)
@click.option("--title", help="What visitors read, with --app (default: the collection's name).")
@click.option("--overwrite", is_flag=True, help="Replace what is at DESTINATION.")
@json_option
@quiet_option
def export(
    collection: Path,
    destination: Path | None,
    site: Path | None,
    format_: str | None,
    limit: int | None,
    space: str | None,
    map_: str | None,
    files: Files | None,
    no_splits: bool,
    metadata: Metadata,
    keep_formats: bool,
    k: int,
    comparisons: tuple[str, ...],
    title: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **conditions: Any,
) -> None:
    """Write images, vectors and what is known of them for other programs.

    DESTINATION is a folder; for tables also a file that ends in .csv or .parquet. All of it is
    written or nothing, and the original files are never touched. What is in each format, and how
    to read it back: docs/export.md.

    With --app DIR it writes a site of the images: the app's own pages to browse, search and walk
    from neighbour to neighbour, from any web server.
    """
    from impasto import flow

    wanted = flow.filter_from(**conditions)
    if (destination is None) == (site is None):
        raise click.UsageError("Name either DESTINATION or --app DIR.")
    opening = flow.open_collection(collection, writable=False)
    if site is not None:
        from impasto.serve.site import SiteOptions, write_site

        spaces = () if space is None else (space,)
        maps = None if map_ is None else (map_,)
        wish = SiteOptions(wanted, limit, spaces, k, maps, comparisons, title, overwrite)
        with progress_for(quiet=quiet) as progress, opening as opened:
            done = write_site(opened, site, wish, progress=progress)
        say(done, as_json=as_json)
        return
    assert destination is not None
    options = flow.ExportOptions(
        format=format_,
        wanted=wanted,
        limit=limit,
        space=space,
        map=map_,
        files=files,
        splits=not no_splits,
        metadata=metadata,
        keep_formats=keep_formats,
        overwrite=overwrite,
    )
    with progress_for(quiet=quiet) as progress, opening as opened:
        done = flow.export(opened, destination, options, progress=progress)
    say(done, as_json=as_json)


def say(done: Exported, *, as_json: bool) -> None:
    """Print what was written, and what was not."""
    if as_json:
        print_json(done.to_json())
        return
    click.echo(
        f"{done.images:,} images written to {done.destination} "
        f"({done.format}, {size_of(done.bytes)})."
    )
    reasons = Counter(one.reason for one in done.skipped)
    for reason, n in reasons.most_common(5):
        click.echo(f"  left out {n:,}: {reason}")
    if len(reasons) > 5:
        click.echo(f"  and {len(reasons) - 5} more reasons; --json lists every image")
    for note in done.notes:
        click.echo(f"  {note}")
