"""The account of a model for people: one HTML file with everything in it."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto._version import __version__
from impasto.core.records import Estimate
from impasto.learn.curves import curves
from impasto.learn.machines import KernelHead
from impasto.learn.methods import METHODS
from impasto.learn.model import Model
from impasto.learn.recipes import RECIPES, Recipe
from impasto.learn.records import Evaluation
from impasto.learn.walls import mixed_up, small, walls

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

Picture = Callable[[int], bytes | None]
Name = Callable[[int], str]

_MATRIX = 60  # classes up to which the whole confusion matrix is drawn
_CONFUSIONS = 20


def card(
    model: Model, evaluation: Evaluation, *, title: str, collection: str = ""
) -> dict[str, Any]:
    """Return the model card: what the model is, how it was made and how well it does.

    Parameters
    ----------
    model : Model
    evaluation : Evaluation
    title : str
        For people.
    collection : str
        Name of the collection it was learned on.

    Returns
    -------
    dict
        Plain JSON data: `Model.to_json`, and `title`, `collection`, `metrics`
        (`Evaluation.metrics`), `notes`, `versions`.
    """
    return model.to_json() | {
        "title": title,
        "collection": collection,
        "method_title": _method_title(model),
        "space_name": model.space.name,
        "space_title": " + ".join(space.title for space in model.spaces),
        "images": sum(model.trained.values()),
        "metrics": evaluation.metrics(),
        "notes": list(evaluation.notes),
        "versions": versions(*METHODS[model.method].packages),
    }


def recipe_of(card: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe that a model was made by; None when it was made by hand."""
    name = card.get("recipe")
    if name is None or name not in RECIPES:
        return None
    return RECIPES[name]


def _method_title(model: Model) -> str:
    """Name the method, and how its machines are set against one another."""
    method = METHODS[model.method]
    if not method.machines:
        return method.title
    rest = isinstance(model.head, KernelHead) and model.head.machine.against == "rest"
    return f"{method.title}, one against {'the rest' if rest else 'one'}"


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of impasto, NumPy and further packages, for the record."""
    return {"impasto": __version__, "numpy": np.__version__} | {
        name: metadata.version(name) for name in packages
    }


def render(
    card: Mapping[str, Any],
    evaluation: Evaluation,
    *,
    pictures: Picture,
    names: Name,
    figure: str = "",
    scatter: str = "",
) -> str:
    """Write the report as one HTML document that asks no one for anything.

    No script, no link to elsewhere; styles, plots and pictures lie inside. Light and dark as the
    reader's system wants it, and made to be printed too.

    Parameters
    ----------
    card : mapping
        From `card`.
    evaluation : Evaluation
    pictures : callable
        Image id to the bytes of a small JPEG, PNG or WebP; None where there is no picture.
    names : callable
        Image id to what to call it.
    figure : str
        How learning went, as SVG.
    scatter : str
        The vectors in the plane by class, as SVG.
    """
    return template("report.html.jinja").render(
        card=card,
        recipe=recipe_of(card),
        curves=curves(evaluation.tried),
        evaluation=evaluation,
        rows=[evaluation.model, *evaluation.baselines],
        verdict=verdict(evaluation),
        classes=sorted(
            (score for score in evaluation.classes if score.tested),
            key=lambda score: (-score.top1.value, score.label),
        ),
        untested=[score.label for score in evaluation.classes if not score.tested],
        confusions=_confusions(evaluation),
        jumps={
            (evaluation.labels.index(one[0]), evaluation.labels.index(one[1])): number
            for number, one in enumerate(_confusions(evaluation), 1)
        },
        matrix=_matrix(evaluation) if len(evaluation.labels) <= _MATRIX else None,
        manifest=json.dumps({k: v for k, v in card.items() if k != "metrics"}, indent=1),
        picture=lru_cache(maxsize=None)(lambda image: data_url(pictures(image))),
        name=names,
        figure=figure,
        scatter=scatter,
        rated=dict(zip(evaluation.labels, evaluation.model.rates.classes, strict=True)),
        walls=walls(evaluation.kept),
        tiny=lru_cache(maxsize=None)(lambda image: data_url(small(pictures(image)))),
    )


def verdict(evaluation: Evaluation) -> str:
    """Say in a sentence or two what the numbers amount to.

    The model is better than chance when its whole 95 % interval is, and better than the nearest
    neighbour when the interval of their difference on the same images lies above 0.
    """
    model = evaluation.top1
    if model.low <= model.chance:
        return (
            "No better than always giving the commonest class: these vectors do not tell the "
            "classes, as far as this many images can show."
        )
    text = f"Right {_percent(model.value)} of the time, where the commonest class alone would be "
    text += f"right {_percent(model.chance)}."
    if evaluation.gain.low > 0:
        return text + " Better than looking up the nearest neighbour, too."
    if evaluation.gain.high < 0:
        return text + " But looking up the nearest neighbour does better: prefer that."
    return text + " Looking up the nearest neighbour does about as well."


def _confusions(evaluation: Evaluation) -> list[tuple[str, str, int, int, list[int]]]:
    """Return the commonest mix-ups: truth, answer, how often, out of how many, some images."""
    wrong = evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSIONS]
    totals = evaluation.confusion.sum(axis=1)
    pairs = ((int(at) // len(wrong), int(at) % len(wrong)) for at in order)
    labels = evaluation.labels
    return [
        (labels[i], labels[j], int(wrong[i, j]), int(totals[i]), mixed_up(evaluation.kept, i, j))
        for i, j in pairs
        if wrong[i, j]
    ]


def _matrix(evaluation: Evaluation) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return each row of the confusion matrix as (label, [(count, percent of the row)])."""
    totals = evaluation.confusion.sum(axis=1)
    return [
        (label, [(int(n), round(100 * int(n) / max(1, int(total)))) for n in row])
        for label, row, total in zip(evaluation.labels, evaluation.confusion, totals, strict=True)
    ]


def data_url(data: bytes | None) -> str | None:
    """Return a picture's bytes as an address that holds them."""
    if data is None:
        return None
    kinds = {b"\xff\xd8\xff": "jpeg", b"\x89PN": "png", b"RIF": "webp"}
    return f"data:image/{kinds.get(data[:3], 'jpeg')};base64,{base64.b64encode(data).decode()}"


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.0f}\u00a0%"


def _precise(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}\u00a0%"


def _points(gain: Estimate) -> str:
    low, high = 100 * gain.low, 100 * gain.high
    return f"{100 * gain.value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"


def _interval(estimate: Estimate) -> str:
    return (
        ""
        if estimate.low == estimate.high
        else f"{_precise(estimate.low)} to {_precise(estimate.high)}"
    )


def _breakable(text: str) -> Markup:
    """Let long names break after a slash, an underscore or a hyphen."""
    from markupsafe import Markup, escape

    pieces = [escape(piece) for piece in re.split(r"(?<=[/_-])", text)]
    return Markup("<wbr>").join(pieces)


@lru_cache(maxsize=4)
def template(name: str) -> Template:
    """Return one of the templates of reports."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("impasto.learn"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "precise": _precise,
        "interval": _interval,
        "points": _points,
        "breakable": _breakable,
    }
    return environment.get_template(name)
