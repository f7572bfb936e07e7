"""Learn labels from vectors, and say honestly how well that went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition
from impasto.core.progress import Progress, Quiet
from impasto.core.records import SPLITS
from impasto.core.space import Space
from impasto.learn.config import Config
from impasto.learn.evaluate import Labelled, Trial, evaluate
from impasto.learn.heads import Scores, fit_temperature
from impasto.learn.intervals import share
from impasto.learn.methods import METHODS, Examples, Method, Setting, Trainer, grid
from impasto.learn.model import Model
from impasto.learn.reading import Reading
from impasto.learn.records import Evaluation, How, Tried

Rows = NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Learned:
    """A model and the account of how well it does."""

    model: Model
    evaluation: Evaluation


def learn(
    values: NDArray[np.floating[Any]],
    labels: Sequence[str],
    *,
    space: Space | Sequence[Space],
    ids: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
    parts: Sequence[str] | None = None,
    folds: NDArray[np.int64] | None = None,
    mirrored: NDArray[np.floating[Any]] | None = None,
    target: str = "label",
    config: Config | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Learn labels from vectors and test on images that were not learned from.

    Either `parts` or `folds` says how to test. With parts, the model is learned from the train
    and validation parts, and is the very one that the test part judges. With folds, each image
    is tested by a model learned from the other folds; the model returned is learned from all.
    Hyper-parameters and temperature are chosen inside the images learned from, never on tested
    ones: on the validation part where there is one, else by cross-validation.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float16 or float32
        Vectors, as the network gave them; those of several spaces side by side.
    labels : sequence of str, n_images long
    space : Space or sequence of Space
    ids : ndarray of shape (n_images,), int64
    groups : ndarray of shape (n_images,), int64, optional
        Near-duplicates share a number. An image with a near-duplicate in the test is not
        learned from. Without, all images count as distinct.
    parts : sequence of str, optional
        "train", "validation" or "test" for each image.
    folds : ndarray of shape (n_images,), int64, optional
        Fold of each image.
    mirrored : ndarray of shape (n_images, n_features), optional
        Vectors of the mirror images, to learn from as well; only images as they are get tested.
    target : str
        What the labels are, for the record.
    config : Config, optional
    progress : Progress, optional

    Returns
    -------
    Learned

    Raises
    ------
    InvalidInput
        If there is nothing to learn from or to test with; the message says what is missing.
    """
    config, progress = config or Config(), progress or Quiet()
    method = METHODS[config.method]
    groups = np.arange(len(labels)) if groups is None else groups
    settings = grid(config.method, config.c, config.gamma)
    spaces = (space,) if isinstance(space, Space) else tuple(space)
    images = _images(values, labels, ids, groups, spaces)
    plan = _plan(images, parts, folds)
    notes = _notes(images, plan)
    bench = _Bench(images, values, mirrored, spaces, method, config)
    search = _Search(images, settings, config, progress)

    final = [] if plan.whole is None else [plan.whole]
    inner = [search.inner(train, plan.validation) for train, _ in plan.trials] + [
        search.inner(train, None) for train in final
    ]
    progress.stage("Learning", sum(len(folds) for folds in inner) * search.steps, "fits")
    trials, tuned = [], []
    for (train, test), pairs in zip(plan.trials, inner, strict=False):
        fitting = bench.fitting(train)
        chosen = search.choose(fitting, pairs)
        scores = fitting.scores(train, test, [chosen.setting])[0]
        tuned.append(chosen)
        trials.append(Trial(train, test, scores, chosen.temperature, chosen.setting.to_json()))
    if plan.whole is None:
        whole, best = plan.trials[0][0], tuned[0]
    else:
        whole = plan.whole
        fitting = bench.fitting(whole)
        best = search.choose(fitting, inner[-1])
    scaling, head = fitting.trainer.fit(fitting.rows(whole), best.setting)
    counts = np.bincount(images.codes[whole], minlength=len(images.labels)).tolist()
    model = Model(
        spaces=spaces,
        target=target,
        method=config.method,
        labels=images.labels,
        setting=best.setting,
        reading=fitting.reading,
        scaling=scaling,
        head=head,
        temperature=best.temperature,
        trained=dict(zip(images.labels, counts, strict=True)),
        seed=config.seed,
    )
    how: How = "split" if plan.whole is None else "folds"
    account = evaluate(
        images, trials, how=how, failures=config.failures, notes=notes, tried=best.tried
    )
    return Learned(model, account)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Trials as (train, test) rows; the validation rows; the rows of the final model, if other."""

    trials: list[tuple[Rows, Rows]]
    validation: Rows | None
    whole: Rows | None
    withheld: int  # training images with a near-duplicate in the test, summed over trials


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Hyper-parameters, the temperature that calibrates them, and how all that were tried did."""

    setting: Setting
    temperature: float
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Fitting:
    """A trainer and how it reads vectors.

    Its rows are those of the images and, when their mirror images are learned from as well, as
    many again in the same order.
    """

    trainer: Trainer
    reading: Reading
    mirror: int  # row of the first mirror image; 0 without

    def rows(self, images: Rows) -> Rows:
        """Return the rows to learn from for some images."""
        return np.concatenate((images, images + self.mirror)) if self.mirror else images

    def scores(self, train: Rows, held: Rows, settings: Sequence[Setting]) -> list[Scores]:
        """Fit on images, with their mirror images, and score others as they are."""
        return self.trainer.scores(self.rows(train), held, settings)


