"""Weights of the two answers "has the tag" and "has it not", for tags that few images have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

Reading = Literal["inverse", "printed"]
Smoothing = Literal["global", "per-tag"] | float


@dataclass(frozen=True, slots=True, eq=False)
class CostWeights:
    """What an error counts, by tag.

    Parameters
    ----------
    present : ndarray of shape (n_tags,), float64
        Of images that have the tag (w1).
    absent : ndarray of shape (n_tags,), float64
        Of images that have it not (w0); w0 + w1 = 1 before `balanced`.
    smoothing : ndarray of shape (n_tags,), float64
        The k that was used.
    """

    present: NDArray[np.float64]
    absent: NDArray[np.float64]
    smoothing: NDArray[np.float64]

    @property
    def ratios(self) -> NDArray[np.float64]:
        """How many times as much as its absence the presence of a tag counts.

        For probabilities that are right, a ratio r is the same as tagging from 1 / (1 + r) on.
        """
        return self.present / self.absent

    def balanced(self, positives: NDArray[np.integer[Any]], total: int) -> CostWeights:
        """Scale each tag's two weights so that their mean over the images is 1.

        Without it a weighted loss is smaller than a plain one (0.37 times with 2 : 1 and one
        image in ten), which changes the learning rate in disguise.
        """
        share = np.asarray(positives, np.float64) / total
        mean = share * self.present + (1 - share) * self.absent
        return CostWeights(self.present / mean, self.absent / mean, self.smoothing)


def cost_weights(
    positives: NDArray[np.integer[Any]],
    total: int,
    *,
    reading: Reading = "inverse",
    smoothing: Smoothing = "global",
) -> CostWeights:
    """Weigh presence and absence of each tag by how rare it is.

    Ahres & Volk, "Abstract concept & emotion detection in tagged images with CNNs", eq. 3 and 4,
    print ``w1 = (n + k) / (T + k)`` for n images of T that have the tag: the rarer a tag, the
    less its presence would count, against their text ("inverse frequency", "forcing the model to
    increase tag-recall"). The reading "inverse" gives that fraction to the absence, as the text
    wants: ``w0 = (n + k) / (T + k)``, ``w1 = (T - n) / (T + k)``. The reading "printed" takes
    the equations as they stand.

    The smoothing k lets neither answer weigh more than twice the other: from
    ``k* = max(0, (T - 3n) / 2)`` on for "inverse", up to ``k* = 2T - 3n`` for "printed". With a
    k for each tag ("per-tag") every tag rarer than one in three gets the same 2 : 1; one for all
    ("global", the strictest) lets the rarest tag have 2 : 1 and commoner ones less.

    Parameters
    ----------
    positives : ndarray of shape (n_tags,), int
        Images of the training part that have each tag.
    total : int
        Images of the training part.
    reading : {"inverse", "printed"}
    smoothing : {"global", "per-tag"} or float

    Raises
    ------
    InvalidInput
        When a tag is on no image or on all of them: there is nothing to weigh.

    Examples
    --------
    >>> weights = cost_weights(np.array([1527, 339]), 11317, smoothing="per-tag")
    >>> weights.smoothing.tolist(), weights.ratios.round(3).tolist()
    ([3368.0, 5150.0], [2.0, 2.0])
    >>> cost_weights(np.array([1527, 339]), 11317).ratios.round(2).tolist()
    [1.47, 2.0]
    """
    n = np.asarray(positives, np.float64)
    if n.ndim != 1 or not len(n) or ((n <= 0) | (n >= total)).any():
        raise InvalidInput(
            "Each tag must be on some images and not on all of them to be weighed; "
            f"given were {np.asarray(positives).tolist()} of {total}."
        )
    if reading not in ("inverse", "printed"):
        raise InvalidInput(f"The reading can be inverse or printed, not {reading!r}.")
    k = _smoothing(n, total, reading, smoothing)
    fraction = (n + k) / (total + k)
    if reading == "inverse":
        return CostWeights(1 - fraction, fraction, k)
    return CostWeights(fraction, 1 - fraction, k)


def _smoothing(
    n: NDArray[np.float64], total: int, reading: Reading, smoothing: Smoothing
) -> NDArray[np.float64]:
    if isinstance(smoothing, int | float):
        if not 0 <= smoothing < np.inf:
            raise InvalidInput(f"The smoothing is a number of at least 0, not {smoothing}.")
        return np.full(len(n), float(smoothing))
    if smoothing not in ("global", "per-tag"):
        raise InvalidInput(f"The smoothing is global, per-tag or a number, not {smoothing!r}.")
    own = (total - 3 * n) / 2 if reading == "inverse" else 2 * total - 3 * n
    own = np.maximum(own, 0)
    if smoothing == "per-tag":
        return own
    return np.full(len(n), own.max() if reading == "inverse" else own.min())
