"""`impasto tune`."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from impasto.cli.curves import Live, say_end
from impasto.cli.options import (
    collection_argument,
    json_option,
    quiet_option,
    seed_option,
    space_option,
)
from impasto.cli.output import print_json
from impasto.cli.progress import progress_for
from impasto.cli.say_taught import say_taught

if TYPE_CHECKING:
    from impasto.learn.tune import Curves

F = TypeVar("F", bound=Callable[..., object])
TAGGING = ("loss", "sampler", "candidates", "aim", "level")
"""Options that only tags have, as `impasto.flow.TagOptions` names them."""


def _show_plan(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Print the file of a preset and end."""
    if name is None or context.resilient_parsing:
        return
    from impasto.learn.tune import plan_text

    click.echo(plan_text(name).rstrip())
    context.exit()


def course_options(command: F) -> F:
    """Add the options that take the place of what the layer plan says."""
    for option in reversed(
        [
            click.option("--epochs", type=click.IntRange(1), help="Passes over the pictures."),
            click.option("--batch", type=click.IntRange(2), help="Images of a step."),
            click.option(
                "--optimiser", type=click.Choice(["sgd", "adam", "adamw", "adagrad"]), help="Which."
            ),
            click.option(
                "--rate",
                type=click.FloatRange(0, min_open=True),
                help="Learning rate of layers whose rule names none.",
            ),
            click.option("--momentum", type=float, help="Of sgd."),
            click.option("--decay", type=float, help="Pull of the weights towards 0."),
            click.option(
                "--schedule", type=click.Choice(["constant", "cosine", "steps"]), help="Of rates."
            ),
            click.option("--warm-up", type=float, help="Epochs over which the rates rise."),
            click.option(
                "--augment",
                type=click.Choice(["none", "light", "strong"]),
                help="How much the pictures are varied.",
            ),
            click.option("--smoothing", type=float, help="Share given to wrong classes (labels)."),
            click.option(
                "--precision", type=click.Choice(["f32", "bf16"]), help="bf16: mixed precision."
            ),
            click.option(
                "--patience", type=click.IntRange(0), help="Epochs without gain; 0: never stop."
            ),
        ]
    ):
        command = option(command)
    return command


@click.command()
@collection_argument
@click.option("--target", default="label", show_default=True, help="label or tags.")
@click.option(
    "--plan",
    default="lp-ft",
    show_default=True,
    help="probe, lp-ft, surgical-first, auto-rgn, layer-decay, full, scratch, lagunas2017, or a "
    "file.",
)
@click.option(
    "--show",
    metavar="PLAN",
    is_eager=True,
    expose_value=False,
    callback=_show_plan,
    help="Print the file of a plan, to begin one's own with, and exit.",
)
@click.option(
    "--network",
    default="efficientnet-lite0",
    show_default=True,
    help="What to begin with; model:NAME tunes further.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="Your own weights of it.")
@click.option("--size", type=click.IntRange(16), help="Side of the pictures; smaller is faster.")
@click.option("--fit", type=click.Choice(["crop", "squash"]), help="How pictures become square.")
@course_options
@click.option(
    "--loss",
    default="plain",
    show_default=True,
    help="Tags: plain, weighted, pos-weight, focal or asymmetric.",
)
@click.option(
    "--sampler",
    default="random",
    show_default=True,
    help="Tags: random, entropy, class-aware or repeat-factor.",
)
@click.option(
    "--candidates",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Images that the sampler entropy chooses each next one from.",
)
@click.option(
    "--aim",
    type=click.Choice(["f1", "precision", "recall", "fixed"]),
    default="f1",
    show_default=True,
    help="Tags: what each threshold is chosen for.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Tags: the wanted precision or recall, or the fixed threshold.",
)
@click.option(
    "--then",
    metavar="METHOD",
    help="Learn this afterwards on the vectors of the tuned network: linear-svm, rbf-svm, "
    "logistic.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N, mps.")
@space_option
@click.option(
    "--test",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Share kept aside for the test, when there are no splits.",
)
@click.option("--only", multiple=True, metavar="PATTERN", help="Only labels or tags like this.")
@click.option("--min-images", type=click.IntRange(1), help="Leave out rarer labels or tags.")
@click.option(
    "--group-duplicates/--ignore-duplicates",
    default=True,
    show_default=True,
    help="Keep near-duplicates on one side.",
)
@click.option("--name", help="Name of the model (default: tuned and the plan).")
@click.option("--open", "show_report", is_flag=True, help="Open the report in the browser.")
@seed_option
@json_option
@quiet_option
def tune(collection: Path, show_report: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Tune a network on the labels or tags of COLLECTION, by a layer plan.

    The plan says which layers learn how fast, which stay, and which begin anew; options take the
    place of its settings. Kill it whenever you like: the same command goes on. The result is
    judged on images that it has not seen, and is a network of the collection, model:NAME, whose
    vectors are computed at once. With torchrun several processes share the work.
    """
    from impasto import flow

    tagging = {name: options.pop(name) for name in TAGGING}
    wanted = flow.TuneOptions(**options, tagging=flow.TagOptions(**tagging))
    team = flow.team_here()
    seen: list[Curves] = []
    with (
        progress_for(quiet=quiet or not team.leads) as progress,
        flow.open_collection(collection, writable=team.leads) as opened,
    ):
        live = Live(progress, labels=sys.stderr.isatty())

        def watch(curves: Curves) -> None:
            seen[:] = [curves]
            live(curves)

        tuned = flow.tune(opened, wanted, progress=progress, watch=watch, team=team)
    if tuned is None:
        return
    if as_json:
        print_json(tuned.to_json())
    else:
        for curves in seen:
            say_end(curves)
        say_taught(tuned.taught)
        if tuned.then is not None:
            say_taught(tuned.then)
        click.echo(f"network: {tuned.network} (space {tuned.space.name})")
    if show_report:
        webbrowser.open(tuned.taught.report.as_uri())
