"""Write docs/recipes.md from the recipes themselves: what each settles, and what it gave.

``python docs/generate_recipes.py`` writes the file; ``--check`` only ends with 1 when it is old.
"""

from __future__ import annotations

import sys
from pathlib import Path

from impasto.learn import RECIPES, Recipe

FILE = Path(__file__).with_name("recipes.md")

HEAD = """\
# Recipes

Written by `docs/generate_recipes.py` from the recipes themselves; `impasto recipes NAME` says the
same.

What the published works did, by name: a recipe settles every parameter that the work names, and
this page lists what today's software or our care changes. What came out there stands beside each;
expect other numbers from other pictures.

    impasto recipes
    impasto recipes lagunas2017-svm
    impasto learn COLLECTION --recipe lagunas2017-svm

In Python: `c.learn(recipe="lagunas2017-svm")`. What a work leaves open (`--seed`, `--space`,
`--only`, `--folds` and the like) can be given beside the recipe; what it settles can't, so that a
result under its name is a result of that recipe. The vectors are part of it: `impasto recipes NAME`
prints the command that computes them. Other vectors can be named with `--space`, and the report
then says that they are not those of the work.

A published method is offered for comparison. What works best now is the default of `impasto learn`.
"""


def document() -> str:
    """Return the text of docs/recipes.md."""
    table = "| recipe | does |\n|---|---|"
    table += "".join(f"\n| [`{name}`](#{name}) | {one.title} |" for name, one in RECIPES.items())
    return "\n".join([HEAD, table + "\n", *(section(*item) for item in RECIPES.items())])


def section(name: str, recipe: Recipe) -> str:
    """Describe one recipe."""
    lines = [f"## {name}", "", f"{recipe.title}. {recipe.work}.", ""]
    if recipe.network and not recipe.plan:
        lines.append(f"    impasto embed COLLECTION {recipe.embed}")
    lines += [f"    {recipe.command(name)}", ""]
    lines += ["| settles | |", "|---|---|"]
    lines += [f"| `{key}` | {value} |" for key, value in recipe.lines()]
    if recipe.published:
        lines += ["", f"Published: {recipe.published}"]
    if recipe.deviations:
        lines += ["", "Not as published:", ""]
        lines += [f"- {deviation}" for deviation in recipe.deviations]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or check it."""
    text = document()
    if "--check" in sys.argv[1:]:
        current = FILE.is_file() and FILE.read_text(encoding="utf-8") == text
        return 0 if current else 1
    FILE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
