"""How well a network that was trained on a list of classes knows the images of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.intervals import wilson
from impasto.core.records import Estimate


@dataclass(frozen=True, slots=True)
class Known:
    """How a network answers for the images of a class.

    Parameters
    ----------
    images : int
        That have an answer.
    top1, top5 : Estimate
        Share of the images with the class first, or among the first five, of all outputs.
    among : Estimate
        Share with the class first among the outputs of the classes that were found, a fairer
        question: outputs that no image can have do not count.
    answers : tuple of (int, int)
        The outputs that came first, with counts, the most frequent first. For a word of several
        meanings they say which meaning the pictures have.
    """

    images: int
    top1: Estimate
    top5: Estimate
    among: Estimate
    answers: tuple[tuple[int, int], ...]


def known_classes(
    logits: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    outputs: Mapping[int, Sequence[int]],
) -> dict[int, Known]:
    """Measure how well a network knows each class.

    Parameters
    ----------
    logits : ndarray of shape (n_images, n_outputs), float
        Rows of NaN have no answer.
    labels : ndarray of shape (n_images,), int64
        Class of each image; -1 for none.
    outputs : mapping of int to sequence of int
        The outputs that mean each class; with several any of them is right.

    Returns
    -------
    dict of int to Known
        Only classes that have outputs and images with answers.
    """
    if logits.ndim != 2 or len(logits) != len(labels):
        raise InvalidInput("Every image needs one row of answers and one class.")
    n_outputs = logits.shape[1]
    wrong = [o for known in outputs.values() for o in known if not 0 <= o < n_outputs]
    if wrong:
        raise InvalidInput(f"The network has {n_outputs} outputs; there is no output {wrong[0]}.")
    rows = np.flatnonzero((labels >= 0) & np.isfinite(logits).all(axis=1))
    present = [code for code in np.unique(labels[rows]).tolist() if outputs.get(code)]
    open_outputs = sorted({output for code in present for output in outputs[code]})
    found = {}
    for code in present:
        mine = np.asarray(logits[rows[labels[rows] == code]], np.float32)
        right = np.asarray(outputs[code])
        best = np.argsort(-mine, axis=1, kind="stable")[:, :5]
        hit = np.isin(best, right)
        among = np.asarray(open_outputs)[mine[:, open_outputs].argmax(axis=1)]
        first, times = np.unique(best[:, 0], return_counts=True)
        order = np.argsort(-times, kind="stable")[:3]
        found[code] = Known(
            len(mine),
            _share(hit[:, 0], len(right) / n_outputs),
            _share(hit.any(axis=1), min(5 * len(right) / n_outputs, 1.0)),
            _share(np.isin(among, right), len(right) / len(open_outputs)),
            tuple((int(first[i]), int(times[i])) for i in order),
        )
    return found


def _share(right: Any, chance: float) -> Estimate:
    value = float(right.mean())
    return Estimate(value, *wilson(value, len(right)), chance)
