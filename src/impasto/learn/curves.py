"""How the choice of C went, as lines of a figure: work 5's plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from impasto.learn.records import Tried

WIDTH, HEIGHT, LEFT, BELOW, ABOVE, RIGHT = 640, 260, 44, 40, 12, 130
_SHADES = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A value of C and how it did: places in the figure, and what to say."""

    x: float
    y: float
    low: float
    high: float
    says: str
    best: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One kernel with all its C."""

    name: str
    shade: int
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        """The dots, as SVG writes them."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Curves:
    """A figure: lines over the logarithm of C.

    Parameters
    ----------
    lines : tuple of Line
    across : tuple of (float, str)
        Marks of the axis of C: place and text.
    up : tuple of (float, str)
        Marks of the axis of right answers.
    chance : float
        Place of the commonest class alone.
    """

    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    chance: float


def curves(tried: Sequence[Tried]) -> Curves | None:
    """Draw what was tried; None where there are fewer than three values of C.

    Examples
    --------
    >>> from impasto.core.records import Estimate
    >>> half = Estimate(0.5, 0.4, 0.6, 0.2)
    >>> found = curves([Tried({"C": c}, half) for c in (0.1, 1.0, 10.0)])
    >>> [text for _, text in found.across]
    ['0.1', '1', '10']
    """
    cs = sorted({float(one.setting["C"]) for one in tried if "C" in one.setting})
    if len(cs) < 3:
        return None
    known = [one for one in tried if "C" in one.setting]
    chance = known[0].top1.chance
    least = min(chance, *(one.top1.low for one in known))
    most = max(one.top1.high for one in known)
    floor, ceiling = math.floor(least * 10) / 10, math.ceil(most * 10) / 10
    first, last = math.log10(cs[0]), math.log10(cs[-1])

    def across(c: float) -> float:
        share = (math.log10(c) - first) / (last - first)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        share = (value - floor) / (ceiling - floor)
        return round(HEIGHT - BELOW - share * (HEIGHT - BELOW - ABOVE), 1)

    best = max(known, key=lambda one: one.top1.value)
    lines: dict[str, list[Dot]] = {}
    for one in known:
        lines.setdefault(_name(one), []).append(
            Dot(
                across(float(one.setting["C"])),
                up(one.top1.value),
                up(one.top1.low),
                up(one.top1.high),
                f"C = {one.setting['C']:g}: {one.top1.value:.1%} right, {one.top1.low:.1%} to "
                f"{one.top1.high:.1%}",
                one is best,
            )
        )
    steps = round((ceiling - floor) * 10)
    every = 1 if steps <= 6 else 2
    marked = cs if len(cs) <= 12 else cs[:: len(cs) // 6]
    return Curves(
        tuple(
            Line(name, number % _SHADES, tuple(sorted(dots, key=lambda dot: dot.x)))
            for number, (name, dots) in enumerate(lines.items())
        ),
        tuple((across(c), f"{c:g}") for c in marked),
        tuple(
            (up(floor + step / 10), f"{floor + step / 10:.0%}")
            for step in range(0, steps + 1, every)
        ),
        up(chance),
    )


def _name(one: Tried) -> str:
    rest = {key: value for key, value in one.setting.items() if key in ("kernel", "gamma")}
    return " ".join(
        str(value) if key == "kernel" else f"{key} {value:g}" for key, value in rest.items()
    )
