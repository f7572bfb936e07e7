"""Fitted heads: vectors in, one score per class out; NumPy only, stored as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

FLOOR = 1e-9
"""Smallest probability that a head gives to a class before calibration."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Rows to unit length, then centred on the training mean, then to a mean square length of 1.

    Cosine geometry, with numbers of the same size in every space, so that one grid of
    hyper-parameters serves all of them.

    Parameters
    ----------
    centre : ndarray of shape (n_features,), float32
        Mean of the unit rows of the training part.
    spread : float
        Root mean square length of the centred rows.
    """

    centre: NDArray[np.float32]
    spread: float

    @classmethod
    def of(cls, unit: NDArray[np.float32]) -> Scaling:
        """Measure unit rows of shape (n_images, n_features)."""
        centre = unit.mean(axis=0, dtype=np.float64)
        square = float(np.einsum("ij,ij->", unit, unit, dtype=np.float64)) / len(unit)
        spread = float(np.sqrt(max(square - float(centre @ centre), 1e-12)))
        return cls(centre.astype(np.float32), spread)

    @classmethod
    def none(cls, n_features: int) -> Scaling:
        """Leave rows as they are."""
        return cls(np.zeros(n_features, np.float32), 1.0)

    def apply(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scale unit rows; a new array."""
        scaled: NDArray[np.float32] = (unit - self.centre) / np.float32(self.spread)
        return scaled


def unit_rows(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return rows of length 1 as float32 (rows of zeros stay as they are)."""
    unit = np.array(values, np.float32)
    norms = np.linalg.norm(unit, axis=1, keepdims=True)
    np.divide(unit, norms, out=unit, where=norms > 0)
    return unit


class Head(Protocol):
    """What a method learned."""

    kind: ClassVar[str]

    def scores(self, rows: NDArray[np.float32]) -> Scores:
        """Return log scores of shape (n_images, n_classes) of scaled rows."""

    def to_json(self) -> Mapping[str, Any]:
        """Return what is not an array, plain JSON data."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return all that was learned, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """Log softmax of ``rows @ weights.T + bias``: logistic regression, linear machines.

    Parameters
    ----------
    weights : ndarray of shape (n_classes, n_features), float32
    bias : ndarray of shape (n_classes,), float32
    """

    kind: ClassVar[str] = "linear"

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(self, rows: NDArray[np.float32]) -> Scores:
        """Return log probabilities of shape (n_images, n_classes)."""
        return log_softmax((rows @ self.weights.T + self.bias).astype(np.float64))

    def to_json(self) -> Mapping[str, Any]:
        """Return nothing: all of it is arrays."""
        return {}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return weights and bias."""
        return {"weights": self.weights, "bias": self.bias}


def log_softmax(scores: Scores) -> Scores:
    """Normalise log scores along the classes."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    normalised: Scores = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def probabilities(scores: Scores, temperature: float) -> NDArray[np.float64]:
    """Calibrate log scores: softmax of ``scores / temperature``."""
    return np.exp(log_softmax(scores / temperature))


def fit_temperature(scores: Scores, truth: NDArray[np.integer[Any]]) -> float:
    """Find the temperature with the smallest log loss.

    Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2. The loss is
    convex in 1 / T; golden-section search over T in [0.05, 20], to three digits.

    Parameters
    ----------
    scores : ndarray of shape (n_images, n_classes), float64
        Log scores of images that the head was *not* fitted on.
    truth : ndarray of shape (n_images,), int
    """

    def loss(log_t: float) -> float:
        picked = log_softmax(scores / np.exp(log_t))[np.arange(len(truth)), truth]
        return -float(picked.mean())

    ratio = (5**0.5 - 1) / 2
    low, high = float(np.log(0.05)), float(np.log(20))
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    loss_a, loss_b = loss(a), loss(b)
    while high - low > 5e-4:
        if loss_a <= loss_b:
            high, b, loss_b = b, a, loss_a
            a = high - ratio * (high - low)
            loss_a = loss(a)
        else:
            low, a, loss_a = a, b, loss_b
            b = low + ratio * (high - low)
            loss_b = loss(b)
    return float(np.exp((low + high) / 2))
