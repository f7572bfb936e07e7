"""The vectors of tested images in the plane, coloured by class, for a report."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.progress import Progress
from impasto.core.space import Space, Vectors

if TYPE_CHECKING:
    from impasto.store import Collection

FEWEST, MOST = 30, 1500
"""Tested images below which no scatter is drawn, and above which a sample of them is."""

_SIDE, _EDGE, _KEY = 720, 14, 22
_NAMED = 7  # classes with a colour of their own; the last colour is for all others


def scatter(
    collection: Collection, space: Space, kept: Answered, progress: Progress, *, seed: int = 0
) -> str:
    """Lay tested images out by t-SNE and draw them by label, or by the rarest of their tags.

    Parameters
    ----------
    collection : Collection
    space : Space
        The first one that the model reads.
    kept : Answered
    progress : Progress
    seed : int
        Of the sample and of t-SNE.

    Returns
    -------
    str
        An SVG element in the colours of the page around it; "" where there are too few images, or
        where t-SNE is not installed.
    """
    from impasto.explore import knn_graph
    from impasto.explore.maps import Settings, links, usual_method
    from impasto.explore.maps.layout import laid_out
    from impasto.explore.maps.pca import principal_axes, project
    from impasto.explore.rows import rows_of

    if len(kept) < FEWEST or usual_method() != "tsne":
        return ""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(kept))[:MOST])
    chosen = chosen[np.argsort(kept.ids[chosen])]
    vectors = collection.vectors(space)
    own = rows_of(vectors, kept.ids[chosen].tolist())
    some = Vectors(
        vectors.space, kept.ids[chosen], np.asarray(vectors.values[own]), vectors.norms[own]
    )
    rows = np.arange(len(chosen))
    settings = Settings(method="tsne", seed=seed)
    mean, axes = principal_axes(some, rows, 2)
    graph = knn_graph(some, links(settings, len(rows)))
    progress.stage("t-SNE", unit="images")
    places = laid_out(graph, project(some, rows, mean, axes), settings, progress)
    return _drawn(places, *_coded(kept, chosen), whole=len(kept))


def _coded(kept: Answered, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the colour of each image, -1 for others, and what the colours are."""
    if kept.kind == "tags":
        marks = kept.truth[chosen]
    else:
        marks = kept.truth[chosen][:, None] == np.arange(len(kept.names))
    often = np.argsort(-marks.sum(axis=0), kind="stable")[:_NAMED]
    codes = np.full(len(chosen), -1)
    for slot, column in enumerate(often):  # the rarer ones last, so that they are seen
        codes[marks[:, column]] = slot
    return codes, [kept.names[column] for column in often]


def _drawn(
    places: NDArray[np.float32], codes: NDArray[np.int64], names: list[str], *, whole: int
) -> str:
    from impasto.learn.charts import COLOURS

    low, high = places.min(axis=0), places.max(axis=0)
    scale = (_SIDE - 2 * _EDGE) / max(float((high - low).max()), 1e-9)
    at = (places - low) * scale + _EDGE
    colours = [*COLOURS[: len(names)], COLOURS[-1]]
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colours[code]}" fill-opacity=".75"/>'
        for (x, y), code in sorted(
            zip(at.tolist(), codes.tolist(), strict=True), key=lambda one: one[1]
        )
    )
    said = [*names, *(["others"] if (codes < 0).any() else [])]
    keys = "".join(
        f'<circle cx="{_SIDE + 16}" cy="{30 + _KEY * i}" r="5" fill="{colours[i]}"/>'
        f'<text x="{_SIDE + 28}" y="{34 + _KEY * i}">{escape(name[:28])}</text>'
        for i, name in enumerate(said)
    )
    sample = "" if len(codes) == whole else f"{len(codes):,} of {whole:,}, drawn at random"
    tall = max(float(at[:, 1].max()) + _EDGE, 60 + _KEY * len(said))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE + 230} {tall:.0f}" '
        'role="img" font-size="13" fill="currentColor"><title>Tested images by t-SNE: '
        f"{escape(', '.join(said))}</title>{dots}{keys}"
        f'<text x="{_SIDE + 10}" y="{50 + _KEY * len(said)}" fill-opacity=".7">{sample}</text>'
        "</svg>"
    )
