"""A model that tells a number: vectors of its spaces in, numbers out; no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Space
from impasto.learn.heads import Scaling
from impasto.learn.methods import Setting
from impasto.learn.model import check_vectors
from impasto.learn.number.regressors import told
from impasto.learn.reading import Reading
from impasto.learn.stored import FORMAT, Arrays, pack, unpack


@dataclass(frozen=True, slots=True, eq=False)
class NumberPrediction:
    """Numbers for some images.

    Parameters
    ----------
    target : str
        The property.
    numbers : ndarray of shape (n_images,), float64
    error : float
        Mean distance from the truth on images not learned from.
    """

    target: str
    numbers: NDArray[np.float64]
    error: float

    def __len__(self) -> int:
        """Count the images."""
        return len(self.numbers)

    def top(self, n: int = 5) -> list[list[tuple[str, float]]]:
        """Return no labels for each image: a number is told."""
        return [[] for _ in self.numbers[: max(n, len(self))]]


@dataclass(frozen=True, slots=True, eq=False)
class NumberModel:
    """Something learned about a number on a collection.

    Parameters
    ----------
    spaces : tuple of Space
        Of the vectors it was learned on, side by side, the only ones it answers for.
    target : str
        The property.
    method : str
    setting : Setting
    reading : Reading
    scaling : Scaling
    rows : ndarray of shape (n_kept, n_features), float32
    weights : ndarray of shape (n_kept,), float64
    mean : float
        Of the numbers learned from, which is added.
    error : float
        Mean distance from the truth on images not learned from.
    images : int
        Images that it learned from.
    seed : int
    """

    spaces: tuple[Space, ...]
    target: str
    method: str
    setting: Setting
    reading: Reading
    scaling: Scaling
    rows: NDArray[np.float32]
    weights: NDArray[np.float64]
    mean: float
    error: float
    images: int
    seed: int

    @property
    def space(self) -> Space:
        """The first of its spaces."""
        return self.spaces[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """No classes: a number is told."""
        return ()

    def predict(
        self, values: NDArray[np.floating[Any]], space: Space | Sequence[Space]
    ) -> NumberPrediction:
        """Tell the numbers of vectors; see `impasto.learn.model.Model.predict`."""
        check_vectors(values, space, self.spaces)
        rows = self.scaling.apply(self.reading.apply(values))
        numbers = self.mean + told(self.setting, self.rows, self.weights, rows)
        return NumberPrediction(self.target, numbers, self.error)

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays, for the model card."""
        return {
            "format": FORMAT,
            "space": self.space.to_json(),
            "spaces": [space.to_json() for space in self.spaces],
            "target": self.target,
            "tells": "number",
            "method": self.method,
            "labels": [],
            "parameters": self.setting.to_json(),
            "mean": self.mean,
            "error": self.error,
            "images": self.images,
            "seed": self.seed,
        }

    def files(self) -> dict[str, bytes]:
        """Return the stored form: a description in JSON and arrays in safetensors."""
        data = self.to_json() | {
            "reading": self.reading.to_json(),
            "spread": self.scaling.spread,
        }
        return pack(
            data, {"centre": self.scaling.centre, "rows": self.rows, "weights": self.weights}
        )


def load_number_model(source: Path | Mapping[str, bytes]) -> NumberModel:
    """Read a model of numbers from its folder or its files.

    Raises
    ------
    InvalidInput
        If there is no such model, or one of a newer format.
    """
    return unpack(source, "a model of numbers", _built)


def _built(data: Mapping[str, Any], arrays: Arrays) -> NumberModel:
    return NumberModel(
        spaces=tuple(Space.from_json(space) for space in data["spaces"]),
        target=data["target"],
        method=data["method"],
        setting=Setting.from_json(data["parameters"]),
        reading=Reading.from_json(data["reading"]),
        scaling=Scaling(arrays["centre"], data["spread"]),
        rows=arrays["rows"],
        weights=arrays["weights"],
        mean=data["mean"],
        error=data["error"],
        images=data["images"],
        seed=data["seed"],
    )
