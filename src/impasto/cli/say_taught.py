"""What a terminal says of a learned model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from impasto.cli.output import print_table

if TYPE_CHECKING:
    from impasto.core.records import Estimate
    from impasto.flow import Taught
    from impasto.learn import Evaluation, NumberEvaluation, TagEvaluation


def say_taught(taught: Taught) -> None:
    """Print the scores beside chance and the baselines."""
    from impasto.learn import Evaluation, NumberEvaluation

    evaluation = taught.evaluation
    kinds = {"tags": "tags", "label": "labels"}
    several = f"{len(evaluation.labels)} {kinds.get(taught.card['target'], 'halves')}"
    click.echo(
        click.style(f"{taught.name}", bold=True)
        + f"  {taught.card['space_title']}, {taught.card['images']:,} images, "
        + (several if evaluation.labels else taught.card["target"])
    )
    if isinstance(evaluation, Evaluation):
        _say_labels(evaluation)
    elif isinstance(evaluation, NumberEvaluation):
        _say_number(evaluation)
    else:
        _say_tags(evaluation)
    for note in taught.card["notes"]:
        click.echo(f"  {note}")
    click.echo(f"report: {taught.report}")


def _say_labels(evaluation: Evaluation) -> None:
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


def _say_number(evaluation: NumberEvaluation) -> None:
    print_table(
        ["", "Spearman", "95 %", "R²", "95 %", "mean distance", "95 %"],
        (
            (scored.title, *_told(scored.spearman), *_told(scored.r2), *_told(scored.mae))
            for scored in (evaluation.model, *evaluation.baselines)
        ),
    )
    gain = evaluation.gain
    click.echo(
        f"  Closer than the nearest neighbours by {gain.value:+.3f} "
        f"({gain.low:+.3f} to {gain.high:+.3f})."
    )


SHOWN = 12
"""Tags that are printed; the report has them all."""


def _say_tags(evaluation: TagEvaluation) -> None:
    print_table(
        ["", "mAP", "95 %", "lift", "macro F1", "95 %", "micro F1", "top-5 F1"],
        (
            (
                scored.title,
                *_told(scored.overall.mean_average_precision),
                f"{scored.overall.lift:.1f}",
                *_told(scored.overall.macro_f1),
                f"{scored.overall.micro_f1.value:.3f}",
                f"{scored.overall.top_f1.value:.3f}",
            )
            for scored in (evaluation.model, *evaluation.baselines)
        ),
    )
    best = sorted(
        (score for score in evaluation.scores if score.tested),
        key=lambda score: -score.average_precision.value,
    )
    print_table(
        ["tag", "images", "average precision", "chance", "lift", "F1"],
        (
            (
                score.tag,
                score.tested,
                f"{score.average_precision.value:.3f}",
                f"{score.average_precision.chance:.3f}",
                f"{score.lift:.1f}",
                f"{score.f1.value:.3f}",
            )
            for score in best[:SHOWN]
        ),
    )
    if len(best) > SHOWN:
        click.echo(f"  and {len(best) - SHOWN:,} more tags; the report has them all.")


def _told(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.value:.3f}", f"{estimate.low:.3f} to {estimate.high:.3f}"
