"""`impasto learn`, `evaluate` and `predict`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.learning_options import HEADS, TAGGING, head_options, tagging_options
from impasto.cli.options import (
    collection_argument,
    json_option,
    quiet_option,
    seed_option,
    spaces_option,
)
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for
from impasto.cli.say_taught import say_taught

if TYPE_CHECKING:
    from impasto.learn import NumberPrediction


@click.command()
@collection_argument
@click.option(
    "--recipe",
    help="Do as a published work did: a name that `impasto recipes` lists. What the work leaves "
    "open (--seed, --space, --only and the like) can be given beside it.",
)
@click.option(
    "--target",
    default="label",
    show_default=True,
    help="label, the one class of an image, tags, or the name of a property that holds numbers.",
)
@click.option(
    "--method",
    help="For labels and halves linear-svm (default), rbf-svm, sigmoid-svm, poly-svm, kernel-grid, "
    "linear-path, logistic, forest, nearest or mlp; for tags logistic (default) or steps; for "
    "numbers kernel-ridge (default), ridge or nearest.",
)
@click.option(
    "--as",
    "read_as",
    type=click.Choice(["number", "median"]),
    default="number",
    show_default=True,
    help="A property is told as a number, or high from low: cut at the median.",
)
@spaces_option
@click.option("--folds", type=click.IntRange(2), help="Test every image once, in so many folds.")
@click.option(
    "--test",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share kept aside for the test, when there are no --folds and no splits.",
)
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Learn only labels or tags like this: 'a*'."
)
@click.option(
    "--min-images",
    type=click.IntRange(1),
    help="Leave out labels or tags with fewer images (default: 2 for labels, 20 for tags).",
)
@click.option(
    "--group-duplicates/--ignore-duplicates",
    default=True,
    show_default=True,
    help="Keep near-duplicates on one side; ignoring them shows how much they flatter.",
)
@click.option("--name", help="Name of the model (default: target and method).")
@head_options
@tagging_options
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@seed_option
@json_option
@quiet_option
@click.pass_context
def learn(
    context: click.Context,
    /,
    collection: Path,
    recipe: str | None,
    show: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Learn labels or tags from the vectors of COLLECTION, with an honest report.

    Hyper-parameters are chosen inside the training part; the scores come from images that were
    not learned from, and stand beside chance and the nearest neighbours.
    """
    from impasto import flow

    options["space"] = options.pop("spaces")
    constants = dict(options.pop("constants"))
    if recipe is None:
        tagging = flow.TagOptions(**{name: options.pop(name) for name in TAGGING}, **constants)
        heads = flow.HeadOptions(**{name: options.pop(name) for name in HEADS})
        wanted = flow.LearnOptions(**options, tagging=tagging, heads=heads)
    else:
        wanted = flow.from_recipe(recipe, _given(context, options, constants))
    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        taught = flow.learn(opened, wanted, progress=progress)
    if as_json:
        print_json(taught.to_json())
    else:
        say_taught(taught)
    if show:
        webbrowser.open(taught.report.as_uri())


def _given(
    context: click.Context, options: dict[str, Any], constants: dict[str, float]
) -> dict[str, Any]:
    """Keep the options that someone named, in the form of `impasto.flow.LearnOptions`."""
    default = click.core.ParameterSource.DEFAULT
    named = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source("spaces" if name == "space" else name) != default
    }
    for group, members in (("tagging", TAGGING), ("heads", HEADS)):
        inside = {name: named.pop(name) for name in members if name in named}
        inside |= constants if group == "tagging" else {}
        named |= {group: inside} if inside else {}
    return named


