"""Which tags can be learned from these pictures, which need more examples, which can't be seen.

Work 1 asks it in its abstract and answers with one score per tag. Here a tag is learned from
ever more examples, several times, each image judged by heads that have not seen it; the curve
says what more examples would bring, chance says whether the tag is seen at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition_tags
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate
from impasto.learn.concepts.crossfit import out_of_sample
from impasto.learn.concepts.noise import TagNoise, noise_shares
from impasto.learn.heads import Scaling
from impasto.learn.tag_evaluate import Tagged
from impasto.learn.tag_heads import TagProblem
from impasto.learn.tag_scores import average_precision, interval, resamples

Verdict = Literal["learned", "needs more", "not seen"]

VERDICTS: dict[Verdict, str] = {
    "learned": "Can be learned",
    "needs more": "Needs more examples",
    "not seen": "Can't be seen",
}

SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Parts of the images learned from; the last two are a doubling."""

MANY = 50
"""Examples from which on a tag that is told no better than by chance is said not to be seen."""

GOOD = 0.8
"""Average precision from which on a tag counts as learned, though more examples might add."""

RISING = 0.02
"""Least gain of the last doubling that is called a rise."""

WEAK = 0.2
"""Average precision below which a learned tag is called weak."""

_SHUFFLES = 200


