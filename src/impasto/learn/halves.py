"""A number cut into two classes, at the median of what is learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

HALVES = ("high", "low")
"""The two classes: above the median, and not above it (as in work 5, ties are low)."""


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """Numbers to be told high from low.

    Parameters
    ----------
    numbers : ndarray of shape (n_images,), float
        Finite.
    """

    numbers: NDArray[np.floating[Any]]

    def __post_init__(self) -> None:
        """Check that the numbers are some."""
        if self.numbers.ndim != 1 or not np.isfinite(self.numbers).all():
            raise InvalidInput("Halves are made of one finite number for each image.")

    def __len__(self) -> int:
        """Count the images."""
        return len(self.numbers)


def cut_at(numbers: NDArray[np.floating[Any]], train: NDArray[np.int64]) -> float:
    """Return the median of the numbers that are learned from.

    Raises
    ------
    InvalidInput
        When none of them lies above it, or none does not.
    """
    known = numbers[train]
    if not len(known):
        raise InvalidInput("No image is left to learn from, so there is no median.")
    cut = float(np.median(known))
    if not (known > cut).any():
        raise InvalidInput(
            f"At least half of the images share the greatest number, {cut:g}, so none lies above "
            "the median. Learn it as a label, or as a number."
        )
    return cut


def codes_of(numbers: NDArray[np.floating[Any]], cut: float) -> NDArray[np.int64]:
    """Return the position in `HALVES` of each number."""
    return np.where(numbers > cut, 0, 1).astype(np.int64)
