"""Options of learning: heads, losses, samplers and thresholds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

TAGGING = (
    "keep_bare",
    "aim",
    "level",
    "calibrate",
    "loss",
    "sampler",
    "candidates",
    "replacement",
    "steps",
    "batch",
    "rate",
    "optimiser",
    "prior",
    "reading",
    "smoothing",
    "balance",
)
"""Options that only the learning of tags has, as `impasto.flow.TagOptions` names them."""

CONSTANTS = (
    "cap",
    "power",
    "focus",
    "focus-present",
    "focus-absent",
    "margin",
    "decay",
    "repeat-below",
)
"""Numbers of losses, samplers and optimisers that `--constant` sets."""


class Constant(click.ParamType[tuple[str, float]]):
    """NAME=VALUE, the name out of `CONSTANTS`."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        name, _, number = str(value).partition("=")
        if name not in CONSTANTS:
            self.fail(f"{name!r} is none of {', '.join(CONSTANTS)}.", param, ctx)
        try:
            return name.replace("-", "_"), float(number)
        except ValueError:
            self.fail(f"{number!r} is not a number.", param, ctx)


class Smoothing(click.ParamType[str | float]):
    """global, per-tag or a number."""

    name = "global|per-tag|K"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | float:
        """Read it."""
        if isinstance(value, float):
            return value
        if value in ("global", "per-tag"):
            return str(value)
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is not global, per-tag or a number.", param, ctx)


def tagging_options(command: F) -> F:
    """Add the options of tags."""
    for option in reversed(
        [
            click.option(
                "--keep-bare/--drop-bare",
                default=True,
                show_default=True,
                help="Tags: images that have tags but none of the chosen ones take part, or not.",
            ),
            click.option(
                "--aim",
                type=click.Choice(["f1", "precision", "recall", "fixed"]),
                default="f1",
                show_default=True,
                help="Tags: what each threshold is chosen for.",
            ),
            click.option(
                "--level",
                type=click.FloatRange(0, 1),
                default=0.5,
                show_default=True,
                help="Tags: the wanted precision or recall, or the fixed threshold.",
            ),
            click.option(
                "--calibrate/--raw",
                default=True,
                show_default=True,
                help="Tags: probabilities by a curve per tag, or as the head gives them.",
            ),
            click.option(
                "--loss",
                default="plain",
                show_default=True,
                help="Tags by steps: plain, weighted, pos-weight, focal or asymmetric.",
            ),
            click.option(
                "--sampler",
                default="random",
                show_default=True,
                help="Tags by steps: random, entropy, class-aware or repeat-factor.",
            ),
            click.option(
                "--candidates",
                type=click.IntRange(1),
                default=5,
                show_default=True,
                help="Images that the sampler entropy chooses each next one from.",
            ),
            click.option(
                "--replacement",
                type=click.Choice(["within-batch", "never", "always"]),
                default="within-batch",
                show_default=True,
                help="What the sampler entropy may draw again.",
            ),
            click.option(
                "--steps",
                type=click.IntRange(1),
                default=2000,
                show_default=True,
                help="Tags by steps: batches to learn from.",
            ),
            click.option(
                "--batch",
                type=click.IntRange(1),
                default=24,
                show_default=True,
                help="Tags by steps: images of a batch.",
            ),
            click.option(
                "--rate",
                type=click.FloatRange(0, min_open=True),
                default=0.003,
                show_default=True,
                help="Tags by steps: size of the steps.",
            ),
            click.option(
                "--optimiser",
                type=click.Choice(["adam", "adagrad"]),
                default="adam",
                show_default=True,
                help="Tags by steps: what takes the steps (work 1: adagrad).",
            ),
            click.option(
                "--prior/--no-prior",
                default=True,
                show_default=True,
                help="Tags by steps: biases begin at the tags' frequencies, or at 0.",
            ),
            click.option(
                "--reading",
                type=click.Choice(["inverse", "printed"]),
                default="inverse",
                show_default=True,
                help="Of the loss weighted: work 1's weights as its text means them, or as "
                "printed.",
            ),
            click.option(
                "--smoothing",
                type=Smoothing(),
                default="global",
                show_default=True,
                help="Of the loss weighted: work 1's k, one for all tags, for each, or a number.",
            ),
            click.option(
                "--balance/--no-balance",
                default=True,
                show_default=True,
                help="Of the loss weighted: scale the weights to a mean of 1, or not.",
            ),
            click.option(
                "--constant",
                "constants",
                type=Constant(),
                multiple=True,
                help=f"A number of a loss, sampler or optimiser: {', '.join(CONSTANTS)}.",
            ),
        ]
    ):
        command = option(command)
    return command


HEADS = ("against", "rows", "c", "gamma", "inner_folds", "flips")
"""Options that only heads have, as `impasto.flow.HeadOptions` names them."""


def head_options(command: F) -> F:
    """Add the options of heads."""
    for option in reversed(
        [
            click.option(
                "--against",
                type=click.Choice(["one", "rest"]),
                default="one",
                show_default=True,
                help="Support vector machines for each pair of classes, or each against the rest.",
            ),
            click.option(
                "--rows",
                type=click.Choice(["unit", "raw"]),
                default="unit",
                show_default=True,
                help="Vectors brought to length 1 and centred, or as the network gave them.",
            ),
            click.option(
                "--c",
                type=click.FloatRange(0, min_open=True),
                multiple=True,
                help="Value of C, the trust in the data, to try (default: those of the method).",
            ),
            click.option(
                "--gamma",
                type=click.FloatRange(0, min_open=True),
                multiple=True,
                help="Value of the kernel's gamma to try (default: those of the method).",
            ),
            click.option(
                "--inner-folds",
                type=click.IntRange(2),
                default=3,
                show_default=True,
                help="Folds of the images learned from in which these are chosen.",
            ),
            click.option(
                "--flips/--no-flips",
                default=False,
                show_default=True,
                help="Learn from mirror images too (vectors embedded with --flip both).",
            ),
        ]
    ):
        command = option(command)
    return command
