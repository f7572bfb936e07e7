"""Several models side by side: every measure, every class, every pair, with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, not_found
from impasto.core.records import Estimate
from impasto.learn.comparison.align import Common, Way, align
from impasto.learn.comparison.paired import bootstrap_p, exchange_p, holm, mcnemar
from impasto.learn.tag_scores import RESAMPLES, Told, average_precision, interval, resamples

Cell = Literal["both", "first", "second", "neither", "found", "missed", "wrong"]
Drawn = NDArray[np.float64]

MEASURES = {
    "label": ("top1", "top5", "macro_f1", "mean_average_precision"),
    "tags": ("mean_average_precision", "macro_f1", "micro_f1"),
}
TITLES = {
    "top1": "top-1",
    "top5": "top-5",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "mean_average_precision": "mAP",
}
CLASS_MEASURES = ("precision", "recall", "f1", "average_precision")
_WORK = 4e8  # numbers that resampling may look at; fewer resamples beyond that
_FEWEST = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One way of answering and its measures.

    Parameters
    ----------
    name, title : str
    kind : {"model", "baseline"}
    measures : mapping of str to Estimate
        Chance is what the best answer without a look at the picture gets.
    classes : tuple of mapping of str to Estimate
        Of each label or tag: precision, recall, f1, average_precision.
    """

    name: str
    title: str
    kind: str
    measures: Mapping[str, Estimate]
    classes: tuple[Mapping[str, Estimate], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; None for what could not be measured."""
        return {
            "name": self.name,
            "title": self.title,
            "kind": self.kind,
            "measures": _json(self.measures),
            "classes": [_json(one) for one in self.classes],
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """How far two models are apart in one measure.

    Parameters
    ----------
    first, second : str
    measure : str
    difference : Estimate
        First minus second, on the same resampled images; chance is 0.
    test : {"mcnemar", "exchange", "bootstrap"}
        Exact for top-1; random exchanges of the answers for macro F1; else resampling.
    p : float
        Two-sided.
    corrected : float
        For the number of pairs (Holm).
    first_alone, second_alone : int or None
        Of McNemar's test: images (groups of near-duplicates) that only one gets right.
    """

    first: str
    second: str
    measure: str
    difference: Estimate
    test: str
    p: float
    corrected: float
    first_alone: int | None = None
    second_alone: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "first": self.first,
            "second": self.second,
            "measure": self.measure,
            "difference": _json({"": self.difference})[""],
            "test": self.test,
            "p": self.p,
            "corrected": self.corrected,
            "first_alone": self.first_alone,
            "second_alone": self.second_alone,
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a model is from the first one on one label or tag: F1 and average precision."""

    model: str
    name: str
    f1: Estimate
    average_precision: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "model": self.model,
            "name": self.name,
            **_json({"f1": self.f1, "average_precision": self.average_precision}),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ModelComparison:
    """Several models on the same images.

    Parameters
    ----------
    common : Common
        The images and the answers.
    rows : tuple of Row
        The models, then what needs no learning.
    pairs : tuple of Pair
        Each two models, by measure.
    gaps : tuple of Gap
        Each other model against the first one, label by label.
    resamples : int
        Behind each interval.
    """

    common: Common
    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...]
    gaps: tuple[Gap, ...]
    resamples: int

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(way.name for way in self.common.models)

    @property
    def distinct(self) -> int:
        """Count the images, near-duplicates as one."""
        return len(np.unique(self.common.ways[0].told.groups))

    def images(
        self, cell: Cell, first: str, second: str | None = None, name: str | None = None
    ) -> NDArray[np.int64]:
        """Return the images behind a number.

        Parameters
        ----------
        cell : str
            Of two ways of answering: "both", "first" (alone), "second" (alone) or "neither" is
            right. Of one, and a label or tag: "found" (it has it and was given it), "missed" (has
            it, was not), "wrong" (was given it, has it not).
        first, second : str
            Names of rows.
        name : str or None
            A label or tag. Without one an image is told rightly when nothing about it is wrong.
        """
        told = self._way(first).told
        columns = slice(None) if name is None else [self._place(name)]
        truth, ours = told.truth[:, columns], told.given[:, columns]
        if cell in ("found", "missed", "wrong"):
            chosen = {
                "found": truth & ours,
                "missed": truth & ~ours,
                "wrong": ours & ~truth,
            }[cell].any(axis=1)
            return np.asarray(self.common.ids[chosen], np.int64)
        if cell not in get_args(Cell) or second is None:
            raise InvalidInput(
                f"There are the cells {', '.join(get_args(Cell))}; the first four are of two rows."
            )
        a = (ours == truth).all(axis=1)
        b = (self._way(second).told.given[:, columns] == truth).all(axis=1)
        of_two = {"both": a & b, "first": a & ~b, "second": b & ~a, "neither": ~a & ~b}
        return np.asarray(self.common.ids[of_two[cell]], np.int64)

    def _way(self, name: str) -> Way:
        for way in self.common.ways:
            if way.name == name:
                return way
        raise not_found("row", name, [way.name for way in self.common.ways])

    def _place(self, name: str) -> int:
        if name not in self.common.names:
            raise not_found(
                "tag" if self.common.target == "tags" else "label", name, self.common.names
            )
        return self.common.names.index(name)

    def tested(self) -> tuple[int, ...]:
        """Count the images of each label or tag."""
        return tuple(self.common.ways[0].told.truth.sum(axis=0).tolist())

    def to_json(self) -> dict[str, Any]:
        """Return all numbers as plain JSON data."""
        return {
            "target": self.common.target,
            "models": list(self.models),
            "images": len(self.common.ids),
            "distinct": self.distinct,
            "names": list(self.common.names),
            "tested": list(self.tested()),
            "rows": [row.to_json() for row in self.rows],
            "pairs": [pair.to_json() for pair in self.pairs],
            "gaps": [gap.to_json() for gap in self.gaps],
            "resamples": self.resamples,
            "notes": list(self.common.notes),
        }


