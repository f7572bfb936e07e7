"""From vectors of one space, or of several side by side, to the rows that a head reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import Scaling, unit_rows

Rows = Literal["unit", "raw"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How vectors become rows.

    Parameters
    ----------
    rows : {"unit", "raw"}
        Each space's part of a vector brought to length 1 and weighted, or everything as the
        network gave it.
    widths : tuple of int
        Features of each space, side by side in a vector.
    weights : tuple of float
        Of each space; their squares sum to 1, so that a row has length 1.
    """

    rows: Rows
    widths: tuple[int, ...]
    weights: tuple[float, ...]

    @classmethod
    def equal(cls, widths: Sequence[int], rows: Rows = "unit") -> Reading:
        """Weigh all spaces alike."""
        return cls(rows, tuple(widths), (len(widths) ** -0.5,) * len(widths))

    def fitted(self, values: NDArray[np.floating[Any]]) -> Reading:
        """Weigh each space by one over the spread of its unit rows: none drowns the others.

        Parameters
        ----------
        values : ndarray of shape (n_images, n_features)
            Vectors to be learned from.
        """
        if self.rows == "raw" or len(self.widths) == 1:
            return self
        spreads = [Scaling.of(unit_rows(part)).spread for part in self._parts(values)]
        weights = 1 / np.maximum(spreads, 1e-6)
        weights /= np.linalg.norm(weights)
        return Reading(self.rows, self.widths, tuple(weights.tolist()))

    def apply(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Turn vectors into rows, a new array of shape (n_images, n_features)."""
        if self.rows == "raw":
            return np.array(values, np.float32)
        return np.concatenate(
            [
                unit_rows(part) * np.float32(weight)
                for part, weight in zip(self._parts(values), self.weights, strict=True)
            ],
            axis=1,
        )

    def _parts(self, values: NDArray[np.floating[Any]]) -> Iterator[NDArray[np.floating[Any]]]:
        begin = 0
        for width in self.widths:
            yield values[:, begin : begin + width]
            begin += width

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"rows": self.rows, "widths": list(self.widths), "weights": list(self.weights)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reading:
        """Rebuild a reading from `to_json`."""
        return cls(data["rows"], tuple(data["widths"]), tuple(data["weights"]))
