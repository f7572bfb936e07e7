"""`impasto compare-models`: models side by side."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.cli.options import collection_argument, json_option, seed_option
from impasto.cli.output import print_json, print_table

if TYPE_CHECKING:
    from impasto.learn.comparison import ModelComparison, NumberComparison


@click.command()
@collection_argument
@click.argument("models", nargs=-1, metavar="MODEL...")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write everything to a page (.html), with pictures, or as data (.json).",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the figures to, each as SVG and PNG.",
)
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@seed_option
@json_option
def compare_models(
    collection: Path,
    models: tuple[str, ...],
    report: Path | None,
    figures: Path | None,
    show: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Compare models of COLLECTION on the images that all of them were tested on.

    Without a MODEL, all that tell the same as the first: labels, tags, or one number. Every measure
    stands beside chance and the nearest neighbours; differences have paired intervals and tests.
    """
    from impasto import flow

    if show and (report is None or report.suffix != ".html"):
        raise click.UsageError("--open needs a page to open: --report FILE.html")
    with flow.open_collection(collection, writable=False) as opened:
        compared = flow.compare_models(opened, models, seed=seed)
        if report is not None:
            flow.write_models_compared(opened, compared, report)
    drawn = [] if figures is None else flow.draw_models_compared(compared, figures)
    if as_json:
        print_json(compared.to_json())
    else:
        _say(compared.comparison)
        for file in [*([report] if report else []), *drawn]:
            click.echo(f"written: {file}")
    if show and report is not None:
        webbrowser.open(report.resolve().as_uri())


def _say(compared: ModelComparison | NumberComparison) -> None:
    from impasto.learn.comparison import MEASURES, NUMBER_TITLES, TITLES, NumberComparison
    from impasto.learn.number.report import number

    titles: Mapping[str, str]
    if isinstance(compared, NumberComparison):
        images, notes, titles, written = len(compared.ids), compared.notes, NUMBER_TITLES, number
    else:
        images, notes = len(compared.common.ids), compared.common.notes
        titles = {measure: TITLES[measure] for measure in MEASURES[compared.common.target]}
        written = "{:.3f}".format
    click.echo(f"{images:,} images ({compared.distinct:,} distinct) that all were tested on")
    print_table(
        ["", *titles.values()],
        (
            (row.title, *(written(row.measures[measure].value) for measure in titles))
            for row in compared.rows
        ),
    )

    def signed(value: float) -> str:
        return f"{'+' if value >= 0 else '-'}{written(abs(value))}"

    print_table(
        ["first - second", "measure", "difference", "95 %", "p (Holm)"],
        (
            (
                f"{pair.first} - {pair.second}",
                titles[pair.measure],
                signed(pair.difference.value),
                f"{signed(pair.difference.low)} to {signed(pair.difference.high)}",
                f"{pair.corrected:.3f}",
            )
            for pair in compared.pairs
        ),
    )
    if isinstance(compared, NumberComparison):
        click.echo("  less is better: mean distance, root mean square")
    for note in notes:
        click.echo(f"  {note}")