def compare_models(
    kept: Mapping[str, Answered], spaces: Mapping[str, str], *, seed: int = 0
) -> ModelComparison:
    """Compare any number of models on the images that all of them were tested on.

    Parameters
    ----------
    kept : mapping of str to Answered
        By the name of the model; the first one is what others are compared with class by class.
    spaces : mapping of str to str
        What the vectors of each model are called.
    seed : int
        Of the resampling.

    Raises
    ------
    InvalidInput
        When there is nothing to compare.
    """
    common = align(kept, spaces)
    n, k = common.ways[0].told.truth.shape
    times = int(np.clip(_WORK / (n * k * len(common.ways)), _FEWEST, RESAMPLES))
    weights = np.vstack([np.ones((1, n)), resamples(_groups(common), times=times, seed=seed)])
    measured = {way.name: _measure(way.told, weights, common.target) for way in common.ways}
    chance = _chances(common)
    rows = [
        Row(
            way.name,
            way.title,
            way.kind,
            {
                name: interval(float(d[0]), d[1:], chance[name])
                for name, d in measured[way.name].overall.items()
            },
            tuple(_of_class(way, measured[way.name], j) for j in range(k)),
        )
        for way in common.ways
    ]
    if common.target == "label":
        rows.append(_hat(common))
    return ModelComparison(
        common,
        tuple(rows),
        tuple(_pairs(common, measured, seed)),
        tuple(_gaps(common, measured)),
        times,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Measures for each row of weights: overall (times,), of each class (times, n_classes)."""

    overall: Mapping[str, Drawn]
    classes: Mapping[str, Drawn]


def _groups(common: Common) -> NDArray[np.int64]:
    return common.ways[0].told.groups


def right(told: Told, best: int = 1) -> NDArray[np.bool_]:
    """Tell of which images the true class is among the `best` first answers."""
    own = np.where(told.truth, told.scores, -np.inf).max(axis=1)
    place = told.truth.argmax(axis=1)
    before = (told.scores > own[:, None]).sum(axis=1)
    # ties go to the class that comes first, as in all rankings of ours
    tied = (told.scores == own[:, None]) & (np.arange(told.scores.shape[1]) < place[:, None])
    found: NDArray[np.bool_] = before + tied.sum(axis=1) < best
    return found


def _measure(told: Told, weights: Drawn, target: str) -> _Measured:
    truth, given = told.truth, told.given
    both, named, having = (weights @ part.astype(float) for part in (truth & given, given, truth))

    def share(part: Drawn, whole: Drawn, there: NDArray[np.bool_]) -> Drawn:
        return np.divide(part, whole, out=np.full_like(part, np.nan), where=there)

    f1 = share(2 * both, named + having, having > 0)
    ranked = np.stack(
        [average_precision(s, t, weights) for s, t in zip(told.scores.T, truth.T, strict=True)],
        axis=1,
    )
    there = truth.any(axis=0)
    overall = {
        "macro_f1": _mean(f1[:, there]),
        "mean_average_precision": _mean(ranked[:, there]),
        "micro_f1": 2 * both.sum(axis=1) / np.maximum(named.sum(axis=1) + having.sum(axis=1), 1),
    }
    if target == "label":
        whole = weights.sum(axis=1)
        for name, best in (("top1", 1), ("top5", 5)):
            overall[name] = weights @ right(told, best).astype(float) / whole
    return _Measured(
        {name: overall[name] for name in MEASURES[target]},
        {
            "precision": share(both, named, named > 0),
            "recall": share(both, having, having > 0),
            "f1": f1,
            "average_precision": ranked,
        },
    )


def _mean(drawn: Drawn) -> Drawn:
    known = ~np.isnan(drawn)
    found: Drawn = np.where(known, drawn, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return found


def _chances(common: Common) -> dict[str, float]:
    """Return what the best answer without a look at the pictures gets."""
    share = common.ways[0].told.truth.mean(axis=0)
    share = share[share > 0]
    always = 2 * share / (1 + share)
    ranked = {"mean_average_precision": float(share.mean())}
    if common.target == "tags":
        blind = float(share.sum() / len(common.names))
        return ranked | {
            "macro_f1": float(always.mean()),
            "micro_f1": 2 * blind / (1 + blind),
        }
    best, k = np.sort(share)[::-1], len(common.names)
    drawn = 2 * share / k / (share + 1 / k)  # F1 of drawing from a hat
    return ranked | {
        "top1": float(best[0]),
        "top5": float(best[:5].sum()),
        "macro_f1": float(max(drawn.mean(), always.max() / len(share))),  # or always one class
    }


def _of_class(way: Way, measured: _Measured, j: int) -> dict[str, Estimate]:
    share = float(way.told.truth[:, j].mean())
    chance = {
        "precision": share,
        "recall": float(way.told.given[:, j].mean()),
        "f1": 2 * share / (1 + share),
        "average_precision": share,
    }
    return {
        name: interval(float(drawn[0, j]), drawn[1:, j], chance[name])
        for name, drawn in measured.classes.items()
    }


def _hat(common: Common) -> Row:
    """Return what drawing a class from a hat gets on average, which needs no resampling."""
    k, share = len(common.names), common.ways[0].told.truth.mean(axis=0)
    f1 = 2 * share / k / (share + 1 / k)
    chance = _chances(common)

    def sure(value: float, chance: float) -> Estimate:
        return Estimate(value, value, value, chance)

    return Row(
        "chance",
        "Drawing a class from a hat",
        "baseline",
        {
            "top1": sure(1 / k, chance["top1"]),
            "top5": sure(min(5, k) / k, chance["top5"]),
            "macro_f1": sure(float(f1[share > 0].mean()), chance["macro_f1"]),
            "mean_average_precision": sure(
                float(share[share > 0].mean()), chance["mean_average_precision"]
            ),
        },
        tuple(
            {
                "precision": sure(p, p),
                "recall": sure(1 / k, 1 / k),
                "f1": sure(f, 2 * p / (1 + p)),
                "average_precision": sure(p or float("nan"), p),
            }
            for p, f in zip(share.tolist(), f1.tolist(), strict=True)
        ),
    )


def _pairs(common: Common, measured: Mapping[str, _Measured], seed: int) -> list[Pair]:
    found: list[Pair] = []
    for measure in MEASURES[common.target]:
        mine = []
        for a, b in combinations(common.models, 2):
            gap = measured[a.name].overall[measure] - measured[b.name].overall[measure]
            difference = interval(float(gap[0]), gap[1:], 0.0)
            alone: tuple[int | None, int | None] = (None, None)
            if measure == "top1":
                first, second, p = mcnemar(right(a.told), right(b.told), _groups(common))
                test, alone = "mcnemar", (first, second)
            elif measure == "macro_f1":
                truth, given = a.told.truth, (a.told.given, b.told.given)
                test, p = "exchange", exchange_p(truth, *given, _groups(common), seed=seed)
            else:
                test, p = "bootstrap", bootstrap_p(gap[1:])
            mine.append((a.name, b.name, measure, difference, test, p, alone))
        corrected = holm([one[5] for one in mine])
        found += [Pair(*one[:6], fair, *one[6]) for one, fair in zip(mine, corrected, strict=True)]
    return found


def _gaps(common: Common, measured: Mapping[str, _Measured]) -> list[Gap]:
    reference, *others = common.models
    first = measured[reference.name].classes
    found = []
    for way in others:
        drawn = measured[way.name].classes
        for j, name in enumerate(common.names):
            f1, ranked = (
                interval(float(gap[0]), gap[1:], 0.0)
                for gap in (
                    drawn[key][:, j] - first[key][:, j] for key in ("f1", "average_precision")
                )
            )
            found.append(Gap(way.name, name, f1, ranked))
    return found


def _json(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        name: None
        if np.isnan(one.value)
        else {key: None if np.isnan(value) else value for key, value in one.to_json().items()}
        for name, one in estimates.items()
    }
