"""From the vectors of a space to a map, and from a map to one with the images that came since."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Graph
from impasto.core.space import Vectors, check_same_space
from impasto.explore.graph import knn_graph
from impasto.explore.maps.faith import faithfulness
from impasto.explore.maps.grid import cells
from impasto.explore.maps.layout import laid_out, links
from impasto.explore.maps.pca import principal_axes, project
from impasto.explore.maps.place import beside
from impasto.explore.maps.records import Map, Settings, frame_of
from impasto.explore.rows import lots


def make(
    vectors: Vectors,
    settings: Settings,
    labels: NDArray[np.int64] | None = None,
    *,
    graph: Graph | None = None,
    progress: Progress | None = None,
) -> Map:
    """Make a map of all images of a space, and measure how faithful it is.

    In a space with ``flip="both"`` PCA leaves the vectors of the mirror images aside; the nearest
    images, which t-SNE and UMAP keep together, are those of the better of the two.

    Of very many images t-SNE and UMAP lay out some (see `Settings.fitted`), which their ids and the
    seed draw by lot, and the others are put beside those they resemble, as new ones are.

    Parameters
    ----------
    vectors : Vectors
    settings : Settings
    labels : ndarray of shape (n_rows,), int64, optional
        Number of the label of each row of `vectors`, -1 for none: only to measure with.
    graph : Graph, optional
        Of these vectors, with at least `links` neighbours; computed when it is not given, or
        when not all images are laid out.
    progress : Progress, optional

    Returns
    -------
    Map
        Of the images by rising id.

    Raises
    ------
    InvalidInput
        When no image has a vector in the space, or the graph is not that of the vectors.
    """
    progress = progress or Quiet()
    rows = _live(vectors)
    if not len(rows):
        raise InvalidInput(
            f"No image has a vector in {vectors.space.title}; embed some (impasto embed)."
        )
    drawn = _drawn(vectors.ids[rows], settings)
    placed = np.ones(len(rows), bool)
    placed[drawn] = False
    positions = np.empty((len(rows), 2), np.float32)
    mean, axes = principal_axes(vectors, rows[drawn], 2, progress=progress)
    positions[drawn] = project(vectors, rows[drawn], mean, axes, progress=progress)
    k = links(settings, len(drawn))
    if k:
        if len(drawn) < len(rows):
            graph = knn_graph(_part(vectors, rows[drawn]), k, progress=progress)
        else:
            graph = graph or knn_graph(vectors, k, progress=progress)
        if graph.k < k or not np.array_equal(graph.ids, vectors.ids[rows[drawn]]):
            raise InvalidInput(
                f"This graph does not hold the {k} nearest images of these vectors; compute it "
                "again."
            )
        positions[drawn] = laid_out(graph.cut(k), positions[drawn], settings, progress)
    if placed.any():
        positions[placed] = beside(vectors, rows[drawn], positions[drawn], rows[placed], progress)
    made = Map(
        space=vectors.space,
        settings=settings,
        ids=vectors.ids[rows],
        rows=rows,
        positions=positions,
        cells=np.zeros((len(rows), 2), np.int32),
        placed=placed,
        frame=frame_of(positions),
        axes=np.concatenate([mean[None], axes]).astype(np.float32) if not k else None,
        drawn=len(drawn) if placed.any() else 0,
    )
    return _finished(made, vectors, labels, progress)


def extend(
    old: Map,
    vectors: Vectors,
    labels: NDArray[np.int64] | None = None,
    *,
    progress: Progress | None = None,
) -> Map:
    """Put images that came, or changed, since on a map; the others stay put.

    With PCA new images are projected. Else they go beside those they resemble among the images
    that the map was made of, so it does not matter in which order they came. An image that is
    gone or hidden keeps its point: it does not stand for the time being, and may come back.

    Parameters
    ----------
    old : Map
    vectors : Vectors
        Of the same space, as they are now.
    labels : ndarray of shape (n_rows,), int64, optional
        As for `make`.
    progress : Progress, optional

    Returns
    -------
    Map
        The same object when nothing came.

    Raises
    ------
    InvalidInput
        When none of the images that the map was made of is left.
    """
    check_same_space(old.space, vectors.space)
    progress = progress or Quiet()
    standing = old.standing(vectors)
    new = np.setdiff1d(_live(vectors), old.rows[standing])
    new = new[np.argsort(vectors.ids[new], kind="stable")]
    if not len(new):
        return old
    base = standing & ~old.placed
    if not base.any():
        raise InvalidInput(
            "None of the images that this map was made of is left; make it anew (--again)."
        )
    if old.axes is not None:
        found = project(vectors, new, old.axes[0], old.axes[1:], progress=progress)
    else:
        found = beside(vectors, old.rows[base], old.positions[base], new, progress)
    kept = standing | ~np.isin(old.ids, vectors.ids[new])  # the others changed
    positions = np.concatenate([old.positions[kept], found])
    extended = replace(
        old,
        ids=np.concatenate([old.ids[kept], vectors.ids[new]]),
        rows=np.concatenate([old.rows[kept], new]),
        positions=positions,
        cells=np.zeros((len(positions), 2), np.int32),
        placed=np.concatenate([old.placed[kept], np.ones(len(new), bool)]),
        frame=frame_of(positions, old.frame),
    )
    return _finished(extended, vectors, labels, progress)


def _live(vectors: Vectors) -> NDArray[np.int64]:
    """Return the rows that count, by rising id."""
    rows = np.flatnonzero(vectors.ids >= 0)
    return rows[np.argsort(vectors.ids[rows], kind="stable")]


def _drawn(ids: NDArray[np.int64], settings: Settings) -> NDArray[np.int64]:
    """Return the places, rising, of the images that are laid out."""
    wanted = settings.fitted(len(ids))
    if wanted == len(ids):
        return np.arange(len(ids))
    return np.sort(np.argsort(lots(ids, settings.seed), kind="stable")[:wanted])


def _part(vectors: Vectors, rows: NDArray[np.int64]) -> Vectors:
    """Copy some rows of a space."""
    mirrored = None if vectors.mirrored is None else vectors.mirrored[rows]
    ids, norms = vectors.ids[rows], vectors.norms[rows]
    return Vectors(vectors.space, ids, vectors.values[rows], norms, mirrored)


def _finished(
    made: Map, vectors: Vectors, labels: NDArray[np.int64] | None, progress: Progress
) -> Map:
    """Give a map its grid and its measures; only points that stand are measured."""
    laid = cells(made.points, progress=progress)
    standing = made.standing(vectors)
    rows = made.rows[standing]
    measured = faithfulness(
        vectors,
        rows,
        made.positions[standing],
        None if labels is None else labels[rows],
        seed=made.settings.seed,
        progress=progress,
    )
    return replace(made, cells=laid, faithfulness=measured)
