"""Tags that are probably missing or wrong, and how many there may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import MissingExtra
from impasto.core.records import Estimate
from impasto.learn.tag_evaluate import Tagged, nearest
from impasto.learn.tag_records import TagFailure, Wrong
from impasto.learn.tag_scores import interval, resamples

MOST = 60
"""Suspects of each kind that are kept for a tag, the likeliest first."""

_CLOSE = 1e-6  # as cleanlab compares probabilities with thresholds


@dataclass(frozen=True, slots=True)
class TagNoise:
    """How much of a tag may be noise.

    Parameters
    ----------
    tag : str
    given : int
        Images that have it.
    noise : Estimate
        Share of all images whose answer about this tag is wrong, one way or the other. Chance
        is what a head that sees nothing would find: 0.
    wrong : Estimate
        Share of the images with the tag that should not have it.
    missing : Estimate
        Share of the images that should have the tag and do not.
    suspected_wrong, suspected_missing : int
        Images that cleanlab names, before `MOST` are kept.
    """

    tag: str
    given: int
    noise: Estimate
    wrong: Estimate
    missing: Estimate
    suspected_wrong: int = 0
    suspected_missing: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "tag": self.tag,
            "given": self.given,
            "noise": self.noise.to_json(),
            "wrong": self.wrong.to_json(),
            "missing": self.missing.to_json(),
            "suspected_wrong": self.suspected_wrong,
            "suspected_missing": self.suspected_missing,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Suspects, and what share of each tag may be noise.

    Parameters
    ----------
    images : int
    tags : tuple of TagNoise
    suspects : tuple of TagFailure
        By tag, missing ones before wrong ones, the likeliest mistakes first.
    """

    images: int
    tags: tuple[TagNoise, ...]
    suspects: tuple[TagFailure, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "images": self.images,
            "tags": [each.to_json() for each in self.tags],
            "suspects": [each.to_json() for each in self.suspects],
        }


