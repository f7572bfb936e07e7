"""A query's distribution as the API gives it: the histogram, the background, the cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.explore.cut import Cut, curve
from impasto.explore.distribution import distribution as spread
from impasto.serve.schemas import CutOut, DistributionOut, Quantile

if TYPE_CHECKING:
    from impasto.flow import Answer


def distribution_out(answer: Answer, *, bins: int, share: float) -> DistributionOut:
    """Say how the similarities of a query are spread, and where a cut may stand.

    Parameters
    ----------
    answer : Answer
    bins : int
        Of equal width, from -1 to 1.
    share : float
        Background that the suggested cut lets in.
    """
    found = spread(answer.similarities, bins=bins)
    random = answer.background.distribution(bins=bins)
    scale = found.total / random.total if random.total else 0.0
    cuts = curve(answer.similarities, answer.background.similarities, found.edges)
    return DistributionOut(
        space=answer.space.name,
        title=answer.query.title,
        edges=found.edges.tolist(),
        counts=found.counts.tolist(),
        background=(random.counts * scale).tolist(),
        mean=found.mean,
        std=found.std,
        background_mean=random.mean,
        background_std=random.std,
        background_of=answer.background.of,
        quantiles=[Quantile(q=q, value=value) for q, value in found.quantiles.items()],
        total=found.total,
        parts=list(answer.query.parts),
        above=cuts.counts.tolist(),
        expected=cuts.expected.tolist(),
        shares=_finite(cuts.shares),
        unrelated=cuts.unrelated,
        cut=_cut(cuts.suggest(share)),
        cut_sentence=cuts.sentence(share),
    )


def _cut(cut: Cut | None) -> CutOut | None:
    if cut is None:
        return None
    return CutOut(
        similarity=cut.similarity, count=cut.count, expected=cut.expected, share=cut.share
    )


def _finite(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
