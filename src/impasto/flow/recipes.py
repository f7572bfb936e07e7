"""From a recipe's name to the options of learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from impasto.core.errors import InvalidInput
from impasto.flow.teaching import LearnOptions

if TYPE_CHECKING:
    from impasto.learn import Recipe


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


def recipes() -> dict[str, Recipe]:
    """Return the recipes of `impasto learn`, by name; those of `impasto tune` are no part of it."""
    from impasto.learn import RECIPES

    known = {each.name for each in fields(LearnOptions)}
    return {name: one for name, one in RECIPES.items() if set(one.options) <= known}


def settled_by(recipe: Recipe) -> dict[str, str]:
    """Return the options that a recipe settles, by the names that `options` gives them, as text."""
    found: dict[str, str] = {}
    for key, value in recipe.options.items():
        inner = value if isinstance(value, Mapping) else {"": value}
        for name, one in inner.items():
            parts = one if isinstance(one, tuple) else (one,)
            found[f"{key}.{name}".rstrip(".")] = ", ".join(str(part) for part in parts)
    return found


def settle(asked: LearnOptions) -> LearnOptions:
    """Return options with what their recipe settles; without a recipe they stay as they are.

    Whatever differs from the defaults counts as given, and is checked as `from_recipe` does.
    """
    if asked.recipe is None:
        return asked
    given = _given(asked, LearnOptions())
    return from_recipe(given.pop("recipe"), given)


def _given(asked: Any, plain: Any) -> dict[str, Any]:
    """Return the fields of a record of options that differ from those of another."""
    found = {}
    for each in fields(asked):
        value, usual = getattr(asked, each.name), getattr(plain, each.name)
        if value != usual:
            found[each.name] = _given(value, usual) if is_dataclass(usual) else value
    return found


def _check(name: str, key: str, wish: Any, settled: Mapping[str, Any]) -> None:
    if key in settled and settled[key] != wish:
        raise InvalidInput(
            f"The recipe {name} settles {key} ({settled[key]}), so it can't be {wish}. Leave it "
            "out, or give all options yourself and no recipe."
        )
