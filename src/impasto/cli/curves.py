"""How tuning goes, on a terminal: a line per epoch, and a small curve per label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.learn.tune import Curves

BARS = "▁▂▃▄▅▆▇█"
SHOWN = 12
"""Labels whose curves are shown: those that are told worst now."""


WIDE = 60
"""Bars of a curve at most; of more values every n-th is drawn, the last one among them."""


def spark(values: Sequence[float]) -> str:
    """Draw values between 0 and 1 as a line of at most `WIDE` bars; a dot where there is none.

    Examples
    --------
    >>> spark([0, 0.5, 1, float("nan")])
    '▁▅█·'
    """
    if len(values) > WIDE:
        last = len(values) - 1
        values = [values[round(i * last / (WIDE - 1))] for i in range(WIDE)]
    return "".join(
        "·" if math.isnan(value) else BARS[min(int(value * len(BARS)), len(BARS) - 1)]
        for value in values
    )


def lines_of(curves: Curves, *, most: int = SHOWN) -> list[str]:
    """Return the present epoch in a line, and a line for each of the labels told worst.

    Parameters
    ----------
    curves : Curves
    most : int
        Labels to show.
    """
    last, best = curves.epochs[-1], curves.best
    cost = "" if math.isnan(last.loss) else f"  cost {last.loss:.3f}"
    lines = [
        f"epoch {last.number} of {curves.total}{cost}  validation {curves.measure} "
        f"{last.score.value:.3f}  {spark([each.score.value for each in curves.epochs])}"
        + ("  best so far" if best is last else f"  best {best.score.value:.3f} at {best.number}")
    ]
    order = sorted(
        (i for i, value in enumerate(last.score.labels) if not math.isnan(value)),
        key=lambda i: last.score.labels[i],
    )[:most]
    width = max((len(curves.labels[i]) for i in order), default=0)
    for i in order:
        values = [each.score.labels[i] for each in curves.epochs]
        lines.append(f"  {curves.labels[i]:<{width}}  {values[-1]:.2f}  {spark(values)}")
    return lines


class Live:
    """Says after every epoch how tuning goes, through the progress, which owns the terminal.

    Parameters
    ----------
    progress : Progress
    labels : bool
        The curves of the labels too, not only the line of the epoch.
    """

    def __init__(self, progress: Progress, *, labels: bool) -> None:
        self._progress, self._most = progress, SHOWN if labels else 0

    def __call__(self, curves: Curves) -> None:
        """Say how the latest epoch went."""
        for line in lines_of(curves, most=self._most):
            self._progress.note(line)


def say_end(curves: Curves) -> None:
    """Print which epoch is kept and the curves of the labels that are told worst."""
    best = curves.best
    click.echo(f"kept: epoch {best.number}, validation {curves.measure} {best.score.value:.3f}")
    for line in lines_of(curves)[1:]:
        click.echo(line)
