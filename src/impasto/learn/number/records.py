"""What an evaluation of told numbers says; all of it plain JSON too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.records import Estimate
from impasto.learn.records import How

MEASURES = ("r2", "spearman", "mae")


@dataclass(frozen=True, slots=True)
class NumberScored:
    """A way of telling a number, and how close it comes.

    Parameters
    ----------
    name : str
        "model", "nearest-neighbours" or "median".
    title : str
        For people.
    r2 : Estimate
        Share of the variance explained, against the mean of what was learned from; chance is 0.
    spearman : Estimate
        Rank correlation; chance is 0.
    mae : Estimate
        Mean distance from the truth; chance is that of always telling the median.
    """

    name: str
    title: str
    r2: Estimate
    spearman: Estimate
    mae: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        measured = {one: getattr(self, one).to_json() for one in MEASURES}
        return {"name": self.name, "title": self.title, **measured}


@dataclass(frozen=True, slots=True, eq=False)
class NumberEvaluation:
    """The honest account of how well a model tells a number.

    Parameters
    ----------
    how : {"folds", "split"}
    parts : int
        Number of folds, or 1.
    target : str
        The property.
    model : NumberScored
    baselines : tuple of NumberScored
        Nearest neighbours and the median of what was learned from; on the same images.
    gain : Estimate
        Mean distance of the nearest neighbours minus that of the model; chance is 0.
    kept : Answered
        The answers, which are stored with the model.
    trained, tested, groups : int
        Images to learn from (a fold's mean), images tested, distinct images among the tested.
    settings : tuple of mapping
        Hyper-parameters chosen in each fold.
    notes : tuple of str
        Sentences a reader must know.
    """

    how: How
    parts: int
    target: str
    model: NumberScored
    baselines: tuple[NumberScored, ...]
    gain: Estimate
    kept: Answered
    trained: int
    tested: int
    groups: int
    settings: tuple[Mapping[str, float | str], ...]
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """No classes: a number is told."""
        return ()

    @property
    def answers(self) -> Answered:
        """The answers, as other evaluations name theirs."""
        return self.kept

    @property
    def truth(self) -> NDArray[np.float64]:
        """The numbers of the tested images, (n_tested,)."""
        return self.kept.truth.astype(np.float64)

    @property
    def told(self) -> NDArray[np.float64]:
        """What the model told of them, (n_tested,)."""
        return self.kept.scores[:, 0].astype(np.float64)

    def metrics(self) -> dict[str, Any]:
        """Return the numbers alone, without a row per image: what `--json` prints."""
        return {
            **{one: getattr(self.model, one).to_json() for one in MEASURES},
            "baselines": {scored.name: scored.to_json() for scored in self.baselines},
            "gain": self.gain.to_json(),
            "how": self.how,
            "parts": self.parts,
            "trained": self.trained,
            "tested": self.tested,
            "distinct": self.groups,
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything, the content of ``report.json``."""
        return self.metrics() | {
            "target": self.target,
            "settings": [dict(setting) for setting in self.settings],
            "notes": list(self.notes),
            "answers": {
                "ids": self.kept.ids.tolist(),
                "truth": self.truth.tolist(),
                "told": self.told.tolist(),
            },
        }
