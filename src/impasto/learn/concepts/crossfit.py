"""What a head says of every image without having seen it: the basis of noise and learnability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition_tags
from impasto.core.progress import Progress
from impasto.learn.heads import Scaling, unit_rows
from impasto.learn.tag_evaluate import Tagged
from impasto.learn.tag_heads import TagHead, TagProblem, fit_curves
from impasto.learn.tag_learn import GRID
from impasto.learn.tag_scores import average_precision


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSample:
    """Probabilities of every tag for every image, each from a head that has not seen the image.

    Parameters
    ----------
    probabilities : ndarray of shape (n_images, n_tags), float64
        Calibrated, the curve fitted on the other folds.
    fold : ndarray of shape (n_images,), int64
        Near-duplicates share a fold.
    c : tuple of float
        Trust in the data of each fold's head, chosen on the other folds.
    """

    probabilities: NDArray[np.float64]
    fold: NDArray[np.int64]
    c: tuple[float, ...]

    @property
    def usual_c(self) -> float:
        """The C in the middle of those chosen."""
        return sorted(self.c)[len(self.c) // 2]


def gathered(
    values: NDArray[np.floating[Any]],
    tags: NDArray[Any],
    names: Sequence[str],
    *,
    ids: NDArray[np.int64] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> Tagged:
    """Check vectors and tags and put them together.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features)
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    names : sequence of str, n_tags long
    ids, groups : ndarray of shape (n_images,), int64, optional
        Near-duplicates share a group; None: each image stands for itself.
    """
    truth, every = np.asarray(tags).astype(bool), np.arange(len(values))
    if truth.shape != (len(values), len(names)) or values.ndim != 2 or not len(names):
        raise InvalidInput(
            f"{len(values)} vectors and {len(names)} names need tags of shape ({len(values)}, "
            f"{len(names)}), and at least one tag; given was {truth.shape}."
        )
    if not np.isfinite(values).all():
        raise InvalidInput("Some vectors are not finite numbers; embed these images anew.")
    for name, count in zip(names, truth.sum(axis=0).tolist(), strict=True):
        if count in (0, len(truth)):
            who = "Every image has" if count else "No image has"
            raise InvalidInput(f"{who} the tag {name!r}: nothing tells those with it apart.")
    return Tagged(
        unit_rows(values),
        truth,
        tuple(names),
        every if ids is None else ids,
        every if groups is None else groups,
    )


def out_of_sample(
    images: Tagged, *, folds: int = 5, seed: int = 0, progress: Progress
) -> OutOfSample:
    """Tell the tags of every image by heads that were learned from the other folds.

    C and the curves of a fold are chosen by what its images do not take part in: the answers to
    the other folds.

    Parameters
    ----------
    images : Tagged
    folds : int
    seed : int
        Of the folds, which are stratified by tags and keep near-duplicates together.
    progress : Progress
        Gains `folds` steps.
    """
    folds = min(folds, len(np.unique(images.groups)))
    if folds < 3:
        raise InvalidInput(
            "Three folds are the fewest in which curves can be fitted on images that no head saw; "
            f"there are {folds}."
        )
    fold = partition_tags(images.truth, images.groups, [1.0] * folds, seed=seed)
    logits = np.zeros((len(GRID), *images.truth.shape))
    for f in range(folds):
        for i, scores in enumerate(path(images, fold != f, fold == f)):
            logits[i, fold == f] = scores
        progress.advance()
    probabilities = np.zeros(images.truth.shape)
    chosen = []
    for f in range(folds):
        others, own = fold != f, fold == f
        each = [_mean_ap(logits[i, others], images.truth[others]) for i in range(len(GRID))]
        best = int(np.argmax(each))
        chosen.append(GRID[best])
        curves = fit_curves(logits[best, others], images.truth[others])
        probabilities[own] = curves.probabilities(logits[best, own])
    return OutOfSample(probabilities, fold, tuple(chosen))


def path(
    images: Tagged, train: NDArray[np.bool_], held: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Return the logits of the images held out, for each C of the grid."""
    scaling = Scaling.of(images.unit[train])
    problem = TagProblem(scaling.apply(images.unit[train]), images.truth[train])
    outside = scaling.apply(images.unit[held])
    head: TagHead | None = None
    found = []
    for c in GRID:
        head = problem.solve(c, start=head)
        found.append(head.logits(outside))
    return found


def _mean_ap(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    each = [average_precision(s, t)[0] for s, t in zip(scores.T, truth.T, strict=True)]
    return float(np.nanmean(each))