class _Bench:
    """Makes the trainer for some images to learn from; one for all where nothing depends on them.

    Only how several spaces are weighed does: it is measured on the images learned from.
    """

    def __init__(
        self,
        images: Labelled,
        values: NDArray[np.floating[Any]],
        mirrored: NDArray[np.floating[Any]] | None,
        spaces: Sequence[Space],
        method: Method,
        config: Config,
    ) -> None:
        if mirrored is not None and mirrored.shape != values.shape:
            raise InvalidInput(
                f"Vectors of shape {values.shape} need mirrored ones of the same shape, not "
                f"{mirrored.shape}."
            )
        self.images, self.method, self.config = images, method, config
        self.values, self.mirrored = values, mirrored
        self.reading = Reading.equal([space.dimension for space in spaces], config.rows)
        self.made: tuple[Reading, _Fitting] | None = None

    def fitting(self, train: Rows) -> _Fitting:
        """Return the trainer for rows that are learned from."""
        reading = self.reading.fitted(self.values[train])
        if self.made is None or self.made[0] != reading:
            self.made = (reading, self._make(reading))
        return self.made[1]

    def _make(self, reading: Reading) -> _Fitting:
        images, config = self.images, self.config
        rows, codes, mirror = reading.apply(self.values), images.codes, 0
        if self.mirrored is not None:
            mirror = len(rows)
            rows = np.concatenate((rows, reading.apply(self.mirrored)))
            codes = np.concatenate((codes, codes))
        examples = Examples(
            rows,
            codes,
            len(images.labels),
            centred=reading.rows == "unit",
            against=config.against,
            seed=config.seed,
            threads=config.threads,
        )
        return _Fitting(self.method.trainer(examples), reading, mirror)


class _Search:
    """Chooses hyper-parameters inside the images learned from."""

    def __init__(
        self,
        images: Labelled,
        settings: tuple[Setting, ...],
        config: Config,
        progress: Progress,
    ) -> None:
        self.images, self.config, self.progress = images, config, progress
        # One job for all C of a kernel: they share its values, or start from each other.
        kernels = dict.fromkeys(replace(setting, c=0.0) for setting in settings)
        self.jobs = [
            tuple(s for s in settings if replace(s, c=0.0) == kernel) for kernel in kernels
        ]
        self.steps = len(settings)

    def inner(self, train: Rows, validation: Rows | None) -> list[tuple[Rows, Rows]]:
        """Divide the rows learned from into (fit, check) pairs."""
        if validation is not None:
            held = np.isin(train, validation)
            fit, check = train[~held], train[held]
            apart = ~np.isin(self.images.groups[fit], self.images.groups[check])
            return [(fit[apart], check)]
        codes, groups = self.images.codes[train], self.images.groups[train]
        n = min(self.config.inner_folds, len(np.unique(groups)))
        fold = partition(codes, groups, [1.0] * n, seed=self.config.seed)
        return [(train[fold != f], train[fold == f]) for f in range(n)]

    def choose(self, fitting: _Fitting, pairs: list[tuple[Rows, Rows]]) -> _Chosen:
        """Take the setting with the best top-1; ties: the better top-5, then the simpler one."""
        tasks = [(pair, job) for pair in pairs for job in self.jobs]

        def run(task: tuple[tuple[Rows, Rows], tuple[Setting, ...]]) -> list[Scores]:
            (fit, check), settings = task
            return fitting.scores(fit, check, settings)

        held: dict[Setting, list[Scores]] = {}
        threads = self.config.threads if fitting.trainer.parallel else 1
        for task, scores in zip(tasks, _mapped(run, tasks, threads), strict=True):
            for setting, score in zip(task[1], scores, strict=True):
                held.setdefault(setting, []).append(score)
            self.progress.advance(len(task[1]))
        truth = self.images.codes[np.concatenate([check for _, check in pairs])]
        joined = {setting: np.concatenate(pieces) for setting, pieces in held.items()}
        goodness = {setting: _goodness(scores, truth) for setting, scores in joined.items()}
        best = max(joined, key=lambda setting: goodness[setting])
        groups = self.images.groups[np.concatenate([check for _, check in pairs])]
        tried = tuple(
            Tried(setting.to_json(), share(_right(scores, truth), groups, _commonest(truth)))
            for setting, scores in joined.items()
        )
        return _Chosen(best, fit_temperature(joined[best], truth), tried)


