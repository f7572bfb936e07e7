"""The graph of nearest images beside the vectors it was made of.

Rows of a space never change, so a graph stays true of every image that still has the row that
it had. What has gone since is left out when the graph is read; what came since, it lacks.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput
from impasto.core.records import Graph
from impasto.core.space import Vectors, check_same_space
from impasto.store import files, models, spaces

FOLDER, MANIFEST = "graph", "graph.json"
ROWS, NODES, SIMILARITIES = "rows.i64", "neighbours.i32", "similarities.f32"
FORMAT = 1
_I32 = np.dtype("<i4")


def row_bytes(k: int) -> dict[str, int]:
    """Return the files of a graph and how many bytes one image takes in each."""
    return {ROWS: 8, NODES: 4 * k, SIMILARITIES: 4 * k}


def save(home: Path, graph: Graph, vectors: Vectors) -> None:
    """Write a graph below the folder of its space, instead of the one that was there.

    Parameters
    ----------
    home : Path
        Folder of the space.
    graph : Graph
    vectors : Vectors
        What it was made of; says which row each image had then.
    """
    check_same_space(graph.space, vectors.space)
    order = np.argsort(vectors.ids, kind="stable")
    at = np.searchsorted(vectors.ids, graph.ids, sorter=order)
    rows = order[np.minimum(at, len(order) - 1)] if len(order) else order
    if len(rows) < len(graph) or (vectors.ids[rows] != graph.ids).any():
        raise InvalidInput("The graph has images that these vectors don't have.")
    manifest = {
        "format": FORMAT,
        "space": graph.space.name,
        "images": len(graph),
        "k": graph.k,
        "exact": graph.exact,
        "recall": graph.recall,
        "made_by": f"impasto {__version__}",
    }
    new = home / f".new-{FOLDER}"
    shutil.rmtree(new, ignore_errors=True)
    with files.explained(home):
        new.mkdir()
        files.write(new / ROWS, rows.astype(spaces.I64).tobytes())
        files.write(new / NODES, graph.neighbours.astype(_I32).tobytes())
        files.write(new / SIMILARITIES, graph.similarities.astype(spaces.F32).tobytes())
        text = json.dumps(manifest, indent=2, sort_keys=True)
        files.write(new / MANIFEST, f"{text}\n".encode())
        files.sync_folder(new)
    models.put(new, home / FOLDER)


def load(db: sqlite3.Connection, folder: Path, name: str) -> Graph | None:
    """Return what still holds of the graph of a space; see `Collection.graph`."""
    number, space, count = spaces.load(db, folder, name)
    home = folder / name / FOLDER
    manifest = _manifest(home)
    if manifest is None:
        return None
    n, k = int(manifest["images"]), int(manifest["k"])
    rows = np.fromfile(home / ROWS, spaces.I64, n).astype(np.int64, copy=False)
    live = spaces.shown_ids(db, folder, number, space, count)
    if len(rows) and rows.max() >= count:  # an older copy of the catalogue was put back
        return None
    ids = live[rows]
    nodes: NDArray[np.int32] = spaces.mapped(home / NODES, _I32, (n, k))
    values: NDArray[np.float32] = spaces.mapped(home / SIMILARITIES, spaces.F32, (n, k))
    there = ids >= 0
    if not there.all():
        place = np.where(there, np.cumsum(there) - 1, -1).astype(np.int32)
        ids, nodes, values = ids[there], nodes[there], values[there]
        nodes = np.where(nodes >= 0, place[nodes], np.int32(-1))
        closed_up = np.argsort(nodes < 0, axis=1, kind="stable")
        nodes = np.take_along_axis(nodes, closed_up, 1)
        values = np.take_along_axis(values, closed_up, 1)
        values[nodes < 0] = np.nan
    return Graph(space, ids, nodes, values, bool(manifest["exact"]), float(manifest["recall"]))


def _manifest(home: Path) -> dict[str, Any] | None:
    """Read what a graph says of itself; None when there is none, or none that can be used.

    It can always be computed again, so a damaged one is as good as none.
    """
    try:
        manifest: dict[str, Any] = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
        widths = row_bytes(int(manifest["k"])).items()
        whole = all((home / f).stat().st_size == manifest["images"] * w for f, w in widths)
        return manifest if manifest["format"] == FORMAT and whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
