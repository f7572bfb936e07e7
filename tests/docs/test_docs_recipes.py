"""docs/recipes.md is what the registry says; recipes settle what `learn` understands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.learn import RECIPES
from impasto.learn.tune import open_plan

ROOT = Path(__file__).parents[2]


def test_recipes_md_is_what_the_registry_says() -> None:
    script = ROOT / "docs" / "generate_recipes.py"
    done = subprocess.run([sys.executable, str(script), "--check"], timeout=60)
    assert done.returncode == 0, "run python docs/generate_recipes.py"


def test_a_recipe_that_tunes_says_what_its_plan_does() -> None:
    for name, recipe in RECIPES.items():
        if recipe.plan:
            plan = open_plan(recipe.plan)
            assert recipe.options["epochs"] == plan.course["epochs"]
            assert [rule.rate for rule in plan.rules] == [
                recipe.options["rate, layers 11-16"],
                recipe.options["rate, layers 1-10 and 17-19"],
            ]
            with pytest.raises(InvalidInput, match="impasto tune COLLECTION --network vgg19"):
                flow.from_recipe(name)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if not recipe.plan])
def test_every_recipe_can_be_asked_for(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.title
    assert recipe.work
    asked = flow.from_recipe(name, {"target": "likes"} if recipe.needs else {})
    assert asked.recipe == asked.model_name == name
    assert asked.space == recipe.space


def test_what_is_settled_stays_settled() -> None:
    asked = flow.from_recipe("lagunas2017-svm", {"seed": 4, "space": ("mine",), "target": "label"})
    assert (asked.method, asked.test, asked.seed, asked.spaces) == (
        "sigmoid-svm",
        0.2,
        4,
        ("mine",),
    )
    assert asked.heads == flow.HeadOptions("rest", "raw", (10.0,), (1e-4,), 3)
    with pytest.raises(InvalidInput, match="settles method"):
        flow.from_recipe("lagunas2017-svm", {"method": "logistic"})
    with pytest.raises(InvalidInput, match="settles c "):
        flow.from_recipe("lagunas2017-svm", {"heads": {"c": (1.0,)}})
    with pytest.raises(NotFound, match="lagunas2017-svm"):
        flow.from_recipe("lagunas2017")
