"""The classifier of a tuned network as a model: vectors of its space in, labels or tags out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Space
from impasto.learn.heads import probabilities
from impasto.learn.model import Prediction, check_vectors
from impasto.learn.stored import FORMAT, Arrays, pack, unpack
from impasto.learn.tag_heads import Curves
from impasto.learn.tag_model import TARGET, TagPrediction

METHOD = "tuned"


@dataclass(frozen=True, slots=True, eq=False)
class TunedModel:
    """The last layer of a tuned network, calibrated on the validation part.

    Parameters
    ----------
    space : Space
        Of what goes into the last layer.
    target : {"label", "tags"}
    labels : tuple of str
    weights : ndarray of shape (n_labels, n_features), float32
    bias : ndarray of shape (n_labels,), float32
    curves : Curves or None
        Of tags: from logits to probabilities.
    thresholds : ndarray of shape (n_labels,), float64, or None
        Of tags; infinite for one that is never given.
    temperature : float
        Of labels.
    parameters : mapping
        Plan and course, plain JSON data.
    trained : mapping of str to int
        Images of each label that it learned from.
    images : int
        Images that it learned from.
    seed : int
    """

    space: Space
    target: str
    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    curves: Curves | None
    thresholds: NDArray[np.float64] | None
    temperature: float
    parameters: Mapping[str, Any]
    trained: Mapping[str, int]
    images: int
    seed: int

    method = METHOD

    @property
    def spaces(self) -> tuple[Space, ...]:
        """Its one space, as other models name theirs."""
        return (self.space,)

    def predict(
        self, values: NDArray[np.floating[Any]], space: Space | Sequence[Space]
    ) -> Prediction | TagPrediction:
        """Tell the labels or tags of vectors.

        Parameters
        ----------
        values : ndarray of shape (n_images, n_features), float16 or float32
            As the network gave them.
        space : Space or sequence of Space
            Where they come from.

        Raises
        ------
        SpaceMismatch
            If that is not the space of the network.
        """
        check_vectors(values, space, self.spaces)
        rows = np.asarray(values, np.float32)
        logits = (rows @ self.weights.T + self.bias).astype(np.float64)
        if self.curves is None or self.thresholds is None:
            return Prediction(self.labels, probabilities(logits, self.temperature))
        found = self.curves.probabilities(logits)
        return TagPrediction(self.labels, found, found >= self.thresholds)

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays, for the model card."""
        data = {
            "format": FORMAT,
            "space": self.space.to_json(),
            "target": self.target,
            "method": METHOD,
            "labels": list(self.labels),
            "parameters": dict(self.parameters),
            "temperature": self.temperature,
            "trained": dict(self.trained),
            "images": self.images,
            "seed": self.seed,
        }
        if self.thresholds is not None:
            finite = [t if np.isfinite(t) else None for t in self.thresholds.tolist()]
            data["thresholds"] = finite
        return data

    def files(self) -> dict[str, bytes]:
        """Return the stored form: a description in JSON and arrays in safetensors."""
        arrays: dict[str, NDArray[Any]] = {"weights": self.weights, "bias": self.bias}
        if self.curves is not None and self.thresholds is not None:
            arrays |= {"slopes": self.curves.slopes, "shifts": self.curves.shifts}
            arrays["thresholds"] = self.thresholds
        return pack(self.to_json(), arrays)


def load_tuned_model(source: Path | Mapping[str, bytes]) -> TunedModel:
    """Read the classifier of a tuned network from its folder or its files.

    Raises
    ------
    InvalidInput
        If there is none, or one of a newer format.
    """
    return unpack(source, "a tuned network", _built)


def _built(data: Mapping[str, Any], arrays: Arrays) -> TunedModel:
    tags = data["target"] == TARGET
    return TunedModel(
        space=Space.from_json(data["space"]),
        target=data["target"],
        labels=tuple(data["labels"]),
        weights=arrays["weights"],
        bias=arrays["bias"],
        curves=Curves(arrays["slopes"], arrays["shifts"]) if tags else None,
        thresholds=arrays["thresholds"] if tags else None,
        temperature=data["temperature"],
        parameters=data["parameters"],
        trained=data["trained"],
        images=data["images"],
        seed=data["seed"],
    )
