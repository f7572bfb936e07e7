"""A plain dictionary with good error messages: the whole plug-in system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from impasto.core.errors import InvalidInput, not_found

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Named things of one kind; built-ins and strangers register the same way.

    Parameters
    ----------
    kind : str
        What is registered, in the singular, for messages ("network", "method").

    Examples
    --------
    >>> methods = Registry[type]("method")
    >>> methods.register("whole", int)
    >>> methods["whole"]
    <class 'int'>
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._things: dict[str, T] = {}

    def register(self, name: str, thing: T) -> None:
        """Add `thing` under `name`; a name can be taken only once."""
        if name in self._things:
            raise InvalidInput(f"There is a {self.kind} {name!r} already; choose another name.")
        self._things[name] = thing

    def named(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under `name`."""

        def add(thing: T) -> T:
            self.register(name, thing)
            return thing

        return add

    def __getitem__(self, name: str) -> T:
        """Return the thing called `name`, or raise NotFound with near spellings."""
        try:
            return self._things[name]
        except KeyError:
            raise not_found(self.kind, name, self._things) from None

    def __contains__(self, name: object) -> bool:
        """Tell whether `name` is registered."""
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the order of their registration."""
        return iter(self._things)

    def __len__(self) -> int:
        """Count what is registered."""
        return len(self._things)
