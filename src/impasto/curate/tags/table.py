"""How often tags are used, how many an image has, and which go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tags on the same images.

    Parameters
    ----------
    first, second : str
        The more frequent one first.
    together : int
        Images with both.
    lift : float
        `together` over what independent tags would share: P(a, b) / (P(a) P(b)).
    pmi : float
        Pointwise mutual information, bits: the binary logarithm of the lift.
    overlap : float
        Jaccard: images with both over images with either.
    """

    first: str
    second: str
    together: int
    lift: float
    pmi: float
    overlap: float


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """Tags of a collection, counted.

    Parameters
    ----------
    names : tuple of str
        The most frequent first.
    counts : ndarray of shape (n_tags,), int64
        Images of each.
    images : int
        Images of the collection, tagged or not.
    per_image : ndarray of shape (most + 1,), int64
        Images with 0, 1, … tags.
    together : scipy.sparse.csr_array of shape (n_tags, n_tags), int64
        Images with both of two tags; on the diagonal the counts.
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    images: int
    per_image: NDArray[np.int64]
    together: Any

    @property
    def tagged(self) -> int:
        """Images with at least one tag."""
        return self.images - int(self.per_image[0])

    @property
    def mean(self) -> float:
        """Tags of a tagged image, on average."""
        return float(self.counts.sum() / self.tagged) if self.tagged else math.nan

    def share(self, tag: int) -> float:
        """Return the share of the images that has a tag."""
        return float(self.counts[tag] / self.images)

    def pair(self, first: int, second: int) -> Pair:
        """Return how often two tags go together."""
        return self._pair(first, second, int(self.together[first, second]))

    def pairs(self, at_least: int = 2) -> list[Pair]:
        """Return the pairs of tags on at least so many images, the most telling first.

        Ordered by ``together * pmi``, what a pair adds to the mutual information.
        """
        upper = self.together.tocoo()
        chosen = (upper.row < upper.col) & (upper.data >= at_least)
        found = [
            self._pair(a, b, n)
            for a, b, n in zip(
                upper.row[chosen].tolist(),
                upper.col[chosen].tolist(),
                upper.data[chosen].tolist(),
                strict=True,
            )
        ]
        return sorted(found, key=lambda p: (-p.together * p.pmi, p.first, p.second))

    def _pair(self, a: int, b: int, together: int) -> Pair:
        a, b = min(a, b), max(a, b)
        one, other = int(self.counts[a]), int(self.counts[b])
        lift = together * self.images / (one * other)
        pmi = math.log2(lift) if together else -math.inf
        overlap = together / (one + other - together)
        return Pair(self.names[a], self.names[b], together, lift, pmi, overlap)


def tag_table(
    names: Sequence[str], ids: NDArray[np.int64], codes: NDArray[np.int64], images: int
) -> TagTable:
    """Count tags.

    Parameters
    ----------
    names : sequence of str, n_tags long
        The most frequent first.
    ids : ndarray of shape (n_memberships,), int64
        Images; one with several tags is there several times.
    codes : ndarray of shape (n_memberships,), int64
        Places in `names`.
    images : int
        Images of the collection, tagged or not.

    Examples
    --------
    >>> table = tag_table(["sea", "sky"], np.array([1, 1, 2]), np.array([0, 1, 0]), images=4)
    >>> table.counts.tolist(), table.per_image.tolist(), table.pairs(1)[0].lift
    ([2, 1], [2, 1, 1], 2.0)
    """
    from scipy.sparse import csr_array

    if not len(names):
        raise InvalidInput("There are no tags to count; tag some images first.")
    known, row = np.unique(ids, return_inverse=True)
    ones = np.ones(len(row), np.int64)
    has = csr_array((ones, (row, codes)), shape=(len(known), len(names)))
    per_image = np.bincount(np.bincount(row, minlength=len(known)))
    per_image[0] = images - len(known)
    return TagTable(
        tuple(names), np.bincount(codes, minlength=len(names)), images, per_image, has.T @ has
    )
