"""A small network with one hidden layer, as a head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import FLOOR, Scaling, Scores, log_softmax
from impasto.learn.methods import Examples, Setting

EPOCHS, BATCH, RATE = 25, 64, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class MlpHead:
    """``log softmax(relu(x A + a) B + b)``.

    Parameters
    ----------
    first : ndarray of shape (n_features, n_hidden), float32
    first_bias : ndarray of shape (n_hidden,), float32
    second : ndarray of shape (n_hidden, n_present), float32
    second_bias : ndarray of shape (n_present,), float32
    present : ndarray of shape (n_present,), int64
        Classes that the training part held, of the `n_classes` there are.
    n_classes : int
    """

    kind: ClassVar[str] = "mlp"

    first: NDArray[np.float32]
    first_bias: NDArray[np.float32]
    second: NDArray[np.float32]
    second_bias: NDArray[np.float32]
    present: NDArray[np.int64]
    n_classes: int

    def scores(self, rows: NDArray[np.float32]) -> Scores:
        """Return log probabilities of shape (n_images, n_classes)."""
        scores = np.full((len(rows), self.n_classes), np.log(FLOOR))
        if len(rows):
            hidden = np.maximum(rows @ self.first + self.first_bias, 0)
            logits = (hidden @ self.second + self.second_bias).astype(np.float64)
            scores[:, self.present] = np.maximum(log_softmax(logits), np.log(FLOOR))
        return scores

    def to_json(self) -> Mapping[str, Any]:
        """Return nothing: all of it is arrays."""
        return {}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the weights."""
        return {
            "first": self.first,
            "first_bias": self.first_bias,
            "second": self.second,
            "second_bias": self.second_bias,
            "present": self.present,
        }

    @classmethod
    def load(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> MlpHead:
        """Read what was stored."""
        return cls(**arrays, n_classes=len(data["labels"]))


class MlpTrainer:
    """Fit small networks on subsets of the same images, by scikit-learn's Adam.

    Parameters
    ----------
    examples : Examples
    """

    parallel = False  # its matrix products use all cores already

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on `train` with each setting and score the images `held` out."""
        found = []
        for setting in settings:
            scaling, head = self.fit(train, setting)
            found.append(head.scores(scaling.apply(self.examples.rows[held])))
        return found

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, MlpHead]:
        """Fit on `train` and keep the weights."""
        from sklearn.neural_network import MLPClassifier

        examples, scaling = self.examples, self.examples.scaling(train)
        codes = examples.codes[train]
        present = np.unique(codes)
        gain = np.float32(examples.rows.shape[1] ** 0.5)  # features of variance 1, as Adam likes
        rows = scaling.apply(examples.rows[train]) * gain
        network = MLPClassifier(
            (setting.hidden,),
            alpha=1 / setting.c,
            batch_size=min(BATCH, len(rows)),
            learning_rate_init=RATE,
            random_state=examples.seed,
        )
        for _ in range(EPOCHS):
            network.partial_fit(rows, codes, classes=present)
        (first, second), (first_bias, second_bias) = network.coefs_, network.intercepts_
        if len(present) < 3:  # one output, for the second class; none is needed for a single one
            second = np.concatenate((-second, second), axis=1)[:, : len(present)] / 2
            second_bias = np.concatenate((-second_bias, second_bias))[: len(present)] / 2
        return scaling, MlpHead(
            first=np.asarray(first * gain, np.float32),
            first_bias=np.asarray(first_bias, np.float32),
            second=np.asarray(second, np.float32),
            second_bias=np.asarray(second_bias, np.float32),
            present=present.astype(np.int64),
            n_classes=examples.n_classes,
        )
