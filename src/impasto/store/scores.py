"""The answers of models to the images they were tested on, to sort and to filter by."""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, NotFound, WrongCollection
from impasto.store import models

V = TypeVar("V")
FILE = "scores.safetensors"
MODEL = "model:"
_ARRAYS = ("ids", "scores", "truth", "fold", "groups")
_MORE = ("given", "nearest", "nearest_given", "prior")


def to_bytes(tested: Answered) -> bytes:
    """Return the file ``scores.safetensors``; the names go into it too, as its metadata."""
    from safetensors.numpy import save

    arrays = {name: getattr(tested, name) for name in (*_ARRAYS, *_MORE)}
    there = {name: np.ascontiguousarray(a) for name, a in arrays.items() if a is not None}
    return save(there, {"names": json.dumps(tested.names, ensure_ascii=False)})


def load(home: Path, name: str) -> Answered:
    """Read what a model said of its test images.

    Raises
    ------
    NotFound
        When there is no such model, or none was kept with it.
    WrongCollection
        When the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    file = models.load(home, name).folder / FILE
    if not file.is_file():
        raise NotFound(
            f"The model {name!r} holds no answers to its test images; learn it again to keep them."
        )
    try:
        with safe_open(file, "numpy") as opened:
            names = tuple(json.loads(opened.metadata()["names"]))
            found: dict[str, Any] = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no mapping
        return Answered(names, **found)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, InvalidInput) as error:
        raise WrongCollection(
            f"{file} is damaged ({error}); restore it from a copy, or learn the model again."
        ) from error


def parse(key: str) -> tuple[str, str]:
    """Read ``model:NAME:WHAT``; without WHAT it is the answer.

    Examples
    --------
    >>> parse("model:by-hand:tag:red: all of it")
    ('by-hand', 'tag:red: all of it')
    """
    name, _, what = key.removeprefix(MODEL).partition(":")
    if not key.startswith(MODEL) or not name:
        raise InvalidInput(f"What a model says is written model:NAME:WHAT, not {key[:80]!r}.")
    return name, what or "predicted"


class Scores:
    """What the models of a collection said, read once and given to SQLite as functions.

    Three of them return a JSON array of ids for ``json_each``: ``scored_within(key, low, high)``,
    ``scored_in_order(key)`` and ``answered(model, name)``; ``scored(key)`` gives ids and numbers.

    Parameters
    ----------
    home : Path
        The folder of the models.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._tested = _Latest[Answered](4)
        self._values = _Latest[tuple[NDArray[np.int64], NDArray[np.float32]]](8)
        self._texts = _Latest[str](16)

    def stamp(self, name: str) -> tuple[int, int]:
        """Return what differs after a model was learned again; (0, 0) when there is none."""
        try:
            state = (self._home / name / FILE).stat()
        except OSError:
            return 0, 0
        return state.st_mtime_ns, state.st_ino

    def tested(self, name: str) -> Answered:
        """Return what a model said of its test images; read-only."""
        return self._tested.get((name, self.stamp(name)), lambda: load(self._home, name))

    def values(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return ids and numbers of the images that ``model:NAME:WHAT`` says a number of.

        Answers are numbered by the alphabet, so that they can be sorted by.
        """
        stamp = self.stamp(parse(key)[0])
        return self._values.get((key, stamp), lambda: self._read_values(key))

    def _read_values(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        name, what = parse(key)
        tested = self.tested(name)
        numbers = tested.values(what)
        if what == "predicted" and tested.kind == "label":
            rank = np.argsort(np.argsort(np.array(tested.names)))
            numbers = rank[numbers.astype(np.int64)].astype(np.float32)
        there = ~np.isnan(numbers)
        return tested.ids[there], numbers[there]

    def in_order(self, key: str) -> NDArray[np.int64]:
        """Return the ids by rising numbers; ties by id."""
        ids, numbers = self.values(key)
        return ids[np.lexsort((ids, numbers))]

    def within(self, key: str, low: float | None, high: float | None) -> NDArray[np.int64]:
        """Return the ids of the images with a number between two others, both included."""
        ids, numbers = self.values(key)
        least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
        # A limit that was read off a number with fewer digits still holds that number.
        slack = 1e-6
        return np.sort(ids[(numbers >= least - slack) & (numbers <= most + slack)])

    def answered(self, model: str, name: str) -> NDArray[np.int64]:
        """Return the ids of the images that the model gave a label or tag, rising."""
        tested = self.tested(model)
        return np.sort(tested.ids[tested.gave(name)])

    def check(
        self, keys: Iterable[str], answers: Iterable[tuple[str, str]]
    ) -> tuple[tuple[int, int], ...]:
        """Read what is asked for, and raise what is wrong with it; return a stamp of it."""
        stamps = []
        for key in keys:
            if key.startswith(MODEL):
                self.values(key)
                stamps.append(self.stamp(parse(key)[0]))
        for model, name in answers:
            self.tested(model).gave(name)
            stamps.append(self.stamp(model))
        return tuple(stamps)

    def register(self, db: sqlite3.Connection) -> None:
        """Give a connection the functions."""

        def within(key: str, low: float | None, high: float | None) -> str:
            return self._said(parse(key)[0], "within", key, low, high)

        def in_order(key: str) -> str:
            return self._said(parse(key)[0], "in_order", key)

        def answered(model: str, name: str) -> str:
            return self._said(model, "answered", model, name)

        def scored(key: str) -> str:
            return json.dumps([column.tolist() for column in self.values(key)])

        db.create_function("scored", 1, scored, deterministic=True)
        db.create_function("scored_within", 3, within, deterministic=True)
        db.create_function("scored_in_order", 1, in_order, deterministic=True)
        db.create_function("answered", 2, answered, deterministic=True)

    def _said(self, model: str, function: str, *arguments: Any) -> str:
        """Return the ids that one of the above gives, as JSON."""

        def write() -> str:
            ids: NDArray[np.int64] = getattr(self, function)(*arguments)
            return f"[{','.join(map(str, ids.tolist()))}]"

        return self._texts.get((function, arguments, self.stamp(model)), write)


class _Latest(Generic[V]):
    """The latest things that were asked for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._things: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the thing of a key, made now unless it is here."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        thing = make()
        with self._lock:
            self._things[key] = thing
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return thing
