"""A comparison of models that tell a number, for people: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from impasto.learn.comparison.numbers import LESS_IS_BETTER, NUMBER_TITLES, NumberComparison
from impasto.learn.comparison.page import is_clear, lead
from impasto.learn.number.report import Shown, between, number
from impasto.learn.report import Name, Picture, data_url, template

_SHOWN = 12
"""Pictures of each kind that one of two models tells more closely."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Pictures that one of two models tells more closely.

    Parameters
    ----------
    closer, farther : str
        The models.
    total : int
    shown : tuple of (Shown, float)
        What the farther one told, and what the closer one did; the widest apart first.
    """

    closer: str
    farther: str
    total: int
    shown: tuple[tuple[Shown, float], ...]


def render_numbers(
    compared: NumberComparison,
    cards: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    pictures: Picture,
    names: Name,
    version: str,
) -> str:
    """Write a comparison as one HTML document; see `impasto.learn.comparison.page`."""
    return template("numbers_compared.html.jinja").render(
        compared=compared,
        title=title,
        cards=cards,
        what=cards[compared.models[0]].get("target", "the number"),
        measures=list(NUMBER_TITLES.items()),
        titles=NUMBER_TITLES,
        less=LESS_IS_BETTER,
        verdict=numbers_verdict(compared),
        rows=compared.rows,
        aheads=list(_aheads(compared)),
        clear=is_clear,
        number=number,
        between=between,
        picture=lru_cache(maxsize=None)(lambda image: data_url(pictures(image))),
        name=names,
        version=version,
        card={"collection": ""},
    )


def numbers_verdict(compared: NumberComparison) -> str:
    """Say in a sentence or two what the numbers amount to."""
    models = [row for row in compared.rows if row.kind == "model"]
    best = min(models, key=lambda row: row.measures["mae"].value)
    mae = best.measures["mae"]
    text = f"{best.name} comes closest: {number(mae.value)} off on average, where always telling "
    text += f"the median is {number(mae.chance)} off."
    if mae.value >= mae.chance:
        text += " By this measure none is better than not looking."
    text += lead(best.name, [pair for pair in compared.pairs if pair.measure == "mae"])
    near = [row for row in compared.rows if row.name.startswith("nearest:")]
    if near and min(row.measures["mae"].value for row in near) <= mae.value:
        text += " Asking the nearest neighbours does as well as any of them."
    return text


def _aheads(compared: NumberComparison) -> Iterator[Ahead]:
    """Name pictures on which the first model and each other one are widest apart."""
    first, *others = compared.models
    told = {way.name: way.told for way in compared.ways}
    for other in others:
        for closer, farther in ((first, other), (other, first)):
            images = compared.images("first", closer, farther)
            places = np.searchsorted(compared.ids, images[:_SHOWN])
            shown = (
                (
                    Shown(int(compared.ids[i]), float(compared.truth[i]), float(told[farther][i])),
                    float(told[closer][i]),
                )
                for i in places
            )
            yield Ahead(closer, farther, len(images), tuple(shown))
