"""The methods by name; strangers register theirs as ours are registered here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.registry import Registry
from impasto.learn.heads import Head, Scaling, Scores


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """Hyper-parameters of a head, for rows scaled by `Scaling`.

    Parameters
    ----------
    c : float
        Trust in the training data: small is smooth.
    gamma : float
        Narrowness of the RBF kernel ``exp(-gamma |x - y|²)``; 0 where there is none. Two random
        training rows lie at a mean squared distance of 2.
    """

    c: float
    gamma: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return ``{C}`` or ``{C, gamma}``."""
        return {"C": self.c} | ({"gamma": self.gamma} if self.gamma else {})


class Trainer(Protocol):
    """Fits one method on subsets of the same images."""

    @property
    def parallel(self) -> bool:
        """Whether several threads may fit at the same time, to advantage."""

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on the rows `train` with each setting and score the rows `held`."""

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, Head]:
        """Fit on the rows `train` and keep what prediction needs."""


class MakeTrainer(Protocol):
    """Builds a trainer from unit rows, class codes and the number of classes."""

    def __call__(
        self, unit: NDArray[np.float32], codes: NDArray[np.integer[Any]], n_classes: int, /
    ) -> Trainer:
        """Build it."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way of learning labels.

    Parameters
    ----------
    title : str
        For people.
    settings : tuple of Setting
        The grid, the simplest first: it wins ties.
    trainer : callable
    """

    title: str
    settings: tuple[Setting, ...]
    trainer: MakeTrainer


METHODS: Registry[Method] = Registry("method")


def _kernel(kernel: Any) -> MakeTrainer:
    def make(
        unit: NDArray[np.float32], codes: NDArray[np.integer[Any]], n_classes: int, /
    ) -> Trainer:
        from impasto.learn.kernel import KernelTrainer

        return KernelTrainer(unit, codes, n_classes, kernel)

    return make


def _logistic(
    unit: NDArray[np.float32], codes: NDArray[np.integer[Any]], n_classes: int, /
) -> Trainer:
    from impasto.learn.logistic import LogisticTrainer

    return LogisticTrainer(unit, codes, n_classes)


METHODS.register(
    "linear-svm",
    Method(
        "Linear support vector machines, one against one",
        tuple(Setting(c) for c in (0.3, 1, 3, 10)),
        _kernel("linear"),
    ),
)
METHODS.register(
    "rbf-svm",
    Method(
        "Support vector machines with a radial kernel, one against one",
        tuple(Setting(c, gamma) for gamma in (0.25, 0.5, 1) for c in (1, 3, 10, 30)),
        _kernel("rbf"),
    ),
)
METHODS.register(
    "logistic",
    Method(
        "Multinomial logistic regression",
        tuple(Setting(c) for c in (1, 3, 10, 30)),
        _logistic,
    ),
)
