"""What a map is: images with places in the plane, how they were found, how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors
from impasto.explore.maps.faith import Faithfulness

Frame = tuple[float, float, float]
Method = Literal["pca", "tsne", "umap"]

METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
"""Methods and what people call them."""

FIT_ALL = 200_000
"""Up to so many images t-SNE and UMAP lay out all when nothing is said: more take hours."""

FIT_ON = 25_000
"""Of more, so many are drawn by lot."""

FEWEST_FIT = 100
"""Fewer would say little of the others."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to make a map.

    Parameters
    ----------
    method : {"pca", "tsne", "umap"}
    seed : int
        Same vectors, settings and seed: the same map, to the byte.
    perplexity : float
        t-SNE: about how many neighbours an image attends to.
    neighbours : int
        UMAP: how many neighbours an image is tied to.
    min_dist : float
        UMAP: how close alike images may come to lie, from 0 to 1.
    fit_on : int or None
        t-SNE and UMAP: lay out so many images, drawn by lot, and put the others beside those
        they resemble; 0: lay out all. None: all up to `FIT_ALL`, of more than that `FIT_ON`.
    """

    method: Method = "tsne"
    seed: int = 0
    perplexity: float = 30.0
    neighbours: int = 15
    min_dist: float = 0.1
    fit_on: int | None = None

    def __post_init__(self) -> None:
        """Check each value."""
        if self.method not in get_args(Method):
            raise InvalidInput(
                f"The method of a map can be {', '.join(get_args(Method))}, not {self.method!r}."
            )
        if not 0 <= self.seed < 2**32:
            raise InvalidInput(f"A seed lies between 0 and {2**32 - 1:,}, not {self.seed}.")
        if not 1 <= self.perplexity <= 1000:
            raise InvalidInput(f"The perplexity lies between 1 and 1,000, not {self.perplexity}.")
        if not 2 <= self.neighbours <= 1000:
            raise InvalidInput(f"UMAP takes between 2 and 1,000 neighbours, not {self.neighbours}.")
        if not 0 <= self.min_dist < 1:
            raise InvalidInput(f"min_dist lies from 0 to below 1, not {self.min_dist}.")
        if self.fit_on is not None and self.fit_on != 0 and self.fit_on < FEWEST_FIT:
            raise InvalidInput(
                f"A map is laid out from at least {FEWEST_FIT} images, or from all (0), not "
                f"{self.fit_on}."
            )

    @property
    def used(self) -> dict[str, Any]:
        """The settings that the method looks at; maps that agree in them are the same map."""
        own = {"pca": (), "tsne": ("perplexity",), "umap": ("neighbours", "min_dist")}
        names = ["method", "seed", *own[self.method]]
        if self.method != "pca" and self.fit_on is not None:
            names.append("fit_on")
        return {name: getattr(self, name) for name in names}

    def fitted(self, n: int) -> int:
        """Count the images that are laid out of `n`; the others are put beside them.

        Examples
        --------
        >>> Settings("umap").fitted(200_000), Settings("umap").fitted(1_000_000)
        (200000, 25000)
        """
        if self.method == "pca" or self.fit_on == 0:
            return n
        if self.fit_on is None:
            return n if n <= FIT_ALL else FIT_ON
        return min(n, self.fit_on)


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Places of the images of a space in the plane.

    Parameters
    ----------
    space : Space
    settings : Settings
    ids : ndarray of shape (n_images,), int64
        Image of each point.
    rows : ndarray of shape (n_images,), int64
        Row of its vector in the space. An image whose content changed has another row since.
    positions : ndarray of shape (n_images, 2), float32
        In the units of the method; only distances between points mean something.
    cells : ndarray of shape (n_images, 2), int32
        Column and row of each image in the grid without overlaps; no two share a cell.
    placed : ndarray of shape (n_images,), bool
        Images that were put beside those they resemble: that were not drawn, or came, or changed,
        after the map was made.
    frame : tuple of 3 floats
        Centre and side of the square that is looked at. It is that of the map as it was made,
        and grows only when a new image comes to lie outside.
    faithfulness : Faithfulness or None
        None where there are too few images to say.
    axes : ndarray of shape (3, n_features), float32, or None
        PCA: mean and two principal axes, which place new images.
    drawn : int
        Images that were drawn by lot to be laid out; 0 when all were laid out.
    """

    space: Space
    settings: Settings
    ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    positions: NDArray[np.float32]
    cells: NDArray[np.int32]
    placed: NDArray[np.bool_]
    frame: Frame
    faithfulness: Faithfulness | None = None
    axes: NDArray[np.float32] | None = None
    drawn: int = 0

    def __post_init__(self) -> None:
        """Check that the arrays belong together and hold places."""
        n = len(self.ids)
        shapes = (self.rows.shape, self.positions.shape, self.cells.shape, self.placed.shape)
        if shapes != ((n,), (n, 2), (n, 2), (n,)):
            raise InvalidInput(f"{n} images on a map need {n} rows, positions, cells and marks.")
        if not np.isfinite(self.positions).all():
            raise InvalidInput("A position on a map is not finite; make the map again.")
        if self.axes is not None and self.axes.shape != (3, self.space.dimension):
            raise InvalidInput(
                f"Axes of shape {self.axes.shape} do not belong to {self.space.name}; "
                f"they need (3, {self.space.dimension})."
            )

    def __len__(self) -> int:
        """Count the images."""
        return len(self.ids)

    @property
    def title(self) -> str:
        """What people read."""
        return f"{METHODS[self.settings.method]} of {self.space.title}"

    @property
    def placing(self) -> str:
        """Say in a sentence which images were put beside others, "" when none was."""
        return placing(int(self.placed.sum()), self.drawn)

    @property
    def points(self) -> NDArray[np.float32]:
        """Positions moved and scaled so that the frame becomes the unit square.

        Returns
        -------
        ndarray of shape (n_images, 2), float32
            In [0, 1]; the shorter side is centred. Lengths compare across both axes.
        """
        x, y, side = self.frame
        scaled = (self.positions.astype(np.float64) - (x, y)) / (side or 1.0) + 0.5
        return np.asarray(np.clip(scaled, 0, 1), np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and rows of the grid."""
        columns, rows = (self.cells.max(axis=0) + 1).tolist() if len(self) else (0, 0)
        return columns, rows

    @property
    def centres(self) -> NDArray[np.float32]:
        """Centres of the cells of the grid, in the unit square as `points` are.

        Returns
        -------
        ndarray of shape (n_images, 2), float32
            Cells are squares of side ``1 / max(shape)``; the shorter side is centred.
        """
        side = max(*self.shape, 1)
        margin = (side - np.array(self.shape)) / 2
        return np.asarray((self.cells + 0.5 + margin) / side, np.float32)

    def standing(self, vectors: Vectors) -> NDArray[np.bool_]:
        """Tell which points still stand for the image that was mapped.

        Parameters
        ----------
        vectors : Vectors
            Of the same space, as they are now.

        Returns
        -------
        ndarray of shape (n_images,), bool
            False where the image is gone or hidden, or its content changed.
        """
        there = self.rows < len(vectors.ids)
        there[there] = vectors.ids[self.rows[there]] == self.ids[there]
        return there

    def card(self) -> dict[str, Any]:
        """Return all but the arrays: plain JSON data."""
        return {
            "title": self.title,
            "space": self.space.to_json(),
            "space_name": self.space.name,
            "settings": asdict(self.settings),
            "images": len(self),
            "placed": int(self.placed.sum()),
            "drawn": self.drawn,
            "columns": self.shape[0],
            "rows": self.shape[1],
            "frame": list(self.frame),
            "faithfulness": self.faithfulness.to_json() if self.faithfulness else None,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays under the names of their files."""
        held: dict[str, NDArray[Any]] = {
            "ids.i64": self.ids,
            "rows.i64": self.rows,
            "positions.f32": self.positions,
            "cells.i32": self.cells,
            "placed.u8": self.placed,
        }
        return held if self.axes is None else held | {"axes.f32": self.axes}

    @classmethod
    def from_parts(cls, card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Map:
        """Rebuild a map from `card` and `arrays`; the arrays may be flat.

        Raises
        ------
        InvalidInput
            When a part is missing or does not fit.
        """
        try:
            return cls._from_parts(card, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"This map is damaged, or an older impasto made it ({error!r}). Make it anew: "
                "impasto map COLLECTION --again."
            ) from error

    @classmethod
    def _from_parts(cls, card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Map:
        space = Space.from_json(card["space"])
        found = card["faithfulness"]
        axes = arrays.get("axes.f32")
        return cls(
            space=space,
            settings=Settings(**card["settings"]),
            ids=arrays["ids.i64"],
            rows=arrays["rows.i64"],
            positions=arrays["positions.f32"].reshape(-1, 2),
            cells=arrays["cells.i32"].reshape(-1, 2),
            placed=arrays["placed.u8"].astype(bool),
            frame=tuple(card["frame"]),
            faithfulness=Faithfulness.from_json(found) if found else None,
            axes=None if axes is None else axes.reshape(3, space.dimension),
            drawn=int(card.get("drawn", 0)),  # maps of before all images were laid out
        )


def placing(placed: int, drawn: int) -> str:
    """Say in a sentence which images were put beside others, "" when none was.

    Parameters
    ----------
    placed, drawn : int
        Images; see `Map`.
    """
    if drawn:
        return (
            f"{drawn:,} images, drawn by lot, were laid out; the other {placed:,} were put beside "
            "those they resemble."
        )
    came = "1 image came later and was" if placed == 1 else f"{placed:,} came later and were"
    return f"{came} put beside those they resemble." if placed else ""


def frame_of(positions: NDArray[np.float32], frame: Frame | None = None) -> Frame:
    """Return centre and side of the square around positions; `frame` when they all lie in it."""
    wide = positions.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    if frame is not None:
        centre, half = np.array(frame[:2]), frame[2] / 2 * (1 + 1e-9)
        if (low >= centre - half).all() and (high <= centre + half).all():
            return frame
        low, high = np.minimum(low, centre - half), np.maximum(high, centre + half)
    x, y = ((low + high) / 2).tolist()
    return x, y, float((high - low).max())
