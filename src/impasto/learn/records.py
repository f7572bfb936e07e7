"""What an evaluation says: estimates, baselines, classes, failures; all of it plain JSON too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput
from impasto.core.records import Estimate
from impasto.learn.rates import Rates

_RATED = ("f1", "average_precision", "lift")

How = Literal["folds", "split", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Scored:
    """A way of answering and how often it was right.

    Parameters
    ----------
    name : str
        "model", "nearest-neighbour", "majority" or "chance".
    title : str
        For people.
    top1, top5 : Estimate
        Share of tested images whose class is the first, or among the first five, answers.
    rates : Rates
        Class by class, one against the rest, and in the mean.
    """

    name: str
    title: str
    top1: Estimate
    top5: Estimate
    rates: Rates

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "name": self.name,
            "title": self.title,
            "top1": self.top1.to_json(),
            "top5": self.top5.to_json(),
            **self.rates.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class was told.

    Parameters
    ----------
    label : str
    tested : int
        Images of the class that were tested.
    answered : int
        Tested images, of any class, that were given this class as the first answer.
    top1, top5 : Estimate
        Share of the tested images found (recall). Chance is what the class would get if the
        same answers were dealt to the images at random: the share of answers that name it.
        All values are NaN where nothing was tested.
    precision : Estimate
        Share of the answers that were right; chance is the share of the class in the test.
    """

    label: str
    tested: int
    answered: int
    top1: Estimate
    top5: Estimate
    precision: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "label": self.label,
            "tested": self.tested,
            "answered": self.answered,
            "top1": _json(self.top1),
            "top5": _json(self.top5),
            "precision": _json(self.precision),
        }


@dataclass(frozen=True, slots=True)
class Near:
    """A training image and its cosine to a tested one."""

    id: int
    similarity: float

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"id": self.id, "similarity": self.similarity}


@dataclass(frozen=True, slots=True)
class Failure:
    """A wrong answer, with the training images that speak for the answer and for the truth.

    Parameters
    ----------
    id : int
    truth, answer : str
    probability : float
        That the model gave to its answer.
    truth_probability : float
        That it gave to the truth.
    like_answer, like_truth : Near or None
        Nearest training image of either class; None where training held none.
    """

    id: int
    truth: str
    answer: str
    probability: float
    truth_probability: float
    like_answer: Near | None
    like_truth: Near | None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "id": self.id,
            "truth": self.truth,
            "answer": self.answer,
            "probability": self.probability,
            "truth_probability": self.truth_probability,
            "like_answer": self.like_answer.to_json() if self.like_answer else None,
            "like_truth": self.like_truth.to_json() if self.like_truth else None,
        }


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: the probability they were given and how many were right."""

    images: int
    probability: float
    right: float

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"images": self.images, "probability": self.probability, "right": self.right}


@dataclass(frozen=True, slots=True)
class Tried:
    """Hyper-parameters and how they did inside the images learned from.

    Parameters
    ----------
    setting : mapping
    top1 : Estimate
        Share of the images held out there that were told right.
    """

    setting: Mapping[str, float | str]
    top1: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"setting": dict(self.setting), "top1": self.top1.to_json()}


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers to all tested images, one row each.

    Parameters
    ----------
    ids : ndarray of shape (n_tested,), int64
    truth : ndarray of shape (n_tested,), int64
        Position of the true class in the labels.
    order : ndarray of shape (n_tested, min(5, n_classes)), int64
        Best classes, best first.
    probabilities : ndarray of shape (n_tested, min(5, n_classes)), float64
        Of these classes.
    truth_probabilities : ndarray of shape (n_tested,), float64
        Of the true class.
    """

    ids: NDArray[np.int64]
    truth: NDArray[np.int64]
    order: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    truth_probabilities: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        n = len(self.ids)
        if self.truth.shape != (n,) or len(self.order) != n:
            raise InvalidInput(f"{n} tested images need {n} truths and {n} rows of answers.")
        if self.order.shape != self.probabilities.shape or len(self.truth_probabilities) != n:
            raise InvalidInput("Every answer needs its probability.")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The honest account of how well a model does.

    Parameters
    ----------
    how : {"folds", "split", "elsewhere"}
        Every image tested once by a model that had not seen it, a test part kept aside, or the
        images of another collection.
    parts : int
        Number of folds, or 1.
    labels : tuple of str
        The classes, sorted.
    model : Scored
    baselines : tuple of Scored
        Nearest neighbour, majority, uniform chance; tested on the same images.
    gain : Estimate
        Top-1 of the model minus that of the nearest neighbour, image by image; chance is 0.
    classes : tuple of ClassScore
        In the order of `labels`.
    confusion : ndarray of shape (n_classes, n_classes), int64
        Rows are the truth, columns the first answer.
    log_loss, calibration_error : float
        Mean of -log of the truth's probability; expected calibration error (10 bins).
    reliability : tuple of Bin
    failures : tuple of Failure
        The most confident ones first.
    answers : Answers
    kept : Answered
        All scores of all tested images, which are stored with the model.
    trained, tested, groups : int
        Images to learn from (a fold's mean), images tested, distinct images among the tested.
    settings : tuple of mapping
        Hyper-parameters chosen in each fold.
    notes : tuple of str
        Sentences a reader must know.
    tried : tuple of Tried
        All hyper-parameters that were tried for the model, in the order of the method's grid.
    """

    how: How
    parts: int
    labels: tuple[str, ...]
    model: Scored
    baselines: tuple[Scored, ...]
    gain: Estimate
    classes: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    log_loss: float
    calibration_error: float
    reliability: tuple[Bin, ...]
    failures: tuple[Failure, ...]
    answers: Answers
    kept: Answered
    trained: int
    tested: int
    groups: int
    settings: tuple[Mapping[str, float | str], ...]
    notes: tuple[str, ...]
    tried: tuple[Tried, ...] = ()

    @property
    def top1(self) -> Estimate:
        """Share of tested images whose first answer is right."""
        return self.model.top1

    @property
    def top5(self) -> Estimate:
        """Share of tested images with a right answer among the first five."""
        return self.model.top5

    def metrics(self) -> dict[str, Any]:
        """Return the numbers alone, without a row per image: what `--json` prints."""
        return {
            "top1": self.top1.to_json(),
            "top5": self.top5.to_json(),
            **self.model.rates.to_json(),
            "baselines": {scored.name: scored.to_json() for scored in self.baselines},
            "gain": self.gain.to_json(),
            "log_loss": self.log_loss,
            "calibration_error": self.calibration_error,
            "how": self.how,
            "parts": self.parts,
            "trained": self.trained,
            "tested": self.tested,
            "distinct": self.groups,
            "classes": [
                {**score.to_json(), **{key: rated.to_json()[key] for key in _RATED}}
                for score, rated in zip(self.classes, self.model.rates.classes, strict=True)
            ],
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything, the content of ``report.json``."""
        answers = self.answers
        return self.metrics() | {
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
            "reliability": [bin_.to_json() for bin_ in self.reliability],
            "failures": [failure.to_json() for failure in self.failures],
            "settings": [dict(setting) for setting in self.settings],
            "tried": [one.to_json() for one in self.tried],
            "notes": list(self.notes),
            "answers": {
                "ids": answers.ids.tolist(),
                "truth": answers.truth.tolist(),
                "order": answers.order.tolist(),
                "probabilities": np.round(answers.probabilities, 6).tolist(),
                "truth_probabilities": np.round(answers.truth_probabilities, 6).tolist(),
            },
        }


def _json(estimate: Estimate) -> dict[str, float] | None:
    return None if np.isnan(estimate.value) else estimate.to_json()
