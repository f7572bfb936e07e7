"""NumPy arrays: vectors and what belongs to their rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import numpy as np

from impasto.core.progress import Progress
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey
from impasto.export.tables import carried, table


def write_numpy(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write the vectors and, row by row, ids, labels and names.

    ``vectors.npy`` (n_images, n_features) float32, ``ids.npy`` int64, ``labels.npy`` int64 (the
    line in ``classes.txt``, counted from 0; -1: no label), ``file_names.txt``, ``images.csv`` and
    ``space.json``.
    """
    contents = found.contents
    assert contents.space is not None
    assert contents.vectors is not None
    carrier = Carrier(contents, plan.files, plan.keep_formats)
    classes = {label: code for code, label in enumerate(sorted(found.labels))}
    written = [np.empty(0, np.int64)]
    labels = [np.empty(0, np.int64)]
    progress.stage("Writing vectors", len(contents.ids))
    with (
        (into / "vectors.npy").open("wb") as vectors,
        (into / "file_names.txt").open("w", encoding="utf-8", newline="\n") as names_file,
        table(into / "images.csv", "csv", contents.properties) as add,
    ):
        _header(vectors, 0, contents.space.dimension)
        for ids, images, names in found.batches():
            pairs = carried(carrier, found, images, names, into)
            written.append(np.array([image.id for image, _ in pairs], np.int64))
            labels.append(np.array([_code(classes, image.label) for image, _ in pairs], np.int64))
            vectors.write(contents.vectors(written[-1]).astype("<f4").tobytes())
            names_file.writelines(f"{' '.join(name.splitlines())}\n" for _, name in pairs)
            add(
                [
                    facts.row(image, name, contents.properties, splits=plan.splits)
                    for image, name in pairs
                ]
            )
            progress.advance(len(ids))
        _header(vectors, sum(map(len, written)), contents.space.dimension)
    np.save(into / "ids.npy", np.concatenate(written))
    np.save(into / "labels.npy", np.concatenate(labels))
    write_text(into / "classes.txt", "".join(f"{label}\n" for label in classes))
    write_text(into / "space.json", json.dumps(contents.space.to_json(), indent=2) + "\n")
    return carrier


def write_text(file: Path, text: str) -> None:
    """Write a text with the same bytes on every system."""
    file.write_text(text, encoding="utf-8", newline="\n")


def _code(classes: dict[str, int], label: str | None) -> int:
    return -1 if label is None else classes[label]


def _header(stream: IO[bytes], rows: int, width: int) -> None:
    """Write the header of an ``.npy`` file; NumPy pads it, so that the rows can be told later."""
    stream.seek(0)
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": (rows, width)}
    )
