"""Does this space retrieve X? Precision, average precision and AUC beside what chance gives.

Each image of X in turn asks for its like: it ranks all other images by similarity, and the
measures say how far up the rest of X comes (leave one out). Equal similarities are averaged
over all their orders (McSherry and Najork, "Computing information retrieval performance
measures efficiently in the presence of tied scores", 2008), so a space that can't tell images
apart gets exactly what chance gives, whatever the order on disk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Estimate
from impasto.core.space import Space, Vectors
from impasto.explore.rows import lots, scales_of
from impasto.explore.similarity import similarities

Answer = Literal["yes", "partly", "no"]

_AT_ONCE = 8  # Queries that share a pass over the vectors, hence n_images * 8 similarities held.
_RESAMPLES = 2000
_EXAMPLES = 12
_YES, _PARTLY = 0.5, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """How well a space finds X from X.

    Parameters
    ----------
    space : Space
    precision : mapping of int to Estimate
        Share of X among the k nearest, by k.
    average_precision : Estimate
        Mean precision at the ranks of X.
    auc : Estimate
        Chance that an image of X is more similar than one that isn't.
    queries : int
        Images of X that asked; intervals are over them.
    n_relevant, n_images : int
        Images of X and all images that have a vector.
    answer : {"yes", "partly", "no"}
        From the precision among the nearest images, corrected for chance,
        ``(precision - chance) / (1 - chance)``, at the k next to 10: "yes" when the lower end of
        its interval is at least 0.5, "no" when that is below 0.1.
    sentence : str
        The answer with its numbers.
    best, worst : tuple of int
        Images of X that find their like best and worst, as queries.
    depth : int
        The k that the answer goes by.
    asked : ndarray of shape (queries,), int64
        Images that asked, rising.
    scores : ndarray of shape (queries, n_ks + 2), float64
        Of each query: precision at each k, average precision, AUC.
    """

    space: Space
    precision: Mapping[int, Estimate]
    average_precision: Estimate
    auc: Estimate
    queries: int
    n_relevant: int
    n_images: int
    answer: Answer
    sentence: str
    best: tuple[int, ...]
    worst: tuple[int, ...]
    depth: int
    asked: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """How much better one space retrieves X than another, over the same queries.

    Parameters
    ----------
    first, second : Space
    queries : int
        Images that asked in both.
    depth : int
        The k of `precision`.
    precision, average_precision, auc : Estimate
        First minus second, -1 to 1; chance is 0.
    """

    first: Space
    second: Space
    queries: int
    depth: int
    precision: Estimate
    average_precision: Estimate
    auc: Estimate


def retrieval(
    vectors: Vectors,
    relevant: Collection[int],
    *,
    name: str = "X",
    ks: Sequence[int] = (1, 5, 10, 20, 50, 100),
    seed: int = 0,
    queries: int = 200,
    progress: Progress | None = None,
) -> Retrieval:
    """Ask every image of X for its like, or a random sample of X when there are many.

    Parameters
    ----------
    vectors : Vectors
    relevant : collection of int
        Ids of the images of X; those without a vector in this space don't count.
    name : str
        What X is called in the sentence.
    ks : sequence of int
        Those above the number of other images are left out.
    seed : int
    queries : int
        Images of X that ask, at most; which ones depends on their ids and the seed, so that the
        same ask in every space.
    progress : Progress, optional

    Returns
    -------
    Retrieval

    Raises
    ------
    InvalidInput
        When fewer than two images of X have a vector, or nothing but X has one.
    """
    progress = progress or Quiet()
    usable = ~np.isnan(scales_of(vectors.norms, vectors.ids))
    wanted = np.fromiter(relevant, np.int64, len(relevant))
    ours = np.flatnonzero(usable & np.isin(vectors.ids, wanted))
    n, m = int(np.count_nonzero(usable)), len(ours)
    if queries < 1 or not ks or min(ks) < 1:
        raise InvalidInput(
            f"Queries and ks must be at least 1; given were {queries} queries and ks {tuple(ks)}."
        )
    if m < 2:
        raise InvalidInput(
            f"To ask whether {vectors.space.title} retrieves {name!r}, at least two images with "
            f"a vector must be of it; {m} of {n} is."
        )
    if m == n:
        raise InvalidInput(
            f"All {n} images with a vector in {vectors.space.title} are of {name!r}: whatever is "
            "near, is of it too. At least one must not be."
        )
    ks = sorted({k for k in ks if k < n}) or [1]
    rng = np.random.default_rng(seed)
    drawn = np.argsort(lots(vectors.ids[ours], seed), kind="stable")[:queries]
    asking = ours[drawn]
    asking = asking[np.argsort(vectors.ids[asking])]
    progress.stage("Asking", len(asking), "queries")

    scores = np.empty((len(asking), len(ks) + 2))
    with ThreadPoolExecutor() as pool:
        for begin in range(0, len(asking), _AT_ONCE):
            rows = asking[begin : begin + _AT_ONCE]
            found = similarities(vectors, vectors.values[rows].astype(np.float32))
            found[np.arange(len(rows)), rows] = np.nan
            tasks = [pool.submit(_measure, line, line[ours], ks) for line in found]
            for at, task in enumerate(tasks, start=begin):
                scores[at] = task.result()
            progress.advance(len(rows))

    chance = (m - 1) / (n - 1)
    chances = [chance] * len(ks) + [chance_average_precision(m - 1, n - 1), 0.5]
    limits = [min(1, (m - 1) / k) for k in ks] + [1.0, 1.0]
    estimates = _estimates(scores, chances, (np.array(limits), np.zeros(len(limits))), rng)
    precision = dict(zip(ks, estimates, strict=False))
    depth = max((k for k in ks if k <= min(10, m - 1)), default=ks[0])
    answer, sentence = _answer(name, depth, precision[depth], estimates[-2], estimates[-1])
    order = np.lexsort((vectors.ids[asking], -scores[:, -2]))
    ranked = vectors.ids[asking[order]]
    shown = min(_EXAMPLES, len(ranked) // 2)
    return Retrieval(
        space=vectors.space,
        precision=precision,
        average_precision=estimates[-2],
        auc=estimates[-1],
        queries=len(asking),
        n_relevant=m,
        n_images=n,
        answer=answer,
        sentence=sentence,
        best=tuple(ranked[:shown].tolist()),
        worst=tuple(ranked[::-1][:shown].tolist()),
        depth=depth,
        asked=vectors.ids[asking],
        scores=scores,
    )


def paired(first: Retrieval, second: Retrieval, *, seed: int = 0) -> Paired:
    """Compare how two spaces retrieve X, query by query.

    Both answer the same queries, so two intervals that overlap say little; that of the
    difference says whether one is better.

    Parameters
    ----------
    first, second : Retrieval
        Of the same X.
    seed : int

    Raises
    ------
    InvalidInput
        When no image asked in both.
    """
    ids, ours, theirs = np.intersect1d(
        first.asked, second.asked, assume_unique=True, return_indices=True
    )
    if not len(ids):
        raise InvalidInput(
            f"No image asked both in {first.space.title} and in {second.space.title}; "
            "embed the same images in both."
        )
    depth = min(first.depth, second.depth)
    scores = [
        each.scores[rows][:, [list(each.precision).index(depth), -2, -1]]
        for each, rows in ((first, ours), (second, theirs))
    ]
    ends = (np.ones(3), -np.ones(3))
    rng = np.random.default_rng(seed)
    precision, average, auc = _estimates(scores[0] - scores[1], [0.0] * 3, ends, rng)
    return Paired(first.space, second.space, len(ids), depth, precision, average, auc)


def best_first(found: Sequence[Retrieval]) -> list[Retrieval]:
    """Order the answers of several spaces by average precision, the best first."""
    return sorted(found, key=lambda one: -one.average_precision.value)


def verdict(found: Sequence[Retrieval], *, seed: int = 0) -> str:
    """Say in a few sentences whether any of several spaces retrieves X, and which do it best.

    Parameters
    ----------
    found : sequence of Retrieval
        Of the same X, one per space; at least one.
    seed : int
    """
    best, *others = best_first(found)
    if not others:
        return best.sentence
    words = [f"{best.sentence} That is {best.space.title}, the best of {len(found)} spaces."]
    for other in others:
        if not np.isin(best.asked, other.asked).any():
            continue
        gap = paired(best, other, seed=seed).average_precision
        amount = f"{gap.value:.3f}, 95\u00a0% interval {gap.low:.3f} to {gap.high:.3f}"
        words.append(
            f"{other.space.title} finds less (average precision lower by {amount})."
            if gap.low > 0
            else f"{other.space.title} does about as well (difference {amount})."
        )
    return " ".join(words)


def chance_average_precision(relevant: int, images: int) -> float:
    """Return the expected average precision of a random order of `images`.

    ``(H + (relevant - 1) / (images - 1) * (images - H)) / images`` with the harmonic number H
    of `images`: the tied-score average precision when everything is tied. For rare X it lies
    well above the share of X, because the best ranks count so much.

    Examples
    --------
    >>> chance_average_precision(1, 2)  # First or second: precision 1 or 1/2.
    0.75
    """
    if images == 1:
        return 1.0
    harmonic = float((1 / np.arange(1, images + 1)).sum())
    return (harmonic + (relevant - 1) / (images - 1) * (images - harmonic)) / images


def _measure(
    found: NDArray[np.float32], relevant: NDArray[np.float32], ks: Sequence[int]
) -> NDArray[np.float64]:
    """Score one ranking: precision at each k, average precision, AUC.

    Parameters
    ----------
    found : ndarray of shape (n_images,), float32
        Similarities of all images, NaN for those that don't count.
    relevant : ndarray of shape (n_relevant,), float32
        Those of X among them.
    """
    rising = np.sort(found)
    rising = rising[: np.searchsorted(rising, np.nan)]  # NaN sorts to the end.
    ours = np.sort(relevant[~np.isnan(relevant)])
    n, m = len(rising), len(ours)

    bounds = rising[n - np.array(ks)]  # The similarity at rank k.
    above, ours_above = _above(rising, bounds), _above(ours, bounds)
    tied, ours_tied = _equal(rising, bounds), _equal(ours, bounds)
    precision = (ours_above + (ks - above) * ours_tied / tied) / ks

    last = np.flatnonzero(np.append(ours[1:] != ours[:-1], True))  # Of every value among ours.
    values, ours_tied = ours[last], np.diff(last, prepend=-1)
    ours_above = m - 1 - last
    above = _above(rising, values)
    tied = np.ones_like(above)
    shared = np.flatnonzero(rising[np.maximum(n - above - 2, 0)] == values)  # Most values are not.
    tied[shared] = _equal(rising, values[shared])
    # Places in groups of equal values, one after another: `group` says whose each is.
    group = np.repeat(np.arange(len(values)), tied)
    place = np.arange(len(group)) - np.repeat(np.cumsum(tied) - tied, tied)
    others = (ours_tied - 1) / np.maximum(tied - 1, 1)  # of ours, for each place further up
    expected = ours_above[group] + 1 + place * others[group]
    total = ((ours_tied / tied)[group] * expected / (above[group] + 1 + place)).sum()

    below = n - above - tied - (m - ours_above - ours_tied)  # Others less similar.
    wins = (ours_tied * (below + (tied - ours_tied) / 2)).sum()
    return np.array([*precision, total / m, wins / (m * (n - m))])


def _above(rising: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.int64]:
    return len(rising) - np.searchsorted(rising, values, side="right")


def _equal(rising: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.int64]:
    right = np.searchsorted(rising, values, side="right")
    return right - np.searchsorted(rising, values, side="left")


def _estimates(
    scores: NDArray[np.float64],
    chances: Sequence[float],
    limits: tuple[NDArray[np.float64], NDArray[np.float64]],
    rng: np.random.Generator,
) -> list[Estimate]:
    """Average each column, with a 95 % percentile bootstrap interval over the queries.

    What is drawn from holds one imagined query more, half of it as good as can be and half of it
    as bad (`limits`: precision at 100 can't be above 0.21 with 21 others to find); otherwise
    three perfect queries would claim certainty. On shares of successes the result is close to the
    exact (Clopper-Pearson) interval.
    """
    n = len(scores)
    weights = np.r_[np.ones(n), 0.5, 0.5] / (n + 1)
    drawn = rng.multinomial(n, weights, size=_RESAMPLES)  # (resamples, n + 2)
    low, high = np.quantile(drawn @ np.vstack([scores, *limits]) / n, [0.025, 0.975], axis=0)
    means = scores.mean(axis=0)
    return [
        Estimate(float(mean), float(min(a, mean)), float(max(b, mean)), float(chance))
        for mean, a, b, chance in zip(means, low, high, chances, strict=True)
    ]


def _answer(
    name: str, k: int, near: Estimate, average: Estimate, auc: Estimate
) -> tuple[Answer, str]:
    gain = (near.low - near.chance) / (1 - near.chance)
    answer: Answer = "yes" if gain >= _YES else "partly" if gain >= _PARTLY else "no"
    nearest = "the nearest image is" if k == 1 else f"of the {k} nearest images"
    share = f"{near.value:.0%}" + (" of the time" if k == 1 else " are")
    return answer, (
        f"{answer.capitalize()}: for a picture of {name!r}, {nearest} {share} of it too, where "
        f"chance gives {near.chance:.1%} (average precision {average.value:.2f}, chance "
        f"{average.chance:.2f}; AUC {auc.value:.2f}, chance 0.50)."
    )
