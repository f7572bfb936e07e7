"""Maps: from vectors to places, against the same libraries as one would call them oneself.

Everybody starts from the same 16-bit vectors, made up in clusters, and ends with places in the
plane; who does it from 50 principal components computes them first. Beside the seconds stands
what the map is worth: the share of the 15 nearest images kept and trustworthiness, measured for
all by `impasto.explore.maps.faithfulness`. Further lines say what comes on top: the grid, the
measures, and a hundredth of new images placed.

    python benchmarks/maps.py --rows 10000 50000
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Quiet
from impasto.core.space import Space, Vectors
from impasto.explore import kernel, knn_graph
from impasto.explore.maps import Settings, faithfulness, links
from impasto.explore.maps.grid import cells
from impasto.explore.maps.layout import laid_out
from impasto.explore.maps.pca import principal_axes, project
from impasto.explore.maps.place import beside

Places = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--dimension", type=int, default=1280)
    parser.add_argument("--without", nargs="*", default=[], help="Beginnings of names.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    print(f"{platform.machine()}, {kernel.cores()} cores\n")
    warm_up()
    results = [measure(n, options.dimension, options.without) for n in options.rows]
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


def measure(n: int, d: int, without: list[str]) -> dict[str, Any]:
    """Time everyone once at one size, print the table and return it."""
    vectors = make_vectors(n + n // 100, d)
    old = Vectors(vectors.space, vectors.ids[:n], vectors.values[:n], vectors.norms[:n])
    everyone: dict[str, Callable[[Vectors], Places]] = {
        "impasto PCA": lambda v: pca(v, 2),
        "impasto t-SNE": lambda v: ours(v, Settings("tsne")),
        "impasto UMAP": lambda v: ours(v, Settings("umap")),
        "scikit-learn PCA": lambda v: sklearn_pca(v, 2),
        "openTSNE, 50 components, all else as it comes": plain_opentsne,
        "umap-learn, 50 components, seeded": plain_umap,
        "scikit-learn t-SNE, 50 components": plain_sklearn,
    }
    found: dict[str, Any] = {"rows": n, "dimension": d}
    places: Places | None = None
    print(f"\n{n:,} x {d}\n\n| | seconds | 15 nearest kept | trustworthiness |\n|---|---|---|---|")
    for name, run in everyone.items():
        if any(name.startswith(beginning) for beginning in without):
            continue
        with clock() as seconds:
            made = run(old)
        worth = faithfulness(old, np.arange(n), made)
        assert worth is not None
        found[name] = [seconds[0], worth.kept.value, worth.trustworthiness.value]
        print(
            f"| {name} | {seconds[0]:.1f} | {worth.kept.value:.2f} | "
            f"{worth.trustworthiness.value:.3f} |",
            flush=True,
        )
        places = made if name == "impasto t-SNE" or places is None else places
    assert places is not None
    for name, work in extras(vectors, n, places).items():
        with clock() as seconds:
            work()
        found[name] = seconds[0]
        print(f"| {name} | {seconds[0]:.1f} | | |", flush=True)
    return found


def extras(vectors: Vectors, n: int, places: Places) -> dict[str, Callable[[], object]]:
    """Return what comes on top of a map."""
    old, new = np.arange(n), np.arange(n, len(vectors))
    return {
        "the nearest 90 alone": lambda: knn_graph(vectors, 90),
        "the grid": lambda: cells(places),
        "the measures": lambda: faithfulness(vectors, old, places),
        f"{len(new):,} new images": lambda: beside(vectors, old, places, new, Quiet()),
    }


@contextmanager
def clock() -> Iterator[list[float]]:
    """Time a block."""
    seconds: list[float] = []
    begin = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - begin)


def make_vectors(n: int, d: int) -> Vectors:
    """Make clustered vectors of 20 real dimensions and noise, always the same."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((100, 20), np.float32) * 2
    lift = rng.standard_normal((20, d), np.float32)
    values = np.empty((n, d), np.float16)
    for begin in range(0, n, 10_000):
        m = min(10_000, n - begin)
        inner = centres[rng.integers(0, 100, m)] + rng.standard_normal((m, 20), np.float32)
        values[begin : begin + m] = inner @ lift + rng.standard_normal((m, d), np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float32))
    return Vectors(Space("made-up", "last", d, "0" * 64), np.arange(1, n + 1), values, norms)


def pca(vectors: Vectors, k: int) -> Places:
    rows = np.arange(len(vectors))
    return project(vectors, rows, *principal_axes(vectors, rows, k))


def ours(vectors: Vectors, settings: Settings) -> Places:
    """Do what `make` does before the grid and the measures."""
    graph = knn_graph(vectors, links(settings, len(vectors)))
    return laid_out(graph, pca(vectors, 2), settings, Quiet())


def sklearn_pca(vectors: Vectors, k: int) -> Places:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    rows = normalize(np.asarray(vectors.values, np.float32))
    return np.asarray(PCA(k, random_state=0).fit_transform(rows), np.float32)


def plain_opentsne(vectors: Vectors) -> Places:
    from openTSNE import TSNE

    fifty = sklearn_pca(vectors, 50)
    made = TSNE(metric="cosine", n_jobs=kernel.cores(), random_state=0).fit(fifty)
    return np.asarray(made, np.float32)


def plain_umap(vectors: Vectors) -> Places:
    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = umap.UMAP(metric="cosine", random_state=0).fit_transform(sklearn_pca(vectors, 50))
    return np.asarray(made, np.float32)


def plain_sklearn(vectors: Vectors) -> Places:
    from sklearn.manifold import TSNE

    made = TSNE(metric="cosine", random_state=0, n_jobs=kernel.cores())
    return np.asarray(made.fit_transform(sklearn_pca(vectors, 50)), np.float32)


def warm_up() -> None:
    """Compile what is compiled once: numba's functions and our own kernel."""
    small = make_vectors(500, 32)
    for settings in (Settings("tsne"), Settings("umap")):
        ours(small, settings)
    plain_umap(make_vectors(4500, 60))  # from 4,096 on it takes other functions
    faithfulness(small, np.arange(500), pca(small, 2))


if __name__ == "__main__":
    main()
