"""The account of a model of numbers for people: one HTML file with everything in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from impasto.core.records import Estimate
from impasto.learn.number.model import NumberModel
from impasto.learn.number.records import NumberEvaluation
from impasto.learn.number.regressors import REGRESSORS
from impasto.learn.report import Name, Picture, data_url, recipe_of, template, versions

WALL = 25
"""Images of a wall, as work 5 shows them."""

_SIDE, _EDGE = 320, 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A tested image with its number and what was told of it."""

    id: int
    truth: float
    told: float


def number_card(
    model: NumberModel, evaluation: NumberEvaluation, *, title: str, collection: str = ""
) -> dict[str, Any]:
    """Return the model card of a model of numbers; see `impasto.learn.report.card`."""
    return model.to_json() | {
        "title": title,
        "collection": collection,
        "method_title": REGRESSORS[model.method].title,
        "space_name": model.space.name,
        "space_title": " + ".join(space.title for space in model.spaces),
        "metrics": evaluation.metrics(),
        "notes": list(evaluation.notes),
        "versions": versions("scipy"),
    }


def render_number(
    card: Mapping[str, Any], evaluation: NumberEvaluation, *, pictures: Picture, names: Name
) -> str:
    """Write the report of a model of numbers as one HTML document; see `report.render`."""
    truth, told = evaluation.truth, evaluation.told
    shown = [
        Shown(image, float(real), float(answer))
        for image, real, answer in zip(evaluation.kept.ids.tolist(), truth, told, strict=True)
    ]
    by_answer = sorted(shown, key=lambda one: (-one.told, one.id))
    farthest = sorted(shown, key=lambda one: (-abs(one.told - one.truth), one.id))
    return template("number.html.jinja").render(
        card=card,
        recipe=recipe_of(card),
        evaluation=evaluation,
        rows=[evaluation.model, *evaluation.baselines],
        verdict=number_verdict(evaluation),
        scatter=_scatter(evaluation),
        walls=[
            ("Told highest", by_answer[:WALL]),
            ("Told lowest", by_answer[::-1][:WALL]),
            ("Farthest from the truth", farthest[:WALL]),
        ],
        manifest=json.dumps({k: v for k, v in card.items() if k != "metrics"}, indent=1),
        picture=lru_cache(maxsize=None)(lambda image: data_url(pictures(image))),
        name=names,
        number=number,
        between=between,
    )


def number_verdict(evaluation: NumberEvaluation) -> str:
    """Say in a sentence or two what the numbers amount to.

    Something is learned when the whole 95 % interval of the rank correlation lies above 0.
    """
    model = evaluation.model
    if model.spearman.low <= 0:
        return (
            f"No better than without looking: these vectors do not tell {evaluation.target}, as "
            "far as this many images can show."
        )
    text = f"Ranks pictures by {evaluation.target} with a correlation of {model.spearman.value:.2f}"
    if model.r2.low > 0:
        text += f", and explains {model.r2.value:.0%} of its variance."
    else:
        text += ", but its numbers are no closer to the truth than the mean is."
    if evaluation.gain.low > 0:
        return text + " Closer than the nearest neighbours, too."
    if evaluation.gain.high < 0:
        return text + " But the nearest neighbours come closer: prefer --method nearest."
    return text + " The nearest neighbours come about as close."


def number(value: float) -> str:
    """Write a number with three or four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def between(estimate: Estimate) -> str:
    """Write an interval; nothing where it has no width."""
    if estimate.low == estimate.high:
        return ""
    return f"{number(estimate.low)} to {number(estimate.high)}"


def _scatter(evaluation: NumberEvaluation) -> dict[str, Any]:
    """Place truth (across) and answer (up) of each tested image in a square."""
    truth, told = evaluation.truth, evaluation.told
    low, high = (float(edge(np.concatenate((truth, told)))) for edge in (np.min, np.max))
    scale = _SIDE / ((high - low) or 1)
    return {
        "low": low,
        "high": high,
        "points": [
            (round(_EDGE + (x - low) * scale, 1), round(10 + _SIDE - (y - low) * scale, 1))
            for x, y in zip(truth.tolist(), told.tolist(), strict=True)
        ],
    }
