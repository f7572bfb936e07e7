"""How faithful a map is: whether what lies together is alike, and what is alike lies together.

Every measure compares the k nearest images in the space with the k nearest points on the map. Up
to `EXACT` images all are asked; above, a random sample is, and an interval says how much the
sample leaves open. Beside each value stands what a shuffled map would get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate
from impasto.core.space import Vectors

EXACT = 4000
"""Up to so many images all are asked; above, `SAMPLE` of them."""

SAMPLE = 1000
K = 15

_BLOCK = 8  # queries that share one pass over the vectors
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How much of the neighbourhoods of a space a map keeps.

    Parameters
    ----------
    k : int
        Neighbours that are looked at.
    asked : int
        Images whose neighbourhoods were compared; `exact` when these are all of them.
    exact : bool
        If so, the intervals have no width.
    trustworthiness : Estimate
        Venna and Kaski (2001): 1 when all points that lie together are neighbours in the space;
        those that are not are counted by how far down the ranking of the space they come.
    continuity : Estimate
        The same the other way round: 1 when all neighbours in the space lie together.
    kept : Estimate
        Share of the k nearest images that are among the k nearest points.
    label_hit : Estimate or None
        Share of the k nearest labelled points that have the label of the image itself; None
        without labels.
    label_hit_space : Estimate or None
        The same among the nearest images of the space: what the map could reach.
    """

    k: int
    asked: int
    exact: bool
    trustworthiness: Estimate
    continuity: Estimate
    kept: Estimate
    label_hit: Estimate | None = None
    label_hit_space: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"k": self.k, "asked": self.asked, "exact": self.exact} | {
            name: one.to_json() if one else None
            for name, one in ((name, getattr(self, name)) for name in _MEASURES)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Faithfulness:
        """Rebuild it from `to_json`."""
        measures = {name: data[name] and Estimate(**data[name]) for name in _MEASURES}
        return cls(k=data["k"], asked=data["asked"], exact=data["exact"], **measures)


_MEASURES = ("trustworthiness", "continuity", "kept", "label_hit", "label_hit_space")


def faithfulness(
    vectors: Vectors,
    rows: NDArray[np.int64],
    positions: NDArray[np.float32],
    labels: NDArray[np.int64] | None = None,
    *,
    k: int = K,
    seed: int = 0,
    progress: Progress | None = None,
) -> Faithfulness | None:
    """Measure how much of the neighbourhoods of a space a map keeps.

    Images that are equally similar share the best rank among them, so ties never count against
    a map.

    Parameters
    ----------
    vectors : Vectors
    rows : ndarray of shape (n_points,), int64
        Row of `vectors` of each point.
    positions : ndarray of shape (n_points, 2), float32
    labels : ndarray of shape (n_points,), int64, optional
        Number of the label of each point, -1 for none.
    k : int
        Lowered to less than half the number of points, beyond which ranks say nothing.
    seed : int
        Of the sample.
    progress : Progress, optional

    Returns
    -------
    Faithfulness or None
        None with fewer than three points.
    """
    if positions.shape != (len(rows), 2):
        raise InvalidInput(f"{len(rows)} points need positions of shape ({len(rows)}, 2).")
    n = len(rows)
    k = min(k, (n - 1) // 2)
    if k < 1:
        return None
    asked = np.arange(n)
    if n > EXACT:
        asked = np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    known = np.full(n, -1) if labels is None else labels
    measured = _measure(vectors, rows, positions, known, asked, k, progress or Quiet())
    penalty = 2 / (k * (2 * n - 3 * k - 1))
    by_rank = 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))
    total = int(np.count_nonzero(known >= 0))
    counts = np.bincount(known[known >= 0])
    same = float((counts * (counts - 1)).sum() / (total * (total - 1))) if total > 1 else 0.0
    return Faithfulness(
        k=k,
        asked=len(asked),
        exact=len(asked) == n,
        trustworthiness=_estimate(1 - penalty * measured.intruders, n, by_rank),
        continuity=_estimate(1 - penalty * measured.missing, n, by_rank),
        kept=_estimate(measured.kept / k, n, k / (n - 1)),
        label_hit=_hits(measured.label_hits, total, same),
        label_hit_space=_hits(measured.label_hits_space, total, same),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Per asked image; label hits are NaN for images without a label."""

    intruders: NDArray[np.float64]  # sum of (rank in the space - k) over the nearest points
    missing: NDArray[np.float64]  # sum of (rank on the map - k) over the nearest images
    kept: NDArray[np.float64]
    label_hits: NDArray[np.float64]
    label_hits_space: NDArray[np.float64]


def _measure(
    vectors: Vectors,
    rows: NDArray[np.int64],
    positions: NDArray[np.float32],
    labels: NDArray[np.int64],
    asked: NDArray[np.int64],
    k: int,
    progress: Progress,
) -> _Measured:
    wide = positions.astype(np.float64)
    labelled = np.flatnonzero(labels >= 0)
    found = np.full((5, len(asked)), np.nan)
    progress.stage("Measuring", len(asked))
    for begin in range(0, len(asked), _BLOCK):
        some = asked[begin : begin + _BLOCK]
        unlike = -_similarities(vectors, rows, some)
        for at, i in enumerate(some.tolist(), begin):
            apart = unlike[at - begin]
            squares = np.square(wide - wide[i]).sum(axis=1)
            apart[i] = squares[i] = np.inf
            alike, near = _nearest(apart, k), _nearest(squares, k)
            found[0, at] = _beyond(apart, near, k)
            found[1, at] = _beyond(squares, alike, k)
            found[2, at] = np.count_nonzero(alike[:, None] == near)
            if labels[i] >= 0 and len(labelled) > 1:
                mine = labels[i] == labels[labelled]
                count = min(k, len(labelled) - 1)
                found[3, at] = mine[_nearest(squares[labelled], count)].mean()
                found[4, at] = mine[_nearest(apart[labelled], count)].mean()
        progress.advance(len(some))
    return _Measured(*found)


def _similarities(
    vectors: Vectors, rows: NDArray[np.int64], some: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Compare some points with all."""
    from impasto.explore.similarity import similarities

    found = similarities(vectors, np.asarray(vectors.values[rows[some]], np.float32))
    picked: NDArray[np.float32] = found[:, rows]
    return picked


def _nearest(distances: NDArray[Any], k: int) -> NDArray[np.int64]:
    """Return the `k` smallest, ties by position."""
    if k >= len(distances):
        return np.argsort(distances, kind="stable")
    bound = np.partition(distances, k - 1)[k - 1]
    close = np.flatnonzero(distances <= bound)
    order: NDArray[np.int64] = close[np.argsort(distances[close], kind="stable")][:k]
    return order


def _beyond(distances: NDArray[Any], others: NDArray[np.int64], k: int) -> float:
    """Sum by how much the ranks of `others` among the distances exceed `k`."""
    ranks = 1 + np.array([np.count_nonzero(distances < distances[j]) for j in others])
    return float(np.maximum(ranks - k, 0).sum())


def _estimate(values: NDArray[np.float64], n: int, chance: float) -> Estimate:
    """Return the mean of a sample without replacement of `n`, and its interval."""
    mean, m = float(values.mean()), len(values)
    if m == n:
        return Estimate(mean, mean, mean, chance)
    error = float(values.std(ddof=1)) / np.sqrt(m) * np.sqrt((n - m) / (n - 1))
    return Estimate(mean, max(mean - _Z * error, 0.0), min(mean + _Z * error, 1.0), chance)


def _hits(values: NDArray[np.float64], total: int, chance: float) -> Estimate | None:
    hits = values[~np.isnan(values)]
    return _estimate(hits, total, chance) if len(hits) > 1 else None
