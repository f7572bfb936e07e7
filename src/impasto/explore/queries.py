"""A query: one direction of a space, and the images it is made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Space, Vectors, check_same_space
from impasto.explore import kernel
from impasto.explore.rows import rows_of, scales_of

NEGATIVE_WEIGHT = 0.5
"""How much the mean of the negative examples counts against that of the positive ones."""

_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """An image, several images, a tag, a label or a picture from outside, as a vector.

    Parameters
    ----------
    space : Space
    vector : ndarray of shape (n_features,), float32
        Scaled to length 1 when the query is made.
    members : tuple of int
        Images that it is made of, positive and negative; `neighbours` leaves them out.
    title : str
        What people read.
    parts : tuple of int
        How many images each part is the mean of, below 0 for a part that the query moves away
        from. A mean is nearer to everything than an image is, so what it is compared with by
        chance must be a mean too: see `background`.
    """

    space: Space
    vector: NDArray[np.float32]
    members: tuple[int, ...] = ()
    title: str = ""
    parts: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        """Check that the vector fits the space and points somewhere; scale it to length 1."""
        if self.vector.shape != (self.space.dimension,):
            raise SpaceMismatch(
                f"A query of shape {self.vector.shape} does not fit the space {self.space.name}, "
                f"whose vectors have {self.space.dimension} numbers."
            )
        wide = self.vector.astype(np.float64)
        length = float(np.linalg.norm(wide))
        if not 0 < length < np.inf:
            raise InvalidInput(
                f"The query {self.title!r} points nowhere: its vector is zero or not finite. "
                "Choose other examples, or another layer."
            )
        object.__setattr__(self, "vector", (wide / length).astype(np.float32))


def from_rows(
    vectors: Vectors,
    positive: Collection[int],
    negative: Collection[int] = (),
    *,
    title: str = "",
    weight: float = NEGATIVE_WEIGHT,
) -> Query:
    """Make a query from images of the collection.

    The mean of the unit vectors of the positive examples, minus `weight` times that of the
    negative ones: Rocchio's relevance feedback (1971) without an original query. Vectors are
    scaled to length 1 first, so that no example counts more because its vector is long.

    Parameters
    ----------
    vectors : Vectors
    positive, negative : collection of int
        Ids of images; at least one positive, none on both sides.
    title : str
    weight : float

    Returns
    -------
    Query

    Raises
    ------
    NotFound
        When an image has no vector in this space.
    """
    if not positive:
        raise InvalidInput("A query needs at least one positive example: say what to look for.")
    both = set(positive) & set(negative)
    if both:
        raise InvalidInput(f"Image {min(both)} is a positive and a negative example; choose one.")
    vector: NDArray[np.float64] = _mean(vectors, positive)
    if negative:
        vector -= weight * _mean(vectors, negative)
    members = tuple(dict.fromkeys([*positive, *negative]))
    parts = (len(positive), -len(negative)) if negative else (len(positive),)
    return Query(vectors.space, vector.astype(np.float32), members, title, parts)


def from_vectors(space: Space, array: NDArray[np.floating[Any]], *, title: str = "") -> Query:
    """Make a query from vectors of pictures outside the collection: the mean of their directions.

    Parameters
    ----------
    space : Space
        Of the vectors; comparing checks that it is the collection's.
    array : ndarray of shape (n_features,) or (n_pictures, n_features)
    title : str
    """
    rows = np.atleast_2d(array).astype(np.float64)
    if rows.ndim != 2 or rows.shape[1] != space.dimension:
        raise SpaceMismatch(
            f"Vectors of shape {array.shape} do not fit the space {space.name}, "
            f"whose vectors have {space.dimension} numbers."
        )
    if len(rows) == 0:
        raise InvalidInput("A query needs at least one vector.")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    directions = np.divide(rows, norms, out=np.zeros_like(rows), where=norms != 0)
    mean = directions.mean(axis=0).astype(np.float32)
    return Query(space, mean, (), title, (len(rows),))


def combine(
    positive: Sequence[Query],
    negative: Sequence[Query] = (),
    *,
    strengths: Sequence[float] | None = None,
    title: str = "",
    weight: float = NEGATIVE_WEIGHT,
) -> Query:
    """Make one query of several: "like these, not like those", as `from_rows` does with images.

    Each part counts once, however many images it is made of: a label's mean and one picture
    pull equally.

    Parameters
    ----------
    positive, negative : sequence of Query
    strengths : sequence of float or None
        What to multiply each part by, the positive ones first; None: 1.
    title : str
    weight : float

    Raises
    ------
    SpaceMismatch
        When the parts belong to different spaces.
    """
    if not positive:
        raise InvalidInput("A query needs at least one positive example: say what to look for.")
    space = positive[0].space
    for part in [*positive, *negative]:
        check_same_space(space, part.space)
    rows = np.stack([part.vector for part in [*positive, *negative]]).astype(np.float64)
    if strengths is not None:
        rows *= np.asarray(strengths, np.float64)[:, None]
    vector: NDArray[np.float64] = rows[: len(positive)].mean(axis=0)
    if negative:
        vector = vector - weight * rows[len(positive) :].mean(axis=0)
    members = tuple(dict.fromkeys(i for part in [*positive, *negative] for i in part.members))
    parts = (
        *(n for part in positive for n in part.parts),
        *(-n for part in negative for n in part.parts),
    )
    return Query(space, vector.astype(np.float32), members, title, parts)


def _mean(vectors: Vectors, ids: Collection[int]) -> NDArray[np.float64]:
    """Average the directions of images, blockwise; vectors of zeros count as zeros."""
    rows = np.sort(rows_of(vectors, ids))
    scales = scales_of(vectors.norms[rows], vectors.ids[rows])
    total = np.zeros(vectors.space.dimension)
    for begin in range(0, len(rows), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        total += kernel.scaled(vectors.values, rows[part], scales[part]).sum(axis=0)
    return total / max(1, len(rows))
