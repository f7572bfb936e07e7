"""Learn tags from vectors, and say honestly how well that went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition_tags
from impasto.core.progress import Progress, Quiet
from impasto.core.records import SPLITS
from impasto.core.space import Space
from impasto.learn.batches import BatchFigures, compare_samplers, title_of, usual_samplings
from impasto.learn.heads import Scaling
from impasto.learn.losses import Costs
from impasto.learn.reading import Reading
from impasto.learn.records import How
from impasto.learn.step_losses import thinned
from impasto.learn.tag_evaluate import Tagged, TagTrial, evaluate_tags
from impasto.learn.tag_heads import (
    Curves,
    Logits,
    Steps,
    TagHead,
    TagProblem,
    fit_by_steps,
    fit_curves,
    plain_curves,
)
from impasto.learn.tag_model import TagModel
from impasto.learn.tag_records import TagEvaluation
from impasto.learn.tag_scores import average_precision
from impasto.learn.thresholds import Settled, Wanted, settle_thresholds

Rows = NDArray[np.int64]
TagMethod = Literal["logistic", "steps"]

TAG_METHODS: dict[TagMethod, str] = {
    "logistic": "Logistic regression, one per tag",
    "steps": "Logistic regression by gradient steps, with a loss and a sampler",
}
GRID = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Trust in the data (C) that "logistic" chooses from; the smallest wins ties."""


@dataclass(frozen=True, slots=True)
class TagConfig:
    """How to learn tags.

    Parameters
    ----------
    method : {"logistic", "steps"}
    steps : Steps
        Loss, sampler and steps of "steps".
    wanted : Wanted
        What the thresholds are chosen for.
    calibrate : bool
        Put a curve between the head and the probabilities, fitted on images that the head did
        not learn from; else they are what the head's loss makes of them, as in work 1.
    seed : int
        Of the inner folds and of everything random in learning.
    inner_folds : int
        Folds inside the training part in which C, curves and thresholds are chosen.
    failures : int
        Wrong answers of either kind that the evaluation keeps for the report.
    """

    method: TagMethod = "logistic"
    steps: Steps = field(default_factory=Steps)
    wanted: Wanted = field(default_factory=Wanted)
    calibrate: bool = True
    seed: int = 0
    inner_folds: int = 3
    failures: int = 24

    def __post_init__(self) -> None:
        """Check what can be checked without the tags."""
        if self.method not in get_args(TagMethod):
            raise InvalidInput(
                f"Tags are learned by {' or '.join(get_args(TagMethod))}, not {self.method!r}."
            )
        if self.inner_folds < 2:
            raise InvalidInput(f"Cross-validation takes at least 2 folds, not {self.inner_folds}.")
        if self.failures < 0:
            raise InvalidInput(f"The number of failures shown is at least 0, not {self.failures}.")


@dataclass(frozen=True, slots=True)
class TagLearned:
    """A tagger and the account of how well it does."""

    model: TagModel
    evaluation: TagEvaluation


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """What was found out inside the images learned from."""

    c: float | None
    curves: Curves
    settled: Settled
    top: Rows


