"""A program for the tests: gather, read and embed invented images, and die at a given moment.

Usage: killed_run.py FOLDER MOMENT; a moment is the start or end of a sync, the middle of a
write, or a statement of SQLite. Moment 0 never comes. Prints how many moments there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import IO, Any

import numpy as np

from impasto.core.records import About, Facts, Flag, Found
from impasto.core.space import Space
from impasto.store import Collection, database, files, writing

SPACES = (Space("net", "fc7", 40, "00"), Space("net", "fc6", 24, "00", flip="both"))
IMAGES = 60


class Clock:
    """Counts moments and ends the process, as `kill -9` does, at one of them."""

    def __init__(self, last: int) -> None:
        self.now = 0
        self.last = last

    def tick(self, *_: object) -> None:
        self.now += 1
        if self.now == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(clock: Clock) -> None:
    sync, connect, open_ = files.sync, database._connect, Path.open

    def deadly_sync(fileno: int) -> None:
        clock.tick()
        sync(fileno)
        clock.tick()

    def deadly_connect(file: Path, mode: str) -> Any:
        db = connect(file, mode)
        db.set_trace_callback(clock.tick)
        return db

    def deadly_open(self: Path, mode: str = "r", *args: Any, **options: Any) -> IO[Any]:
        stream = open_(self, mode, *args, **options)
        return Torn(stream, clock) if mode == "r+b" else stream  # type: ignore[return-value]

    files.sync = deadly_sync
    database._connect = deadly_connect
    Path.open = deadly_open  # type: ignore[assignment,method-assign]


class Torn:
    """A file whose writes reach the disk in two parts."""

    def __init__(self, stream: Any, clock: Clock) -> None:
        self.stream = stream
        self.clock = clock

    def write(self, data: bytes) -> None:
        half = len(data) // 2 + 1
        self.stream.write(data[:half])
        self.stream.flush()
        self.clock.tick()
        self.stream.write(data[half:])

    def __enter__(self) -> Torn:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def vector(image: int, space: Space) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(image).normal(size=space.dimension).astype(np.float32)


def run(folder: Path) -> None:
    path = folder / "c.impasto"
    root = folder / "pictures"
    if not path.exists():
        Collection.create(path).close()
    found = [
        Found(root, f"{k % 3}/{k:03}.png", 100 + k, k, About(f"l{k % 4}", (f"t{k % 5}",)))
        for k in range(IMAGES)
    ]
    with Collection.open(path) as collection:
        collection.record(found, root=root, prune=True, hash_file=lambda file: b"")
        ids = collection.pending(*SPACES)
        with collection.writing(*SPACES) as session:
            for start in range(0, len(ids), 4):
                some = ids[start : start + 4]
                good = some[some % 7 != 0]
                flags = {int(i): (Flag("broken", "no"),) if i % 7 == 0 else () for i in some}
                readings = [
                    (
                        i,
                        Facts(i.to_bytes(32, "big"), 1, 9, 9, "PNG", flag),
                        None if flag else b"jpeg",
                    )
                    for i, flag in flags.items()
                ]
                rows = [np.stack([vector(int(i), space) for i in good]) for space in SPACES]
                session.save(readings, good, rows, [None, -rows[1]])


if __name__ == "__main__":
    clock = Clock(int(sys.argv[2]))
    arm(clock)
    gather_batch = 17
    from impasto.store import gather

    gather.BATCH = gather_batch
    writing.SECONDS = 0.0
    run(Path(sys.argv[1]))
    sys.stdout.write(str(clock.now))
