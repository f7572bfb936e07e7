"""A learned model: vectors of its space in, labels with probabilities out; no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import SpaceMismatch
from impasto.core.space import Space, check_same_space
from impasto.learn.forest import ForestHead
from impasto.learn.heads import Head, LinearHead, Scaling, probabilities
from impasto.learn.machines import KernelHead
from impasto.learn.methods import Setting
from impasto.learn.mlp import MlpHead
from impasto.learn.nearest import NearestHead
from impasto.learn.reading import Reading
from impasto.learn.stored import FORMAT, Arrays, pack, unpack


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Labels for some images.

    Parameters
    ----------
    labels : tuple of str
        All classes.
    probabilities : ndarray of shape (n_images, n_classes), float64
        Calibrated; rows sum to 1.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        """Count the images."""
        return len(self.probabilities)

    def top(self, n: int = 5) -> list[list[tuple[str, float]]]:
        """Return the `n` most probable labels of each image with their probabilities."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :n]
        return [
            [(self.labels[code], float(row[code])) for code in best]
            for row, best in zip(self.probabilities, order, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Something learned on a collection.

    Parameters
    ----------
    spaces : tuple of Space
        Of the vectors it was learned on, side by side, the only ones it answers for.
    target : str
        What it tells: "label", or a property.
    method : str
    labels : tuple of str
        Classes, sorted.
    setting : Setting
        Hyper-parameters.
    reading : Reading
    scaling : Scaling
    head : Head
    temperature : float
        Divides the log scores; fitted on out-of-fold scores.
    trained : mapping of str to int
        Images of each class that it learned from.
    seed : int
    cut : float, optional
        The number above which an image is "high", when that is what it tells.
    """

    spaces: tuple[Space, ...]
    target: str
    method: str
    labels: tuple[str, ...]
    setting: Setting
    reading: Reading
    scaling: Scaling
    head: Head
    temperature: float
    trained: Mapping[str, int]
    seed: int
    cut: float | None = None

    @property
    def space(self) -> Space:
        """The first of its spaces."""
        return self.spaces[0]

    def predict(
        self, values: NDArray[np.floating[Any]], space: Space | Sequence[Space]
    ) -> Prediction:
        """Tell the labels of vectors.

        Parameters
        ----------
        values : ndarray of shape (n_images, n_features), float16 or float32
            As the networks gave them, side by side.
        space : Space or sequence of Space
            Where they come from.

        Raises
        ------
        SpaceMismatch
            If that is not where the model was learned.
        """
        check_vectors(values, space, self.spaces)
        rows = self.scaling.apply(self.reading.apply(values))
        return Prediction(self.labels, probabilities(self.head.scores(rows), self.temperature))

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays, for the model card."""
        return {
            "format": FORMAT,
            "space": self.space.to_json(),
            "spaces": [space.to_json() for space in self.spaces],
            "target": self.target,
            "method": self.method,
            "labels": list(self.labels),
            "parameters": self.setting.to_json(),
            "temperature": self.temperature,
            "trained": dict(self.trained),
            "seed": self.seed,
            "cut": self.cut,
        }

    def files(self) -> dict[str, bytes]:
        """Return the stored form: a description in JSON and arrays in safetensors."""
        data = self.to_json() | {
            "reading": self.reading.to_json(),
            "spread": self.scaling.spread,
            "head": {"kind": self.head.kind, **self.head.to_json()},
        }
        arrays = {"centre": self.scaling.centre, **self.head.arrays()}
        return pack(data, arrays)


def load_model(source: Path | Mapping[str, bytes]) -> Model:
    """Read a model from its folder or its files.

    Parameters
    ----------
    source : Path or mapping of str to bytes
        A folder that holds, or a mapping like, `Model.files`.

    Raises
    ------
    InvalidInput
        If there is no model, or one of a newer format.
    """
    return unpack(source, "a model", _built)


def _built(data: Mapping[str, Any], arrays: Arrays) -> Model:
    return Model(
        spaces=tuple(Space.from_json(space) for space in data["spaces"]),
        target=data["target"],
        method=data["method"],
        labels=tuple(data["labels"]),
        setting=Setting.from_json(data["parameters"]),
        reading=Reading.from_json(data["reading"]),
        scaling=Scaling(arrays["centre"], data["spread"]),
        head=_head(
            data["head"] | {"labels": data["labels"]},
            {name: array for name, array in arrays.items() if name != "centre"},
        ),
        temperature=data["temperature"],
        trained=data["trained"],
        seed=data["seed"],
        cut=data["cut"],
    )


def check_vectors(
    values: NDArray[np.floating[Any]], given: Space | Sequence[Space], wanted: Sequence[Space]
) -> None:
    """Raise SpaceMismatch unless vectors are of the spaces a model was learned in."""
    spaces = (given,) if isinstance(given, Space) else tuple(given)
    if len(spaces) != len(wanted):
        raise SpaceMismatch(
            f"The model reads vectors of {len(wanted)} space(s) side by side, not of {len(spaces)}."
        )
    for ours, theirs in zip(wanted, spaces, strict=True):
        check_same_space(ours, theirs)
    dimension = sum(space.dimension for space in wanted)
    if values.ndim != 2 or values.shape[1] != dimension:
        raise SpaceMismatch(
            f"The model reads vectors of shape (n_images, {dimension}), not {values.shape}."
        )


def _head(data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Head:
    if data["kind"] == "linear":
        return LinearHead(arrays["weights"], arrays["bias"])
    kinds: tuple[type[KernelHead | ForestHead | NearestHead | MlpHead], ...]
    kinds = (KernelHead, ForestHead, NearestHead, MlpHead)
    return {each.kind: each for each in kinds}[data["kind"]].load(data, arrays)
