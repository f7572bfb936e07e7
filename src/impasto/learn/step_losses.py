"""What the steps of learning cost, one after the other: few enough to keep and to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.learn.charts import Line, Panel, chart

MOST = 200
"""Points that are kept; each is the mean of as many steps as it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class StepLosses:
    """The course of learning by steps.

    Parameters
    ----------
    steps : ndarray of shape (n_points,), int64
        Last step of each stretch, from 1.
    losses : ndarray of shape (n_points,), float64
        Mean cost of a batch in that stretch, before the step was made.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; a cost that is no finite number is null."""
        return {"steps": self.steps.tolist(), "losses": [_plain(each) for each in self.losses]}

    def curves(self) -> dict[str, Any]:
        """Return ``curves.json``, as tuning has it, with steps for epochs and the cost alone."""
        total = int(self.steps[-1])
        return {
            "unit": "step",
            "measure": "",
            "per_label": "",
            "labels": [],
            "total": total,
            "best": total,
            "epochs": [
                {
                    "epoch": step,
                    "rate": None,
                    "loss": _plain(loss),
                    "value": None,
                    "validation_loss": None,
                    "labels": [],
                }
                for step, loss in zip(self.steps.tolist(), self.losses, strict=True)
            ],
        }


def thinned(costs: Sequence[float], most: int = MOST) -> StepLosses:
    """Keep at most so many points of the costs of all steps.

    Parameters
    ----------
    costs : sequence of float
        Of each step, in order; at least one.
    most : int

    Examples
    --------
    >>> thinned([4, 2, 2, 1], most=2).to_json()
    {'steps': [2, 4], 'losses': [3.0, 1.5]}
    """
    each = np.asarray(costs, np.float64)
    stretches = np.array_split(each, min(most, len(each)))
    ends = np.cumsum([len(one) for one in stretches])
    return StepLosses(ends.astype(np.int64), np.array([one.mean() for one in stretches]))


def draw_losses(course: StepLosses, *, ground: bool = False) -> str:
    """Draw the cost of a batch over the steps; returns SVG, see `charts.chart`."""
    line = Line("", course.steps.astype(np.float64), course.losses)
    panel = Panel("Cost of a batch", [line], across="step", wide=(0.0, float(course.steps[-1])))
    title = f"Cost of a batch over {course.steps[-1]:,} steps"
    return chart([panel], title=title, columns=1, legend=False, ground=ground)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
