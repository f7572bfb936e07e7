"""A tuned network before the test part: its calibration, its scores, its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space
from impasto.learn.evaluate import Labelled, Trial, evaluate
from impasto.learn.heads import fit_temperature, log_softmax, unit_rows
from impasto.learn.records import Evaluation
from impasto.learn.report import versions
from impasto.learn.tag_evaluate import Tagged, TagTrial, evaluate_tags
from impasto.learn.tag_heads import Curves, fit_curves
from impasto.learn.tag_records import TagEvaluation
from impasto.learn.thresholds import Wanted, settle_thresholds
from impasto.learn.tune.loop import Lesson, Tuned, logits_of
from impasto.learn.tune.model import TunedModel
from impasto.learn.tune.tasks import LabelTask, Logits, Rows, TagTask
from impasto.learn.tune.units import classifier_path

if TYPE_CHECKING:
    from torch import nn

FAILURES = 36


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """What the tuned network is judged on, and what it is compared with.

    Parameters
    ----------
    test : ndarray of int64
        Rows of the pictures that the loop has not seen.
    vectors : ndarray of shape (n_images, n_features)
        Of the network before it was tuned (or of another): the nearest neighbour's.
    ids, groups : ndarray of shape (n_images,), int64
    space : Space
        Of what goes into the last layer of the tuned network.
    wanted : Wanted
        What the thresholds of tags are chosen for.
    """

    test: Rows
    vectors: NDArray[np.floating[Any]]
    ids: NDArray[np.int64]
    groups: NDArray[np.int64]
    space: Space
    wanted: Wanted

    def __post_init__(self) -> None:
        """Check that there is something to judge by."""
        if not len(self.test):
            raise InvalidInput("No image is kept aside for the test; nothing could be judged.")


@dataclass(frozen=True, slots=True)
class Judged:
    """A tuned network's classifier and the account of how well it does."""

    model: TunedModel
    evaluation: Evaluation | TagEvaluation


def judge(lesson: Lesson, tuned: Tuned, exam: Exam, *, notes: Sequence[str]) -> Judged:
    """Calibrate the network on the validation part and judge it on the test part.

    Parameters
    ----------
    lesson : Lesson
    tuned : Tuned
    exam : Exam
    notes : sequence of str
        Sentences a reader of the scores must know.
    """
    checked = _logits(lesson, tuned, lesson.validation)
    asked = _logits(lesson, tuned, exam.test)
    known = np.concatenate([lesson.train, lesson.validation])
    unit = unit_rows(exam.vectors)
    task = lesson.task
    if isinstance(task, LabelTask):
        temperature = fit_temperature(log_softmax(checked), task.codes[lesson.validation])
        trial = Trial(
            known, exam.test, log_softmax(asked), temperature, {"epoch": tuned.curves.best.number}
        )
        labelled = Labelled(unit, task.codes, task.names, exam.ids, exam.groups)
        evaluation: Evaluation | TagEvaluation = evaluate(
            labelled, [trial], how="split", failures=FAILURES, notes=notes
        )
        counts = np.bincount(task.codes[lesson.train], minlength=len(task.names))
        return Judged(_model(lesson, tuned, exam, counts, temperature, None, None), evaluation)
    assert isinstance(task, TagTask)  # there is no third kind
    truth = task.truth[lesson.validation]
    curves = fit_curves(checked, truth)
    sure = curves.probabilities(checked)
    settled = settle_thresholds(sure, truth, exam.wanted)
    given = sure >= settled.thresholds
    f1 = 2 * (given & truth).sum(axis=0) / np.maximum(given.sum(axis=0) + truth.sum(axis=0), 1)
    evaluation = evaluate_tags(
        Tagged(unit, task.truth, task.names, exam.ids, exam.groups),
        [TagTrial(known, exam.test, curves.probabilities(asked), settled.thresholds)],
        how="split",
        top=[np.argsort(-f1, kind="stable")],
        failures=FAILURES,
        seed=lesson.seed,
        notes=[*notes, *settled.note(task.names)],
    )
    counts = task.truth[lesson.train].sum(axis=0)
    return Judged(_model(lesson, tuned, exam, counts, 1.0, curves, settled.thresholds), evaluation)


def _logits(lesson: Lesson, tuned: Tuned, rows: Rows) -> Logits:
    return logits_of(tuned.module, lesson.pictures.exact, rows, lesson.network.preprocessing, "cpu")


def _model(
    lesson: Lesson,
    tuned: Tuned,
    exam: Exam,
    counts: NDArray[np.int64],
    temperature: float,
    curves: Curves | None,
    thresholds: NDArray[np.float64] | None,
) -> TunedModel:
    last: nn.Module = tuned.module.get_submodule(classifier_path(lesson.network))
    weights, bias = (each.detach().numpy().copy() for each in last.parameters())
    return TunedModel(
        space=exam.space,
        target="label" if thresholds is None else "tags",
        labels=lesson.task.names,
        weights=weights,
        bias=bias,
        curves=curves,
        thresholds=thresholds,
        temperature=temperature,
        parameters={
            "plan": lesson.plan.name,
            "epoch": tuned.curves.best.number,
            "size": lesson.network.preprocessing.size,
            **asdict(lesson.course),
            **lesson.task.settings,
        },
        trained=dict(zip(lesson.task.names, counts.tolist(), strict=True)),
        images=len(lesson.train),
        seed=lesson.seed,
    )


def tuned_card(
    judged: Judged, *, title: str, collection: str, network: str, about: str, neighbours_in: str
) -> dict[str, Any]:
    """Return the model card of a tuned network; see `impasto.learn.card`.

    Parameters
    ----------
    judged : Judged
    title : str
        For people.
    collection : str
        Name of the collection that it was tuned on.
    network : str
        That it was tuned from.
    about : str
        What the plan does.
    neighbours_in : str
        Title of the space whose nearest images the network is judged beside: not its own.
    """
    model, evaluation = judged.model, judged.evaluation
    return model.to_json() | {
        "title": title,
        "collection": collection,
        "method_title": f"{network}, tuned by the plan {model.parameters['plan']}: {about}",
        "tuned_from": network,
        "space_name": model.space.name,
        "space_title": model.space.title,
        "neighbours_in": neighbours_in,
        "metrics": evaluation.metrics(),
        "notes": [
            *evaluation.notes,
            f"Nearest neighbours are those in {neighbours_in}, not in the tuned vectors.",
        ],
        "versions": versions("torch", "scipy"),
    }
