"""From answers to an account: baselines, classes, calibration, confusion, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.records import Estimate
from impasto.learn.calibration import calibration_error, reliability
from impasto.learn.halves import codes_of, cut_at
from impasto.learn.heads import Scores, probabilities
from impasto.learn.intervals import gain, share
from impasto.learn.rates import Rates, from_a_hat, rates
from impasto.learn.records import (
    Answers,
    ClassScore,
    Evaluation,
    Failure,
    How,
    Near,
    Scored,
    Tried,
)

Rows = NDArray[np.int64]

_BLOCK = 1 << 24  # similarities held at a time (64 MB)
_OF_A_KIND = 3  # failures shown with the same truth and answer


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One fold: who was learned from, who was tested, and what came out.

    Parameters
    ----------
    train, test : ndarray of int64
        Rows.
    scores : ndarray of shape (n_test, n_classes), float64
        Log scores.
    temperature : float
    setting : mapping
        Hyper-parameters chosen inside `train`.
    codes : ndarray of shape (n_images,), int64, optional
        Class of each image in this trial, where it is not the same in all.
    """

    train: Rows
    test: Rows
    scores: Scores
    temperature: float
    setting: Mapping[str, float | str]
    codes: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Images with their vectors and classes.

    Parameters
    ----------
    unit : ndarray of shape (n_images, n_features), float32
        Rows of length 1.
    codes : ndarray of shape (n_images,), int64
        Class of each row.
    labels : tuple of str
    ids, groups : ndarray of shape (n_images,), int64
    numbers : ndarray of shape (n_images,), float64, optional
        What is cut into the two classes, at the median of the images learned from.
    cut : float, optional
        Where it is cut now.
    """

    unit: NDArray[np.float32]
    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    ids: NDArray[np.int64]
    groups: NDArray[np.int64]
    numbers: NDArray[np.float64] | None = None
    cut: float | None = None

    def told(self, train: Rows) -> Labelled:
        """Return the images with the classes that follow from those learned from."""
        if self.numbers is None:
            return self
        cut = cut_at(self.numbers, train)
        return replace(self, codes=codes_of(self.numbers, cut), cut=cut)

    def of(self, trial: Trial) -> Labelled:
        """Return the images with the classes that they had in a trial."""
        return self if trial.codes is None else replace(self, codes=trial.codes)


def evaluate(
    images: Labelled,
    trials: Sequence[Trial],
    *,
    how: How,
    failures: int,
    notes: Sequence[str],
    tried: Sequence[Tried] = (),
) -> Evaluation:
    """Put the trials together and set the model beside what needs no learning."""
    k, told = len(images.labels), [images.of(trial) for trial in trials]
    test = np.concatenate([trial.test for trial in trials])
    probability = np.concatenate([probabilities(t.scores, t.temperature) for t in trials])
    nearest = np.concatenate(
        [nearest_scores(own, t.train, t.test) for own, t in zip(told, trials, strict=True)]
    )
    shares = [
        np.bincount(own.codes[t.train], minlength=k) for own, t in zip(told, trials, strict=True)
    ]
    frequency = np.concatenate(
        [
            np.broadcast_to(np.bincount(own.codes[known], minlength=k), (len(t.test), k))
            for own, t in zip(told, trials, strict=True)
            # What is common elsewhere need not be common at home: let the blind know it.
            for known in [t.test if how == "elsewhere" else t.train]
        ]
    ).astype(np.float64)
    truth = np.concatenate([own.codes[t.test] for own, t in zip(told, trials, strict=True)])
    groups = images.groups[test]

    blind = [_best(frequency, n) for n in (1, 5)]
    chance = [_found(order, truth).mean() for order in blind]  # the best answer without looking
    order = _best(probability, 5)

    rated = rates(images.labels, truth, (probability, nearest, frequency), groups)

    def scored(name: str, title: str, ranking: Rows, by: Rates) -> Scored:
        top1 = share(_found(ranking[:, :1], truth), groups, float(chance[0]))
        top5 = share(_found(ranking, truth), groups, float(chance[1]))
        return Scored(name, title, top1, top5, by)

    uniform = [Estimate(p, p, p, c) for p, c in zip((1 / k, min(5, k) / k), chance, strict=True)]
    by_nearest = _best(nearest, 5)
    baselines = (
        scored("nearest-neighbour", "Nearest neighbour", by_nearest, rated[1]),
        scored("majority", "Always the commonest classes", blind[1], rated[2]),
        Scored(
            "chance", "Drawing a class from a hat", uniform[0], uniform[1], from_a_hat(rated[0], k)
        ),
    )
    truth_probability = probability[np.arange(len(test)), truth]
    bins = reliability(probability.max(axis=1), order[:, 0] == truth)
    return Evaluation(
        how=how,
        parts=len(trials),
        labels=images.labels,
        model=scored("model", "This model", order, rated[0]),
        baselines=baselines,
        gain=gain(order[:, 0] == truth, by_nearest[:, 0] == truth, groups),
        classes=tuple(_class_scores(images.labels, truth, order, groups)),
        confusion=_confusion(truth, order[:, 0], k),
        log_loss=float(-np.log(np.maximum(truth_probability, 1e-12)).mean()),
        calibration_error=calibration_error(bins),
        reliability=bins,
        failures=tuple(_failures(images, trials, failures)),
        answers=Answers(
            ids=images.ids[test],
            truth=truth,
            order=order,
            probabilities=np.take_along_axis(probability, order, axis=1),
            truth_probabilities=truth_probability,
        ),
        kept=Answered(
            names=images.labels,
            ids=images.ids[test],
            scores=probability.astype(np.float32),
            truth=truth.astype(np.int32),
            fold=trial_numbers([len(trial.test) for trial in trials]),
            groups=groups,
            nearest=nearest.astype(np.float32),
            prior=np.array(
                [own / max(len(t.train), 1) for own, t in zip(shares, trials, strict=True)],
                np.float32,
            ),
        ),
        trained=round(float(np.mean([len(trial.train) for trial in trials]))),
        tested=len(test),
        groups=len(np.unique(groups)),
        settings=tuple(trial.setting for trial in trials),
        notes=tuple(notes),
        tried=tuple(tried),
    )


def trial_numbers(sizes: Sequence[int]) -> NDArray[np.int16]:
    """Return the trial in which each image was tested, the trials one after the other."""
    return np.repeat(np.arange(len(sizes)), sizes).astype(np.int16)


def nearest_scores(images: Labelled, train: Rows, test: Rows) -> NDArray[np.float64]:
    """Return each class's greatest cosine, shape (n_test, n_classes); -2 for a class not there."""
    k = len(images.labels)
    train = train[np.argsort(images.codes[train], kind="stable")]
    present, starts = np.unique(images.codes[train], return_index=True)
    best = np.full((len(test), k), -2.0)
    block = max(1, _BLOCK // max(len(train), 1))
    for low in range(0, len(test), block):
        similarity = images.unit[test[low : low + block]] @ images.unit[train].T
        best[low : low + block, present] = np.maximum.reduceat(similarity, starts, axis=1)
    return best


def _best(scores: NDArray[np.float64], n: int) -> Rows:
    """Return the `n` best classes of each row, best first; ties go to the first class."""
    order: Rows = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return order


def _found(order: Rows, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (order == truth[:, None]).any(axis=1)
    return found


def _confusion(truth: NDArray[np.int64], answer: Rows, k: int) -> NDArray[np.int64]:
    counts = np.zeros((k, k), np.int64)
    np.add.at(counts, (truth, answer), 1)
    return counts


def _class_scores(
    labels: Sequence[str], truth: NDArray[np.int64], order: Rows, groups: NDArray[np.int64]
) -> Iterator[ClassScore]:
    first = order[:, 0]
    for code, label in enumerate(labels):
        mine, named = truth == code, first == code
        among = (order == code).any(axis=1)
        yield ClassScore(
            label=label,
            tested=int(mine.sum()),
            answered=int(named.sum()),
            top1=share(named[mine], groups[mine], float(named.mean())),
            top5=share(among[mine], groups[mine], float(among.mean())),
            precision=share(mine[named], groups[named], float(mine.mean())),
        )


def _failures(images: Labelled, trials: Sequence[Trial], most: int) -> Iterator[Failure]:
    """Pick the most confident wrong answers of all trials, few of each mix-up."""
    wrong: list[tuple[float, int, int, int, float]] = []
    for number, trial in enumerate(trials):
        probability = probabilities(trial.scores, trial.temperature)
        answer = probability.argmax(axis=1)
        truth = images.of(trial).codes[trial.test]
        for i in np.flatnonzero(answer != truth):
            confidence, own = float(probability[i, answer[i]]), float(probability[i, truth[i]])
            wrong.append((-confidence, int(trial.test[i]), number, int(answer[i]), own))
    seen: Counter[tuple[int, int]] = Counter()
    for confidence, row, number, code, own in sorted(wrong):
        train, codes = trials[number].train, images.of(trials[number]).codes
        truth_code = int(codes[row])
        seen[truth_code, code] += 1
        if seen[truth_code, code] > _OF_A_KIND:
            continue
        if most == 0:
            return
        most -= 1
        yield Failure(
            id=int(images.ids[row]),
            truth=images.labels[truth_code],
            answer=images.labels[code],
            probability=-confidence,
            truth_probability=own,
            like_answer=_nearest(images, row, train[codes[train] == code]),
            like_truth=_nearest(images, row, train[codes[train] == truth_code]),
        )


def _nearest(images: Labelled, row: int, among: NDArray[Any]) -> Near | None:
    if len(among) == 0:
        return None
    similarity = images.unit[among] @ images.unit[row]
    best = int(similarity.argmax())
    return Near(int(images.ids[among[best]]), float(similarity[best]))
