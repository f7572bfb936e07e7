"""What a page of the app and a notebook show each other: the chosen images and the place."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Shown:
    """What the app shows at one moment.

    Parameters
    ----------
    selected : tuple of int
        Ids of the chosen images, in the order in which they were chosen or are listed.
    view : str
        The place in the app, as its address has it behind ``#/``: ``browse?label=birds``.
    version : int
        How often the notebook asked for something else; the page follows when it grows.
    """

    selected: tuple[int, ...] = ()
    view: str = ""
    version: int = 0


class Exchange:
    """The latest of what is shown. Pages report, the notebook asks; both may at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown = Shown()

    @property
    def now(self) -> Shown:
        """What is shown at this moment."""
        return self._shown

    def report(self, selected: tuple[int, ...], view: str, version: int) -> bool:
        """Take what a page shows; a page that has not yet followed the notebook is not heard."""
        with self._lock:
            if version != self._shown.version:
                return False
            self._shown = Shown(selected, view, version)
            return True

    def ask(self, *, selected: tuple[int, ...] | None = None, view: str | None = None) -> None:
        """Ask the pages to show something else."""
        with self._lock:
            now = self._shown
            self._shown = replace(
                now,
                selected=now.selected if selected is None else selected,
                view=now.view if view is None else view,
                version=now.version + 1,
            )
