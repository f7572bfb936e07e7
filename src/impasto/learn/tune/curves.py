"""How tuning went, epoch by epoch and label by label; as numbers and as a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from impasto.learn.tune.tasks import Score


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training part came to.

    Parameters
    ----------
    number : int
        From 1; 0 is the network before the first step.
    rate : float
        Factor of the schedule at the epoch's end.
    loss : float
        Mean cost of a step; NaN for epoch 0.
    score : Score
        On the validation part.
    """

    number: int
    rate: float
    loss: float
    score: Score

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; NaN is null."""
        return {
            "epoch": self.number,
            "rate": self.rate,
            "loss": _null(self.loss),
            "value": self.score.value,
            "validation_loss": self.score.loss,
            "labels": [_null(value) for value in self.score.labels],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Epoch:
        """Rebuild from `to_json`."""
        labels = tuple(_nan(value) for value in data["labels"])
        score = Score(data["value"], data["validation_loss"], labels)
        return cls(data["epoch"], data["rate"], _nan(data["loss"]), score)


@dataclass(frozen=True, slots=True)
class Curves:
    """All epochs so far.

    Parameters
    ----------
    measure : {"top-1", "mAP"}
        What the values are; those of the labels are recall, those of tags average precision.
    labels : tuple of str
    epochs : tuple of Epoch
    total : int
        Epochs there are at most.
    """

    measure: str
    labels: tuple[str, ...]
    epochs: tuple[Epoch, ...]
    total: int

    @property
    def best(self) -> Epoch:
        """The epoch whose network is kept."""
        best = self.epochs[0]
        for epoch in self.epochs[1:]:
            if epoch.score.beats(best.score):
                best = epoch
        return best

    @property
    def per_label(self) -> str:
        """What the curve of a label shows."""
        return "recall" if self.measure == "top-1" else "average precision"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data: ``curves.json``, and what the app draws live."""
        return {
            "measure": self.measure,
            "per_label": self.per_label,
            "labels": list(self.labels),
            "total": self.total,
            "best": self.best.number,
            "epochs": [epoch.to_json() for epoch in self.epochs],
        }


_WIDTH, _EDGE, _CELL, _HIGH = 960, 40, 212, 92
_INK, _GREY, _LINE, _FIRST, _SECOND = "#1c1a17", "#57524a", "#ddd8ce", "#0077bb", "#c23f0c"
_FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def draw_curves(curves: Curves, title: str) -> str:
    """Draw the losses, the score, and a small panel per label, as SVG on white ground.

    Parameters
    ----------
    curves : Curves
    title : str

    Returns
    -------
    str
        An SVG document with a title and a description for screen readers.
    """
    epochs = curves.epochs
    numbers = [epoch.number for epoch in epochs]
    parts: list[str] = [_text(_EDGE, 44, title, size=21, weight=600)]
    words = (
        f"Validation part only; the network of epoch {curves.best.number} is kept (dashed). Small: "
        f"{curves.per_label} of each label, from 0 to 1."
    )
    parts.append(_text(_EDGE, 70, words, size=13, fill=_GREY))
    half = (_WIDTH - 3 * _EDGE) / 2
    losses = [epoch.loss for epoch in epochs]
    checked = [epoch.score.loss for epoch in epochs]
    top = max([value for value in (*losses, *checked) if not math.isnan(value)], default=1.0) or 1.0
    left, right = (_EDGE, 112.0, half, 200.0), (2 * _EDGE + half, 112.0, half, 200.0)
    parts += _panel(left, "cost of a step (grey), log loss on validation (red)", top)
    parts += _panel(right, f"{curves.measure} on validation", 1.0)
    for box in (left, right):
        parts += _epochs(box, numbers, curves.best.number)
    parts.append(_line(left, numbers, losses, top, _GREY))
    parts.append(_line(left, numbers, checked, top, _SECOND))
    parts.append(_line(right, numbers, [epoch.score.value for epoch in epochs], 1.0, _FIRST))
    columns = 4
    for index, label in enumerate(curves.labels):
        x = _EDGE + (index % columns) * (_CELL + 10)
        y = 368 + (index // columns) * (_HIGH + 34)
        values = [epoch.score.labels[index] for epoch in epochs]
        last = values[epochs.index(curves.best)]
        shown = "not checked" if math.isnan(last) else f"{last:.2f}"
        name = label if len(label) < 24 else label[:22] + "…"
        parts += _panel((x, y, _CELL, _HIGH), f"{name}  {shown}", 1.0, small=True)
        parts.append(_line((x, y, _CELL, _HIGH), numbers, values, 1.0, _FIRST))
    rows = -(-len(curves.labels) // columns)
    height = 368 + rows * (_HIGH + 34) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="{escape(_FONTS)}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>' + "".join(parts) + "</svg>\n"
    )


_Box = tuple[float, float, float, float]


def _panel(box: _Box, title: str, top: float, *, small: bool = False) -> list[str]:
    x, y, width, height = box
    size = 12 if small else 14
    return [
        _text(x, y - 8, title, size=size),
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="none" '
        f'stroke="{_LINE}"/>',
        *([] if small else [_text(x + 4, y + 14, f"{top:.2f}", size=11, fill=_GREY)]),
    ]


def _epochs(box: _Box, numbers: Sequence[int], best: int) -> list[str]:
    """Write the first and the last epoch below a panel, and mark the one that is kept."""
    x, y, width, height = box
    at = x + width * (best - numbers[0]) / max(numbers[-1] - numbers[0], 1)
    return [
        _text(x, y + height + 16, f"epoch {numbers[0]}", size=11, fill=_GREY),
        _text(x + width - 14, y + height + 16, f"{numbers[-1]}", size=11, fill=_GREY),
        f'<line x1="{at:.1f}" y1="{y:.1f}" x2="{at:.1f}" y2="{y + height:.1f}" stroke="{_GREY}" '
        f'stroke-dasharray="3 4"/>',
    ]


def _line(
    box: _Box, numbers: Sequence[int], values: Sequence[float], top: float, colour: str
) -> str:
    """Draw a curve; a value that is NaN leaves a gap at the ends and is skipped within."""
    x, y, width, height = box
    span = max(numbers[-1] - numbers[0], 1)
    points = [
        (
            x + width * (number - numbers[0]) / span,
            y + height * (1 - min(max(value / top, 0.0), 1.0)),
        )
        for number, value in zip(numbers, values, strict=True)
        if not math.isnan(value)
    ]
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{colour}"/>'
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _text(x: float, y: float, words: str, *, size: int, fill: str = _INK, weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
