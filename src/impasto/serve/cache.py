"""A bounded memory of what was computed, which computes each thing once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Least recently used things go first; two threads that want the same wait for one.

    Parameters
    ----------
    most : int
        Largest sum of weights; the newest thing stays even when it alone is heavier.
    weigh : callable
        Weight of a thing, usually its bytes.

    Examples
    --------
    >>> lengths = Cache[str](most=10, weigh=len)
    >>> lengths.get("a", lambda: "12345678"), lengths.get("a", lambda: "never made")
    ('12345678', '12345678')
    """

    def __init__(self, most: int, weigh: Callable[[V], int]) -> None:
        self._most = most
        self._weigh = weigh
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, Future[V]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the thing of `key`, made now by `make` unless it is here or being made."""
        with self._lock:
            known = self._things.get(key)
            if known is not None:
                self._things.move_to_end(key)
            else:
                ours: Future[V] = Future()
                self._things[key] = ours
        if known is not None:
            return known.result()
        try:
            thing = make()
        except BaseException as problem:
            with self._lock:
                self._forget(key)
            ours.set_exception(problem)
            raise
        ours.set_result(thing)
        with self._lock:
            self._weights[key] = self._weigh(thing)
            self._shrink(key)
        return thing

    def forget(self, old: Callable[[Hashable], bool]) -> None:
        """Let go of the things whose key is `old`, except those that are being made."""
        with self._lock:
            for key in [key for key in self._weights if old(key)]:
                self._forget(key)

    def __contains__(self, key: Hashable) -> bool:
        """Tell whether the thing of `key` is here, ready."""
        with self._lock:
            return key in self._weights

    def __len__(self) -> int:
        """Count the things."""
        return len(self._things)

    @property
    def weight(self) -> int:
        """Sum of the weights."""
        return sum(self._weights.values())

    def _shrink(self, newest: Hashable) -> None:
        for key in list(self._things):
            if self.weight <= self._most:
                return
            if key != newest and key in self._weights:
                self._forget(key)

    def _forget(self, key: Hashable) -> None:
        self._things.pop(key, None)
        self._weights.pop(key, None)
