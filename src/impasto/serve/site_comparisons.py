"""Kept comparisons in a site: all that the Compare page asks of them, answered beforehand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto.explore import pair
from impasto.serve import present
from impasto.serve.compared import changes_out, scatter_out
from impasto.serve.schemas import PointsOut

if TYPE_CHECKING:
    from impasto.explore import Comparison
    from impasto.store import Collection

Answer = Callable[[str, Any], None]
"""Writes down what the API answers at an address: bytes, or JSON."""

CHANGES, CELLS, POINTS = 24, 100, 3000
"""What the page asks for: changes of rank, cells of a scatter, images drawn one by one."""

FILES = ("svg", "json")
"""What can be saved: the figure, and its numbers."""


def write(
    collection: Collection, name: str, number: int, ids: NDArray[np.int64], answer: Answer
) -> dict[str, Any]:
    """Write down what there is to say of a kept comparison, and return what it asks.

    Distributions, distances and ranks are those of the whole collection; the pictures that are
    listed, and the dots of a scatter, are those of the site.

    Parameters
    ----------
    collection : Collection
    name : str
        Of the comparison.
    number : int
        Its place among those of the site; its answers lie at ``compare/NUMBER``.
    ids : ndarray of shape (n_images,), int64
        Images of the site.
    answer : callable
    """
    kept = collection.comparison(name)
    here = set(ids.tolist())
    compared, look = flow.compare_kept(collection, name)
    home = f"compare/{number}"
    answer(f"comparisons/{name}", present.comparison(kept).model_dump(mode="json"))
    answer(home, flow.describe_comparison(compared))
    answer(f"{home}/similarities", similarities(compared, ids))
    for first, second in combinations(range(len(compared.titles)), 2):
        both = f"{first}/{second}"
        drawn = scatter_out(compared, first, second, cells=CELLS, points=POINTS)
        drawn.points = drawn.points and _some(drawn.points, here)
        answer(f"{home}/scatter/{both}", drawn.model_dump(mode="json"))
        changes = changes_out(compared, first, second, CHANGES).model_dump(mode="json")
        shown = {
            way: [each for each in some if each["id"] in here] for way, some in changes.items()
        }
        answer(f"{home}/changes/{both}", shown)
        for which in get_args(pair.Corner):
            inside = pair.within(
                compared, first, second, pair.corner(compared, first, second, which)
            )
            listed = inside[np.isin(inside, ids)].astype("<i4")
            answer(f"{home}/images/{both}/{which}", listed.tobytes())
    dated = replace(look, date=kept.saved[:10])  # the same comparison, the same bytes
    with tempfile.TemporaryDirectory() as folder:
        for kind in FILES:
            file = Path(folder) / f"comparison.{kind}"
            flow.write_comparison(collection, compared, file, dated)
            answer(f"{home}/file/{kind}", file.read_bytes())
    return {
        "name": name,
        "space": kept.space,
        "k": kept.k,
        "queries": [list(each.terms) for each in kept.queries],
    }


def _some(points: PointsOut, here: set[int]) -> PointsOut:
    """Return the points of images of the site."""
    kept = [at for at, image in enumerate(points.ids) if image in here]
    return PointsOut(
        ids=[points.ids[at] for at in kept],
        x=[points.x[at] for at in kept],
        y=[points.y[at] for at in kept],
    )


def similarities(compared: Comparison, ids: NDArray[np.int64]) -> bytes:
    """Return one row for each image of the site: int32 id, float32 similarity to each query."""
    many = len(compared.titles)
    here = np.isin(compared.ids, ids)
    rows = np.empty(int(np.count_nonzero(here)), [("id", "<i4"), ("to", "<f4", (many,))])
    rows["id"] = compared.ids[here]
    rows["to"] = compared.similarities[:, here].T
    return rows.tobytes()