def learn_tags(
    values: NDArray[np.floating[Any]],
    tags: NDArray[Any],
    names: Sequence[str],
    *,
    space: Space | Sequence[Space],
    ids: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
    parts: Sequence[str] | None = None,
    folds: NDArray[np.int64] | None = None,
    config: TagConfig | None = None,
    progress: Progress | None = None,
) -> TagLearned:
    """Learn tags from vectors and test on images that were not learned from.

    Either `parts` or `folds` says how to test, as in `learn`. The trust in the data (C), the
    curves from logits to probabilities, the thresholds, and the five tags whose F1 is averaged
    are chosen inside the images learned from: on the validation part where there is one, else by
    cross-validation.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float16 or float32
        Vectors, as the networks gave them; of several spaces, side by side.
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    names : sequence of str, n_tags long
    space : Space or sequence of Space
        Where the vectors come from. Several are weighted by one over their spread, measured on
        the images learned from (with folds, on all: it hangs on no tag).
    ids : ndarray of shape (n_images,), int64
    groups : ndarray of shape (n_images,), int64, optional
        Near-duplicates share a number; an image with one in the test is not learned from.
    parts : sequence of str, optional
        "train", "validation" or "test" for each image.
    folds : ndarray of shape (n_images,), int64, optional
    config : TagConfig, optional
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        If there is nothing to learn from or to test with; the message says what is missing.
    """
    config, progress = config or TagConfig(), progress or Quiet()
    truth = np.asarray(tags).astype(bool)
    groups = np.arange(len(truth)) if groups is None else groups
    spaces = (space,) if isinstance(space, Space) else tuple(space)
    _check(values, truth, names, ids, groups, spaces)
    aside = np.asarray(parts) == "test" if parts is not None else np.zeros(len(values), bool)
    reading = Reading.equal([each.dimension for each in spaces]).fitted(values[~aside])
    images = Tagged(reading.apply(values), truth, tuple(names), ids, groups)
    plan = _plan(images, parts, folds)
    whole = plan.whole
    fits = len(GRID) if config.method == "logistic" else 1
    inner = [_inner(images, train, plan.validation, config) for train, _ in plan.trials]
    last = [] if whole is None else _inner(images, whole, None, config)
    pairs = sum(len(each) for each in inner) + len(last)
    progress.stage("Learning", fits * pairs + len(plan.trials) + (whole is not None), "fits")
    trials, chosen = [], []
    costs: list[float] = []
    for (train, test), own in zip(plan.trials, inner, strict=True):
        found = _choose(images, own, config, progress)
        scaling, head = _fit(images, train, config, found.c, costs)
        progress.advance()
        logits = head.logits(scaling.apply(images.unit[test]))
        probabilities = found.curves.probabilities(logits)
        trials.append(TagTrial(train, test, probabilities, found.settled.thresholds))
        chosen.append(found)
    if whole is None:
        final, rows = chosen[0], plan.trials[0][0]  # the very one that was judged
    else:
        final, rows = _choose(images, last, config, progress), whole
        costs.clear()
        scaling, head = _fit(images, whole, config, final.c, costs)
        progress.advance()
    model = TagModel(
        spaces=spaces,
        method=config.method,
        tags=images.tags,
        parameters=_parameters(config, final.c),
        reading=reading,
        scaling=scaling,
        head=head,
        curves=final.curves,
        thresholds=final.settled.thresholds,
        trained=dict(zip(images.tags, truth[rows].sum(axis=0).tolist(), strict=True)),
        images=len(rows),
        seed=config.seed,
    )
    how: How = "split" if whole is None else "folds"
    batches = _batches(images, rows, config) if config.method == "steps" else None
    evaluation = evaluate_tags(
        images,
        trials,
        how=how,
        top=[found.top for found in chosen],
        failures=config.failures,
        seed=config.seed,
        notes=_notes(images, plan, chosen) + (batches.warned if batches else []),
        batches=batches,
    )
    if costs:
        evaluation = replace(evaluation, losses=thinned(costs))
    return TagLearned(model, evaluation)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Trials as (train, test) rows; the validation rows; the rows of the final model, if other."""

    trials: list[tuple[Rows, Rows]]
    validation: Rows | None
    whole: Rows | None


def _check(
    values: NDArray[np.floating[Any]],
    truth: NDArray[np.bool_],
    names: Sequence[str],
    ids: NDArray[np.int64],
    groups: NDArray[np.int64],
    spaces: Sequence[Space],
) -> None:
    n, dimension = len(values), sum(space.dimension for space in spaces)
    if values.shape != (n, dimension) or truth.shape != (n, len(names)):
        raise InvalidInput(
            f"{len(names)} tags of {len(truth)} images need vectors of shape ({len(truth)}, "
            f"{dimension}) and tags of shape ({n}, {len(names)}), not {values.shape} and "
            f"{truth.shape}."
        )
    if ids.shape != (n,) or groups.shape != (n,):
        raise InvalidInput(f"{n} images need {n} ids and {n} groups.")
    if not names:
        raise InvalidInput("There is no tag to learn; lower --min-images or tag more images.")
    if not np.isfinite(values).all():
        raise InvalidInput("Some vectors are not finite numbers; embed these images anew.")
    for name, count in zip(names, truth.sum(axis=0).tolist(), strict=True):
        if count in (0, n):
            all_ = "every image has" if count else "no image has"
            raise InvalidInput(f"{all_.capitalize()} the tag {name!r}: nothing can be learned.")


def _plan(images: Tagged, parts: Sequence[str] | None, folds: NDArray[np.int64] | None) -> _Plan:
    n = len(images.truth)
    if (parts is None) == (folds is None):
        raise InvalidInput("Give either parts (train, validation, test) or folds, not both.")
    whole: Rows | None = None
    validation: Rows | None = None
    if folds is not None:
        if folds.shape != (n,) or len(np.unique(folds)) < 2:
            raise InvalidInput(f"{n} images need {n} fold numbers, and at least two folds.")
        whole = np.arange(n)
        tests = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    else:
        part = np.asarray(parts)
        unknown = sorted(set(part.tolist()) - set(SPLITS))
        if part.shape != (n,) or unknown:
            raise InvalidInput(f"{n} images need {n} parts out of {', '.join(SPLITS)}.")
        tests = [np.flatnonzero(part == "test")]
        held = np.flatnonzero(part == "validation")
        validation = held if len(held) else None
    trials = []
    for test in tests:
        rest = np.setdiff1d(np.arange(n), test)
        train = rest[~np.isin(images.groups[rest], images.groups[test])]
        if not len(test) or not images.truth[test].any():
            raise InvalidInput("No tested image has any of the tags; nothing could be judged.")
        missing = ~images.truth[train].any(axis=0)
        if missing.any():
            tag = images.tags[int(np.argmax(missing))]
            raise InvalidInput(
                f"No image with the tag {tag!r} is left to learn from, near-duplicates of tested "
                "ones left out. Raise --min-images, or use other folds."
            )
        has = images.truth[test].sum(axis=0)
        if not ((has > 0) & (has < len(test))).any():
            raise InvalidInput(
                "No tag is on some of the tested images and missing on others, so no ranking could "
                "be judged. Divide the images otherwise (impasto split)."
            )
        trials.append((train, test))
    return _Plan(trials, validation, whole)


def _inner(
    images: Tagged, train: Rows, validation: Rows | None, config: TagConfig
) -> list[tuple[Rows, Rows]]:
    """Divide the rows learned from into (fit, check) pairs."""
    groups = images.groups[train]
    if validation is not None:
        held = np.isin(train, validation)
        apart = ~np.isin(groups, groups[held])
        if not held.any() or not (~held & apart).any():
            raise InvalidInput(
                "Every image of the validation part has a near-duplicate elsewhere; choose other "
                "parts."
            )
        return [(train[~held & apart], train[held])]
    n = min(config.inner_folds, len(np.unique(groups)))
    fold = partition_tags(images.truth[train], groups, [1.0] * n, seed=config.seed)
    return [(train[fold != f], train[fold == f]) for f in range(n)]


def _choose(
    images: Tagged, pairs: list[tuple[Rows, Rows]], config: TagConfig, progress: Progress
) -> _Chosen:
    """Choose C by mean average precision, then curves, thresholds and the five best tags."""
    held: dict[float | None, list[Logits]] = {}
    for fit, check in pairs:
        for c, scaling, head in _grid(images, fit, config):
            held.setdefault(c, []).append(head.logits(scaling.apply(images.unit[check])))
            progress.advance()
    truth = images.truth[np.concatenate([check for _, check in pairs])]
    joined = {c: np.concatenate(pieces) for c, pieces in held.items()}
    best = max(joined, key=lambda c: _mean_average_precision(joined[c], truth))
    curves = fit_curves(joined[best], truth) if config.calibrate else plain_curves(truth.shape[1])
    probabilities = curves.probabilities(joined[best])
    settled = settle_thresholds(probabilities, truth, config.wanted)
    given = probabilities >= settled.thresholds
    f1 = 2 * (given & truth).sum(axis=0) / np.maximum(given.sum(axis=0) + truth.sum(axis=0), 1)
    return _Chosen(best, curves, settled, np.argsort(-f1, kind="stable"))


def _grid(
    images: Tagged, rows: Rows, config: TagConfig
) -> list[tuple[float | None, Scaling, TagHead]]:
    """Fit with every C there is to choose from, each from the solution before."""
    scaling = Scaling.of(images.unit[rows])
    scaled = scaling.apply(images.unit[rows])
    if config.method == "steps":
        return [(None, scaling, fit_by_steps(scaled, images.truth[rows], _seeded(config)))]
    problem = TagProblem(scaled, images.truth[rows])
    found: list[tuple[float | None, Scaling, TagHead]] = []
    head: TagHead | None = None
    for c in GRID:
        head = problem.solve(c, start=head)
        found.append((c, scaling, head))
    return found


def _fit(
    images: Tagged, rows: Rows, config: TagConfig, c: float | None, costs: list[float]
) -> tuple[Scaling, TagHead]:
    """Fit the head that is kept or judged; `costs` gets those of its steps."""
    scaling = Scaling.of(images.unit[rows])
    scaled, truth = scaling.apply(images.unit[rows]), images.truth[rows]
    if c is None:
        return scaling, fit_by_steps(scaled, truth, _seeded(config), costs=costs)
    return scaling, TagProblem(scaled, truth).solve(c)


def _batches(images: Tagged, rows: Rows, config: TagConfig) -> BatchFigures:
    """Measure what the sampler does to the tags learned from, beside the usual ones."""
    own = _seeded(config).sampling
    usual = usual_samplings(own.batch, own.seed)
    others = [each for each in usual if title_of(each) != title_of(own)]
    return compare_samplers(images.truth[rows], images.tags, [own, *others])


def _seeded(config: TagConfig) -> Steps:
    return replace(config.steps, sampling=replace(config.steps.sampling, seed=config.seed))


def _mean_average_precision(scores: Logits, truth: NDArray[np.bool_]) -> float:
    each = [average_precision(s, t)[0] for s, t in zip(scores.T, truth.T, strict=True)]
    known = [value for value in each if not np.isnan(value)]
    return float(np.mean(known)) if known else 0.0


def _parameters(config: TagConfig, c: float | None) -> dict[str, Any]:
    chosen = {
        "aim": config.wanted.aim,
        "level": config.wanted.level,
        "calibrate": config.calibrate,
    }
    if c is not None:
        return {"C": c} | chosen
    how = config.steps
    return {
        "steps": how.steps,
        "rate": how.rate,
        "decay": how.decay,
        "optimiser": how.optimiser,
        "prior": how.prior,
        "batch": how.sampling.batch,
        "sampler": how.sampling.sampler,
        "candidates": how.sampling.candidates,
        "replacement": how.sampling.replacement,
        **_constants(how.costs),
    } | chosen


def _constants(costs: Costs) -> dict[str, Any]:
    """Return the loss and those of its constants that it uses."""
    used = {
        "weighted": ("reading", "smoothing", "balance"),
        "pos-weight": ("cap", "power"),
        "focal": ("focus",),
        "asymmetric": ("focus_present", "focus_absent", "margin"),
    }
    return {"loss": costs.loss} | {name: getattr(costs, name) for name in used.get(costs.loss, ())}


def _notes(images: Tagged, plan: _Plan, chosen: Sequence[_Chosen]) -> list[str]:
    """Say what a reader of the scores must know."""
    tested = np.concatenate([test for _, test in plan.trials])
    counts = images.truth[tested].sum(axis=0)
    few = [tag for tag, n in zip(images.tags, counts.tolist(), strict=True) if 0 < n < 10]
    notes = []
    if few:
        shown = ", ".join(few[:8]) + (f" and {len(few) - 8} more" if len(few) > 8 else "")
        notes.append(f"Fewer than 10 tested images, so wide intervals, for: {shown}.")
    bare = int((~images.truth.any(axis=1)).sum())
    if bare:
        notes.append(f"{bare:,} of the images have none of these tags.")
    open_ = np.any([found.settled.open for found in chosen], axis=0)
    return notes + Settled(chosen[0].settled.thresholds, open_).note(images.tags)
