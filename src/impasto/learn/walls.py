"""Walls: the pictures that a model tells best and worst, and those it mixes up."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered

MOST = 25
"""Pictures of a wall, at most."""

CLASSES = 12
"""Labels or tags that get walls of their own in a report: those with most images."""

SIDE = 80
"""Longest side of a picture on a wall, pixels: about 2 KB, 1.5 MB for all walls of a report."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a wall.

    Parameters
    ----------
    id : int
    score : float
        Probability that the model gave to what is true.
    right : bool
        Whether it was told rightly.
    said : str
        What the model said, if wrong.
    """

    id: int
    score: float
    right: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
    """The pictures of a label or tag with the highest and the lowest scores.

    Parameters
    ----------
    name : str
        "" for all images together.
    images : int
    best, worst : tuple of Shown
        From the highest, from the lowest; no picture is in both.
    """

    name: str
    images: int
    best: tuple[Shown, ...]
    worst: tuple[Shown, ...]


def walls(kept: Answered, *, most: int = MOST, classes: int = CLASSES) -> list[Wall]:
    """Choose the pictures of all walls: all images together, then the commonest names.

    Parameters
    ----------
    kept : Answered
        Of labels or tags.
    most : int
    classes : int
    """
    scores = kept.values("score")
    wrong = kept.values("error") > 0
    there = np.flatnonzero(~np.isnan(scores))
    found = [_wall("", there, scores[there], wrong[there], kept, most)]
    marks = kept.truth if kept.kind == "tags" else kept.truth[:, None] == np.arange(len(kept.names))
    counts = marks.sum(axis=0)
    for column in np.argsort(-counts, kind="stable")[:classes].tolist():
        if counts[column] < 2:
            break
        rows = np.flatnonzero(marks[:, column])
        own = kept.scores[rows, column]
        missed = ~kept.gave(kept.names[column])[rows]
        found.append(_wall(kept.names[column], rows, own, missed, kept, most))
    return found


def _wall(
    name: str,
    rows: NDArray[np.int64],
    scores: NDArray[np.float32],
    wrong: NDArray[np.bool_],
    kept: Answered,
    most: int,
) -> Wall:
    order = np.lexsort((kept.ids[rows], -scores))
    each = min(most, len(rows) // 2) if len(rows) > 1 else len(rows)

    def shown(places: NDArray[np.int64]) -> Iterator[Shown]:
        for place in places.tolist():
            row = int(rows[place])
            said = ""
            if wrong[place] and kept.kind == "label":
                said = kept.names[int(kept.answers[row])]
            yield Shown(int(kept.ids[row]), float(scores[place]), not wrong[place], said)

    best, worst = order[:each], order[::-1][:each]
    return Wall(name, len(rows), tuple(shown(best)), tuple(shown(worst)))


def mixed_up(kept: Answered, truth: int, answer: int, most: int = 8) -> list[int]:
    """Return images of one class that were given another, the surest ones first."""
    rows = np.flatnonzero((kept.truth == truth) & (kept.answers == answer))
    order = np.argsort(-kept.scores[rows, answer], kind="stable")[:most]
    found: list[int] = kept.ids[rows[order]].tolist()
    return found


def small(data: bytes | None, side: int = SIDE) -> bytes | None:
    """Return a picture made small, as JPEG; None where there is none.

    What Pillow can't read stays as it is: a browser may know better.
    """
    from PIL import Image

    if data is None:
        return None
    into = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.thumbnail((side, side))
            picture.convert("RGB").save(into, "JPEG", quality=72)
    except OSError:
        return data
    return into.getvalue()
