"""How well tags are told: average precision, F1 and the like, beside what a blind answer gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import Estimate

Weights = NDArray[np.float64]

RESAMPLES = 400
_BLOCK = 1 << 22  # numbers of a block of resampled weights (32 MB)
TOP = 5
"""Tags whose mean F1 work 1 reports: the best ones, which we choose on validation data."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a way of tagging says of tested images, and what is true.

    Parameters
    ----------
    truth : ndarray of shape (n_images, n_tags), bool
    scores : ndarray of shape (n_images, n_tags), float64
        Probabilities, or anything that ranks the images of a tag.
    given : ndarray of shape (n_images, n_tags), bool
        Tags that the images get.
    groups : ndarray of shape (n_images,), int64
        Near-duplicates share a number; they are drawn together for intervals.
    """

    truth: NDArray[np.bool_]
    scores: NDArray[np.float64]
    given: NDArray[np.bool_]
    groups: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        shape = self.truth.shape
        if len(shape) != 2 or self.scores.shape != shape or self.given.shape != shape:
            raise InvalidInput(
                f"Truth, scores and given tags have one shape (n_images, n_tags), not {shape}, "
                f"{self.scores.shape} and {self.given.shape}."
            )
        if self.groups.shape != (shape[0],) or not shape[0]:
            raise InvalidInput(f"{shape[0]} tested images need as many groups, and at least one.")


@dataclass(frozen=True, slots=True)
class TagScore:
    """How well one tag was told.

    Parameters
    ----------
    tag : str
    tested : int
        Tested images that have it.
    given : int
        Tested images that got it.
    average_precision : Estimate
        Chance is the share of images that have the tag: what a constant answer gets. NaN where
        no tested image has it.
    precision, recall, f1 : Estimate
        At the threshold. Chance of the precision is the share of images that have the tag, of
        the recall the share that got it (the same tags dealt at random), of F1 what tagging
        every image gives, ``2 p / (1 + p)``.
    """

    tag: str
    tested: int
    given: int
    average_precision: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate

    @property
    def lift(self) -> float:
        """Average precision over its chance; NaN where no tested image has the tag."""
        ranked = self.average_precision
        return ranked.value / ranked.chance if ranked.chance else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; None for what could not be measured."""
        measures = ("average_precision", "precision", "recall", "f1")
        return {
            "tag": self.tag,
            "tested": self.tested,
            "given": self.given,
            "lift": None if np.isnan(self.lift) else self.lift,
            **{name: _json(getattr(self, name)) for name in measures},
        }


