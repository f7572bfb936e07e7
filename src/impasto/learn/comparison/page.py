"""A comparison of models for people: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from impasto.core.records import Estimate
from impasto.learn.comparison.compare import MEASURES, TITLES, ModelComparison, Pair
from impasto.learn.report import Name, Picture, data_url, template

_SHOWN = 12
"""Pictures of each kind that only one of two models gets right."""


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures that only one of two models tells rightly.

    Parameters
    ----------
    right, wrong : str
        The models.
    total : int
    shown : tuple of (int, str, str)
        Image, what is true, what the model that is wrong said.
    """

    right: str
    wrong: str
    total: int
    shown: tuple[tuple[int, str, str], ...]


def render_comparison(
    compared: ModelComparison,
    cards: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    pictures: Picture,
    names: Name,
    version: str,
) -> str:
    """Write a comparison as one HTML document that asks no one for anything.

    Parameters
    ----------
    compared : ModelComparison
    cards : mapping
        Of each model by its name.
    title : str
    pictures : callable
        Image id to the bytes of a small picture; None where there is none.
    names : callable
        Image id to what to call it.
    version : str
        Of impasto, for the record.
    """
    measures = MEASURES[compared.common.target]
    tested = compared.tested()
    order = sorted(
        (j for j in range(len(tested)) if tested[j]),
        key=lambda j: (-_best(compared, j), compared.common.names[j]),
    )
    gaps = {(gap.model, gap.name): gap for gap in compared.gaps}
    return template("comparison.html.jinja").render(
        compared=compared,
        title=title,
        cards=cards,
        measures=[(name, TITLES[name]) for name in measures],
        verdict=verdict(compared),
        rows=compared.rows,
        models=[row for row in compared.rows if row.kind == "model"],
        beside=[row for row in compared.rows if row.kind != "model"],
        classes=[(j, compared.common.names[j], tested[j]) for j in order],
        untested=[name for name, n in zip(compared.common.names, tested, strict=True) if not n],
        gaps=gaps,
        reference=compared.models[0],
        titles=TITLES,
        splits=list(_splits(compared)),
        clear=is_clear,
        picture=lru_cache(maxsize=None)(lambda image: data_url(pictures(image))),
        name=names,
        version=version,
        card={"collection": ""},
    )


def verdict(compared: ModelComparison) -> str:
    """Say in a sentence or two what the numbers amount to."""
    measure = MEASURES[compared.common.target][0]
    models = [row for row in compared.rows if row.kind == "model"]
    best = max(models, key=lambda row: row.measures[measure].value)
    chance = best.measures[measure].chance
    text = f"{best.name} has the best {TITLES[measure]}, {best.measures[measure].value:.3f}, where "
    text += f"an answer without a look at the picture has {chance:.3f}."
    text += lead(best.name, [pair for pair in compared.pairs if pair.measure == measure])
    near = [row for row in compared.rows if row.name.startswith("nearest:")]
    if near and max(row.measures[measure].value for row in near) >= best.measures[measure].value:
        text += " Asking the nearest neighbour does as well as any of them."
    return text


def lead(best: str, pairs: Sequence[Pair]) -> str:
    """Say over which models the lead of the best one is more than chance; begins with a space."""
    own = [pair for pair in pairs if best in (pair.first, pair.second)]
    beaten = [pair for pair in own if pair.corrected < 0.05]
    if len(beaten) == len(own):
        return " Its lead is more than chance over every other model."
    if not beaten:
        return " But its lead over the others may be chance: these images do not settle it."
    others = ", ".join(pair.second if pair.first == best else pair.first for pair in beaten)
    return f" Its lead over {others} is more than chance; over the others it may be chance."


def is_clear(difference: Estimate) -> bool:
    """Tell whether an interval lies on one side of no difference."""
    return difference.low > 0 or difference.high < 0


def _best(compared: ModelComparison, j: int) -> float:
    values = [
        row.classes[j]["average_precision"].value for row in compared.rows if row.kind == "model"
    ]
    return float(np.max(values))


def _splits(compared: ModelComparison) -> Iterator[Split]:
    """Name pictures on which the first model and each other one differ, the surest ones first."""
    first, *others = compared.common.models
    names = compared.common.names
    for other in others:
        for ours, theirs in ((first, other), (other, first)):
            truth = ours.told.truth
            mine, wrong = ours.told.given == truth, theirs.told.given != truth
            chosen = np.flatnonzero(mine.all(axis=1) & wrong.any(axis=1))
            sure = np.where(wrong, np.abs(theirs.told.scores - truth), 0).max(axis=1)[chosen]
            shown = []
            for i in chosen[np.argsort(-sure, kind="stable")][:_SHOWN]:
                has = [names[j] for j in np.flatnonzero(truth[i])]
                said = [names[j] for j in np.flatnonzero(theirs.told.given[i])]
                shown.append(
                    (
                        int(compared.common.ids[i]),
                        ", ".join(has) or "none of the tags",
                        ", ".join(said) or "none of the tags",
                    )
                )
            yield Split(ours.name, theirs.name, len(chosen), tuple(shown))
