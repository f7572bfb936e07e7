"""A learned model: vectors of its space in, labels with probabilities out; no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Space, check_same_space
from impasto.learn.heads import (
    Head,
    KernelHead,
    LinearHead,
    Machine,
    Scaling,
    probabilities,
    unit_rows,
)
from impasto.learn.methods import Setting

FORMAT = 1
WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"


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
    space : Space
        Of the vectors it was learned on, the only ones it answers for.
    target : str
        What it tells ("label").
    method : str
    labels : tuple of str
        Classes, sorted.
    setting : Setting
        Hyper-parameters.
    scaling : Scaling
    head : Head
    temperature : float
        Divides the log scores; fitted on out-of-fold scores.
    trained : mapping of str to int
        Images of each class that it learned from.
    seed : int
    """

    space: Space
    target: str
    method: str
    labels: tuple[str, ...]
    setting: Setting
    scaling: Scaling
    head: Head
    temperature: float
    trained: Mapping[str, int]
    seed: int

    def predict(self, values: NDArray[np.floating[Any]], space: Space) -> Prediction:
        """Tell the labels of vectors.

        Parameters
        ----------
        values : ndarray of shape (n_images, n_features), float16 or float32
            As the network gave them.
        space : Space
            Where they come from.

        Raises
        ------
        SpaceMismatch
            If that is not the space the model was learned in.
        """
        check_same_space(self.space, space)
        if values.ndim != 2 or values.shape[1] != self.space.dimension:
            raise SpaceMismatch(
                f"The model reads vectors of shape (n_images, {self.space.dimension}), "
                f"not {values.shape}."
            )
        rows = self.scaling.apply(unit_rows(values))
        return Prediction(self.labels, probabilities(self.head.scores(rows), self.temperature))

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays, for the model card."""
        return {
            "format": FORMAT,
            "space": self.space.to_json(),
            "target": self.target,
            "method": self.method,
            "labels": list(self.labels),
            "parameters": self.setting.to_json(),
            "temperature": self.temperature,
            "trained": dict(self.trained),
            "seed": self.seed,
        }

    def files(self) -> dict[str, bytes]:
        """Return the stored form: a description in JSON and arrays in safetensors."""
        from safetensors.numpy import save

        data = self.to_json() | {"spread": self.scaling.spread}
        if isinstance(self.head, KernelHead):
            data |= {"head": "kernel", "kernel": self.head.kernel, "gamma": self.head.gamma}
        elif isinstance(self.head, LinearHead):
            data |= {"head": "linear"}
        else:
            raise InvalidInput(f"A head of kind {type(self.head).__name__} can't be stored yet.")
        arrays = {"centre": self.scaling.centre, **self.head.arrays()}
        packed = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        return {DESCRIPTION: json.dumps(data, indent=1).encode(), WEIGHTS: packed}


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
    from safetensors import SafetensorError
    from safetensors.numpy import load

    files = read_files(source) if isinstance(source, Path) else source
    try:
        data = json.loads(files[DESCRIPTION])
        if data["format"] > FORMAT:
            raise InvalidInput(
                f"This model has format {data['format']}; this version of impasto reads up to "
                f"{FORMAT}. Update impasto."
            )
        arrays = load(files[WEIGHTS])
        labels = tuple(data["labels"])
        return Model(
            space=Space.from_json(data["space"]),
            target=data["target"],
            method=data["method"],
            labels=labels,
            setting=Setting(data["parameters"]["C"], data["parameters"].get("gamma", 0.0)),
            scaling=Scaling(arrays["centre"], data["spread"]),
            head=_head(data, arrays, len(labels)),
            temperature=data["temperature"],
            trained=data["trained"],
            seed=data["seed"],
        )
    except (KeyError, ValueError, TypeError, SafetensorError) as error:
        raise InvalidInput(
            f"This is not a model that impasto stored, or it is damaged ({error!r}). "
            "Learn it again."
        ) from error


def read_files(folder: Path) -> dict[str, bytes]:
    """Read the files of a model; raise InvalidInput when there is none."""
    try:
        return {name: (folder / name).read_bytes() for name in (DESCRIPTION, WEIGHTS)}
    except OSError as error:
        raise InvalidInput(
            f"There is no model in {folder}: {error.strerror or error}. It should hold "
            f"{DESCRIPTION} and {WEIGHTS}."
        ) from error


def _head(data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int) -> Head:
    if data["head"] == "linear":
        return LinearHead(arrays["weights"], arrays["bias"])
    machine = Machine(
        dual=arrays["dual"],
        intercept=arrays["intercept"],
        counts=arrays["counts"],
        present=arrays["present"],
        n_classes=n_classes,
    )
    return KernelHead(data["kernel"], data["gamma"], arrays["support"], machine)
