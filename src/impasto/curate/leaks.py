"""Leaks: images of one set that another set holds too, as copies or as near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.curate.duplicates import CLOSENESS, background_of, threshold_of, unit_rows

_ROWS = 2048  # block of the product of both sets: 16 MB at a time

Hashes = Sequence[bytes | None]
Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Leaks:
    """Which images of a set are in another one, each with the most alike there.

    Parameters
    ----------
    rows : ndarray of shape (n_leaks,), int64
        Rising: images of the first set.
    others : ndarray of shape (n_leaks,), int64
        The image of the second set: its copy, else the nearest.
    similarities : ndarray of shape (n_leaks,), float32
        Cosine; 1 for copies.
    exact : ndarray of shape (n_leaks,), bool
        Whether the files have the same bytes.
    threshold : float
        Cosine from which on two images count as one; NaN when no vectors were compared.
    """

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    similarities: NDArray[np.float32]
    exact: NDArray[np.bool_]
    threshold: float

    def __len__(self) -> int:
        """Count the images that leak."""
        return len(self.rows)


def find_leaks(
    hashes: Hashes,
    other_hashes: Hashes,
    values: Values | None = None,
    other_values: Values | None = None,
    *,
    closeness: float = CLOSENESS,
) -> Leaks:
    """Find the images of one set that are copies or near-duplicates of images of another.

    Parameters
    ----------
    hashes, other_hashes : sequence of bytes or None
        Content hash of each file, None where it is not known.
    values : ndarray of shape (n_images, n_features), optional
        Vectors of the first set; without vectors of both only copies are found.
    other_values : ndarray of shape (n_others, n_features), optional
        Of the same space. A row of NaN has no vector.
    closeness : float
        As in `find_duplicates`; the background is that of both sets together.

    Returns
    -------
    Leaks

    Examples
    --------
    >>> find_leaks([b"a", b"b"], [b"c", b"a"]).rows.tolist()
    [0]
    """
    n = len(hashes)
    best, nearest = np.full(n, -1, np.int64), np.full(n, -2, np.float32)
    threshold = np.nan
    if values is not None and other_values is not None and len(values) and len(other_values):
        if len(values) != n or len(other_values) != len(other_hashes):
            raise InvalidInput("Every image needs one hash and one vector.")
        if values.shape[1:] != other_values.shape[1:]:
            raise InvalidInput("Vectors of two spaces can't be compared.")
        ours, theirs = _without_nan(values), _without_nan(other_values)
        threshold = threshold_of(background_of(np.concatenate((ours, theirs))), closeness)
        for low in range(0, n, _ROWS):
            for high in range(0, len(theirs), _ROWS):
                product = ours[low : low + _ROWS] @ theirs[high : high + _ROWS].T
                at, top = product.argmax(axis=1), product.max(axis=1)
                better = top > nearest[low : low + _ROWS]
                nearest[low : low + _ROWS][better] = top[better]
                best[low : low + _ROWS][better] = at[better] + high
        nearest[nearest < threshold] = -2
    seen: dict[bytes, int] = {}
    for row, digest in enumerate(other_hashes):
        if digest is not None:
            seen.setdefault(digest, row)
    exact = np.zeros(n, bool)
    for row, digest in enumerate(hashes):
        if digest is not None and digest in seen:
            best[row], nearest[row], exact[row] = seen[digest], 1, True
    rows = np.flatnonzero(nearest > -2)
    return Leaks(rows, best[rows], nearest[rows], exact[rows], float(threshold))


def _without_nan(values: Values) -> NDArray[np.float32]:
    known = np.isfinite(values).all(axis=1, keepdims=True)
    return unit_rows(np.where(known, values, 0))
