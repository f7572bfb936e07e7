"""Saving what reading and embedding give, so that a kill at any instant loses only seconds.

Thumbnails are committed first, vectors are written and synced second, and one catalogue
transaction makes both count. Whatever stops the program in between, the catalogue describes
less than there is on disk, never more; the rest is written again over the same place.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import Facts
from impasto.core.space import Space
from impasto.store import files, spaces
from impasto.store.about import clean
from impasto.store.database import Database
from impasto.store.idset import IdSet

Reading = tuple[int, Facts, bytes | None]
"""Image, what reading its file told, and its thumbnail (JPEG) where there is a picture."""

Columns = dict[str, NDArray[Any]]

SECONDS, BYTES = 1.0, 64 << 20  # what a kill loses at most
ANALYSED = 1000  # from so many readings on, the catalogue is another than before


@dataclass
class _Open:
    """A space that is being written: how many rows count, and which images have one."""

    number: int
    space: Space
    rows: int
    has: IdSet


@dataclass(frozen=True)
class _Batch:
    """What waits to be committed: readings, then per space the rows of `ids`."""

    readings: Sequence[Reading]
    ids: NDArray[np.int64]
    columns: Sequence[Columns]


class Writing:
    """One run of saving readings and vectors; made by `Collection.writing`.

    What is saved waits in memory for up to a second and is then committed together:
    readings, thumbnails and the vectors of all spaces, or none of them. Leaving the ``with``
    block commits what waits, also when an error or the user ended it.
    """

    def __init__(
        self,
        catalogue: Database,
        thumbnails: Database,
        folder: Path,
        wanted: Sequence[Space],
        done: Callable[[], None],
    ) -> None:
        self._catalogue = catalogue
        self._thumbnails = thumbnails
        self._folder = folder
        self._done = done
        self._waiting: list[_Batch] = []
        self._bytes = 0
        self._saved = 0
        self._since = time.monotonic()
        with catalogue.writing() as db, files.explained(folder):
            self._spaces = [_begin(db, folder, space) for space in wanted]

    def save(
        self,
        readings: Sequence[Reading] = (),
        ids: NDArray[np.int64] | Sequence[int] = (),
        values: Sequence[NDArray[np.floating[Any]]] = (),
        mirrored: Sequence[NDArray[np.floating[Any]] | None] | None = None,
    ) -> None:
        """Take what one batch of images gave.

        Parameters
        ----------
        readings : sequence of (int, Facts, bytes or None)
            Files that were read: image, facts, thumbnail.
        ids : ndarray of shape (n_images,), int64
            Images that have vectors. Those that a space has already are left out there.
        values : sequence of ndarray of shape (n_images, n_features), float32
            One array per space, in the order in which the spaces were given.
        mirrored : sequence of ndarray, or None
            The same for the mirror images, in spaces with ``flip="both"``.

        Raises
        ------
        InvalidInput
            When shapes don't fit, or a value is not finite as a 16-bit float.
        """
        images = np.asarray(ids, np.int64)
        spaced = self._spaces if len(images) else []
        if len(values) != len(spaced) and len(images):
            raise InvalidInput(
                f"{len(spaced)} spaces are being written, but {len(values)} arrays came."
            )
        mirrors = mirrored or [None] * len(spaced)
        columns = [
            spaces.columns(one.space, images, values[i], mirrors[i]) for i, one in enumerate(spaced)
        ]
        self._waiting.append(_Batch(tuple(readings), images, columns))
        self._bytes += sum(len(thumbnail or b"") + 500 for _, _, thumbnail in readings)
        self._bytes += sum(rows.nbytes for one in columns for rows in one.values())
        if self._bytes >= BYTES or time.monotonic() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Commit what waits."""
        batches, self._waiting, self._bytes = self._waiting, [], 0
        readings = [reading for batch in batches for reading in batch.readings]
        if batches:
            _save_thumbnails(self._thumbnails, readings)
            with self._catalogue.writing() as db, files.explained(self._folder):
                changed = _save_facts(db, self._folder, readings)
                ends = [self._append(db, i, batches, changed) for i in range(len(self._spaces))]
            self._saved += len(readings)
            for one, (rows, added) in zip(self._spaces, ends, strict=True):
                one.rows = rows
                for image in added:
                    one.has.add(image)
        self._since = time.monotonic()

    def _append(
        self, db: sqlite3.Connection, which: int, batches: Sequence[_Batch], changed: set[int]
    ) -> tuple[int, list[int]]:
        one = self._spaces[which]
        for image in changed:
            one.has.discard(image)
        kept: list[Columns] = []
        added: dict[int, None] = {}
        for batch in batches:
            if not batch.columns:
                continue
            new = [i for i, image in enumerate(batch.ids.tolist()) if image not in one.has]
            new = [i for i in new if int(batch.ids[i]) not in added]
            added |= dict.fromkeys(batch.ids[new].tolist())
            kept.append({name: rows[new] for name, rows in batch.columns[which].items()})
        end = one.rows + len(added)
        if added:
            joined = {name: np.concatenate([rows[name] for rows in kept]) for name in kept[0]}
            spaces.write_rows(self._folder, one.space, one.rows, joined)
            db.execute("UPDATE spaces SET rows = ? WHERE id = ?", (end, one.number))
        return end, list(added)

    def __enter__(self) -> Writing:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.flush()
            if self._saved >= ANALYSED:
                self._catalogue.analyse()
        finally:
            self._done()


