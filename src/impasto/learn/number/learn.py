"""Learn a number from vectors, and say honestly how close that comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Space
from impasto.learn.evaluate import Labelled
from impasto.learn.heads import Scaling
from impasto.learn.methods import Setting, regrid
from impasto.learn.number.measure import Resampled, mae, scored
from impasto.learn.number.model import NumberModel
from impasto.learn.number.records import NumberEvaluation
from impasto.learn.number.regressors import REGRESSORS, Nearest, scaling_of, told
from impasto.learn.plan import divide
from impasto.learn.reading import Reading
from impasto.learn.search import inner_pairs

Rows = NDArray[np.int64]
_LOOKED_UP = Setting(neighbours=10)


@dataclass(frozen=True, slots=True)
class NumberLearned:
    """A model and the account of how well it does."""

    model: NumberModel
    evaluation: NumberEvaluation


def learn_number(
    values: NDArray[np.floating[Any]],
    numbers: NDArray[np.floating[Any]],
    *,
    space: Space | Sequence[Space],
    ids: NDArray[np.int64],
    target: str,
    groups: NDArray[np.int64] | None = None,
    parts: Sequence[str] | None = None,
    folds: NDArray[np.int64] | None = None,
    method: str = "kernel-ridge",
    mirrored: NDArray[np.floating[Any]] | None = None,
    c: Sequence[float] = (),
    gamma: Sequence[float] = (),
    inner_folds: int = 3,
    seed: int = 0,
    progress: Progress | None = None,
) -> NumberLearned:
    """Learn a number from vectors and test on images that were not learned from.

    Divided and judged as by `impasto.learn.learn`; hyper-parameters are chosen by the squared
    distance inside the images learned from.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float16 or float32
        Vectors, as the network gave them; those of several spaces side by side.
    numbers : ndarray of shape (n_images,), float
        Finite.
    space : Space or sequence of Space
    ids : ndarray of shape (n_images,), int64
    target : str
        What the numbers are, for the record.
    groups, parts, folds, mirrored
        See `impasto.learn.learn`.
    method : str
        "kernel-ridge", "ridge" or "nearest".
    c, gamma : sequence of float
        Values to try; none: those of the method.
    inner_folds : int
    seed : int
    progress : Progress, optional

    Returns
    -------
    NumberLearned
    """
    progress = progress or Quiet()
    way = REGRESSORS[method]
    regressor = way.regressor(regrid(method, way.settings, c, gamma))
    spaces = (space,) if isinstance(space, Space) else tuple(space)
    truth = np.asarray(numbers, np.float64)
    n, widths = len(truth), [one.dimension for one in spaces]
    if values.shape != (n, sum(widths)) or not np.isfinite(truth).all():
        raise InvalidInput(
            f"{n} finite numbers need vectors of shape ({n}, {sum(widths)}), not {values.shape}."
        )
    groups = np.arange(n) if groups is None else groups
    unit = Reading.equal(widths).apply(values)
    high = (truth > np.median(truth)).astype(np.int64)
    plan = divide(Labelled(unit, high, ("low", "high"), ids, groups), parts, folds)

    every = truth if mirrored is None else np.concatenate((truth, truth))

    def pupils(train: Rows) -> tuple[Reading, NDArray[np.float32]]:
        reading = Reading.equal(widths).fitted(values[train])
        rows = reading.apply(values)
        if mirrored is not None:
            rows = np.concatenate((rows, reading.apply(mirrored)))
        return reading, rows

    def both(images: Rows) -> Rows:
        return images if mirrored is None else np.concatenate((images, images + n))

    def choose(rows: NDArray[np.float32], train: Rows) -> tuple[Setting, float]:
        pairs = inner_pairs(high, groups, train, plan.validation, inner_folds, seed)
        off: dict[Setting, list[NDArray[np.float64]]] = {}
        for some, check in pairs:
            fit, mean = both(some), truth[some].mean()
            scaling = scaling_of(method, rows[fit])
            found = regressor.predictions(
                scaling.apply(rows[fit]), every[fit] - mean, scaling.apply(rows[check])
            )
            for setting, answer in found.items():
                off.setdefault(setting, []).append(np.abs(mean + answer - truth[check]))
            progress.advance(1)
        best = min(off, key=lambda one: float((np.concatenate(off[one]) ** 2).mean()))
        return best, float(np.concatenate(off[best]).mean())

    def fitted(
        rows: NDArray[np.float32], train: Rows, setting: Setting
    ) -> tuple[Scaling, float, tuple[NDArray[np.float32], NDArray[np.float64]]]:
        fit, mean = both(train), float(truth[train].mean())
        scaling = scaling_of(method, rows[fit])
        return scaling, mean, regressor.fit(scaling.apply(rows[fit]), every[fit] - mean, setting)

    inner = len(inner_pairs(high, groups, plan.trials[0][0], plan.validation, inner_folds, seed))
    progress.stage("Learning", inner * (len(plan.trials) + (plan.whole is not None)), "folds")
    answers, near, blind, chosen, middles = [], [], [], [], []
    for train, test in plan.trials:
        reading, rows = pupils(train)
        setting, error = choose(rows, train)
        chosen.append(setting)
        scaling, mean, kept = fitted(rows, train, setting)
        answers.append(mean + told(setting, *kept, scaling.apply(rows[test])))
        looked_up = Nearest([_LOOKED_UP]).predictions(unit[train], truth[train], unit[test])
        near.append(looked_up[_LOOKED_UP])
        middles.append((mean, float(np.median(truth[train]))))
        blind.append(np.tile(middles[-1], (len(test), 1)))
    if plan.whole is None:
        whole = plan.trials[0][0]
    else:
        whole = plan.whole
        reading, rows = pupils(whole)
        setting, error = choose(rows, whole)
        scaling, mean, kept = fitted(rows, whole, setting)
    model = NumberModel(
        spaces=spaces,
        target=target,
        method=method,
        setting=setting,
        reading=reading,
        scaling=scaling,
        rows=kept[0],
        weights=kept[1],
        mean=mean,
        error=error,
        images=len(whole),
        seed=seed,
    )
    test = np.concatenate([one for _, one in plan.trials])
    columns = np.concatenate(blind)
    apart = columns[:, 0], columns[:, 1]
    resampled = Resampled(groups[test])
    own, theirs = np.concatenate(answers), np.concatenate(near)
    account = NumberEvaluation(
        how="split" if plan.whole is None else "folds",
        parts=len(plan.trials),
        target=target,
        model=scored("model", "This model", truth[test], own, apart, resampled),
        baselines=(
            scored(
                "nearest-neighbours", "Nearest neighbours", truth[test], theirs, apart, resampled
            ),
            scored("median", "Always the median", truth[test], apart[1], apart, resampled),
        ),
        gain=resampled.estimate(
            lambda real, ours, other: mae(real, other) - mae(real, ours), truth[test], own, theirs
        ),
        kept=Answered(
            (),
            ids=ids[test],
            scores=own.astype(np.float32)[:, None],
            truth=truth[test].astype(np.float32),
            fold=np.repeat(
                np.arange(len(plan.trials)), [len(one) for _, one in plan.trials]
            ).astype(np.int16),
            groups=groups[test],
            nearest=theirs.astype(np.float32)[:, None],
            prior=np.array(middles, np.float32),
        ),
        trained=round(float(np.mean([len(train) for train, _ in plan.trials]))),
        tested=len(test),
        groups=len(np.unique(groups[test])),
        settings=tuple(one.to_json() for one in chosen),
        notes=_notes(plan.withheld),
    )
    return NumberLearned(model, account)


def _notes(withheld: int) -> tuple[str, ...]:
    if not withheld:
        return ()
    return (
        f"{withheld:,} times an image was not learned from because a near-duplicate of it was in "
        "the test.",
    )