@dataclass(frozen=True, slots=True)
class LearnOften:
    """How often to learn, and from how many examples.

    Parameters
    ----------
    folds : int
        Every image is judged by a head of the other folds.
    repeats : int
        Times that all of it is done, with other folds and other examples.
    sizes : tuple of float
        Parts of the images learned from, rising, the last two a doubling that ends at 1.
    seed : int
    times : int
        Resamples behind the intervals.
    """

    folds: int = 4
    repeats: int = 3
    sizes: tuple[float, ...] = SIZES
    seed: int = 0
    times: int = 200

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.folds < 3 or self.repeats < 1:
            raise InvalidInput(
                f"At least 3 folds and 1 repeat are needed, not {self.folds} and {self.repeats}."
            )
        rising = all(a < b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        if len(self.sizes) < 2 or not rising or self.sizes[0] <= 0 or self.sizes[-2:] != (0.5, 1.0):
            raise InvalidInput(
                f"sizes are rising parts of the images that end with 0.5 and 1, not {self.sizes}."
            )


@dataclass(frozen=True, slots=True)
class Concept:
    """What can be said about learning one tag.

    Parameters
    ----------
    tag : str
    images : int
        Images that have it.
    average_precision : Estimate
        With all examples; chance is the share of images that have the tag.
    blind : float
        What 97.5 % of random rankings of as many images stay below; above the share of the
        images when the tag is rare.
    examples : tuple of float
        Mean number of examples learned from, for each size.
    curve : tuple of Estimate
        Average precision for each size.
    gain : Estimate
        What the last doubling of the examples brought, on the same resampled images.
    doubled : Estimate
        Average precision to expect from twice as many images: from no further gain to as much
        as the last doubling may have brought; in between, gains that shrink as they did.
    coherence : Estimate
        Mean cosine of two images that have the tag, near-duplicates not compared, the mean of
        all images taken off; chance is that of two images of any kind.
    noise : TagNoise
    verdict : {"learned", "needs more", "not seen"}
    """

    tag: str
    images: int
    average_precision: Estimate
    blind: float
    examples: tuple[float, ...]
    curve: tuple[Estimate, ...]
    gain: Estimate
    doubled: Estimate
    coherence: Estimate
    noise: TagNoise
    verdict: Verdict

    @property
    def lift(self) -> float:
        """Average precision over chance."""
        return self.average_precision.value / self.average_precision.chance

    @property
    def seen(self) -> bool:
        """Whether it is told better than by chance."""
        found = self.average_precision
        return found.low > found.chance and found.value > self.blind

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        found, gain = self.average_precision, self.gain
        if self.verdict == "not seen":
            return (
                f"Can't be seen: {self.images} images, and no better than chance "
                f"({found.value:.2f}, chance {found.chance:.2f})."
            )
        if not self.seen:
            return (
                f"Needs more examples: {self.images} images are too few to tell whether it can "
                "be seen."
            )
        if self.verdict == "needs more":
            return (
                f"Needs more examples: the last doubling brought {gain.value:+.2f} "
                f"({gain.low:+.2f} to {gain.high:+.2f}); twice as many may give "
                f"{self.doubled.value:.2f} ({self.doubled.low:.2f} to {self.doubled.high:.2f})."
            )
        if found.value < WEAK:
            return (
                f"Can be learned, but weakly: {self.lift:.1f} times chance, and the last doubling "
                "of the examples brought no sure gain."
            )
        return f"Can be learned: {self.lift:.1f} times chance."

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "tag": self.tag,
            "images": self.images,
            "average_precision": self.average_precision.to_json(),
            "lift": self.lift,
            "blind": self.blind,
            "examples": [round(n, 2) for n in self.examples],
            "curve": [each.to_json() for each in self.curve],
            "gain": self.gain.to_json(),
            "doubled": self.doubled.to_json(),
            "coherence": _json(self.coherence),
            "noise": self.noise.to_json(),
            "verdict": self.verdict,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Learnability:
    """Every tag's prospects.

    Parameters
    ----------
    images, groups : int
        Images, and how many of them are no near-duplicates of others.
    how : LearnOften
    concepts : tuple of Concept
        The best told first.
    """

    images: int
    groups: int
    how: LearnOften
    concepts: tuple[Concept, ...]

    def of(self, verdict: Verdict) -> list[Concept]:
        """Return the tags of which that is said."""
        return [each for each in self.concepts if each.verdict == verdict]

    @property
    def sentence(self) -> str:
        """What it amounts to."""
        counts = [len(self.of(verdict)) for verdict in VERDICTS]
        return (
            f"Of {len(self.concepts)} tags, {counts[0]} can be learned from these pictures, more "
            f"examples are needed for {counts[1]}, and {counts[2]} can't be seen."
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "images": self.images,
            "distinct": self.groups,
            "folds": self.how.folds,
            "repeats": self.how.repeats,
            "sizes": list(self.how.sizes),
            "seed": self.how.seed,
            "sentence": self.sentence,
            "tags": [each.to_json() for each in self.concepts],
        }


def learnability(
    images: Tagged, how: LearnOften | None = None, *, progress: Progress | None = None
) -> Learnability:
    """Learn every tag from ever more examples, and say what that shows.

    One logistic regression per tag on vectors of length 1, all tags together; C is the one that
    cross-validation likes with all examples. Scores are ranked within each fold before folds
    are put together, so that heads of different folds need not agree on a scale.

    Parameters
    ----------
    images : Tagged
    how : LearnOften, optional
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        When there are too few images to divide.
    """
    how, progress = how or LearnOften(), progress or Quiet()
    progress.stage("Learning", how.folds * (1 + how.repeats * len(how.sizes)), "fits")
    whole = out_of_sample(images, folds=how.folds, seed=how.seed, progress=progress)
    scores, examples = _learn_often(images, how, whole.usual_c, progress)
    noise = noise_shares(images, whole.probabilities, times=how.times, seed=how.seed)
    weights = np.vstack(
        [np.ones(len(images.ids)), resamples(images.groups, times=how.times, seed=how.seed)]
    )
    progress.stage("Measuring", len(images.tags), "tags")
    together = coherences(images, weights)
    chance = np.random.default_rng([how.seed, 1])
    which = chance.integers(0, how.repeats, (how.times, how.repeats))
    concepts = []
    for j, tag in enumerate(images.tags):
        truth = images.truth[:, j]
        # (repeats, sizes, 1 + resamples): on the images as they are, then on resampled ones
        drawn = np.stack(
            [[average_precision(s[:, j], truth, weights) for s in each] for each in scores]
        )
        share = float(truth.mean())
        mean = drawn.mean(axis=0)  # (sizes, 1 + resamples)
        again = drawn[which, :, np.arange(1, how.times + 1)[:, None]].mean(axis=1)  # (times, sizes)
        curve = tuple(
            interval(float(mean[i, 0]), again[:, i], share) for i in range(len(how.sizes))
        )
        gain = interval(float(mean[-1, 0] - mean[-2, 0]), again[:, -1] - again[:, -2], 0.0)
        blind = blind_limit(truth, images.groups, chance)
        before = float(mean[-2, 0] - mean[-3, 0]) if len(how.sizes) > 2 else gain.value
        count = int(truth.sum())
        concepts.append(
            Concept(
                tag=tag,
                images=count,
                average_precision=curve[-1],
                blind=blind,
                examples=tuple(examples[:, j].tolist()),
                curve=curve,
                gain=gain,
                doubled=_doubled(curve[-1], gain, before),
                coherence=together[j],
                noise=noise[j],
                verdict=judge(curve[-1], blind, gain, count),
            )
        )
        progress.advance()
    order = sorted(concepts, key=lambda each: (-each.average_precision.value, each.tag))
    return Learnability(len(images.ids), len(np.unique(images.groups)), how, tuple(order))


def judge(found: Estimate, blind: float, gain: Estimate, images: int) -> Verdict:
    """Say whether a tag can be learned.

    Parameters
    ----------
    found : Estimate
        Average precision with all examples.
    blind : float
        From `blind_limit`.
    gain : Estimate
        Of the last doubling.
    images : int
        Images that have the tag.

    Examples
    --------
    >>> flat, rise = Estimate(0.0, -0.02, 0.02, 0), Estimate(0.1, 0.05, 0.15, 0)
    >>> judge(Estimate(0.6, 0.5, 0.7, 0.1), 0.12, flat, 80)
    'learned'
    >>> judge(Estimate(0.6, 0.5, 0.7, 0.1), 0.12, rise, 80)
    'needs more'
    >>> judge(Estimate(0.11, 0.09, 0.14, 0.1), 0.12, flat, 80)
    'not seen'
    """
    if not (found.low > found.chance and found.value > blind):
        return "not seen" if images >= MANY else "needs more"
    sure = gain.low > 0 or images < MANY  # of few images a rise can't be sure, nor its absence
    if found.value < GOOD and gain.value >= RISING and sure:
        return "needs more"
    return "learned"


def blind_limit(
    truth: NDArray[np.bool_], groups: NDArray[np.int64], chance: np.random.Generator
) -> float:
    """Return the average precision that 97.5 % of random rankings stay below.

    Near-duplicates share their place in the ranking, as they do for a head.
    """
    _, group = np.unique(groups, return_inverse=True)
    n = int(group.max()) + 1
    found = [average_precision(chance.random(n)[group], truth)[0] for _ in range(_SHUFFLES)]
    return float(np.quantile(found, 0.975))


def coherences(images: Tagged, weights: NDArray[np.float64]) -> list[Estimate]:
    """Return how alike the images of each tag are, beside images of any kind.

    Parameters
    ----------
    images : Tagged
    weights : ndarray of shape (1 + n_resamples, n_images)
        How often each image counts; ones first. Near-duplicates count equally often.
    """
    centred = images.unit - images.unit.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    anyone = float(_pairs(centred, images.groups, np.ones((1, len(centred))))[0])
    found = []
    for column in images.truth.T:
        rows = np.flatnonzero(column)
        drawn = _pairs(centred[rows], images.groups[rows], weights[:, rows])
        found.append(interval(float(drawn[0]), drawn[1:], anyone))
    return found


def _pairs(
    rows: NDArray[np.float32], groups: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean cosine of pairs from different groups, for each row of weights; else NaN."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    sums = np.zeros((len(first), rows.shape[1]), np.float32)
    np.add.at(sums, group, rows)
    sizes = np.bincount(group).astype(np.float64)
    times = weights[:, first]  # (n_resamples, n_groups): the same for a whole group
    total = ((times.astype(np.float32) @ sums) ** 2).sum(axis=1, dtype=np.float64)
    own = times**2 @ (sums**2).sum(axis=1, dtype=np.float64)
    count = (times @ sizes) ** 2 - times**2 @ sizes**2
    means: NDArray[np.float64] = np.divide(
        total - own, count, out=np.full(len(times), np.nan), where=count > 0
    )
    return means


def _learn_often(
    images: Tagged, how: LearnOften, c: float, progress: Progress
) -> tuple[list[list[NDArray[np.float64]]], NDArray[np.float64]]:
    """Return ranks (n_images, n_tags) by repeat and size, and examples (n_sizes, n_tags)."""
    found, examples = [], np.zeros((len(how.sizes), len(images.tags)))
    for repeat in range(how.repeats):
        chance = np.random.default_rng([how.seed, 0, repeat])
        fold = partition_tags(
            images.truth, images.groups, [1.0] * how.folds, seed=how.seed + repeat
        )
        each = [np.zeros(images.truth.shape) for _ in how.sizes]
        for f in range(how.folds):
            train, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
            order = _places(images.groups[train], chance)
            for i, size in enumerate(how.sizes):
                some = train[order < size]
                examples[i] += images.truth[some].sum(axis=0) / (how.folds * how.repeats)
                scaling = Scaling.of(images.unit[some])
                problem = TagProblem(scaling.apply(images.unit[some]), images.truth[some])
                logits = problem.solve(c).logits(scaling.apply(images.unit[held]))
                each[i][held] = _ranks(logits)
                progress.advance()
        found.append(each)
    return found, examples


def _places(groups: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.float64]:
    """Return a place in [0, 1) for each image: those below x are a random part x of them.

    Near-duplicates share their place. Larger parts hold the smaller ones.
    """
    _, group = np.unique(groups, return_inverse=True)
    n = int(group.max()) + 1
    places: NDArray[np.float64] = (chance.permutation(n) / n)[group]
    return places


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each column's ranks in [0, 1), equal scores sharing the mean of theirs."""
    from scipy.stats import rankdata

    ranks: NDArray[np.float64] = (rankdata(scores, axis=0) - 1) / len(scores)
    return ranks


def _doubled(now: Estimate, gain: Estimate, before: float) -> Estimate:
    """Say what twice the examples may bring; gains shrink as the last one did."""
    last = max(0.0, gain.value)
    shrunk = last * min(1.0, last / before) if before > 0 else last
    value = min(1.0, now.value + shrunk)
    high = min(1.0, now.high + max(0.0, gain.high))
    return Estimate(value, min(now.low, value), max(high, value), now.chance)


def _json(estimate: Estimate) -> dict[str, Any] | None:
    return None if np.isnan(estimate.value) else estimate.to_json()