def _begin(db: sqlite3.Connection, folder: Path, space: Space) -> _Open:
    spaces.add(db, folder, space)
    number, _, rows = spaces.load(db, folder, space.name)
    ids = spaces.live_ids(db, folder, number, space, rows)
    return _Open(number, space, rows, IdSet(ids[ids >= 0].tolist()))


def _save_thumbnails(database: Database, readings: Sequence[Reading]) -> None:
    if not readings:
        return
    with database.writing() as db:
        db.executemany(
            "INSERT OR REPLACE INTO thumbnails (image, jpeg) VALUES (?, ?)",
            ((image, jpeg) for image, _, jpeg in readings if jpeg is not None),
        )
        db.executemany(
            "DELETE FROM thumbnails WHERE image = ?",
            ((image,) for image, _, jpeg in readings if jpeg is None),
        )


def _save_facts(db: sqlite3.Connection, folder: Path, readings: Sequence[Reading]) -> set[int]:
    """Write facts and flags; return the images whose content is not what it was."""
    if not readings:
        return set()
    listed = json.dumps([image for image, _, _ in readings])
    before: dict[int, bytes | None] = dict(
        db.execute(
            "SELECT i.id, i.sha256 FROM json_each(?) j CROSS JOIN images i ON i.id = j.value",
            (listed,),
        )
    )
    missing = next((image for image, _, _ in readings if image not in before), None)
    if missing is not None:
        raise NotFound(f"No image {missing} in this collection.")
    db.executemany(
        "UPDATE images SET fresh = 1, usable = ?, sha256 = coalesce(?, sha256), width = ?, "
        "height = ?, format = ? WHERE id = ?",
        (
            (facts.usable, facts.sha256 or None, facts.width, facts.height, facts.format, image)
            for image, facts, _ in readings
        ),
    )
    db.execute(
        "DELETE FROM flags WHERE kind NOT IN ('flagged', 'hidden') "  # a person's stay
        "AND image IN (SELECT value FROM json_each(?))",
        (listed,),
    )
    db.executemany(
        "INSERT OR REPLACE INTO flags (image, kind, reason) VALUES (?, ?, ?)",
        (
            (image, flag.kind, clean(flag.reason))
            for image, facts, _ in readings
            for flag in facts.flags
        ),
    )
    changed = {
        image
        for image, facts, _ in readings
        if facts.sha256 and before[image] is not None and before[image] != facts.sha256
    }
    if changed:
        _bury(db, folder, changed)
    return changed


def _bury(db: sqlite3.Connection, folder: Path, changed: set[int]) -> None:
    """Make the rows of changed images stop counting, in every space."""
    for name in spaces.names(db):
        number, space, rows = spaces.load(db, folder, name)
        ids = spaces.live_ids(db, folder, number, space, rows)
        dead = np.flatnonzero(np.isin(ids, sorted(changed)))
        db.executemany(
            "INSERT INTO dead_rows (space, row) VALUES (?, ?)",
            ((number, row) for row in dead.tolist()),
        )