def _mapped(run: Callable[[T], R], tasks: Iterable[T], threads: int) -> Iterator[R]:
    if threads == 1:
        yield from map(run, tasks)
        return
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(run, task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _right(scores: Scores, truth: NDArray[np.int64]) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = scores.argmax(axis=1) == truth
    return right


def _commonest(truth: NDArray[np.int64]) -> float:
    return float(np.bincount(truth).max() / len(truth))


def _goodness(scores: Scores, truth: NDArray[np.int64]) -> tuple[float, float]:
    own = scores[np.arange(len(truth)), truth][:, None]
    rank = (scores > own).sum(axis=1)
    return float((rank < 1).mean()), float((rank < 5).mean())


def _images(
    values: NDArray[np.floating[Any]],
    labels: Sequence[str],
    ids: NDArray[np.int64],
    groups: NDArray[np.int64],
    spaces: Sequence[Space],
) -> Labelled:
    n, d = len(labels), sum(space.dimension for space in spaces)
    if values.shape != (n, d):
        raise InvalidInput(f"{n} labels need vectors of shape ({n}, {d}), not {values.shape}.")
    if ids.shape != (n,) or groups.shape != (n,):
        raise InvalidInput(f"{n} labels need {n} ids and {n} groups.")
    if not np.isfinite(values).all():
        raise InvalidInput("Some vectors are not finite numbers; embed these images anew.")
    names = sorted({str(label) for label in labels})
    if len(names) < 2:
        one = f"all {n} images are {names[0]!r}" if names else "no image has a label"
        raise InvalidInput(f"Learning takes at least two classes, but {one}. Label more images.")
    code = {name: position for position, name in enumerate(names)}
    codes = np.array([code[str(label)] for label in labels], np.int64)
    unit = Reading.equal([space.dimension for space in spaces]).apply(values)
    return Labelled(unit, codes, tuple(names), ids, groups)


def _plan(images: Labelled, parts: Sequence[str] | None, folds: NDArray[np.int64] | None) -> _Plan:
    n = len(images.codes)
    if (parts is None) == (folds is None):
        raise InvalidInput("Give either parts (train, validation, test) or folds, not both.")
    if folds is not None:
        if folds.shape != (n,) or len(np.unique(folds)) < 2:
            raise InvalidInput(f"{n} images need {n} fold numbers, and at least two folds.")
        whole: Rows | None = np.arange(n)
        tests = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
        validation = None
    else:
        part = np.asarray(parts)
        unknown = sorted(set(part.tolist()) - set(SPLITS))
        if part.shape != (n,) or unknown:
            raise InvalidInput(
                f"{n} images need {n} parts out of train, validation and test"
                + (f"; {unknown[0]!r} is none of them." if unknown else ".")
            )
        whole, tests = None, [np.flatnonzero(part == "test")]
        held = np.flatnonzero(part == "validation")
        validation = held if len(held) else None
    trials, withheld = [], 0
    for test in tests:
        rest = np.setdiff1d(np.arange(n), test)
        double = np.isin(images.groups[rest], images.groups[test])
        withheld += int(double.sum())
        trials.append((rest[~double], test))
    _check_trials(images, trials, validation)
    return _Plan(trials, validation, whole, withheld)


def _check_trials(
    images: Labelled, trials: list[tuple[Rows, Rows]], validation: Rows | None
) -> None:
    for train, test in trials:
        if len(test) == 0:
            raise InvalidInput("No labelled image is in the test part; nothing could be judged.")
        fit = train if validation is None else np.setdiff1d(train, validation)
        if len(np.unique(images.codes[fit])) < 2:
            raise InvalidInput(
                f"Only {len(fit)} images of fewer than two classes are left to learn from, near-"
                "duplicates of tested ones left out. Label more images, or use fewer folds."
            )
        if validation is not None and not np.isin(validation, train).any():
            raise InvalidInput(
                "Every image of the validation part has a near-duplicate in the test part; "
                "choose other parts."
            )


def _notes(images: Labelled, plan: _Plan) -> list[str]:
    """Say what a reader of the scores must know."""
    notes = []
    if plan.withheld:
        notes.append(
            f"{plan.withheld:,} times an image was not learned from because a near-duplicate of "
            "it was in the test."
        )
    tested = np.concatenate([test for _, test in plan.trials])
    pairs = np.unique(np.stack((images.groups, images.codes)), axis=1)
    several, counts = np.unique(pairs[0], return_counts=True)
    torn = int(np.isin(images.groups[tested], several[counts > 1]).sum())
    if torn:
        notes.append(
            f"{torn:,} of the {len(tested):,} tested images have a near-duplicate under another "
            "label; no method can get all of these right."
        )
    unseen = sum(
        int((~np.isin(images.codes[test], images.codes[train])).sum())
        for train, test in plan.trials
    )
    if unseen:
        notes.append(
            f"{unseen:,} tested images are of a class with no image left to learn from; they "
            "count as wrong."
        )
    per_class = np.bincount(images.codes[tested], minlength=len(images.labels))
    few = [name for name, count in zip(images.labels, per_class, strict=True) if count < 10]
    if few:
        shown = ", ".join(few[:8]) + (f" and {len(few) - 8} more" if len(few) > 8 else "")
        notes.append(f"Fewer than 10 tested images, so wide intervals, for: {shown}.")
    if len(images.labels) <= 5:
        notes.append("With five classes or fewer, top-5 says nothing.")
    return notes
