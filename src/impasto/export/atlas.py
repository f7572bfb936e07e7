"""Embedding Atlas: one Parquet file with thumbnails, vectors, a map and neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey
from impasto.export.tables import described, parquet, vector_column, vector_type


def write_atlas(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``images.parquet`` (or the one file) as ``embedding-atlas`` opens it.

    Further columns: ``image`` (bytes and path of the thumbnail), ``vector``, ``projection_x`` and
    ``projection_y`` when there is a map, ``neighbors`` (zero-based rows and cosine distances).
    """
    import pyarrow as pa

    contents = found.contents
    assert contents.space is not None
    assert contents.vectors is not None
    near = None if contents.neighbours is None else contents.neighbours(contents.ids)
    schema = facts.schema(contents.properties)
    image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    near_type = pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float32()))])
    further = {"image": image_type, "vector": vector_type(contents.space)}
    if contents.points is not None:
        further |= {"projection_x": pa.float32(), "projection_y": pa.float32()}
    if near is not None:
        further["neighbors"] = near_type
    for name, kind in further.items():
        schema = schema.append(pa.field(name, kind))
    file = into / "images.parquet" if into.is_dir() else into
    progress.stage("Writing Parquet", len(contents.ids))
    with parquet(file, schema, described(contents.space)) as add:
        first = 0
        for ids, images, _ in found.batches():
            values = contents.vectors(ids)
            pictures = [
                {"bytes": contents.thumbnail(image.id), "path": contents.original(image)}
                for image in images
            ]
            made: dict[str, Any] = {
                "image": pa.array(pictures, image_type),
                "vector": vector_column(values),
            }
            if contents.points is not None:
                points = contents.points(ids)
                made["projection_x"] = pa.array(points[:, 0], pa.float32())
                made["projection_y"] = pa.array(points[:, 1], pa.float32())
            if near is not None:
                part = slice(first, first + len(ids))
                made["neighbors"] = pa.array(list(_near(near[0][part], near[1][part])), near_type)
            first += len(ids)
            rows = [
                facts.row(one, contents.original(one), contents.properties, splits=plan.splits)
                for one in images
            ]
            add(rows, made)
            progress.advance(len(ids))
    return Carrier(contents, "none", plan.keep_formats, remarks=[_how_to_open(found)])


def _near(rows: NDArray[np.int64], distances: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    for ids, away in zip(rows, distances, strict=True):
        there = ids >= 0
        yield {"ids": ids[there].tolist(), "distances": away[there].tolist()}


def _how_to_open(found: Survey) -> str:
    columns = "--vector vector"
    if found.contents.points is not None:
        columns = "--x projection_x --y projection_y --neighbors neighbors"
    return f"Open it: embedding-atlas FILE.parquet --image image {columns}"
