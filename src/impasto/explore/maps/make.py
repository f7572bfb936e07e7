"""From the vectors of a space to a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Vectors
from impasto.explore.maps.faith import faithfulness
from impasto.explore.maps.grid import cells
from impasto.explore.maps.pca import principal_axes, project
from impasto.explore.maps.records import Map, Settings


def make(
    vectors: Vectors,
    settings: Settings,
    labels: NDArray[np.int64] | None = None,
    *,
    progress: Progress | None = None,
) -> Map:
    """Make a map of all images of a space, and measure how faithful it is.

    In a space with ``flip="both"`` the vectors of the mirror images are left aside.

    Parameters
    ----------
    vectors : Vectors
    settings : Settings
    labels : ndarray of shape (n_rows,), int64, optional
        Number of the label of each row of `vectors`, -1 for none: only to measure with.
    progress : Progress, optional

    Returns
    -------
    Map

    Raises
    ------
    InvalidInput
        When no image has a vector in the space.
    """
    progress = progress or Quiet()
    if settings.method != "pca":
        raise InvalidInput("Only PCA maps can be made so far: --method pca.")
    rows = np.flatnonzero(vectors.ids >= 0)
    if not len(rows):
        raise InvalidInput(
            f"No image has a vector in {vectors.space.title}; embed some (impasto embed)."
        )
    mean, axes = principal_axes(vectors, rows, 2, progress=progress)
    positions = project(vectors, rows, mean, axes, progress=progress)
    made = Map(
        space=vectors.space,
        settings=settings,
        ids=vectors.ids[rows],
        rows=rows,
        positions=positions,
        cells=np.zeros((len(rows), 2), np.int32),
        placed=np.zeros(len(rows), bool),
        axes=np.concatenate([mean[None], axes]).astype(np.float32),
    )
    return finished(made, vectors, labels, progress=progress)


def finished(
    made: Map,
    vectors: Vectors,
    labels: NDArray[np.int64] | None = None,
    *,
    progress: Progress | None = None,
) -> Map:
    """Give a map its grid and its measures."""
    progress = progress or Quiet()
    progress.stage("laying the grid", len(made))
    laid = cells(made.points)
    progress.advance(len(made))
    measured = faithfulness(
        vectors,
        made.rows,
        made.positions,
        None if labels is None else labels[made.rows],
        seed=made.settings.seed,
        progress=progress,
    )
    return replace(made, cells=laid, faithfulness=measured)
