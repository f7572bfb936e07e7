"""`impasto noise` and `impasto learnability`: what the tags of a collection are worth."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from impasto.cli.options import (
    collection_argument,
    json_option,
    quiet_option,
    seed_option,
    spaces_option,
)
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.core.records import Estimate

F = TypeVar("F", bound=Callable[..., object])

SHOWN = 12
"""Suspects that are printed; the app has them all, with their pictures."""


def choosing(command: F) -> F:
    """Add the options that say which tags and images take part."""
    for option in reversed(
        [
            spaces_option,
            click.option(
                "--only",
                multiple=True,
                metavar="PATTERN",
                help="Only tags like this: 'a*'.",
            ),
            click.option(
                "--min-images",
                type=click.IntRange(1),
                default=20,
                show_default=True,
                help="Leave out tags with fewer images.",
            ),
            click.option(
                "--keep-bare/--drop-bare",
                default=True,
                show_default=True,
                help="Images that have tags but none of the chosen ones take part, or not.",
            ),
            click.option(
                "--group-duplicates/--ignore-duplicates",
                default=True,
                show_default=True,
                help="Keep near-duplicates in one fold; ignoring them shows how much they flatter.",
            ),
            click.option(
                "--folds",
                type=click.IntRange(3),
                default=5,
                show_default=True,
                help="Every image is judged by a head that learned from the other folds.",
            ),
        ]
    ):
        command = option(command)
    return command


@click.command()
@collection_argument
@choosing
@seed_option
@json_option
@quiet_option
def noise(
    collection: Path, spaces: tuple[str, ...], as_json: bool, quiet: bool, **options: Any
) -> None:
    """Look for tags of COLLECTION that are probably missing or wrong.

    By cleanlab's multi-label methods (pip install "impasto[noise]"), from what heads say of
    images that they did not learn from. The app shows the suspects picture by picture: accept,
    reject, learn again. Also says what share of each tag may be noise.
    """
    from impasto import flow

    wanted = flow.ConceptOptions(space=spaces or None, **options)
    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        found = flow.find_noise(opened, wanted, progress=progress)
        names = {one.id: one.name for one in opened.images([each.id for each in found.suspects])}
    if as_json:
        print_json(found.to_json())
        return
    print_table(
        ["tag", "images", "wrong", "95 %", "missing", "95 %", "suspected wrong", "missing"],
        (
            (
                each.tag,
                each.given,
                *_share(each.wrong),
                *_share(each.missing),
                each.suspected_wrong,
                each.suspected_missing,
            )
            for each in sorted(found.tags, key=lambda each: -each.noise.value)
        ),
    )
    click.echo()
    sure = sorted(
        found.suspects,
        key=lambda one: one.probability if one.wrong == "superfluous" else 1 - one.probability,
    )
    print_table(
        ["image", "name", "tag", "suspected", "probability of the tag"],
        (
            (
                one.id,
                names[one.id],
                one.tag,
                "missing" if one.wrong == "missing" else "wrong",
                f"{one.probability:.3f}",
            )
            for one in sure[:SHOWN]
        ),
    )
    click.echo(f"{len(found.suspects):,} suspects. Look at them: impasto open {collection}")


@click.command()
@collection_argument
@choosing
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Times that all of it is done, with other folds and other examples.",
)
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@seed_option
@json_option
@quiet_option
def learnability(
    collection: Path,
    spaces: tuple[str, ...],
    show: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Say which tags of COLLECTION can be learned, need more examples, or can't be seen.

    Each tag is learned from ever more examples, several times; its average precision stands
    beside chance, with intervals, and its curve says what more examples would bring.
    """
    from impasto import flow

    wanted = flow.ConceptOptions(space=spaces or None, **options)
    with progress_for(quiet=quiet) as progress, flow.open_collection(collection) as opened:
        found = flow.learnability(opened, wanted, progress=progress)
        report = (opened.path / "reports" / f"{flow.LEARNABILITY}.html").resolve()
    if as_json:
        print_json(found.to_json() | {"report": str(report)})
    else:
        print_table(
            ["tag", "images", "average precision", "95 %", "chance", "lift", ""],
            (
                (
                    each.tag,
                    each.images,
                    f"{each.average_precision.value:.3f}",
                    f"{each.average_precision.low:.3f} to {each.average_precision.high:.3f}",
                    f"{each.average_precision.chance:.3f}",
                    f"{each.lift:.1f}",
                    each.sentence,
                )
                for each in found.concepts
            ),
        )
        click.echo(found.sentence)
        click.echo(f"report: {report}")
    if show:
        webbrowser.open(report.as_uri())


def _share(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.value:.1%}", f"{estimate.low:.1%} to {estimate.high:.1%}"
