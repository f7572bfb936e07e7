"""Labels measured as tags are: F1, average precision and lift of every class, and their means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.records import Estimate
from impasto.learn.tag_scores import RESAMPLES, TagScore, Told, resamples, score_overall, score_tags

_WORK = 4e8  # numbers that resampling may look at; fewer resamples beyond that
_FEWEST = 100


@dataclass(frozen=True, slots=True)
class Rates:
    """How a way of answering tells each class, one against the rest.

    Parameters
    ----------
    classes : tuple of TagScore
        In the order of the labels.
    macro_f1 : Estimate
        Mean F1 of the classes that were tested. Chance is the better of always giving the
        commonest class and drawing a class from a hat.
    mean_average_precision : Estimate
    """

    classes: tuple[TagScore, ...]
    macro_f1: Estimate
    mean_average_precision: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return the means as plain JSON data."""
        return {
            "macro_f1": self.macro_f1.to_json(),
            "mean_average_precision": self.mean_average_precision.to_json(),
        }


def rates(
    labels: Sequence[str],
    truth: NDArray[np.int64],
    ways: Sequence[NDArray[np.floating[Any]]],
    groups: NDArray[np.int64],
    *,
    seed: int = 0,
) -> list[Rates]:
    """Measure several ways of answering on the same resampled images.

    Parameters
    ----------
    labels : sequence of str
    truth : ndarray of shape (n_images,), int64
    ways : sequence of ndarray of shape (n_images, n_classes)
        Scores of each; the first of the greatest is the answer.
    groups : ndarray of shape (n_images,), int64
        Near-duplicates are drawn together.
    seed : int
    """
    n, k = len(truth), len(labels)
    places = np.arange(k)
    times = int(np.clip(_WORK / (n * k * len(ways)), _FEWEST, RESAMPLES))
    weights = resamples(groups, times=times, seed=seed)
    marks = truth[:, None] == places
    share = marks.mean(axis=0)
    share = share[share > 0]
    hat = float((2 * share / k / (share + 1 / k)).mean())
    blind = max(hat, float((2 * share / (1 + share)).max() / len(share)))
    found = []
    for scores in ways:
        given = scores.argmax(axis=1)[:, None] == places
        told = Told(marks, scores.astype(np.float64), given, groups)
        overall = score_overall(told, weights, [])
        found.append(
            Rates(
                score_tags(labels, told, weights),
                replace(overall.macro_f1, chance=blind),
                overall.mean_average_precision,
            )
        )
    return found


def from_a_hat(of: Rates, k: int) -> Rates:
    """Return what drawing a class from a hat gets on average, beside the chance of others."""
    shares = [score.average_precision.chance for score in of.classes if score.tested]
    f1 = float(np.mean([2 * p / k / (p + 1 / k) for p in shares]))
    ranked = of.mean_average_precision.chance
    return Rates(
        (),
        Estimate(f1, f1, f1, of.macro_f1.chance),
        Estimate(ranked, ranked, ranked, ranked),
    )
