"""Regression heads: closed forms over all C at once, and the mean of near images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.registry import Registry
from impasto.learn.heads import Scaling
from impasto.learn.logistic import principal
from impasto.learn.machines import squared_lengths
from impasto.learn.methods import Setting, kernel_of

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

LIMIT = 6_000
"""Images whose kernel matrix we still take apart (a minute); beyond, ridge does nearly as well."""


class Regressor(Protocol):
    """Fits one method to numbers of mean 0."""

    def predictions(
        self, rows: NDArray[np.float32], numbers: Values, others: NDArray[np.float32]
    ) -> dict[Setting, Values]:
        """Fit with every setting and predict others, (n_others,) each."""

    def fit(
        self, rows: NDArray[np.float32], numbers: Values, setting: Setting
    ) -> tuple[NDArray[np.float32], Values]:
        """Fit, and return rows and their coefficients for `told`."""


def told(
    setting: Setting,
    kept: NDArray[np.float32],
    weights: Values,
    rows: NDArray[np.float32],
) -> Values:
    """Predict numbers of mean 0 for rows, from what a regressor kept."""
    if setting.neighbours:
        return _near(kept, weights, rows, [setting.neighbours])[0]
    found: Values = _kernel(setting, rows, kept) @ weights
    return found


class Ridge:
    """Ridge regression: minimise ``C Σ (y - x·w)² + |w|²``.

    With the principal axes of the rows every C has a closed form.

    Parameters
    ----------
    settings : sequence of Setting
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self.settings = tuple(settings)

    def predictions(
        self, rows: NDArray[np.float32], numbers: Values, others: NDArray[np.float32]
    ) -> dict[Setting, Values]:
        """Fit with every setting and predict others."""
        axes, curved, pulled = self._along(rows, numbers)
        outside = (others @ axes).astype(np.float64)
        return {one: outside @ (pulled / (curved + 1 / one.c)) for one in self.settings}

    def fit(
        self, rows: NDArray[np.float32], numbers: Values, setting: Setting
    ) -> tuple[NDArray[np.float32], Values]:
        """Fit; what is kept is the one direction in which numbers rise."""
        axes, curved, pulled = self._along(rows, numbers)
        direction = axes.astype(np.float64) @ (pulled / (curved + 1 / setting.c))
        return direction.astype(np.float32)[None], np.ones(1)

    def _along(
        self, rows: NDArray[np.float32], numbers: Values
    ) -> tuple[NDArray[np.float32], Values, Values]:
        axes, variances = principal(rows)
        return axes, variances * len(rows), (rows @ axes).astype(np.float64).T @ numbers


class KernelRidge:
    """Kernel ridge regression, of any kernel: one decomposition of it serves every C.

    Parameters
    ----------
    settings : sequence of Setting
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self.settings = tuple(settings)

    def predictions(
        self, rows: NDArray[np.float32], numbers: Values, others: NDArray[np.float32]
    ) -> dict[Setting, Values]:
        """Fit with every setting and predict others."""
        found: dict[Setting, Values] = {}
        for kernel in dict.fromkeys(replace(one, c=0.0) for one in self.settings):
            lengths, axes = self._taken_apart(kernel, rows)
            outside, along = _kernel(kernel, others, rows) @ axes, axes.T @ numbers
            found |= {
                one: outside @ (along / (lengths + 1 / one.c))
                for one in self.settings
                if replace(one, c=0.0) == kernel
            }
        return found

    def fit(
        self, rows: NDArray[np.float32], numbers: Values, setting: Setting
    ) -> tuple[NDArray[np.float32], Values]:
        """Fit; all rows are kept."""
        lengths, axes = self._taken_apart(setting, rows)
        return rows, axes @ ((axes.T @ numbers) / (lengths + 1 / setting.c))

    def _taken_apart(self, setting: Setting, rows: NDArray[np.float32]) -> tuple[Values, Values]:
        if len(rows) > LIMIT:
            raise InvalidInput(
                f"Kernel ridge regression takes the similarities of all pairs apart, which is too "
                f"much for {len(rows):,} images (the limit is {LIMIT:,}). Use --method ridge."
            )
        lengths, axes = np.linalg.eigh(_kernel(setting, rows, rows))
        return np.maximum(lengths, 0), axes


class Nearest:
    """The mean of the nearest images, each weighed by its cosine.

    Parameters
    ----------
    settings : sequence of Setting
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self.settings = tuple(settings)

    def predictions(
        self, rows: NDArray[np.float32], numbers: Values, others: NDArray[np.float32]
    ) -> dict[Setting, Values]:
        """Look others up with every setting."""
        found = _near(rows, numbers, others, [one.neighbours for one in self.settings])
        return dict(zip(self.settings, found, strict=True))

    def fit(
        self, rows: NDArray[np.float32], numbers: Values, setting: Setting
    ) -> tuple[NDArray[np.float32], Values]:
        """Keep all rows with their numbers."""
        del setting  # any number of neighbours is looked up among the same
        return rows, numbers


@dataclass(frozen=True, slots=True)
class NumberMethod:
    """A way of learning a number.

    Parameters
    ----------
    title : str
        For people.
    settings : tuple of Setting
        The grid, the simplest first: it wins ties.
    regressor : callable
        From settings to a `Regressor`.
    """

    title: str
    settings: tuple[Setting, ...]
    regressor: Callable[[Sequence[Setting]], Regressor]


REGRESSORS: Registry[NumberMethod] = Registry("method")
"""Methods for numbers by name."""

_CS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
_LINEAR = tuple(Setting(c, kernel="linear") for c in _CS)
_RBF = tuple(Setting(c, gamma, "rbf") for gamma in (0.25, 0.5, 1.0) for c in _CS[1:])
_ASKED = tuple(Setting(neighbours=k) for k in (1, 3, 5, 10, 20, 50))
REGRESSORS.register(
    "kernel-ridge",
    NumberMethod("Kernel ridge regression, linear or radial", (*_LINEAR, *_RBF), KernelRidge),
)
REGRESSORS.register("ridge", NumberMethod("Ridge regression", _LINEAR, Ridge))
REGRESSORS.register("nearest", NumberMethod("Mean of the nearest images", _ASKED, Nearest))


def scaling_of(name: str, rows: NDArray[np.float32]) -> Scaling:
    """Measure the scaling that a method wants: neighbours are looked up where they are."""
    return Scaling.none(rows.shape[1]) if name == "nearest" else Scaling.of(rows)


def _kernel(setting: Setting, first: NDArray[np.float32], second: NDArray[np.float32]) -> Any:
    products = first.astype(np.float64) @ second.T.astype(np.float64)
    return kernel_of(setting).of(products, squared_lengths(first), squared_lengths(second))


def _near(
    rows: NDArray[np.float32], numbers: Values, others: NDArray[np.float32], asked: Sequence[int]
) -> list[Values]:
    similarity = others @ rows.T  # rows of length 1
    order = np.argsort(-similarity, axis=1, kind="stable")[:, : max(asked)]
    weight = np.maximum(np.take_along_axis(similarity, order, axis=1), 1e-6).astype(np.float64)
    return [
        (weight[:, :k] * numbers[order[:, :k]]).sum(axis=1) / weight[:, :k].sum(axis=1)
        for k in asked
    ]
