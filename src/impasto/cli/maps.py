"""`impasto map`: every image near those it resembles."""

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
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.flow import Mapped


@click.command("map")
@collection_argument
@click.option(
    "--method",
    type=click.Choice(["pca", "tsne", "umap"]),
    default="tsne",
    show_default=True,
    help="PCA, t-SNE or UMAP.",
)
@space_option
@click.option(
    "--perplexity",
    type=click.FloatRange(1, 1000),
    default=30.0,
    show_default=True,
    help="t-SNE: about how many neighbours an image attends to.",
)
@click.option(
    "--neighbours",
    type=click.IntRange(2, 1000),
    default=15,
    show_default=True,
    help="UMAP: how many neighbours an image is tied to.",
)
@click.option(
    "--min-dist",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.1,
    show_default=True,
    help="UMAP: how close alike images may come to lie.",
)
@click.option(
    "--fit-on",
    type=click.IntRange(0),
    metavar="N",
    help="t-SNE and UMAP: lay out N images, drawn by lot, and put the others beside those they "
    "resemble; 0 lays out all (default: all up to 200,000, of more 25,000).",
)
@click.option("--name", help="Name of the map (default: method and space).")
@click.option("--again", is_flag=True, help="Make a map anew that is there already.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw the map with its pictures to this file: .png, .jpg or .webp.",
)
@click.option("--grid", is_flag=True, help="Draw the grid, where no picture covers another.")
@click.option(
    "--colour-by",
    metavar="BY",
    help="Frame the pictures of the figure in colours: label, split, tag:NAME, selection:NAME, "
    "property:NAME, model:NAME, model:NAME:score, model:NAME:error or placed.",
)
@click.option(
    "--size",
    type=click.IntRange(100, 20_000),
    default=2400,
    show_default=True,
    help="Longest side of the figure, pixels.",
)
@seed_option
@json_option
@quiet_option
def map_(
    collection: Path,
    space: str | None,
    name: str | None,
    again: bool,
    figure: Path | None,
    grid: bool,
    colour_by: str | None,
    size: int,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Make a map of COLLECTION, on which images lie near those they resemble.

    How faithful it is stands beside what a shuffled map would get. Run it again when images came:
    they are put beside those they resemble, and the others stay where they are. Of more than
    200,000 images t-SNE and UMAP lay out a sample, and say first how long it will take.
    """
    from impasto import flow
    from impasto.explore.maps import Settings

    if figure is not None:
        flow.check_picture_file(figure)
    elif grid or colour_by:
        raise InvalidInput("--grid and --colour-by say how to draw a --figure; name its file.")
    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        mapped = flow.make_map(
            opened, Settings(**settings), space=space, name=name, again=again, progress=progress
        )
        if figure is not None:
            flow.draw_map(
                opened, mapped, figure, grid=grid, by=colour_by, size=size, progress=progress
            )
    if as_json:
        print_json(describe_map(mapped) | {"figure": None if figure is None else str(figure)})
        return
    say_map(mapped)
    if figure is not None:
        click.echo(f"figure: {figure}")


def describe_map(mapped: Mapped) -> dict[str, Any]:
    """Return what `impasto map --json` says."""
    return {
        **mapped.map.card(),
        "images": len(mapped),
        "map": mapped.name,
        "made": mapped.made,
        "added": mapped.added,
        "left": mapped.left,
    }


def say_map(mapped: Mapped) -> None:
    """Print what was done, and how far the map can be trusted."""
    click.echo(click.style(mapped.map.title, bold=True) + f"  {mapped.sentence}")
    if mapped.made and mapped.map.drawn:
        click.echo(f"  {mapped.map.placing}")
    found = mapped.faithfulness
    if found is None:
        click.echo("  Too few images to say how faithful it is.")
        return
    rows = [
        ("trustworthiness", found.trustworthiness),
        ("continuity", found.continuity),
        (f"{found.k} nearest kept", found.kept),
        ("same label, map", found.label_hit),
        ("same label, space", found.label_hit_space),
    ]
    print_table(
        ["", "value", "low", "high", "chance"],
        (
            (name, f"{one.value:.3f}", f"{one.low:.3f}", f"{one.high:.3f}", f"{one.chance:.3f}")
            for name, one in rows
            if one
        ),
    )
