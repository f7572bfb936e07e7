"""Linear heads fitted for one C after the other, each from the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import LinearHead, Scaling, Scores
from impasto.learn.methods import Examples, Setting


class Problem(Protocol):
    """Something to be minimised, which C weighs against small weights."""

    def solve(self, c: float, *, start: LinearHead | None = None) -> LinearHead:
        """Find the weights, from those for a C nearby."""


MakeProblem = Callable[[NDArray[np.float32], NDArray[np.integer[Any]], int], Problem]
"""Makes the problem of rows (n_images, n_features), their classes and the number of classes."""


class TrainerAlongC:
    """Fit linear heads on subsets of the same images.

    Parameters
    ----------
    examples : Examples
    make : callable
        Makes the problem of a subset.
    steps : callable
        Gives the values of C that lead to the one that is wanted; that one alone by default.
    """

    parallel = False  # its matrix products use all cores already

    def __init__(
        self,
        examples: Examples,
        make: MakeProblem,
        steps: Callable[[float], Iterable[float]] = lambda c: (c,),
    ) -> None:
        self.examples, self.make, self.steps = examples, make, steps

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on `train` with each setting and score the images `held` out.

        Returns
        -------
        list of ndarray of shape (n_held, n_classes), float64
            Log scores, in the order of `settings`.
        """
        scaling, problem = self._made(train)
        outside = scaling.apply(self.examples.rows[held])
        found: dict[Setting, Scores] = {}
        head: LinearHead | None = None
        for setting in sorted(settings, key=lambda setting: setting.c):
            head = problem.solve(setting.c, start=head)
            found[setting] = head.scores(outside)
        return [found[setting] for setting in settings]

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, LinearHead]:
        """Fit on `train` and keep what prediction needs."""
        scaling, problem = self._made(train)
        head: LinearHead | None = None
        for c in self.steps(setting.c):
            head = problem.solve(c, start=head)
        assert head is not None  # there is always a step, the last one
        return scaling, head

    def _made(self, train: NDArray[np.int64]) -> tuple[Scaling, Problem]:
        examples, scaling = self.examples, self.examples.scaling(train)
        rows = scaling.apply(examples.rows[train])
        return scaling, self.make(rows, examples.codes[train], examples.n_classes)
