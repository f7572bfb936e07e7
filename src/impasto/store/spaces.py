"""The vectors of a space on disk: raw rows, and the number of them that counts."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, WrongCollection, not_found
from impasto.core.space import Space, Vectors
from impasto.store import catalogue, files, models
from impasto.store.database import Database

VALUES, IDS, NORMS, MIRRORED = "vectors.f16", "ids.i64", "norms.f32", "mirrored.f16"
F16, I64, F32 = np.dtype("<f2"), np.dtype("<i8"), np.dtype("<f4")
INDEX = "index"
LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """A space of a collection and how much of it there is.

    Parameters
    ----------
    space : Space
    rows : int
        Vectors on disk, also those that no longer count.
    bytes : int
        On disk.
    index : IndexRecord or None
        Its approximate index, if there is one.
    """

    space: Space
    rows: int
    bytes: int
    index: IndexRecord | None = None


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """The approximate index of a space, as `impasto.explore.index` made it.

    Parameters
    ----------
    space : Space
    card : mapping
        How it was made, which rows it covers and how much it finds (JSON data).
    folder : Path
        Absolute folder of its files.
    """

    space: Space
    card: Mapping[str, Any]
    folder: Path


def row_bytes(space: Space) -> dict[str, int]:
    """Return the files of a space and how many bytes one row takes in each."""
    widths = {VALUES: 2 * space.dimension, IDS: 8, NORMS: 4}
    return widths | ({MIRRORED: 2 * space.dimension} if space.flip == "both" else {})


def names(db: sqlite3.Connection) -> list[str]:
    """Return the names of the spaces, oldest first."""
    return [name for (name,) in db.execute("SELECT name FROM spaces ORDER BY id")]


def load(db: sqlite3.Connection, folder: Path, name: str) -> tuple[int, Space, int]:
    """Return (id, space, rows) of a space, or raise NotFound."""
    row = db.execute("SELECT id, rows FROM spaces WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise not_found("space", name, names(db))
    file = folder / name / "space.json"
    try:
        space = Space.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongCollection(f"{file} can't be read ({error}).") from error
    if space.name != name:
        raise WrongCollection(f"{file} describes the space {space.name}, not {name}.")
    return row[0], space, row[1]


def info(db: sqlite3.Connection, folder: Path, name: str) -> SpaceInfo:
    """Describe a space."""
    _, space, rows = load(db, folder, name)
    size = rows * sum(row_bytes(space).values())
    return SpaceInfo(space, rows, size, index(db, folder, name))


def index(db: sqlite3.Connection, folder: Path, name: str) -> IndexRecord | None:
    """Return the approximate index of a space; None when there is none, or none of these rows."""
    _, space, rows = load(db, folder, name)
    file = folder / name / INDEX / models.CARD
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        usable = card["format"] == 1 and card["space"] == name and card["rows"] <= rows
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it can always be built again
    return IndexRecord(space, card, file.parent) if usable else None


def add(db: sqlite3.Connection, folder: Path, space: Space) -> int:
    """Make sure that a space exists; return its id."""
    row = db.execute("SELECT id FROM spaces WHERE name = ?", (space.name,)).fetchone()
    if row is not None:
        return int(row[0])
    home, new = folder / space.name, folder / f".new-{space.name}"
    for left in (home, new):  # of a run that was killed before the catalogue knew the space
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir()
    text = json.dumps(space.to_json(), indent=2, sort_keys=True)
    files.write(new / "space.json", f"{text}\n".encode())
    for name in row_bytes(space):
        files.write(new / name, b"")
    files.sync_folder(new)
    new.replace(home)
    files.sync_folder(folder)
    cursor = db.execute("INSERT INTO spaces (name) VALUES (?)", (space.name,))
    return int(cursor.lastrowid or 0)


def trim(db: sqlite3.Connection, folder: Path) -> None:
    """Cut what a killed run wrote behind the rows that count, and what it left half written."""
    for name in names(db):
        _, space, rows = load(db, folder, name)
        models.recover(folder / name)
        for file, width in row_bytes(space).items():
            path = folder / name / file
            if path.exists() and path.stat().st_size > rows * width:
                with path.open("r+b") as stream:
                    stream.truncate(rows * width)
                    files.sync(stream.fileno())


def check(folder: Path, space: Space, rows: int) -> None:
    """Raise WrongCollection when a file is shorter than the rows that count."""
    for file, width in row_bytes(space).items():
        path = folder / space.name / file
        size = path.stat().st_size if path.exists() else 0
        if size < rows * width:
            raise WrongCollection(
                f"{path} has {size:,} bytes where {rows * width:,} were written: it was cut or "
                "replaced. Restore it from a copy, or remove the space and embed again."
            )


def remove(database: Database, folder: Path, name: str) -> None:
    """Forget a space, then delete its files."""
    with database.writing() as db:
        row = db.execute("SELECT id FROM spaces WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise not_found("space", name, names(db))
        db.execute("DELETE FROM dead_rows WHERE space = ?", row)
        db.execute("DELETE FROM spaces WHERE id = ?", row)
    shutil.rmtree(folder / name, ignore_errors=True)


def write_rows(folder: Path, space: Space, first: int, columns: dict[str, NDArray[Any]]) -> None:
    """Write rows from number `first` on, durably; nobody counts them yet.

    Parameters
    ----------
    columns : dict of str to ndarray
        Per file name the rows, in the type of that file.
    """
    for file, width in row_bytes(space).items():
        with (folder / space.name / file).open("r+b") as stream:
            stream.seek(first * width)
            stream.write(np.ascontiguousarray(columns[file]).tobytes())
            stream.flush()
            files.sync(stream.fileno())


def columns(
    space: Space,
    ids: NDArray[np.int64],
    values: NDArray[np.floating[Any]],
    mirrored: NDArray[np.floating[Any]] | None,
) -> dict[str, NDArray[Any]]:
    """Turn vectors into what the files of a space hold, or say why they can't be stored.

    Parameters
    ----------
    ids : ndarray of shape (n_images,), int64
    values : ndarray of shape (n_images, n_features)
    mirrored : ndarray of shape (n_images, n_features) or None
        Required exactly when the space has ``flip="both"``.
    """
    if (mirrored is None) == (space.flip == "both"):
        raise InvalidInput(
            f"The space {space.name} has flip={space.flip!r}: vectors of mirror images "
            f"{'are needed' if mirrored is None else 'do not belong in it'}."
        )
    rows = _f16(space, ids, values)
    norms = np.sqrt(np.square(rows, dtype=np.float64).sum(axis=1)).astype(F32)
    made: dict[str, NDArray[Any]] = {VALUES: rows, IDS: ids.astype(I64), NORMS: norms}
    return made if mirrored is None else made | {MIRRORED: _f16(space, ids, mirrored)}


def _f16(
    space: Space, ids: NDArray[np.int64], values: NDArray[np.floating[Any]]
) -> NDArray[np.float16]:
    if values.shape != (len(ids), space.dimension):
        raise InvalidInput(
            f"{len(ids)} images in the space {space.name} need an array of shape "
            f"({len(ids)}, {space.dimension}), not {values.shape}."
        )
    with np.errstate(over="ignore"):
        rows = values.astype(F16)
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        if np.isnan(values[row, column]):
            raise InvalidInput(
                f"Image {ids[row]} has a value that is no number (NaN) in the space {space.name}; "
                "the weights of the network are damaged, or were never trained."
            )
        raise InvalidInput(
            f"Image {ids[row]} has the value {values[row, column]:g} in the space {space.name}; "
            f"vectors are kept as 16-bit floats, which end at {LARGEST:g}. Take a later layer, "
            "or another pooling."
        )
    return rows


def live_ids(
    db: sqlite3.Connection, folder: Path, number: int, space: Space, rows: int
) -> NDArray[np.int64]:
    """Return the image of each row, -1 for rows whose image changed since; a copy."""
    check(folder, space, rows)
    ids = np.fromfile(folder / space.name / IDS, I64, count=rows).astype(np.int64, copy=False)
    dead = db.execute("SELECT row FROM dead_rows WHERE space = ?", (number,))
    ids[np.fromiter((row for (row,) in dead), np.int64)] = -1
    return ids


def vectors(db: sqlite3.Connection, folder: Path, name: str) -> Vectors:
    """Return the vectors of a space, memory-mapped; see `Collection.vectors`."""
    number, space, rows = load(db, folder, name)
    home = folder / name
    return Vectors(
        space,
        shown_ids(db, folder, number, space, rows),
        mapped(home / VALUES, F16, (rows, space.dimension)),
        mapped(home / NORMS, F32, (rows,)),
        mapped(home / MIRRORED, F16, (rows, space.dimension)) if space.flip == "both" else None,
    )


def shown_ids(
    db: sqlite3.Connection, folder: Path, number: int, space: Space, rows: int
) -> NDArray[np.int64]:
    """Return the image of each row, -1 also for images that are gone or have no picture."""
    ids = live_ids(db, folder, number, space, rows)
    unseen = catalogue.out_of_sight(db)
    if len(unseen):
        ids[np.isin(ids, unseen)] = -1
    ids.flags.writeable = False
    return ids


def mapped(file: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Map a file of numbers into memory, read-only."""
    if 0 in shape:
        return np.empty(shape, kind)  # an empty file can't be mapped
    return np.memmap(file, kind, mode="r", shape=shape)
