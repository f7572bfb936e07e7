"""The one embedding loop: items in, chunks of vectors out, in order.

The workers are all alike: each takes the next batch, loads and prepares its items, computes
their vectors, and begins again. Loading and computing release the interpreter's lock, so they
share the cores without a queue between them, and a batch never waits half-done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.embed.engine import BATCH, Engine, Outcome, Pixels, Rows, cores

T = TypeVar("T")
L = TypeVar("L")

AHEAD = 3
"""Finished batches per worker that may wait for the consumer: they bound the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk(Generic[T, L]):
    """A batch of items, done.

    Parameters
    ----------
    items : tuple of T
        As they were given.
    loaded : tuple of L
        What `load` made of each.
    rows : ndarray of shape (n_rows,), int64
        Positions in `items` that have a vector, rising.
    values : tuple of ndarray of shape (n_rows, n_features), float32
        One per space of the engine; empty without an engine.
    mirrored : tuple of ndarray or None
        Vectors of the mirror images, with ``flip="both"``.
    """

    items: tuple[T, ...]
    loaded: tuple[L, ...]
    rows: NDArray[np.int64]
    values: tuple[Rows, ...]
    mirrored: tuple[Rows, ...] | None = None


def embed(
    items: Sequence[T],
    load: Callable[[T], L],
    prepare: Callable[[L], Pixels | None],
    engine: Engine | None,
    *,
    workers: int | None = None,
) -> Generator[Chunk[T, L], None, None]:
    """Load, prepare and embed items, batch by batch, and yield the batches in order.

    Batch `i` is always ``items[i * batch : (i + 1) * batch]``: an item without a picture keeps
    its place, empty, while the network runs. Hence the vectors of an item do not depend on the
    number of workers or on who was faster, and a run that goes on after whole chunks gives the
    bytes of a run that was never stopped.

    Parameters
    ----------
    items : sequence of T
    load : callable
        T to L, in a worker thread; an exception ends the loop and reaches the consumer.
    prepare : callable
        L to ndarray of shape (size, size, 3), uint8, or None where there is no picture.
    engine : Engine or None
        None only loads.
    workers : int or None
        Threads (None: what the engine was opened for, or one per core).

    Yields
    ------
    Chunk
        Stopping the iteration (`close`, `break`) stops the workers after the item in hand.
    """
    if workers is not None and workers < 1:
        raise InvalidInput(f"workers must be at least 1, not {workers}.")
    size = engine.batch if engine else BATCH
    batches = -(-len(items) // size)
    team = min(workers or (engine.workers if engine else cores()), max(1, batches))
    shared = _Shared[Chunk[T, L]](batches, limit=team * AHEAD)

    def work() -> None:
        # One buffer per worker, used again and again: fresh memory would cost page faults.
        buffer = np.zeros((size, engine.size, engine.size, 3), np.uint8) if engine else None
        while (number := shared.take()) is not None:
            try:
                batch = tuple(items[number * size : (number + 1) * size])
                chunk = _chunk(batch, load, prepare, engine, buffer, shared.stopped)
            except BaseException as error:  # noqa: BLE001 (raised again where it is consumed)
                shared.put(number, error)
            else:
                if chunk is not None:
                    shared.put(number, chunk)

    threads = [
        threading.Thread(target=work, name=f"impasto-embed-{index}", daemon=True)
        for index in range(team)
    ]
    for thread in threads:
        thread.start()
    try:
        for number in range(batches):
            yield shared.get(number)
    finally:
        shared.stop()
        for thread in threads:
            thread.join()


def _chunk(
    batch: tuple[T, ...],
    load: Callable[[T], L],
    prepare: Callable[[L], Pixels | None],
    engine: Engine | None,
    buffer: Pixels | None,
    stopped: Callable[[], bool],
) -> Chunk[T, L] | None:
    """Do one batch; None when the loop was stopped meanwhile."""
    loaded: list[L] = []
    rows: list[int] = []
    for position, item in enumerate(batch):
        if stopped():
            return None
        loaded.append(load(item))
        if buffer is None:
            continue
        pixels = prepare(loaded[-1])
        if pixels is None:
            buffer[position] = 0
        else:
            buffer[position] = pixels
            rows.append(position)
    chosen = np.array(rows, dtype=np.int64)
    if engine is None or buffer is None:
        return Chunk(batch, tuple(loaded), chosen, ())
    if not rows:
        empty = tuple(np.zeros((0, space.dimension), np.float32) for space in engine.spaces)
        both = empty if engine.flip == "both" else None
        return Chunk(batch, tuple(loaded), chosen, empty, both)
    buffer[len(batch) :] = 0
    outcome: Outcome = engine.run(buffer)
    return Chunk(
        batch,
        tuple(loaded),
        chosen,
        tuple(values[chosen] for values in outcome.values),
        outcome.mirrored and tuple(values[chosen] for values in outcome.mirrored),
    )


R = TypeVar("R")


class _Shared(Generic[R]):
    """What the workers and the consumer share: numbers to take, results to hand over."""

    def __init__(self, total: int, limit: int) -> None:
        self._total = total
        self._limit = limit
        self._next = 0
        self._wanted = 0
        self._stop = False
        self._results: dict[int, R | BaseException] = {}
        self._change = threading.Condition()

    def take(self) -> int | None:
        """Wait until another batch may begin, and take it; None when there is none."""
        with self._change:
            self._change.wait_for(
                lambda: (
                    self._stop
                    or self._next >= self._total
                    or self._next < self._wanted + self._limit
                )
            )
            if self._stop or self._next >= self._total:
                return None
            self._next += 1
            return self._next - 1

    def put(self, number: int, result: R | BaseException) -> None:
        """Hand a result over."""
        with self._change:
            self._results[number] = result
            self._change.notify_all()

    def get(self, number: int) -> R:
        """Wait for a result; raise what its worker raised."""
        with self._change:
            self._wanted = number
            self._change.notify_all()
            self._change.wait_for(lambda: number in self._results)
            result = self._results.pop(number)
        if isinstance(result, BaseException):
            raise result
        return result

    def stop(self) -> None:
        """Tell the workers to stop."""
        with self._change:
            self._stop = True
            self._change.notify_all()

    def stopped(self) -> bool:
        """Tell whether the workers were told to stop."""
        return self._stop
