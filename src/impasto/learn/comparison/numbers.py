"""Several models that tell a number, side by side: how far off each is, and each two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, not_found
from impasto.learn.comparison.align import joined_groups, rows_of, shared_ids, tested_elsewhere
from impasto.learn.comparison.compare import Pair, Row
from impasto.learn.comparison.paired import bootstrap_p, holm, signs_p
from impasto.learn.number.measure import spearman
from impasto.learn.tag_scores import RESAMPLES, interval, resamples

Values = NDArray[np.float64]

NUMBER_TITLES = {
    "mae": "mean distance",
    "rmse": "root mean square",
    "r2": "R²",
    "spearman": "rank correlation",
}
"""What people call the measures. Of the first two less is better."""

LESS_IS_BETTER = ("mae", "rmse")
_WORK = 2e7  # numbers that resampling may rank; fewer resamples beyond that
_FEWEST = 100


@dataclass(frozen=True, slots=True, eq=False)
class NumberWay:
    """A way of telling a number: a model, or something that learned nothing.

    Parameters
    ----------
    name, title : str
        For programs and for people.
    kind : {"model", "baseline"}
    told : ndarray of shape (n_images,), float64
    """

    name: str
    title: str
    kind: Literal["model", "baseline"]
    told: Values


@dataclass(frozen=True, slots=True, eq=False)
class NumberComparison:
    """Several models that tell a number, on the same images.

    Parameters
    ----------
    ids : ndarray of shape (n_images,), int64
        Images that all models were tested on, rising.
    truth : ndarray of shape (n_images,), float64
    groups : ndarray of shape (n_images,), int64
        Near-duplicates share a number.
    ways : tuple of NumberWay
        The models in the order given, then what needs no learning.
    rows : tuple of Row
        Their measures.
    pairs : tuple of Pair
        Each two models, by measure. First and second alone: images (groups of near-duplicates)
        that one tells more closely than the other.
    resamples : int
        Behind each interval.
    notes : tuple of str
        What was left out.
    """

    ids: NDArray[np.int64]
    truth: Values
    groups: NDArray[np.int64]
    ways: tuple[NumberWay, ...]
    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    resamples: int
    notes: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(way.name for way in self.ways if way.kind == "model")

    @property
    def distinct(self) -> int:
        """Count the images, near-duplicates as one."""
        return len(np.unique(self.groups))

    def images(
        self, cell: str, first: str, second: str | None = None, name: str | None = None
    ) -> NDArray[np.int64]:
        """Return the images that one of two rows tells more closely, the widest apart first.

        Parameters
        ----------
        cell : {"first", "second"}
            Which of the two is closer.
        first, second : str
            Names of rows.
        name : None
            A number has no labels or tags.
        """
        if cell not in ("first", "second") or second is None or name is not None:
            raise InvalidInput(
                "Of two rows that tell a number there are the images that the first, or the "
                "second, tells more closely."
            )
        ahead = self.off(second) - self.off(first)  # how much closer the first is
        ahead = ahead if cell == "first" else -ahead
        order = np.argsort(-ahead, kind="stable")
        return np.asarray(self.ids[order[ahead[order] > 0]], np.int64)

    def off(self, name: str) -> Values:
        """Return how far off the answers of a row are, shape (n_images,)."""
        for way in self.ways:
            if way.name == name:
                return np.abs(way.told - self.truth)
        raise not_found("row", name, [way.name for way in self.ways])

    def to_json(self) -> dict[str, Any]:
        """Return all numbers as plain JSON data."""
        return {
            "target": "number",
            "models": list(self.models),
            "images": len(self.ids),
            "distinct": self.distinct,
            "names": [],
            "tested": [],
            "rows": [row.to_json() for row in self.rows],
            "pairs": [pair.to_json() for pair in self.pairs],
            "gaps": [],
            "resamples": self.resamples,
            "notes": list(self.notes),
        }


def compare_numbers(
    kept: Mapping[str, Answered], spaces: Mapping[str, str], *, seed: int = 0
) -> NumberComparison:
    """Compare models that tell a number on the images that all of them were tested on.

    Parameters
    ----------
    kept : mapping of str to Answered
        Of numbers, by the name of the model.
    spaces : mapping of str to str
        What the vectors of each model are called.
    seed : int
        Of the resampling.

    Raises
    ------
    InvalidInput
        When there is nothing to compare.
    """
    ids = shared_ids(kept)
    truths = [one.truth[rows_of(one, ids)] for one in kept.values()]
    same = np.all([truth == truths[0] for truth in truths], axis=0)
    if not same.any():
        raise InvalidInput("The numbers of all images changed between two of the learnings.")
    notes = []
    if not same.all():
        notes.append(
            f"Left out: {int((~same).sum()):,} images whose number changed between two of the "
            "learnings."
        )
    ids, truth = ids[same], truths[0][same].astype(np.float64)
    for name, one in kept.items():
        notes += tested_elsewhere(name, one, len(ids))
    rows = {name: rows_of(one, ids) for name, one in kept.items()}
    groups = joined_groups([one.groups[rows[name]] for name, one in kept.items()])
    mean, median = _middles(kept, rows, truth)
    ways = _ways(kept, spaces, rows, mean, median)
    times = int(np.clip(_WORK / (len(ids) * len(ways)), _FEWEST, RESAMPLES))
    weights = np.vstack([np.ones((1, len(ids))), resamples(groups, times=times, seed=seed)])
    drawn = dict(zip((way.name for way in ways), _measure(ways, truth, mean, weights), strict=True))
    blind = drawn["mean"], drawn["median"]
    chance = {
        "mae": float(blind[1]["mae"][0]),
        "rmse": float(blind[0]["rmse"][0]),
        "r2": 0.0,
        "spearman": 0.0,
    }
    return NumberComparison(
        ids,
        truth,
        groups,
        ways,
        tuple(
            Row(
                way.name,
                way.title,
                way.kind,
                {
                    measure: interval(float(d[0]), d[1:], chance[measure])
                    for measure, d in drawn[way.name].items()
                },
                (),
            )
            for way in ways
        ),
        tuple(_pairs(ways, truth, groups, drawn, seed)),
        times,
        tuple(notes),
    )


def _middles(
    kept: Mapping[str, Answered], rows: Mapping[str, NDArray[np.int64]], truth: Values
) -> tuple[Values, Values]:
    """Return mean and median of what was learned from, for each image of the first that says so.

    Models that were learned before these were kept have none; then those of the tested images
    stand in, which know a little more than they should.
    """
    for name, one in kept.items():
        if one.prior is not None:
            middles = one.prior[one.fold[rows[name]]].astype(np.float64)
            return middles[:, 0], middles[:, 1]
    n = len(truth)
    return np.full(n, truth.mean()), np.full(n, np.median(truth))


def _ways(
    kept: Mapping[str, Answered],
    spaces: Mapping[str, str],
    rows: Mapping[str, NDArray[np.int64]],
    mean: Values,
    median: Values,
) -> tuple[NumberWay, ...]:
    models, near = [], dict[bytes, NumberWay]()
    for name, one in kept.items():
        told = one.scores[rows[name], 0].astype(np.float64)
        models.append(NumberWay(name, name, "model", told))
        if one.nearest is None:
            continue
        looked_up = one.nearest[rows[name], 0]
        titles = [way.title for way in near.values()]
        title = f"Nearest neighbours, {spaces[name]}"
        title += f" (as {name})" * (title in titles)
        way = NumberWay(f"nearest:{name}", title, "baseline", looked_up.astype(np.float64))
        near.setdefault(looked_up.tobytes(), way)
    return (
        *models,
        *near.values(),
        NumberWay("median", "Always the median", "baseline", median),
        NumberWay("mean", "Always the mean", "baseline", mean),
    )


def _measure(
    ways: Sequence[NumberWay], truth: Values, mean: Values, weights: Values
) -> list[dict[str, Values]]:
    """Measure each way for each row of weights, shape (times,) each."""
    whole = weights.sum(axis=1)
    rest = weights @ (truth - mean) ** 2
    found = []
    for way in ways:
        squared = weights @ (way.told - truth) ** 2
        found.append(
            {
                "mae": weights @ np.abs(way.told - truth) / whole,
                "rmse": np.sqrt(squared / whole),
                "r2": 1 - np.divide(squared, rest, out=np.full_like(rest, np.nan), where=rest > 0),
                "spearman": np.zeros(len(weights)),
            }
        )
    for i, row in enumerate(weights):
        drawn = np.repeat(np.arange(len(truth)), row.astype(np.int64))
        for way, measures in zip(ways, found, strict=True):
            measures["spearman"][i] = spearman(truth[drawn], way.told[drawn])
    return found


def _pairs(
    ways: Sequence[NumberWay],
    truth: Values,
    groups: NDArray[np.int64],
    drawn: Mapping[str, Mapping[str, Values]],
    seed: int,
) -> list[Pair]:
    found: list[Pair] = []
    models = [way for way in ways if way.kind == "model"]
    for measure in NUMBER_TITLES:
        mine = []
        for a, b in combinations(models, 2):
            gap = drawn[a.name][measure] - drawn[b.name][measure]
            off = np.abs(a.told - truth), np.abs(b.told - truth)
            alone: tuple[int | None, int | None] = (None, None)
            if measure == "spearman":
                test, p = "bootstrap", bootstrap_p(gap[1:])
            elif measure == "mae":
                test, p = "exchange", signs_p(off[0] - off[1], groups, seed=seed)
                alone = _closer(off[0] - off[1], groups)
            else:  # root and share rise with the mean of the squares: one test is that of both
                test, p = "exchange", signs_p(off[0] ** 2 - off[1] ** 2, groups, seed=seed)
            difference = interval(float(gap[0]), gap[1:], 0.0)
            mine.append((a.name, b.name, measure, difference, test, p, alone))
        corrected = holm([one[5] for one in mine])
        found += [Pair(*one[:6], fair, *one[6]) for one, fair in zip(mine, corrected, strict=True)]
    return found


def _closer(gap: Values, groups: NDArray[np.int64]) -> tuple[int, int]:
    """Count the groups that the first, and that the second, tells more closely."""
    sums = np.bincount(np.unique(groups, return_inverse=True)[1], weights=gap)
    return int((sums < 0).sum()), int((sums > 0).sum())