def average_precision(
    scores: NDArray[np.floating[Any]], truth: NDArray[np.bool_], weights: Weights | None = None
) -> NDArray[np.float64]:
    """Return the average precision of a ranking, once for each row of weights.

    ``Σ (R_n - R_{n-1}) P_n`` over the different scores, as scikit-learn computes it: images with
    equal scores come in together.

    Parameters
    ----------
    scores : ndarray of shape (n_images,)
    truth : ndarray of shape (n_images,), bool
    weights : ndarray of shape (n_resamples, n_images), optional
        How often each image counts; None: once.

    Returns
    -------
    ndarray of shape (n_resamples,), float64
        NaN where no image with the tag counts.

    Examples
    --------
    >>> average_precision(np.array([0.9, 0.8, 0.3]), np.array([True, False, True])).round(3)
    array([0.833])
    """
    order = np.argsort(-scores, kind="stable")
    falling, ours = scores[order], np.flatnonzero(truth[order])
    ends = np.append(falling[1:] != falling[:-1], True)  # last of its score
    last = np.flatnonzero(ends)[np.cumsum(ends) - ends]  # (n_images,)
    every = np.ones((1, len(scores))) if weights is None else weights
    found = np.full(len(every), np.nan)
    if not len(ours):
        return found
    step = max(1, _BLOCK // len(scores))
    for begin in range(0, len(every), step):
        counts = every[begin : begin + step][:, order]
        seen = np.cumsum(counts, axis=1)[:, last[ours]]  # (resamples, n_ours)
        hits = np.zeros_like(counts)
        hits[:, ours] = counts[:, ours]
        right = np.cumsum(hits, axis=1)[:, last[ours]]
        own = counts[:, ours]
        total = own.sum(axis=1)
        precision = np.divide(right, seen, out=np.zeros_like(right), where=seen > 0)
        sums = (own * precision).sum(axis=1)
        found[begin : begin + step] = np.divide(
            sums, total, out=np.full(len(total), np.nan), where=total > 0
        )
    return found


def resamples(
    groups: NDArray[np.int64], *, times: int = RESAMPLES, seed: int = 0
) -> NDArray[np.float64]:
    """Draw how often each image counts: a bootstrap in which near-duplicates stay together.

    Returns
    -------
    ndarray of shape (times, n_images), float64
    """
    _, group = np.unique(groups, return_inverse=True)
    n = int(group.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=times)
    counts: NDArray[np.float64] = drawn[:, group].astype(np.float64)
    return counts


def interval(value: float, drawn: NDArray[np.float64], chance: float) -> Estimate:
    """Put a 95 % percentile interval around a value; it always holds the value.

    Parameters
    ----------
    value : float
    drawn : ndarray of shape (n_resamples,), float64
        The same measure on resampled images; NaN where it could not be measured.
    chance : float
    """
    usable = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(usable):
        return Estimate(value, float("nan"), float("nan"), chance)
    low, high = np.quantile(usable, [0.025, 0.975])
    return Estimate(value, float(min(low, value)), float(max(high, value)), chance)


def score_tags(tags: Sequence[str], told: Told, weights: Weights) -> tuple[TagScore, ...]:
    """Measure every tag.

    Parameters
    ----------
    tags : sequence of str
    told : Told
    weights : ndarray of shape (n_resamples, n_images)
        From `resamples`.
    """
    found, counts = [], _with_all(weights)
    for j, tag in enumerate(tags):
        truth, given = told.truth[:, j], told.given[:, j]
        share, named = float(truth.mean()), float(given.mean())
        ranked = average_precision(told.scores[:, j], truth, counts)
        precision, recall, f1 = _rates(truth, given, counts)
        found.append(
            TagScore(
                tag=tag,
                tested=int(truth.sum()),
                given=int(given.sum()),
                average_precision=interval(float(ranked[0]), ranked[1:], share),
                precision=interval(float(precision[0]), precision[1:], share),
                recall=interval(float(recall[0]), recall[1:], named),
                f1=interval(float(f1[0]), f1[1:], 2 * share / (1 + share)),
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Overall:
    """All tags together, for one way of tagging.

    Parameters
    ----------
    mean_average_precision : Estimate
        Mean over the tags that a tested image has (mAP); chance is the mean share.
    macro_f1, micro_f1 : Estimate
        Mean F1 of the tags, and F1 of all answers in one heap; chance is tagging everything.
    top_f1 : Estimate
        Mean F1 of five tags chosen beforehand.
    """

    mean_average_precision: Estimate
    macro_f1: Estimate
    micro_f1: Estimate
    top_f1: Estimate

    @property
    def lift(self) -> float:
        """Mean average precision over its chance."""
        return self.mean_average_precision.value / self.mean_average_precision.chance

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "lift": self.lift,
            "mean_average_precision": _json(self.mean_average_precision),
            "macro_f1": _json(self.macro_f1),
            "micro_f1": _json(self.micro_f1),
            "top_f1": _json(self.top_f1),
        }


def score_overall(told: Told, weights: Weights, top: Sequence[int]) -> Overall:
    """Measure all tags together.

    Parameters
    ----------
    told : Told
    weights : ndarray of shape (n_resamples, n_images)
        From `resamples`.
    top : sequence of int
        Positions of the tags whose F1 is averaged by itself, chosen on other images than these.
    """
    counts = _with_all(weights)
    there = np.flatnonzero(told.truth.any(axis=0))
    share = told.truth.mean(axis=0)
    always = 2 * share / (1 + share)
    ranked = mean_average_precisions(told, counts)
    f1 = np.stack([_rates(told.truth[:, j], told.given[:, j], counts)[2] for j in there])
    best = np.isin(there, np.asarray(top, np.int64))
    blind = float(told.truth.mean())
    flat = _micro(told, counts)
    return Overall(
        mean_average_precision=_first(ranked, float(share[there].mean())),
        macro_f1=_first(f1.mean(axis=0), float(always[there].mean())),
        micro_f1=_first(flat, 2 * blind / (1 + blind)),
        top_f1=_first(
            f1[best].mean(axis=0) if best.any() else np.full(len(counts), np.nan),
            float(always[there][best].mean()) if best.any() else float("nan"),
        ),
    )


def mean_average_precisions(told: Told, weights: Weights) -> NDArray[np.float64]:
    """Return the mean average precision over all tags, for each row of weights."""
    there = np.flatnonzero(told.truth.any(axis=0))
    if not len(there):
        raise InvalidInput("No tested image has any of the tags; nothing could be measured.")
    each = [average_precision(told.scores[:, j], told.truth[:, j], weights) for j in there]
    sums, known = np.nansum(each, axis=0), np.count_nonzero(~np.isnan(each), axis=0)
    means: NDArray[np.float64] = np.divide(
        sums, known, out=np.full(len(weights), np.nan), where=known > 0
    )
    return means


def difference(
    ours: Told, theirs: Told, weights: Weights, measure: Callable[[Told, Weights], Any]
) -> Estimate:
    """Estimate how much better one way of tagging is than another, on the same resampled images.

    Parameters
    ----------
    ours, theirs : Told
        Of the same images, in the same order.
    weights : ndarray of shape (n_resamples, n_images)
    measure : callable
        A measure for each row of weights, such as `mean_average_precisions`.

    Returns
    -------
    Estimate
        Chance is 0. Far narrower than what two separate intervals suggest.
    """
    if not np.array_equal(ours.truth, theirs.truth):
        raise InvalidInput("Two ways of tagging are compared on the same images and tags only.")
    counts = _with_all(weights)
    gap = measure(ours, counts) - measure(theirs, counts)
    return _first(gap, 0.0)


def _first(drawn: NDArray[np.float64], chance: float) -> Estimate:
    return interval(float(drawn[0]), drawn[1:], chance)


def _with_all(weights: Weights) -> Weights:
    """Put the images as they are before the resampled ones."""
    return np.vstack([np.ones((1, weights.shape[1])), weights])


def _rates(
    truth: NDArray[np.bool_], given: NDArray[np.bool_], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return precision, recall and F1 for each row of weights; NaN where there is nothing."""
    both, named, having = (weights @ column for column in (truth & given, given, truth))
    nothing = np.full(len(weights), np.nan)
    precision = np.divide(both, named, out=nothing.copy(), where=named > 0)
    recall = np.divide(both, having, out=nothing.copy(), where=having > 0)
    f1 = np.divide(2 * both, named + having, out=nothing.copy(), where=having > 0)
    return precision, recall, f1


def _micro(told: Told, weights: Weights) -> NDArray[np.float64]:
    both = weights @ (told.truth & told.given).sum(axis=1)
    either = weights @ (told.given.sum(axis=1) + told.truth.sum(axis=1))
    f1: NDArray[np.float64] = np.divide(
        2 * both, either, out=np.zeros(len(weights)), where=either > 0
    )
    return f1


def _json(estimate: Estimate) -> dict[str, Any] | None:
    return None if np.isnan(estimate.value) else estimate.to_json()