@click.command()
@click.argument("name", required=False)
@json_option
def recipes(name: str | None, as_json: bool) -> None:
    """List what published works did, for `impasto learn --recipe`; NAME tells all of one.

    A recipe settles every parameter that the work names; what today's software changes is listed.
    """
    from impasto.learn import RECIPES

    chosen = {name: RECIPES[name]} if name else dict(RECIPES)
    if as_json:
        print_json({"recipes": [{"name": key, **one.to_json()} for key, one in chosen.items()]})
        return
    if name is None:
        print_table(["recipe", "does"], ((key, one.title) for key, one in chosen.items()))
        click.echo(
            "All of one: impasto recipes NAME. Do it: impasto learn COLLECTION --recipe NAME"
        )
        return
    recipe = chosen[name]
    click.echo(click.style(name, bold=True) + f"  {recipe.title}")
    click.echo(f"  {recipe.work}")
    if recipe.network and not recipe.plan:
        click.echo(f"  vectors: impasto embed COLLECTION {recipe.embed}")
    click.echo(f"  {'tune' if recipe.plan else 'learn'}: {recipe.command(name)}")
    for key, value in recipe.lines():
        click.echo(f"    {key} = {value}")
    if recipe.published:
        click.echo(click.wrap_text(f"published: {recipe.published}", 100, "  ", "    "))
    for deviation in recipe.deviations:
        click.echo(click.wrap_text(f"not as published: {deviation}", 100, "  ", "    "))


@click.command()
@collection_argument
@click.argument("model", required=False)
@click.option(
    "--on",
    "other",
    type=click.Path(path_type=Path),
    help="Judge MODEL on the images of another collection, which needs vectors of the same space.",
)
@click.option(
    "--names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --on: a file of lines `their name = its name`, for labels or tags that differ.",
)
@click.option(
    "--keep-leaks",
    is_flag=True,
    help="With --on: also count images that MODEL learned from, or near-duplicates of these.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="With --on: write the report (.html), or the numbers (.json).",
)
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@json_option
def evaluate(
    collection: Path,
    model: str | None,
    other: Path | None,
    names: Path | None,
    keep_leaks: bool,
    report: Path | None,
    show: bool,
    as_json: bool,
) -> None:
    """Show the report of MODEL (default: the only one, or a list of them).

    With --on, judge it on another collection instead: does it still know what it sees there?
    Images that it learned from are left out.
    """
    from impasto import flow
    from impasto.cli.elsewhere import say_elsewhere

    if other is not None:
        say_elsewhere(collection, model, other, names, keep_leaks, report, show, as_json)
        return
    if names or keep_leaks or report:
        raise click.UsageError("--names, --keep-leaks and --report go with --on OTHER.")
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
                    (title, *(f"{metrics[name][key]:.3f}" for key in _KEYS))
                    for name, title in _MEASURES.items()
                    if metrics.get(name)
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
    from impasto.learn import NumberPrediction

    collection, model = flow.model_place(collection, model)
    with flow.open_collection(collection, writable=False) as opened:
        name = flow.choose_model(opened, model)
        told = flow.predict(opened, name, images)
        target = opened.model(name).card["target"]
        kind = {"tags": "tag", "label": "label"}.get(target, target)
        labels = dict(zip(*(array.tolist() for array in opened.labelled()), strict=True))
    answers = told.prediction.top(top)
    if isinstance(told.prediction, NumberPrediction):
        _say_numbers(name, images, told.names, told.prediction, as_json=as_json)
        return
    if as_json:
        print_json(
            {
                "model": name,
                "predictions": [
                    {
                        "image": picture,
                        "top": [{"label": a, "probability": round(p, 6)} for a, p in best],
                        "neighbours": [
                            {"id": i, "label": labels.get(i), "similarity": round(s, 6)}
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
        print_table(["probability", kind], ((f"{p:.3f}", answer) for answer, p in best))


def _say_numbers(
    model: str,
    images: tuple[str, ...],
    names: tuple[str, ...],
    told: NumberPrediction,
    *,
    as_json: bool,
) -> None:
    """Print the number that is told of each picture, and how far off such numbers are."""
    numbers = told.numbers.tolist()
    if as_json:
        predictions = [
            {"image": image, told.target: round(number, 6), "error": round(told.error, 6)}
            for image, number in zip(images, numbers, strict=True)
        ]
        print_json({"model": model, "predictions": predictions})
        return
    print_table(
        [told.target, "image"],
        ((f"{number:.4g}", name) for number, name in zip(numbers, names, strict=True)),
    )
    click.echo(f"  Told of pictures not learned from, it is off by {told.error:.4g} on average.")


_KEYS = ("value", "low", "high", "chance")
_MEASURES = {
    "top1": "top-1",
    "top5": "top-5",
    "spearman": "Spearman",
    "r2": "R²",
    "mae": "mean distance",
    "mean_average_precision": "mAP",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "top_f1": "top-5 F1",
}
