"""The latest comparisons: computed once, looked at in many ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from impasto.explore import pair
from impasto.flow import parse
from impasto.serve.cache import Cache
from impasto.serve.schemas import CellsOut, ChangeOut, ChangesOut, PointsOut, ScatterOut

if TYPE_CHECKING:
    from impasto.explore.compare import Comparison
    from impasto.serve.answers import Answers
    from impasto.serve.schemas import CompareIn, CompareQuery

MOST_BYTES = 256 * 2**20
"""Of all comparisons kept; eight queries of a million images take 72 MB."""


class Compared:
    """Comparisons of queries, computed once however many routes ask.

    Parameters
    ----------
    answers : Answers
        Makes the queries.
    most_bytes : int
    """

    def __init__(self, answers: Answers, most_bytes: int = MOST_BYTES) -> None:
        self._answers = answers
        self._kept = Cache["Comparison"](most_bytes, _bytes)

    def get(self, asked: CompareIn) -> Comparison:
        """Compare queries, or remember having done so.

        Raises
        ------
        NotFound
            When there is no such space, image, label, tag, selection or upload.
        """
        from impasto.explore.compare import compare

        queries = [[parse(text) for text in query.terms] for query in asked.queries]
        every = [term for terms in queries for term in terms]
        vectors, state = self._answers.vectors_for(asked.space, every)
        meant = (tuple(map(self._answers.exact, terms)) for terms in queries)
        key = (state, asked.k, asked.bins, *meant)

        def make() -> Comparison:
            made = [self._answers.query(vectors, state, terms) for terms in queries]
            return compare(
                vectors,
                [query for query, _ in made],
                bins=asked.bins,
                k=asked.k,
                random=[by_chance for _, by_chance in made],
            )

        found = self._kept.get(key, make)
        return replace(found, titles=_titles(asked.queries, found.titles))


def scatter_out(
    compared: Comparison, first: int, second: int, *, cells: int, points: int
) -> ScatterOut:
    """Show all images by their similarities to two queries: in cells, and few enough singly."""
    found = pair.scatter(compared, first, second, bins=cells)
    columns, rows = np.nonzero(found.counts)
    return ScatterOut(
        edges=found.edges.tolist(),
        cells=CellsOut(
            column=columns.tolist(), row=rows.tolist(), count=found.counts[columns, rows].tolist()
        ),
        points=_points(compared, first, second) if len(compared.ids) <= points else None,
    )


def _points(compared: Comparison, first: int, second: int) -> PointsOut:
    x, y = compared.similarities[[first, second]].tolist()
    return PointsOut(ids=compared.ids.tolist(), x=x, y=y)


def changes_out(compared: Comparison, first: int, second: int, count: int) -> ChangesOut:
    """Show the images that gain and lose most ranks from one query to another."""
    gains, losses = pair.changes(compared, first, second, count)
    return ChangesOut(gains=_changes(gains), losses=_changes(losses))


def _changes(found: pair.Changes) -> list[ChangeOut]:
    columns = (found.ids.tolist(), found.before.tolist(), found.after.tolist())
    return [
        ChangeOut(id=id_, before=before, after=after)
        for id_, before, after in zip(*columns, strict=True)
    ]


def _titles(queries: Sequence[CompareQuery], plain: Sequence[str]) -> tuple[str, ...]:
    """Return what the queries are called: as was asked for, else what their terms say."""
    return tuple(query.title or title for query, title in zip(queries, plain, strict=True))


def _bytes(found: Comparison) -> int:
    return found.similarities.nbytes + found.ranks.nbytes + found.ids.nbytes
