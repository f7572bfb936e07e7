"""`impasto evaluate COLLECTION MODEL --on OTHER`."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import click

from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for

_MEASURES = {
    "top1": "top-1",
    "top5": "top-5",
    "mean_average_precision": "mAP",
    "macro_f1": "macro F1",
}


def say_elsewhere(
    collection: Path,
    model: str | None,
    other: Path,
    names: Path | None,
    keep_leaks: bool,
    report: Path | None,
    show: bool,
    as_json: bool,
) -> None:
    """Judge a model on another collection and print what came out."""
    from impasto import flow
    from impasto.curate.tags import parse_map

    if show and (report is None or report.suffix != ".html"):
        raise click.UsageError("--open needs a page to open: --report FILE.html")
    merges = parse_map(names.read_text(encoding="utf-8")) if names else []
    options = flow.ElsewhereOptions(
        names={one.of: one.into for one in merges}, keep_leaks=keep_leaks
    )
    with (
        progress_for(quiet=as_json) as progress,
        flow.open_collection(collection, writable=False) as opened,
        flow.open_collection(other, writable=False) as there,
    ):
        name = flow.choose_model(opened, model)
        found = flow.evaluate_elsewhere(opened, name, there, options, progress=progress)
    if report is not None:
        found.write(report)
    if as_json:
        print_json({key: one for key, one in found.to_json().items() if key != "answers"})
    else:
        _say(found)
        if report is not None:
            click.echo(f"report: {report}")
    if show and report is not None:
        webbrowser.open(report.resolve().as_uri())


def _say(found: Any) -> None:
    metrics = found.evaluation.metrics()
    click.echo(
        click.style(found.model, bold=True)
        + f" of {found.collection} on {metrics['tested']:,} images of {found.other}"
    )

    def row(title: str, one: Any) -> list[tuple[str, ...]]:
        value = "–" if one is None else f"{one['value']:.3f}"
        interval = "–" if one is None else f"{one['low']:.3f} to {one['high']:.3f}"
        return [(title, value, interval, "–" if one is None else f"{one['chance']:.3f}")]

    rows: list[tuple[str, ...]] = []
    for name, title in _MEASURES.items():
        if not metrics.get(name):
            continue
        rows += row(f"{title} on {found.other}", metrics[name])
        for baseline in metrics["baselines"].values():
            if baseline.get(name):
                rows += row(f"  {baseline['title']}", baseline[name])
        if found.at_home.get(name):
            rows += row(f"  in its own test, {found.collection}", found.at_home[name])
    print_table(["", "value", "95 %", "chance"], rows)
    for note in found.notes:
        click.echo(f"  {note}")
