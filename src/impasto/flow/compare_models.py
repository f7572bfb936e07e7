"""Several models of a collection side by side: numbers, a page, figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto._version import __version__
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.learn.comparison import ModelComparison, NumberComparison
    from impasto.store import Collection


@dataclass(frozen=True, slots=True, eq=False)
class ModelsCompared:
    """A comparison of models, and what they are.

    Parameters
    ----------
    comparison : ModelComparison or NumberComparison
    cards : mapping
        By the name of the model.
    """

    comparison: ModelComparison | NumberComparison
    cards: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return all numbers, and the images that one of two models alone tells rightly.

        Of models that tell a number: those that one tells more closely, the widest apart first.
        """
        compared = self.comparison
        only = [
            {
                "first": pair.first,
                "second": pair.second,
                "first_alone": compared.images("first", pair.first, pair.second).tolist(),
                "second_alone": compared.images("second", pair.first, pair.second).tolist(),
            }
            for pair in compared.pairs
            if pair.measure == compared.pairs[0].measure
        ]
        return {"version": __version__, **compared.to_json(), "alone": only}


def compare_models(
    collection: Collection, models: Sequence[str] = (), *, seed: int = 0
) -> ModelsCompared:
    """Compare models on the images that all of them were tested on.

    Parameters
    ----------
    collection : Collection
    models : sequence of str
        None: all that tell the same as the first, in alphabetical order.
    seed : int
        Of the resampling.

    Raises
    ------
    NotFound
        When there is no such model, or it kept no answers.
    InvalidInput
        When they can't be compared; the message says why.
    """
    from impasto.learn import comparison

    names = list(dict.fromkeys(models)) or _all_alike(collection)
    cards = {name: collection.model(name).card for name in names}
    kept = {name: collection.tested(name) for name in names}
    kind = comparison.one_kind(kept)
    targets = {name: str(card.get("target")) for name, card in cards.items()}
    if len(set(targets.values())) > 1:
        said = ", ".join(f"{name} tells {target}" for name, target in targets.items())
        raise InvalidInput(f"Only models that tell the same can be compared: {said}.")
    spaces = {
        name: str(
            card.get("neighbours_in") or card.get("space_title") or card.get("space_name") or name
        )
        for name, card in cards.items()
    }
    beside = comparison.compare_numbers if kind == "number" else comparison.compare_models
    return ModelsCompared(beside(kept, spaces, seed=seed), cards)


def _all_alike(collection: Collection) -> list[str]:
    """Return the models that tell what the first one tells."""
    records = collection.models()
    alike = [one.name for one in records if one.card.get("target") == records[0].card.get("target")]
    if len(alike) < 2:
        raise InvalidInput(
            f"{collection.name} has fewer than two models that tell the same; learn another one: "
            f"impasto learn {collection.path} --method logistic"
        )
    return alike


def write_models_compared(
    collection: Collection, compared: ModelsCompared, file: str | Path
) -> Path:
    """Write a comparison as a page (``.html``) or as data (``.json``).

    Raises
    ------
    InvalidInput
        For another ending, before anything is written.
    """
    from impasto.learn.comparison import NumberComparison
    from impasto.learn.comparison.number_page import render_numbers
    from impasto.learn.comparison.page import render_comparison

    file = Path(file).expanduser()
    if file.suffix == ".json":
        text = json.dumps(compared.to_json(), indent=1, ensure_ascii=False)
    elif file.suffix in (".html", ".htm"):
        found = compared.comparison
        render: Callable[..., str] = (
            render_numbers if isinstance(found, NumberComparison) else render_comparison
        )
        text = render(
            found,
            compared.cards,
            title=f"Models of {collection.name}",
            pictures=collection.thumbnail,
            names=lambda image: collection.image(image).name,
            version=__version__,
        )
    else:
        raise InvalidInput(f"A comparison is written as .html or .json, not as {file.name!r}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def draw_models_compared(compared: ModelsCompared, folder: str | Path) -> list[Path]:
    """Write the figures of a comparison, each as SVG and as PNG.

    Raises
    ------
    MissingExtra
        When nothing is installed that makes PNG of SVG; the SVG files are there then.
    """
    from impasto.explore.figure import to_png
    from impasto.learn.comparison import NumberComparison
    from impasto.learn.comparison.figures import draw_figures
    from impasto.learn.comparison.number_figures import draw_number_figures

    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    found = compared.comparison
    if isinstance(found, NumberComparison):
        drawn = draw_number_figures(found)
    else:
        drawn = draw_figures(found)
    files = [folder / f"{name}.svg" for name in drawn]
    for file, svg in zip(files, drawn.values(), strict=True):
        file.write_text(svg, encoding="utf-8")
    for file, svg in zip(list(files), drawn.values(), strict=True):
        files.append(file.with_suffix(".png"))
        files[-1].write_bytes(to_png(svg))
    return files
