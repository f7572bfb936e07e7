"""Hyper-parameters, chosen inside the images learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition
from impasto.core.progress import Progress
from impasto.core.space import Space
from impasto.learn.config import Config
from impasto.learn.evaluate import Labelled
from impasto.learn.heads import Scores, fit_temperature
from impasto.learn.intervals import share
from impasto.learn.methods import Examples, Method, Setting, Trainer
from impasto.learn.reading import Reading
from impasto.learn.records import Tried

Rows = NDArray[np.int64]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Hyper-parameters, the temperature that calibrates them, and how all that were tried did."""

    setting: Setting
    temperature: float
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
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


class Bench:
    """Makes the trainer for some images to learn from; one for all where nothing depends on them.

    How several spaces are weighed does, and where numbers are cut into halves: both are measured
    on the images learned from.
    """

    def __init__(
        self,
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
        self.method, self.config = method, config
        self.values, self.mirrored = values, mirrored
        self.reading = Reading.equal([space.dimension for space in spaces], config.rows)
        self.made: tuple[Labelled, Reading, Fitting] | None = None

    def fitting(self, images: Labelled, train: Rows) -> Fitting:
        """Return the trainer for rows that are learned from."""
        reading = self.reading.fitted(self.values[train])
        if self.made is None or self.made[0] is not images or self.made[1] != reading:
            self.made = (images, reading, self._make(images, reading))
        return self.made[2]

    def _make(self, images: Labelled, reading: Reading) -> Fitting:
        config = self.config
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
        return Fitting(self.method.trainer(examples), reading, mirror)


class Search:
    """Chooses hyper-parameters inside the images learned from."""

    def __init__(self, settings: tuple[Setting, ...], config: Config, progress: Progress) -> None:
        self.config, self.progress = config, progress
        # One job for all C of a kernel: they share its values, or start from each other.
        kernels = dict.fromkeys(replace(setting, c=0.0) for setting in settings)
        self.jobs = [
            tuple(s for s in settings if replace(s, c=0.0) == kernel) for kernel in kernels
        ]
        self.steps = len(settings)

    def inner(
        self, images: Labelled, train: Rows, validation: Rows | None
    ) -> list[tuple[Rows, Rows]]:
        """Divide the rows learned from; see `inner_pairs`."""
        folds, seed = self.config.inner_folds, self.config.seed
        return inner_pairs(images.codes, images.groups, train, validation, folds, seed)

    def choose(self, images: Labelled, fitting: Fitting, pairs: list[tuple[Rows, Rows]]) -> Chosen:
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
        truth = images.codes[np.concatenate([check for _, check in pairs])]
        joined = {setting: np.concatenate(pieces) for setting, pieces in held.items()}
        goodness = {setting: _goodness(scores, truth) for setting, scores in joined.items()}
        best = max(joined, key=lambda setting: goodness[setting])
        groups = images.groups[np.concatenate([check for _, check in pairs])]
        tried = tuple(
            Tried(setting.to_json(), share(_right(scores, truth), groups, _commonest(truth)))
            for setting, scores in joined.items()
        )
        return Chosen(best, fit_temperature(joined[best], truth), tried)


def inner_pairs(
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    train: Rows,
    validation: Rows | None,
    folds: int,
    seed: int,
) -> list[tuple[Rows, Rows]]:
    """Divide rows learned from into (fit, check) pairs: by the validation part, else by folds."""
    if validation is not None:
        held = np.isin(train, validation)
        fit, check = train[~held], train[held]
        apart = ~np.isin(groups[fit], groups[check])
        return [(fit[apart], check)]
    n = min(folds, len(np.unique(groups[train])))
    fold = partition(codes[train], groups[train], [1.0] * n, seed=seed)
    return [(train[fold != f], train[fold == f]) for f in range(n)]


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
