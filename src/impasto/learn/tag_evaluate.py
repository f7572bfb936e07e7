"""From answers about tags to an account: baselines, every tag, calibration, disagreements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.learn.batches import BatchFigures
from impasto.learn.calibration import calibration_error, reliability
from impasto.learn.evaluate import trial_numbers
from impasto.learn.records import How, Near
from impasto.learn.tag_records import (
    ScoredTagging,
    TagAnswers,
    TagEvaluation,
    TagFailure,
    Wrong,
)
from impasto.learn.tag_scores import (
    TOP,
    Told,
    difference,
    mean_average_precisions,
    resamples,
    score_overall,
    score_tags,
)
from impasto.learn.thresholds import choose_thresholds

Rows = NDArray[np.int64]

NEIGHBOURS = 10
"""Training images that the baseline asks."""

_BLOCK = 1 << 24  # similarities held at a time (64 MB)
_OF_A_TAG = 3  # disagreements of one kind shown for a tag


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """Images with their vectors and tags.

    Parameters
    ----------
    unit : ndarray of shape (n_images, n_features), float32
        Rows of length 1.
    truth : ndarray of shape (n_images, n_tags), bool
    tags : tuple of str
    ids, groups : ndarray of shape (n_images,), int64
    """

    unit: NDArray[np.float32]
    truth: NDArray[np.bool_]
    tags: tuple[str, ...]
    ids: NDArray[np.int64]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TagTrial:
    """One fold: who was learned from, who was tested, and what came out.

    Parameters
    ----------
    train, test : ndarray of int64
        Rows.
    probabilities : ndarray of shape (n_test, n_tags), float64
    thresholds : ndarray of shape (n_tags,), float64
    """

    train: Rows
    test: Rows
    probabilities: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def evaluate_tags(
    images: Tagged,
    trials: Sequence[TagTrial],
    *,
    how: How,
    top: Sequence[Rows],
    failures: int,
    seed: int,
    notes: Sequence[str],
    batches: BatchFigures | None = None,
) -> TagEvaluation:
    """Put the trials together and set the tagger beside what needs no learning.

    Parameters
    ----------
    images : Tagged
    trials : sequence of TagTrial
    how : {"folds", "split"}
    top : sequence of ndarray
        Per trial the positions of the tags, best first, as judged without the tested images.
    failures : int
        Disagreements of either kind to keep.
    seed : int
        Of the resampling.
    notes : sequence of str
    batches : BatchFigures, optional
    """
    test = np.concatenate([trial.test for trial in trials])
    truth, groups = images.truth[test], images.groups[test]
    probabilities = np.concatenate([trial.probabilities for trial in trials])
    given = np.concatenate([trial.probabilities >= trial.thresholds for trial in trials])
    model = Told(truth, probabilities, given, groups)
    votes = [neighbour_votes(images, trial) for trial in trials]
    near = Told(
        truth,
        np.concatenate([scores for scores, _ in votes]),
        np.concatenate([named for _, named in votes]),
        groups,
    )
    everything = Told(truth, np.zeros_like(probabilities), np.ones_like(given), groups)
    weights = resamples(groups, seed=seed)
    # With folds each has its own best tags; those that are among the best most often count.
    ranks = np.mean([np.argsort(order) for order in top], axis=0)
    best = np.argsort(ranks, kind="stable")[:TOP]
    bins = reliability(probabilities.ravel(), truth.ravel())

    def scored(name: str, title: str, told: Told) -> ScoredTagging:
        return ScoredTagging(name, title, score_overall(told, weights, best.tolist()))

    return TagEvaluation(
        how=how,
        parts=len(trials),
        tags=images.tags,
        model=scored("model", "This model", model),
        baselines=(
            scored("nearest-neighbours", f"Votes of the {NEIGHBOURS} nearest images", near),
            scored("always", "Every tag for every image", everything),
        ),
        gain=difference(model, near, weights, mean_average_precisions),
        scores=score_tags(images.tags, model, weights),
        neighbour_scores=score_tags(images.tags, near, weights),
        calibration_error=calibration_error(bins),
        reliability=bins,
        calibration_errors=tuple(
            calibration_error(reliability(p, t))
            for p, t in zip(probabilities.T, truth.T, strict=True)
        ),
        failures=tuple(_failures(images, trials, failures)),
        answers=TagAnswers(images.ids[test], truth, probabilities, given),
        kept=Answered(
            names=images.tags,
            ids=images.ids[test],
            scores=probabilities.astype(np.float32),
            truth=truth,
            fold=trial_numbers([len(trial.test) for trial in trials]),
            groups=groups,
            given=given,
            nearest=near.scores.astype(np.float32),
            nearest_given=near.given,
            prior=np.array([images.truth[t.train].mean(axis=0) for t in trials], np.float32),
        ),
        top=tuple(images.tags[j] for j in best),
        trained=round(float(np.mean([len(trial.train) for trial in trials]))),
        tested=len(test),
        groups=len(np.unique(groups)),
        notes=(*notes, *_not_judged(images.tags, truth)),
        batches=batches,
    )


def neighbour_votes(
    images: Tagged, trial: TagTrial
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Tag by the nearest training images: the share of them that have a tag.

    Each counts by its similarity. The thresholds are those with the best F1 on the training
    images themselves, each asked without itself.

    Returns
    -------
    votes : ndarray of shape (n_test, n_tags), float64
    given : ndarray of shape (n_test, n_tags), bool
    """
    own = _votes(images, trial.train, trial.train)
    thresholds = choose_thresholds(own, images.truth[trial.train])
    votes = _votes(images, trial.train, trial.test)
    return votes, votes >= thresholds


