"""Options that several commands share, declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

collection_argument = click.argument("collection", type=click.Path(path_type=Path))

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object for machines."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress.")
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of every random step.",
)
space_option = click.option(
    "--space",
    help="Name of a space of the collection, the beginning of it, or its network (default: "
    "newest).",
)

spaces_option = click.option(
    "--space",
    "spaces",
    multiple=True,
    help="Name of a space of the collection, the beginning of it, or its network (default: "
    "newest); several stand side by side.",
)


def filter_options(command: F) -> F:
    """Add the options that say which images are meant; `flow.filter_from` takes them."""
    for option in reversed(
        [
            click.option("--label", multiple=True, help="Images of this label (any of several)."),
            click.option("--unlabelled", is_flag=True, help="Images without a label."),
            click.option(
                "--tag", "tags", multiple=True, help="Images with this tag (all of several)."
            ),
            click.option("--any-tag", is_flag=True, help="One of the tags is enough."),
            click.option(
                "--split",
                "part",
                multiple=True,
                type=click.Choice(["train", "validation", "test"]),
                help="Images of this part (any of several).",
            ),
            click.option(
                "--flag",
                multiple=True,
                help="Images with this flag (any of several); hidden, gone: those images.",
            ),
            click.option("--text", default="", help="Path, label or tags have these words."),
            click.option("--selection", help="Images of this selection."),
            click.option(
                "--value",
                "values_",
                multiple=True,
                metavar="NAME=VALUE",
                help="Of a property (of several values of one, any).",
            ),
            click.option(
                "--range",
                "ranges",
                multiple=True,
                metavar="NUMBER=LOW..HIGH",
                help="size, width, height, aspect, pixels or property:NAME.",
            ),
        ]
    ):
        command = option(command)
    return command


def embedding_options(command: F) -> F:
    """Add the options that say which vectors to compute and how."""
    for option in reversed(
        [
            click.option(
                "--network",
                default="efficientnet-lite0",
                show_default=True,
                help="A name from `impasto networks`, or timm/ID, or torchvision/ID.",
            ),
            click.option(
                "--layer",
                "layers",
                multiple=True,
                help="A layer; give it several times for several spaces in one pass.",
            ),
            click.option(
                "--weights",
                type=click.Path(path_type=Path, exists=True, dir_okay=False),
                help="Your own weights: .safetensors or .pth.",
            ),
            click.option(
                "--fit",
                type=click.Choice(["crop", "squash"]),
                help="The central square, or the whole picture squashed to one "
                "(default: as the network was trained).",
            ),
            click.option(
                "--pooling",
                type=click.Choice(["mean", "max", "none"]),
                default="mean",
                show_default=True,
                help="Over the positions of a feature map.",
            ),
            click.option(
                "--flip",
                type=click.Choice(["none", "mean", "both"]),
                default="none",
                show_default=True,
                help="Use the mirror image: averaged in, or kept as a second vector.",
            ),
            click.option(
                "--precision",
                type=click.Choice(["f32", "bf16"]),
                default="f32",
                show_default=True,
                help="Arithmetic; bf16 is about twice as fast where the processor has it.",
            ),
            click.option(
                "--device",
                default="auto",
                show_default=True,
                help="auto, cpu, cuda or mps.",
            ),
            click.option(
                "--batch",
                type=click.IntRange(1, 1024),
                help="Images per forward pass (default: what suits the device).",
            ),
        ]
    ):
        command = option(command)
    return command