def confident_joints(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Count given and probably true answers about one tag, once for each row of weights.

    Northcutt, Jiang & Chuang, "Confident learning: estimating uncertainty in dataset labels"
    (2021), eq. 1 and 2, for the two answers about one tag: an image counts as truly having the
    tag when its probability reaches the mean of those that have it; rows are then scaled to the
    given counts. The same as cleanlab's `compute_confident_joint(multi_label=True)`, but for its
    rounding to whole images, and fast enough to resample.

    Parameters
    ----------
    probabilities : ndarray of shape (n_images,), float64
    truth : ndarray of shape (n_images,), bool
        The tags as they are given.
    weights : ndarray of shape (n_resamples, n_images), float64
        How often each image counts.

    Returns
    -------
    ndarray of shape (n_resamples, 2, 2), float64
        [given, true], 0 for without the tag; sums to the images counted.
    """
    p, found = probabilities, np.zeros((len(weights), 2, 2))
    for row, counts in enumerate(weights):
        having = counts * truth
        lacking = counts - having
        m, n = float(having.sum()), float(lacking.sum())
        high = float(having @ p) / m if m else 2.0  # nobody reaches 2
        low = float(lacking @ (1 - p)) / n if n else 2.0
        has, lacks = p >= high - _CLOSE, 1 - p >= low - _CLOSE
        both = has & lacks
        has, lacks = has & ~(both & (p <= 0.5)), lacks & ~(both & (p > 0.5))
        joint = np.array(
            [[lacking @ lacks, lacking @ has], [having @ lacks, having @ has]], np.float64
        )
        joint[[0, 1], [0, 1]] = np.maximum(joint[[0, 1], [0, 1]], 1)
        joint *= np.array([[n], [m]]) / joint.sum(axis=1, keepdims=True)
        found[row] = joint
    return found


def noise_shares(
    images: Tagged, probabilities: NDArray[np.float64], *, times: int = 200, seed: int = 0
) -> tuple[TagNoise, ...]:
    """Estimate what share of each tag is noise, with bootstrap intervals over the images.

    The intervals cover the choice of images, near-duplicates drawn together; the heads behind
    the probabilities are not learned anew. A head that tells a tag badly mixes its own mistakes
    into the estimate: read it beside the tag's average precision.

    Parameters
    ----------
    images : Tagged
    probabilities : ndarray of shape (n_images, n_tags), float64
        Out-of-sample.
    times : int
        Resamples.
    seed : int
    """
    weights = np.vstack(
        [np.ones(len(images.ids)), resamples(images.groups, times=times, seed=seed)]
    )
    found = []
    for j, tag in enumerate(images.tags):
        joint = confident_joints(probabilities[:, j], images.truth[:, j], weights)
        total = joint.sum(axis=(1, 2))
        given, true = joint[:, 1].sum(axis=1), joint[:, :, 1].sum(axis=1)
        off = (joint[:, 0, 1] + joint[:, 1, 0]) / total
        nothing = np.full(len(joint), np.nan)
        wrong = np.divide(joint[:, 1, 0], given, out=nothing.copy(), where=given > 0)
        missing = np.divide(joint[:, 0, 1], true, out=nothing.copy(), where=true > 0)
        noise, bad, gone = (interval(float(s[0]), s[1:], 0.0) for s in (off, wrong, missing))
        found.append(TagNoise(tag, int(images.truth[:, j].sum()), noise, bad, gone))
    return tuple(found)


def find_noise(
    images: Tagged, probabilities: NDArray[np.float64], *, most: int = MOST, seed: int = 0
) -> Noise:
    """Name the images whose tags are probably missing or wrong, by cleanlab's multi-label methods.

    `cleanlab.multilabel_classification.filter.find_multilabel_issues_per_class` with its
    defaults (pruned by noise rate), ranked by self-confidence: the probability of what is given.

    Parameters
    ----------
    images : Tagged
    probabilities : ndarray of shape (n_images, n_tags), float64
        Out-of-sample.
    most : int
        Suspects of each kind kept for a tag.
    seed : int
        Of the resampling behind the intervals.

    Raises
    ------
    MissingExtra
        When cleanlab is not installed.
    """
    named = _suspects(images.truth, probabilities)
    shares, suspects = [], []
    for j, share in enumerate(noise_shares(images, probabilities, seed=seed)):
        truth = images.truth[:, j]
        kinds: tuple[tuple[Wrong, NDArray[np.int64]], ...] = (
            ("missing", named[j][~truth[named[j]]]),
            ("superfluous", named[j][truth[named[j]]]),
        )
        for wrong, rows in kinds:
            alike = np.flatnonzero(truth != truth[rows[0]]) if len(rows) else rows
            for row in rows[:most].tolist():
                other = alike[images.groups[alike] != images.groups[row]]
                near = nearest(images, row, other)
                p = float(probabilities[row, j])
                suspects.append(TagFailure(int(images.ids[row]), images.tags[j], wrong, p, near))
        missing, superfluous = (len(rows) for _, rows in kinds)
        shares.append(replace(share, suspected_wrong=superfluous, suspected_missing=missing))
    return Noise(len(images.ids), tuple(shares), tuple(suspects))


def check_cleanlab() -> None:
    """Raise MissingExtra when cleanlab is not installed, before any work begins."""
    if find_spec("cleanlab") is None:
        raise MissingExtra(
            'Finding wrong tags needs one more package: pip install "impasto[noise]".'
        )


def _suspects(
    truth: NDArray[np.bool_], probabilities: NDArray[np.float64]
) -> list[NDArray[np.int64]]:
    """Return the suspected rows of each tag, the least confident first."""
    check_cleanlab()
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class

    ranked, _, _ = find_multilabel_issues_per_class(
        labels=[np.flatnonzero(row).tolist() for row in truth],
        pred_probs=probabilities,
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return [np.asarray(rows, np.int64) for rows in ranked]
