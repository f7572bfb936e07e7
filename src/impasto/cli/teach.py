"""`impasto learn`, `evaluate` and `predict`."""

from __future__ import annotations

import webbrowser
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
    from impasto.flow import Taught


@click.command()
@collection_argument
@click.option("--target", default="label", show_default=True, help="What to learn: label.")
@click.option(
    "--method",
    default="linear-svm",
    show_default=True,
    help="linear-svm, rbf-svm or logistic.",
)
@space_option
@click.option("--folds", type=click.IntRange(2), help="Test every image once, in so many folds.")
@click.option(
    "--test",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share kept aside for the test, when there are no --folds and no splits.",
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Learn only labels like this: 'a*'.")
@click.option(
    "--min-images",
    type=click.IntRange(2),
    default=2,
    show_default=True,
    help="Leave out labels with fewer images.",
)
@click.option(
    "--group-duplicates/--ignore-duplicates",
    default=True,
    show_default=True,
    help="Keep near-duplicates on one side; ignoring them shows how much they flatter.",
)
@click.option("--name", help="Name of the model (default: target and method).")
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@seed_option
@json_option
@quiet_option
def learn(collection: Path, show: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Learn labels from the vectors of COLLECTION, with an honest report.

    Hyper-parameters are chosen inside the training part; the scores come from images that were
    not learned from, and stand beside chance, the commonest class and the nearest neighbour.
    """
    from impasto import flow

    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        taught = flow.learn(opened, flow.LearnOptions(**options), progress=progress)
    if as_json:
        print_json(taught.to_json())
    else:
        say_taught(taught)
    if show:
        webbrowser.open(taught.report.as_uri())


@click.command()
@collection_argument
@click.argument("model", required=False)
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@json_option
def evaluate(collection: Path, model: str | None, show: bool, as_json: bool) -> None:
    """Show the report of MODEL (default: the only one, or a list of them)."""
    from impasto import flow

    with flow.open_collection(collection, writable=False) as opened:
        records = [opened.model(model)] if model else opened.models()
        if as_json:
            print_json({"models": [{"name": one.name, **one.card} for one in records]})
            return
        if not records:
            click.echo(f"No model yet. Learn one: impasto learn {collection}")
        for one in records:
            metrics = one.card["metrics"]
            click.echo(click.style(one.name, bold=True) + f"  {one.card['space_title']}")
            print_table(
                ["", "value", "low", "high", "chance"],
                (
                    (name, *(f"{metrics[name][key]:.3f}" for key in _KEYS))
                    for name in ("top1", "top5")
                ),
            )
            click.echo(f"report: {one.folder / flow.REPORT}")
        if show and len(records) == 1:
            webbrowser.open((records[0].folder / flow.REPORT).resolve().as_uri())


@click.command()
@collection_argument
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option("--model", help="Name of the model (default: the only one of the collection).")
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, help="How many.")
@json_option
def predict(
    collection: Path, images: tuple[str, ...], model: str | None, top: int, as_json: bool
) -> None:
    """Ask a model of COLLECTION about pictures: the most probable labels.

    COLLECTION may also be the folder of a model inside a collection. An IMAGE is a file, or the
    number of an image.
    """
    from impasto import flow

    collection, model = flow.model_place(collection, model)
    with flow.open_collection(collection, writable=False) as opened:
        name = flow.choose_model(opened, model)
        told = flow.predict(opened, name, images)
        labels = dict(zip(*(array.tolist() for array in opened.labelled()), strict=True))
    answers = told.prediction.top(top)
    if as_json:
        print_json(
            {
                "model": name,
                "predictions": [
                    {
                        "image": picture,
                        "top": [{"label": a, "probability": round(p, 6)} for a, p in best],
                        "neighbours": [
                            {"id": i, "label": labels[i], "similarity": round(s, 6)}
                            for i, s in zip(
                                near.ids.tolist(), near.similarities.tolist(), strict=True
                            )
                        ],
                    }
                    for picture, best, near in zip(images, answers, told.neighbours, strict=True)
                ],
            }
        )
        return
    for picture, best in zip(told.names, answers, strict=True):
        click.echo(click.style(picture, bold=True))
        print_table(["probability", "label"], ((f"{p:.3f}", label) for label, p in best))


_KEYS = ("value", "low", "high", "chance")


def say_taught(taught: Taught) -> None:
    """Print the scores beside chance and the baselines."""
    evaluation = taught.evaluation
    click.echo(
        click.style(f"{taught.name}", bold=True)
        + f"  {taught.card['space_title']}, {taught.card['images']:,} images, "
        f"{len(evaluation.labels)} labels"
    )
    rows = []
    for scored in (evaluation.model, *evaluation.baselines):
        one, five = scored.top1, scored.top5
        rows.append(
            (
                scored.title,
                f"{one.value:.3f}",
                f"{one.low:.3f} to {one.high:.3f}",
                f"{five.value:.3f}",
                f"{five.low:.3f} to {five.high:.3f}",
            )
        )
    print_table(["", "top-1", "95 %", "top-5", "95 %"], rows)
    gain = evaluation.gain
    click.echo(
        "  Compared image by image with the nearest neighbour: "
        f"{100 * gain.value:+.1f} points ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})."
    )
    for note in taught.card["notes"]:
        click.echo(f"  {note}")
    click.echo(f"report: {taught.report}")
