"""Nearest neighbours as a head: what the most similar images learned from are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import Scaling, Scores, unit_rows
from impasto.learn.methods import Examples, Setting

_BLOCK = 1 << 23  # similarities held at a time (32 MB)


@dataclass(frozen=True, slots=True, eq=False)
class NearestHead:
    """The votes of the nearest images, each weighed by its cosine.

    Parameters
    ----------
    neighbours : int
        How many are asked.
    rows : ndarray of shape (n_known, n_features), float32
        Of length 1.
    codes : ndarray of shape (n_known,), int64
    n_classes : int
    """

    kind: ClassVar[str] = "nearest"

    neighbours: int
    rows: NDArray[np.float32]
    codes: NDArray[np.int64]
    n_classes: int

    def scores(self, rows: NDArray[np.float32]) -> Scores:
        """Return the log of each class's share of the votes, of shape (n_images, n_classes)."""
        pieces = [found[0] for found in self.shares(rows, [self.neighbours])]
        return np.concatenate([np.empty((0, self.n_classes)), *pieces])

    def shares(self, rows: NDArray[np.float32], asked: Sequence[int]) -> Iterator[list[Scores]]:
        """Yield, block by block of images, the log shares for each number of neighbours.

        One vote more is shared out as the classes are among the known images, so that classes
        without a vote stand in the order of their frequency.
        """
        prior = np.bincount(self.codes, minlength=self.n_classes) / len(self.codes)
        most = min(max(asked), len(self.codes))
        block = max(1, _BLOCK // len(self.codes))
        for low in range(0, len(rows), block):
            similarity = unit_rows(rows[low : low + block]) @ self.rows.T
            order = np.argsort(-similarity, axis=1, kind="stable")[:, :most]
            weight = np.maximum(np.take_along_axis(similarity, order, axis=1), 0)
            found = []
            for k in asked:
                votes = np.zeros((len(similarity), self.n_classes))
                image = np.arange(len(similarity))[:, None]
                np.add.at(votes, (image, self.codes[order[:, :k]]), weight[:, :k])
                total = votes.sum(axis=1, keepdims=True)
                found.append(np.log(np.maximum((votes + prior) / (total + 1), 1e-9)))
            yield found

    def to_json(self) -> Mapping[str, Any]:
        """Return how many are asked."""
        return {"neighbours": self.neighbours}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the known images."""
        return {"known": self.rows, "codes": self.codes}

    @classmethod
    def load(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NearestHead:
        """Read what was stored."""
        return cls(data["neighbours"], arrays["known"], arrays["codes"], len(data["labels"]))


class NearestTrainer:
    """Look up nearest neighbours among subsets of the same images; nothing is centred.

    Parameters
    ----------
    examples : Examples
    """

    parallel = False  # its matrix products use all cores already

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.unit = unit_rows(examples.rows)

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Look the images `held` out up among `train`, with each setting."""
        _, head = self.fit(train, settings[0])
        asked = [setting.neighbours for setting in settings]
        blocks = list(head.shares(self.unit[held], asked))
        return [np.concatenate([block[i] for block in blocks]) for i in range(len(asked))]

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, NearestHead]:
        """Keep the rows `train`."""
        codes = self.examples.codes[train].astype(np.int64)
        head = NearestHead(setting.neighbours, self.unit[train], codes, self.examples.n_classes)
        return Scaling.none(self.unit.shape[1]), head
