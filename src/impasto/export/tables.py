"""CSV, JSON lines and Parquet: one row an image."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress
from impasto.core.records import Image
from impasto.core.space import Space
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.records import Metadata, Plan
from impasto.export.survey import Survey

Rows = list[dict[str, Any]]
FOLDER = "images"
"""Where image files go beside a table."""


@contextmanager
def table(
    file: Path, kind: Metadata, properties: Mapping[str, str]
) -> Iterator[Callable[[Rows], None]]:
    """Open a table for writing; what comes is called with some rows at a time.

    Parameters
    ----------
    file : Path
    kind : {"csv", "jsonl", "parquet"}
    properties : mapping of str to str
    """
    if kind == "parquet":
        with parquet(file, facts.schema(properties)) as write:
            yield lambda rows: write(rows, {})
        return
    with file.open("w", encoding="utf-8", newline="") as stream:
        if kind == "jsonl":

            def add(rows: Rows) -> None:
                stream.writelines(
                    json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows
                )

        else:
            names = list(facts.columns(properties))
            writer = csv.DictWriter(stream, names, lineterminator="\n")
            writer.writeheader()

            def add(rows: Rows) -> None:
                writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)

        yield add


@contextmanager
def parquet(
    file: Path, schema: Any, metadata: Mapping[str, str] | None = None
) -> Iterator[Callable[[Rows, Mapping[str, Any]], None]]:
    """Open a Parquet file; what comes is called with rows and further columns, as Arrow arrays."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schema.with_metadata({key: text.encode() for key, text in (metadata or {}).items()})
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def add(rows: Rows, further: Mapping[str, Any]) -> None:
            plain = [field for field in schema if field.name not in further]
            arrays = {
                field.name: pa.array([row[field.name] for row in rows], field.type)
                for field in plain
            } | dict(further)
            writer.write_table(
                pa.Table.from_arrays([arrays[name] for name in schema.names], schema=schema)
            )

        yield add


def vector_type(space: Space) -> Any:
    """Return the Arrow type of vectors of a space."""
    import pyarrow as pa

    return pa.list_(pa.float32(), space.dimension)


def vector_column(values: NDArray[np.float32]) -> Any:
    """Return vectors (n_images, n_features) as an Arrow array; rows of NaN become null."""
    import pyarrow as pa

    missing = np.isnan(values[:, 0])
    flat = pa.array(np.where(missing[:, None], np.float32(0), values).ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1], mask=pa.array(missing))


def described(space: Space | None) -> dict[str, str]:
    """Return the metadata of a Parquet file: a vector never travels without its space."""
    return {} if space is None else {"impasto.space": json.dumps(space.to_json(), sort_keys=True)}


def write_csv(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``images.csv`` (or the one file), and the image files if they are wanted."""
    carrier = Carrier(found.contents, plan.files, plan.keep_formats)
    properties = found.contents.properties
    progress.stage("Writing CSV", len(found.contents.ids))
    with table(_file(into, "images.csv"), "csv", properties) as add:
        for ids, images, names in found.batches():
            add(
                [
                    facts.row(image, name, properties, splits=plan.splits)
                    for image, name in carried(carrier, found, images, names, into)
                ]
            )
            progress.advance(len(ids))
    return carrier


def write_parquet(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``images.parquet`` (or the one file), with vectors and a map if they are wanted."""
    import pyarrow as pa

    contents = found.contents
    carrier = Carrier(contents, plan.files, plan.keep_formats)
    schema = facts.schema(contents.properties)
    if contents.points is not None:
        schema = schema.append(pa.field("projection_x", pa.float32()))
        schema = schema.append(pa.field("projection_y", pa.float32()))
    if contents.space is not None:
        schema = schema.append(pa.field("vector", vector_type(contents.space)))
    progress.stage("Writing Parquet", len(contents.ids))
    with parquet(_file(into, "images.parquet"), schema, described(contents.space)) as add:
        for ids, images, names in found.batches():
            pairs = carried(carrier, found, images, names, into)
            written = np.array([image.id for image, _ in pairs], np.int64)
            further: dict[str, Any] = {}
            if contents.points is not None:
                points = contents.points(written)
                further["projection_x"] = pa.array(points[:, 0], pa.float32(), from_pandas=True)
                further["projection_y"] = pa.array(points[:, 1], pa.float32(), from_pandas=True)
            if contents.vectors is not None:
                further["vector"] = vector_column(contents.vectors(written))
            rows = [
                facts.row(image, name, contents.properties, splits=plan.splits)
                for image, name in pairs
            ]
            add(rows, further)
            progress.advance(len(ids))
    return carrier


def carried(
    carrier: Carrier, found: Survey, images: list[Image], names: list[str], into: Path
) -> list[tuple[Image, str]]:
    """Put the files of some images beside a table; return those that are there and their names.

    Without files all are there, under the names of their originals.
    """
    if carrier.files == "none":
        return [(image, found.contents.original(image)) for image in images]
    return [
        (there, f"{FOLDER}/{name}")
        for image, name in zip(images, names, strict=True)
        if (there := carrier.put(image, into / FOLDER / name)) is not None
    ]


def _file(into: Path, name: str) -> Path:
    """Return where the table goes: the export itself when it is one file."""
    return into / name if into.is_dir() else into


def _cell(value: object) -> object:
    """Write lists as JSON, which says where a tag ends even when it has a comma."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
