"""What was read from the catalogue, kept until the catalogue changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """The latest things that were read; all of them go when the version is another.

    Parameters
    ----------
    version : callable
        Return a number that differs after each change of what is read.
    most : int
        Things kept; those not asked for the longest go first.

    Examples
    --------
    >>> lengths = Kept[int](version=lambda: 1, most=10)
    >>> lengths.get("word", lambda: 4), lengths.get("word", lambda: 0)
    (4, 4)
    """

    def __init__(self, version: Callable[[], int], most: int) -> None:
        self._version = version
        self._most = most
        self._lock = Lock()
        self._at: int | None = None
        self._things: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, read: Callable[[], V]) -> V:
        """Return what `read` gave for this key, called now unless nothing has changed since."""
        version = self._version()  # before reading: what is newer than its number is read again
        with self._lock:
            if version != self._at:
                self._things.clear()
                self._at = version
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        thing = read()
        with self._lock:
            if version == self._at:
                self._things[key] = thing
                while len(self._things) > self._most:
                    self._things.popitem(last=False)
        return thing
