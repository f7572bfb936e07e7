"""t-SNE and UMAP by their libraries: from the nearest images of every image to places.

Both begin from PCA, so that the map as a whole keeps its lay, and take the exact nearest images
by cosine (or the best that a graph could find). Both are told to stop between two of their steps
through `Progress.advance`.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import MissingExtra
from impasto.core.progress import Progress
from impasto.core.records import Graph
from impasto.explore.kernel import cores
from impasto.explore.maps.records import Method, Settings

FEWEST = 5
"""With fewer images t-SNE and UMAP have nothing to arrange: the places of PCA are taken."""

_EXAGGERATED, _PLAIN = 250, 500  # iterations of t-SNE: openTSNE's defaults
_EPOCH = "_nb_optimize_layout_euclidean_single_epoch"
"""What umap-learn compiles for an epoch, and runs without letting other threads run, which would
stop the whole app for seconds when there are many images. It is told to let them."""

_PER_THREAD = 5000  # images that are worth a further thread of t-SNE
_EVERY = 10  # iterations between two looks whether to go on
_FINE = 10_000  # up to so many images t-SNE sums over a tree, and UMAP takes more epochs


def usual_method() -> Method:
    """Return t-SNE, or UMAP on the few machines for which openTSNE has no ready-made build."""
    return "umap" if find_spec("openTSNE") is None else "tsne"


def links(settings: Settings, n: int) -> int:
    """Count the nearest images of each of `n` images that a method has to know.

    Examples
    --------
    >>> links(Settings("tsne", perplexity=30), 1000), links(Settings("tsne"), 20)
    (90, 19)
    """
    wanted = {
        "pca": 0,
        "tsne": int(3 * settings.perplexity),
        "umap": settings.neighbours - 1,  # UMAP counts the image itself
    }[settings.method]
    return min(wanted, n - 1) if n >= FEWEST else 0


def laid_out(
    graph: Graph, start: NDArray[np.float32], settings: Settings, progress: Progress
) -> NDArray[np.float32]:
    """Lay images out so that those tied by the graph come to lie together.

    Parameters
    ----------
    graph : Graph
        The nearest images, at least as many of each as `links` says.
    start : ndarray of shape (n_images, 2), float32
        Places to begin from, in the order of the graph: those of PCA.
    settings : Settings
        Of t-SNE or UMAP.
    progress : Progress

    Returns
    -------
    ndarray of shape (n_images, 2), float32
    """
    k = links(settings, len(start))
    neighbours, distances = _filled(graph.neighbours[:, :k], graph.similarities[:, :k])
    random = np.random.RandomState(settings.seed)
    begun = _scattered(start, random)
    lay = _tsne if settings.method == "tsne" else _umap
    return np.asarray(lay(neighbours, distances, begun, settings, random, progress), np.float32)


def _filled(
    neighbours: NDArray[np.int32], similarities: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return neighbours and distances of unit vectors, shape (n_images, k) each.

    Where a graph knows fewer than k, the last one it knows stands for the rest.
    """
    known = np.maximum((neighbours >= 0).sum(axis=1), 1)
    column = np.minimum(np.arange(neighbours.shape[1]), known[:, None] - 1)
    neighbours = np.maximum(np.take_along_axis(neighbours, column, axis=1), 0)
    similar = np.nan_to_num(np.take_along_axis(similarities, column, axis=1), nan=-1.0)
    return neighbours, np.sqrt(np.maximum(2 - 2 * similar.astype(np.float64), 0))


def _scattered(start: NDArray[np.float32], random: np.random.RandomState) -> NDArray[np.float64]:
    """Scale places to a spread of 1, and move each a little, so that no two coincide."""
    begun = start.astype(np.float64)
    begun -= begun.mean(axis=0)
    begun /= begun[:, 0].std() or 1.0
    begun += random.normal(0, 1e-2, begun.shape)
    return begun


def _tsne(
    neighbours: NDArray[np.int32],
    distances: NDArray[np.float64],
    start: NDArray[np.float64],
    settings: Settings,
    random: np.random.RandomState,
    progress: Progress,
) -> NDArray[Any]:
    if usual_method() != "tsne":
        raise MissingExtra(
            "t-SNE needs the package openTSNE, which has no ready-made build for this kind of "
            "machine: `pip install opentsne` where there is a C compiler, or take --method umap."
        )
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, k = neighbours.shape
    threads = min(cores(), 1 + n // _PER_THREAD)
    progress.stage("Weighing neighbours", n)
    affinities = PerplexityBasedNN(
        perplexity=min(settings.perplexity, k / 3),
        knn_index=PrecomputedNeighbors(neighbours, distances),
        n_jobs=threads,
    )
    progress.advance(n)

    def told(_iteration: int, _error: float, _places: NDArray[Any]) -> None:
        progress.advance(_EVERY)

    embedding = TSNEEmbedding(
        1e-4 * start,
        affinities,
        negative_gradient_method="bh" if n < _FINE else "fft",
        n_jobs=threads,  # the places are the same, to the bit, for any number
        random_state=random,
        callbacks=told,
        callbacks_every_iters=_EVERY,
    )
    progress.stage("t-SNE", _EXAGGERATED + _PLAIN, "iterations")
    embedding = embedding.optimize(_EXAGGERATED, exaggeration=12, momentum=0.5)
    return np.asarray(embedding.optimize(_PLAIN, exaggeration=1, momentum=0.8))


def _umap(
    neighbours: NDArray[np.int32],
    distances: NDArray[np.float64],
    start: NDArray[np.float64],
    settings: Settings,
    random: np.random.RandomState,
    progress: Progress,
) -> NDArray[Any]:
    progress.stage("Compiling", unit="functions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # umap wants TensorFlow for other things
        from umap import layouts
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    epoch = getattr(layouts, _EPOCH, None)
    if epoch is not None:
        epoch.targetoptions["nogil"] = True
    n = len(start)
    itself = np.arange(n, dtype=neighbours.dtype)[:, None]
    neighbours = np.concatenate([itself, neighbours], axis=1)
    distances = np.concatenate([np.zeros((n, 1)), distances], axis=1)
    progress.stage("Weighing neighbours", n)
    graph = fuzzy_simplicial_set(
        start,  # only its length is looked at, since the neighbours are known
        neighbours.shape[1],
        random,
        "euclidean",
        knn_indices=neighbours,
        knn_dists=distances,
    )[0]
    progress.advance(n)
    a, b = find_ab_params(1.0, settings.min_dist)
    epochs = 500 if n <= _FINE else 200
    progress.stage("UMAP", epochs, "epochs")
    return np.asarray(
        simplicial_set_embedding(
            start,
            graph,
            2,
            1.0,
            a,
            b,
            1.0,
            5,
            epochs,
            start,
            random,
            "euclidean",
            {},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            parallel=False,  # in parallel its steps overtake each other
            tqdm_kwds={
                "disable": False,
                "file": _Watcher(progress),
                "bar_format": "{n}",
                "mininterval": 0.02,
                "miniters": 1,
            },
        )[0]
    )


class _Watcher:
    """What umap-learn's progress bar is drawn on; the only thing that it tells between epochs."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    def write(self, text: str) -> None:
        """Read the number of epochs off a bar that holds nothing else."""
        done = text.strip()
        if done.isdigit() and int(done) > self._done:
            self._progress.advance(int(done) - self._done)
            self._done = int(done)

    def flush(self) -> None:
        """Do nothing."""
