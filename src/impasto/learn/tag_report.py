"""The account of a tagger for people: one HTML file with everything in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.learn.batches import draw_batches
from impasto.learn.report import Name, Picture, data_url, recipe_of, template, versions
from impasto.learn.step_losses import draw_losses
from impasto.learn.tag_learn import TAG_METHODS
from impasto.learn.tag_model import TagModel
from impasto.learn.tag_records import TagEvaluation
from impasto.learn.tag_scores import TagScore
from impasto.learn.walls import small, walls

if TYPE_CHECKING:
    from markupsafe import Markup


def tag_card(
    model: TagModel, evaluation: TagEvaluation, *, title: str, collection: str = ""
) -> dict[str, Any]:
    """Return the model card of a tagger; see `report.card`."""
    return model.to_json() | {
        "title": title,
        "collection": collection,
        "method_title": TAG_METHODS.get(model.method, model.method),  # type: ignore[call-overload]
        "space_name": model.space.name,
        "space_title": model.space.title,
        "metrics": evaluation.metrics(),
        "notes": list(evaluation.notes),
        "versions": versions("torch", "scipy"),
    }


def render_tags(
    card: Mapping[str, Any],
    evaluation: TagEvaluation,
    *,
    pictures: Picture,
    names: Name,
    figure: str = "",
    scatter: str = "",
) -> str:
    """Write the report of a tagger as one HTML document; see `report.render`."""
    scored = [score for score in evaluation.scores if score.tested]
    near = dict(zip(evaluation.tags, evaluation.neighbour_scores, strict=True))
    return template("tags.html.jinja").render(
        card=card,
        recipe=recipe_of(card),
        evaluation=evaluation,
        rows=[evaluation.model, *evaluation.baselines],
        verdict=tag_verdict(evaluation),
        scores=sorted(scored, key=lambda score: (-score.average_precision.value, score.tag)),
        near=near,
        thresholds=dict(zip(evaluation.tags, card["thresholds"], strict=True)),
        untested=[score.tag for score in evaluation.scores if not score.tested],
        pictured=walls(evaluation.kept),
        tiny=lru_cache(maxsize=None)(lambda image: data_url(small(pictures(image)))),
        scatter=scatter,
        walls=[
            (title, [f for f in evaluation.failures if f.wrong == wrong])
            for wrong, title in (
                ("missing", "Tags that may be missing"),
                ("superfluous", "Tags that may be wrong"),
            )
        ],
        batches=evaluation.batches,
        batches_drawn=_svg(draw_batches(evaluation.batches)) if evaluation.batches else None,
        losses_drawn=_svg(draw_losses(evaluation.losses)) if evaluation.losses else None,
        manifest=json.dumps({k: v for k, v in card.items() if k != "metrics"}, indent=1),
        picture=lru_cache(maxsize=None)(lambda image: data_url(pictures(image))),
        name=names,
        figure=figure,
    )


def _svg(drawn: str) -> Markup:
    from markupsafe import Markup

    return Markup(drawn)  # noqa: S704 - our own SVG, its words escaped


def tag_verdict(evaluation: TagEvaluation) -> str:
    """Say in two or three sentences what the numbers amount to.

    A tag is learned when the whole 95 % interval of its average precision lies above chance.
    """
    scored = [score for score in evaluation.scores if score.tested]
    learned = [score for score in scored if _is_learned(score)]
    if not learned:
        return (
            "No tag is told better than by chance: these vectors do not show them, as far as "
            "this many images can tell."
        )
    lift = float(np.median([score.lift for score in learned]))
    text = (
        f"{len(learned)} of {len(scored)} tags are told better than by chance, half of these "
        f"at least {lift:.1f} times as well."
    )
    f1 = evaluation.model.overall.macro_f1
    if f1.low <= f1.chance:
        text += " But their mean F1 is no better than giving every tag to every image."
    if evaluation.gain.low > 0:
        return text + " Better than asking the nearest images, too."
    if evaluation.gain.high < 0:
        return text + " But asking the nearest images does better: prefer that."
    return text + " Asking the nearest images does about as well."


def _is_learned(score: TagScore) -> bool:
    return score.average_precision.low > score.average_precision.chance
