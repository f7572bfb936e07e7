"""How long work tells how far it is, and how it is told to stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where long work reports to: a terminal bar, plain lines, a job in the app, or nothing.

    The worker calls; the reporter draws. `advance` is also where a worker learns that the
    user wants it to stop: it raises Cancelled, and what was committed before stays.
    """

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a stage of `total` units (None: not known yet)."""

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done; raise Cancelled when the user stopped the task."""

    def note(self, text: str) -> None:
        """Say one sentence that the user should still see when the work is over."""


class Quiet:
    """Report to nobody (the default of library calls)."""

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Do nothing."""

    def advance(self, n: int = 1) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""
