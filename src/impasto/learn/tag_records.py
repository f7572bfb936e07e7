"""What an evaluation of tags says; all of it plain JSON too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.records import Estimate
from impasto.learn.batches import BatchFigures
from impasto.learn.records import Bin, How, Near
from impasto.learn.step_losses import StepLosses
from impasto.learn.tag_scores import Overall, TagScore

Wrong = Literal["missing", "superfluous"]


@dataclass(frozen=True, slots=True)
class ScoredTagging:
    """A way of tagging and how well it does over all tags.

    Parameters
    ----------
    name : str
        "model", "nearest-neighbours" or "always".
    title : str
        For people.
    overall : Overall
    """

    name: str
    title: str
    overall: Overall

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"name": self.name, "title": self.title, **self.overall.to_json()}


@dataclass(frozen=True, slots=True)
class TagFailure:
    """A tag on which model and picture's tags disagree, the model being sure.

    Parameters
    ----------
    id : int
    tag : str
    wrong : {"missing", "superfluous"}
        "missing": the image does not have the tag, and the model would give it (perhaps someone
        forgot it). "superfluous": the image has it, and the model sees no sign of it.
    probability : float
        That the model gives to the tag.
    near : Near or None
        Nearest training image that speaks for the model: with the tag, or without it.
    """

    id: int
    tag: str
    wrong: Wrong
    probability: float
    near: Near | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "id": self.id,
            "tag": self.tag,
            "wrong": self.wrong,
            "probability": self.probability,
            "near": self.near.to_json() if self.near else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class TagAnswers:
    """The answers to all tested images.

    Parameters
    ----------
    ids : ndarray of shape (n_tested,), int64
    truth : ndarray of shape (n_tested, n_tags), bool
    probabilities : ndarray of shape (n_tested, n_tags), float64
    given : ndarray of shape (n_tested, n_tags), bool
    """

    ids: NDArray[np.int64]
    truth: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    given: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TagEvaluation:
    """The honest account of how well a tagger does.

    Parameters
    ----------
    how : {"folds", "split"}
    parts : int
        Number of folds, or 1.
    tags : tuple of str
    model : ScoredTagging
    baselines : tuple of ScoredTagging
        Nearest neighbours, and every tag for every image; tested on the same images.
    gain : Estimate
        Mean average precision of the model minus that of the nearest neighbours, on the same
        resampled images; chance is 0.
    scores : tuple of TagScore
        In the order of `tags`.
    neighbour_scores : tuple of TagScore
        Of the nearest neighbours, in the same order.
    calibration_error : float
        Expected calibration error over all answers, one per tag and tested image (10 bins).
    reliability : tuple of Bin
        Of the same answers.
    calibration_errors : tuple of float
        Of each tag by itself, in the order of `tags`.
    failures : tuple of TagFailure
        The surest ones first, of each kind.
    answers : TagAnswers
    kept : Answered
        All scores of all tested images, which are stored with the model.
    top : tuple of str
        The five tags whose F1 is averaged by itself, chosen on images that were not tested.
    trained, tested, groups : int
        Images to learn from (a fold's mean), images tested, distinct images among the tested.
    notes : tuple of str
        Sentences a reader must know.
    batches : BatchFigures or None
        What samplers do to these tags; for what was learned by steps.
    losses : StepLosses or None
        What the steps cost that led to the model.
    """

    how: How
    parts: int
    tags: tuple[str, ...]
    model: ScoredTagging
    baselines: tuple[ScoredTagging, ...]
    gain: Estimate
    scores: tuple[TagScore, ...]
    neighbour_scores: tuple[TagScore, ...]
    calibration_error: float
    reliability: tuple[Bin, ...]
    calibration_errors: tuple[float, ...]
    failures: tuple[TagFailure, ...]
    answers: TagAnswers
    kept: Answered
    top: tuple[str, ...]
    trained: int
    tested: int
    groups: int
    notes: tuple[str, ...]
    batches: BatchFigures | None = None
    losses: StepLosses | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags, as other evaluations name their classes."""
        return self.tags

    def metrics(self) -> dict[str, Any]:
        """Return the numbers alone, without a row per image: what `--json` prints."""
        return {
            **self.model.overall.to_json(),
            "baselines": {scored.name: scored.to_json() for scored in self.baselines},
            "gain": self.gain.to_json(),
            "calibration_error": self.calibration_error,
            "reliability": [bin_.to_json() for bin_ in self.reliability],
            "top_tags": list(self.top),
            "how": self.how,
            "parts": self.parts,
            "trained": self.trained,
            "tested": self.tested,
            "distinct": self.groups,
            "tags": [
                {
                    **score.to_json(),
                    "neighbour_average_precision": near.to_json()["average_precision"],
                    "calibration_error": error,
                }
                for score, near, error in zip(
                    self.scores, self.neighbour_scores, self.calibration_errors, strict=True
                )
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything, the content of ``report.json``."""
        answers = self.answers
        return self.metrics() | {
            "labels": list(self.tags),
            "batches": self.batches.to_json() if self.batches else None,
            "losses": self.losses.to_json() if self.losses else None,
            "failures": [failure.to_json() for failure in self.failures],
            "notes": list(self.notes),
            "answers": {
                "ids": answers.ids.tolist(),
                "truth": [np.flatnonzero(row).tolist() for row in answers.truth],
                "given": [np.flatnonzero(row).tolist() for row in answers.given],
                "probabilities": np.round(answers.probabilities, 5).tolist(),
            },
        }
