"""Figures of a comparison of models that tell a number, as those of labels and tags."""

from __future__ import annotations

from collections.abc import Sequence

from impasto.learn.comparison.figures import COLOURS, GREY, Mark, account_of, dots
from impasto.learn.comparison.numbers import LESS_IS_BETTER, NUMBER_TITLES, NumberComparison
from impasto.learn.number.report import number

_AGREEMENT = ("r2", "spearman")


def draw_number_figures(compared: NumberComparison) -> dict[str, str]:
    """Draw a comparison.

    Returns
    -------
    dict of str to str
        Name of the figure to an SVG document: "distances" (how far off every row is), "agreement"
        (R² and rank correlation) and "differences" (of every two models, in mean distance).
    """
    return {
        "distances": _rows(compared, "How far off, less is better", LESS_IS_BETTER),
        "agreement": _rows(compared, "How well numbers and ranks agree", _AGREEMENT),
        "differences": _differences(compared),
    }


def _rows(compared: NumberComparison, title: str, measures: Sequence[str]) -> str:
    lines: list[tuple[str, list[Mark]]] = []
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(compared.models)}
    edges = [0.0]
    for measure in measures:
        lines.append((f"# {NUMBER_TITLES[measure]}", []))
        for row in compared.rows:
            estimate = row.measures[measure]
            lines.append((row.title, [(estimate, colours.get(row.name, GREY))]))
            edges += [edge for edge in (estimate.low, estimate.high) if edge == edge]
    # a row that is worse than nothing by far need not be seen to its end
    limits = (max(-1.0, min(edges)), 1.0) if measures == _AGREEMENT else (0.0, max(edges) or 1.0)
    return dots(title, _account(compared), lines, limits, chance=True, written=number)


def _differences(compared: NumberComparison) -> str:
    marks = [
        (f"{pair.first} minus {pair.second}", [(pair.difference, COLOURS[0])])
        for pair in compared.pairs
        if pair.measure == "mae"
    ]
    lines: list[tuple[str, list[Mark]]] = [(f"# {NUMBER_TITLES['mae']}", []), *marks]
    ends = [abs(end) for _, [(one, _)] in marks for end in (one.low, one.high)]
    edge = max(ends) or 1.0
    title = "Differences on the same images, with 95 % intervals"
    return dots(title, _account(compared), lines, (-edge, edge), chance=True, written=number)


def _account(compared: NumberComparison) -> str:
    return account_of(len(compared.ids), compared.distinct, compared.resamples)
