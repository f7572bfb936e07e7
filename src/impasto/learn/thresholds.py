"""From which probability on an image gets a tag: chosen for each tag, on validation data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

Aim = Literal["f1", "precision", "recall", "fixed"]

FIXED = 0.5
"""The threshold of work 1, and of everybody who does not choose one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a threshold is chosen for.

    Parameters
    ----------
    aim : {"f1", "precision", "recall", "fixed"}
        The best F1; the most recall with at least the wanted precision; the most precision with
        at least the wanted recall; or the same threshold for every tag.
    level : float
        The precision or recall that is wanted, or the fixed threshold.
    """

    aim: Aim = "f1"
    level: float = FIXED

    def __post_init__(self) -> None:
        """Check that it can be had."""
        if self.aim not in ("f1", "precision", "recall", "fixed"):
            raise InvalidInput(
                f"Thresholds aim at f1, precision, recall or fixed, not {self.aim!r}."
            )
        if not 0 <= self.level <= 1:
            raise InvalidInput(f"The level lies between 0 and 1, not {self.level}.")


def choose_thresholds(
    probabilities: NDArray[np.floating[Any]],
    tags: NDArray[Any],
    wanted: Wanted | None = None,
) -> NDArray[np.float64]:
    """Choose each tag's threshold.

    Between two neighbouring probabilities all thresholds do the same; the middle is taken.
    Ties go to the higher threshold, which tags less. Lipton, Elkan & Naryanaswamy, "Optimal
    thresholding of classifiers to maximize F1 measure" (2014): for probabilities that are right
    the best threshold is half the best F1, and for ones that say nothing the best F1 comes from
    tagging everything.

    Parameters
    ----------
    probabilities : ndarray of shape (n_images, n_tags)
        Of images that were not learned from.
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    wanted : Wanted, optional
        None: the best F1.

    Returns
    -------
    ndarray of shape (n_tags,), float64
        An image has the tag when its probability is at least this. Infinite where nothing
        reaches the wanted precision: no image gets the tag. NaN where no image has the tag, so
        that nothing can be chosen.

    Examples
    --------
    >>> choose_thresholds(np.array([[0.1], [0.4], [0.6]]), np.array([[0], [1], [1]])).tolist()
    [0.25]
    """
    wanted = wanted or Wanted()
    given, truth = np.asarray(probabilities, np.float64), np.asarray(tags).astype(bool)
    if given.ndim != 2 or given.shape != truth.shape or not len(given):
        raise InvalidInput(
            f"Probabilities of shape {given.shape} need as many tags, not {truth.shape}, and at "
            "least one image."
        )
    if not np.isfinite(given).all():
        raise InvalidInput("Some probabilities are not finite numbers; learn the model again.")
    if wanted.aim == "fixed":
        return np.full(given.shape[1], wanted.level)
    return np.array([_choose(p, t, wanted) for p, t in zip(given.T, truth.T, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Thresholds, also for tags of which nothing could be chosen.

    Parameters
    ----------
    thresholds : ndarray of shape (n_tags,), float64
        Never NaN.
    open : ndarray of shape (n_tags,), bool
        Tags that none, or all, of the images have: no threshold is better than another there.
    """

    thresholds: NDArray[np.float64]
    open: NDArray[np.bool_]

    def note(self, names: Sequence[str]) -> list[str]:
        """Say of which tags nothing could be chosen; nothing when there are none."""
        left = [name for name, is_open in zip(names, self.open, strict=True) if is_open]
        if not left:
            return []
        few = ", ".join(left[:8]) + (f" and {len(left) - 8} more" if len(left) > 8 else "")
        return [
            f"No threshold could be chosen, nor a probability calibrated, for {few}: none or all "
            "of the images to choose on have them. They keep their raw probabilities and the "
            f"threshold {FIXED}."
        ]


def settle_thresholds(
    probabilities: NDArray[np.floating[Any]], tags: NDArray[Any], wanted: Wanted
) -> Settled:
    """Choose each tag's threshold; `FIXED` where no image, or every one, has the tag.

    The parameters are those of `choose_thresholds`.
    """
    truth = np.asarray(tags).astype(bool)
    found = choose_thresholds(probabilities, truth, wanted)
    bare = np.isin(truth.sum(axis=0), (0, len(truth)))
    if wanted.aim == "fixed":
        return Settled(found, np.zeros_like(bare))
    return Settled(np.where(bare, FIXED, found), bare)


def _choose(given: NDArray[np.float64], truth: NDArray[np.bool_], wanted: Wanted) -> float:
    positives = int(truth.sum())
    if not positives:
        return float("nan")
    order = np.argsort(-given, kind="stable")
    falling = given[order]
    # Cutting is possible only between different probabilities, or after the last.
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    right = np.cumsum(truth[order])[last]
    named = last + 1
    precision, recall = right / named, right / positives
    if wanted.aim == "f1":
        best = int(np.argmax(2 * right / (named + positives)))
    elif wanted.aim == "precision":
        enough = np.flatnonzero(precision >= wanted.level)
        if not len(enough):
            return float("inf")
        best = int(enough[np.argmax(recall[enough])])
    else:
        enough = np.flatnonzero(recall >= wanted.level)
        best = int(enough[np.argmax(precision[enough])])
    cut = last[best]
    if cut + 1 == len(falling):
        return float(falling[cut])
    middle = float((falling[cut] + falling[cut + 1]) / 2)
    # Of two neighbouring floats the middle is one of them: it must not be the lower one.
    return middle if middle > falling[cut + 1] else float(falling[cut])
