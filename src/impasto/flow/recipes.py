"""From a recipe's name to the options of learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from impasto.core.errors import InvalidInput
from impasto.flow.teaching import LearnOptions


def from_recipe(name: str, given: Mapping[str, Any] | None = None) -> LearnOptions:
    """Return the options that a recipe settles, with those that it leaves free.

    Parameters
    ----------
    name : str
        In `impasto.learn.RECIPES`.
    given : mapping, optional
        Fields of `LearnOptions` that someone named; those that belong together lie in a mapping
        of their own, as in a recipe.

    Raises
    ------
    NotFound
        When there is no such recipe.
    InvalidInput
        When something is given that the recipe settles otherwise, or that it needs is missing.
    """
    from impasto.learn import RECIPES

    recipe, given = RECIPES[name], dict(given or {})
    if recipe.plan:
        raise InvalidInput(
            f"The recipe {name} tunes a network, which learning on vectors can't: "
            f"{recipe.command(name)}"
        )
    if recipe.needs and "target" not in given:
        raise InvalidInput(f"The recipe {name} needs {recipe.needs}: only you know which.")
    merged: dict[str, Any] = {"space": recipe.space}
    for key, value in [*recipe.options.items(), *given.items()]:
        if isinstance(value, Mapping):
            settled = recipe.options.get(key, {})
            for inner, wish in value.items():
                _check(name, inner, wish, settled)
            merged[key] = {**merged.get(key, {}), **value}
        else:
            _check(name, key, value, recipe.options)
            merged[key] = value
    plain = LearnOptions()  # options that belong together are records; theirs begin as these
    return LearnOptions(
        **{
            key: replace(getattr(plain, key), **value) if isinstance(value, Mapping) else value
            for key, value in merged.items()
        },
        recipe=name,
    )


def _check(name: str, key: str, wish: Any, settled: Mapping[str, Any]) -> None:
    if key in settled and settled[key] != wish:
        raise InvalidInput(
            f"The recipe {name} settles {key} ({settled[key]}), so it can't be {wish}. Leave it "
            "out, or give all options yourself and no recipe."
        )
