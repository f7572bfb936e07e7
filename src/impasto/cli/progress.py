"""Progress: a bar with rate and time left on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from tqdm import tqdm


class Reporter:
    """A Progress that draws nothing; leaving the ``with`` block ends what it draws."""

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a stage."""

    def advance(self, n: int = 1) -> None:
        """Go on."""

    def note(self, text: str) -> None:
        """Print a sentence."""

    def close(self) -> None:
        """End the stage."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Bar(Reporter):
    """A tqdm bar on standard error, one per stage."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Close the bar of the stage before and draw a new one."""
        from tqdm import tqdm

        self.close()
        self._bar = tqdm(
            total=total, desc=f"{name:<12}", unit=f" {unit}", smoothing=0.1, dynamic_ncols=True
        )

    def advance(self, n: int = 1) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(n)

    def note(self, text: str) -> None:
        """Print a sentence above the bar."""
        if self._bar is None:
            click.echo(text, err=True)
        else:
            self._bar.write(text, file=sys.stderr)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines(Reporter):
    """A line when a stage begins, at most every `every` seconds, and when it ends."""

    def __init__(self, every: float = 10.0) -> None:
        self._every = every
        self._name = self._unit = ""
        self._total: int | None = None
        self._done = 0
        self._began = self._said = 0.0

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Say that a stage begins."""
        self.close()
        self._name, self._unit, self._total, self._done = name, unit, total, 0
        self._began = self._said = time.monotonic()
        click.echo(f"{name}: {f'{total:,} {unit}' if total is not None else 'started'}", err=True)

    def advance(self, n: int = 1) -> None:
        """Say where the stage stands, now and then."""
        self._done += n
        now = time.monotonic()
        if now - self._said >= self._every:
            self._said = now
            click.echo(self._line(now), err=True)

    def note(self, text: str) -> None:
        """Print a sentence."""
        click.echo(text, err=True)

    def close(self) -> None:
        """Say how the stage ended."""
        if self._name and self._done:
            click.echo(self._line(time.monotonic()), err=True)
        self._name = ""

    def _line(self, now: float) -> str:
        rate = self._done / max(now - self._began, 1e-9)
        line = f"{self._name}: {self._done:,}"
        if self._total:
            line += f" of {self._total:,} {self._unit}, {rate:,.1f}/s"
            left = max(self._total - self._done, 0) / rate
            return line + (f", {left:.0f} s left" if left >= 1 else "")
        return line + f" {self._unit}, {rate:,.1f}/s"


def progress_for(*, quiet: bool = False) -> Reporter:
    """Choose a bar for a terminal, lines for anything else, silence when asked."""
    if quiet:
        return Reporter()
    return Bar() if sys.stderr.isatty() else Lines()
