"""A learned tagger: vectors of its space in, tags with probabilities out; no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space
from impasto.learn.heads import Scaling
from impasto.learn.model import check_vectors
from impasto.learn.reading import Reading
from impasto.learn.stored import FORMAT, Arrays, pack, unpack
from impasto.learn.tag_heads import Curves, TagHead

TARGET = "tags"


@dataclass(frozen=True, slots=True, eq=False)
class TagPrediction:
    """Tags for some images.

    Parameters
    ----------
    tags : tuple of str
        All that the model knows.
    probabilities : ndarray of shape (n_images, n_tags), float64
        Calibrated, tag by tag.
    given : ndarray of shape (n_images, n_tags), bool
        Tags whose probability reaches their threshold.
    """

    tags: tuple[str, ...]
    probabilities: NDArray[np.float64]
    given: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the images."""
        return len(self.probabilities)

    def top(self, n: int = 5) -> list[list[tuple[str, float]]]:
        """Return the `n` most probable tags of each image with their probabilities."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :n]
        return [
            [(self.tags[j], float(row[j])) for j in best]
            for row, best in zip(self.probabilities, order, strict=True)
        ]

    def names(self) -> list[list[str]]:
        """Return the tags that each image gets, the most probable first."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")
        return [
            [self.tags[j] for j in best if row[j]]
            for row, best in zip(self.given, order, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class TagModel:
    """Something learned about tags on a collection.

    Parameters
    ----------
    spaces : tuple of Space
        Of the vectors it was learned on, side by side, the only ones it answers for.
    method : str
    tags : tuple of str
    parameters : mapping
        Hyper-parameters, plain JSON data.
    reading : Reading
    scaling : Scaling
    head : TagHead
    curves : Curves
        From logits to probabilities, fitted on images that the head was not.
    thresholds : ndarray of shape (n_tags,), float64
        Infinite for a tag that is never given.
    trained : mapping of str to int
        Images of each tag that it learned from.
    images : int
        Images that it learned from.
    seed : int
    """

    spaces: tuple[Space, ...]
    method: str
    tags: tuple[str, ...]
    parameters: Mapping[str, Any]
    reading: Reading
    scaling: Scaling
    head: TagHead
    curves: Curves
    thresholds: NDArray[np.float64]
    trained: Mapping[str, int]
    images: int
    seed: int

    @property
    def space(self) -> Space:
        """The first of its spaces."""
        return self.spaces[0]

    @property
    def target(self) -> str:
        """What it tells."""
        return TARGET

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags, as other models name their classes."""
        return self.tags

    def predict(
        self, values: NDArray[np.floating[Any]], space: Space | Sequence[Space]
    ) -> TagPrediction:
        """Tell the tags of vectors.

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
        found = self.curves.probabilities(self.head.logits(rows))
        return TagPrediction(self.tags, found, found >= self.thresholds)

    def to_json(self) -> dict[str, Any]:
        """Return all but the arrays, for the model card."""
        return {
            "format": FORMAT,
            "space": self.space.to_json(),
            "spaces": [space.to_json() for space in self.spaces],
            "target": TARGET,
            "method": self.method,
            "labels": list(self.tags),
            "parameters": dict(self.parameters),
            "thresholds": [t if np.isfinite(t) else None for t in self.thresholds.tolist()],
            "trained": dict(self.trained),
            "images": self.images,
            "seed": self.seed,
        }

    def files(self) -> dict[str, bytes]:
        """Return the stored form: a description in JSON and arrays in safetensors."""
        data = self.to_json() | {
            "reading": self.reading.to_json(),
            "spread": self.scaling.spread,
            "head": TARGET,
        }
        arrays: dict[str, NDArray[Any]] = {
            "centre": self.scaling.centre,
            "weights": self.head.weights,
            "bias": self.head.bias,
            "slopes": self.curves.slopes,
            "shifts": self.curves.shifts,
            "thresholds": self.thresholds,
        }
        return pack(data, arrays)


def load_tag_model(source: Path | Mapping[str, bytes]) -> TagModel:
    """Read a tagger from its folder or its files.

    Parameters
    ----------
    source : Path or mapping of str to bytes
        A folder that holds, or a mapping like, `TagModel.files`.

    Raises
    ------
    InvalidInput
        If there is no tagger, or one of a newer format.
    """
    return unpack(source, "a tagger", _built)


def _built(data: Mapping[str, Any], arrays: Arrays) -> TagModel:
    if data["target"] != TARGET:
        raise InvalidInput(f"This model tells a {data['target']}, not tags.")
    return TagModel(
        spaces=tuple(Space.from_json(space) for space in data["spaces"]),
        method=data["method"],
        tags=tuple(data["labels"]),
        parameters=data["parameters"],
        reading=Reading.from_json(data["reading"]),
        scaling=Scaling(arrays["centre"], data["spread"]),
        head=TagHead(arrays["weights"], arrays["bias"]),
        curves=Curves(arrays["slopes"], arrays["shifts"]),
        thresholds=arrays["thresholds"],
        trained=data["trained"],
        images=data["images"],
        seed=data["seed"],
    )