def _votes(images: Tagged, train: Rows, asked: Rows) -> NDArray[np.float64]:
    k = min(NEIGHBOURS, len(train) - 1)
    truth = images.truth[train].astype(np.float64)
    votes = np.zeros((len(asked), truth.shape[1]))
    block = max(1, _BLOCK // max(len(train), 1))
    for low in range(0, len(asked), block):
        rows = asked[low : low + block]
        similarity = images.unit[rows] @ images.unit[train].T  # (n_rows, n_train)
        # Near-duplicates, an image itself above all, would only repeat what is asked.
        similarity[images.groups[rows][:, None] == images.groups[train]] = -np.inf
        best = np.argpartition(-similarity, k - 1, axis=1)[:, :k] if k else np.empty((len(rows), 0))
        weight = np.take_along_axis(similarity, best.astype(np.int64), axis=1).astype(np.float64)
        weight = np.where(np.isfinite(weight), np.maximum(weight, 1e-6), 0)
        total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        votes[low : low + block] = np.einsum(
            "nk,nkt->nt", weight / total, truth[best.astype(np.int64)]
        )
    return votes


def _not_judged(tags: Sequence[str], truth: NDArray[np.bool_]) -> list[str]:
    """Say which tags no tested image has."""
    none = [tag for tag, n in zip(tags, truth.sum(axis=0).tolist(), strict=True) if n == 0]
    if not none:
        return []
    shown = ", ".join(none[:8]) + (f" and {len(none) - 8} more" if len(none) > 8 else "")
    return [f"Not judged, since no tested image has them: {shown}."]


def _failures(images: Tagged, trials: Sequence[TagTrial], most: int) -> Iterator[TagFailure]:
    """Pick the surest disagreements, tags the model misses and tags it does not see in turn."""
    kinds: tuple[tuple[Wrong, bool], ...] = (("missing", False), ("superfluous", True))
    for wrong, has in kinds:
        found: list[tuple[float, int, int, int]] = []
        for number, trial in enumerate(trials):
            truth = images.truth[trial.test]
            surprise = trial.probabilities if not has else 1 - trial.probabilities
            at = np.argwhere(truth == has)
            sure = surprise[at[:, 0], at[:, 1]]
            for place in np.argsort(-sure, kind="stable")[: 40 * most]:
                i, j = at[place]
                found.append((-float(sure[place]), int(trial.test[i]), int(j), number))
        seen: Counter[int] = Counter()
        shown: set[int] = set()
        for surprise_, row, j, number in sorted(found):
            if len(shown) == most:
                break
            if seen[j] == _OF_A_TAG or row in shown:
                continue
            seen[j] += 1
            shown.add(row)
            train = trials[number].train
            alike = train[images.truth[train, j] != has]
            probability = -surprise_ if not has else 1 + surprise_
            near = nearest(images, row, alike)
            yield TagFailure(int(images.ids[row]), images.tags[j], wrong, probability, near)


def nearest(images: Tagged, row: int, among: Rows) -> Near | None:
    """Return the most similar of some images; None when there are none."""
    if len(among) == 0:
        return None
    similarity = images.unit[among] @ images.unit[row]
    best = int(similarity.argmax())
    return Near(int(images.ids[among[best]]), float(similarity[best]))
