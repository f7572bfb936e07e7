"""Who is learned from and who is tested, checked before any work begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import SPLITS
from impasto.core.space import Space
from impasto.learn.evaluate import Labelled
from impasto.learn.halves import HALVES, Halves, codes_of, cut_at
from impasto.learn.reading import Reading

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Trials as (train, test) rows; the validation rows; the rows of the final model, if other."""

    trials: list[tuple[Rows, Rows]]
    validation: Rows | None
    whole: Rows | None
    withheld: int  # training images with a near-duplicate in the test, summed over trials


def labelled(
    values: NDArray[np.floating[Any]],
    labels: Sequence[str] | Halves,
    ids: NDArray[np.int64],
    groups: NDArray[np.int64],
    spaces: Sequence[Space],
) -> Labelled:
    """Check vectors, labels and what goes with them, and put them together."""
    n, d = len(labels), sum(space.dimension for space in spaces)
    if values.shape != (n, d):
        raise InvalidInput(f"{n} labels need vectors of shape ({n}, {d}), not {values.shape}.")
    if ids.shape != (n,) or groups.shape != (n,):
        raise InvalidInput(f"{n} labels need {n} ids and {n} groups.")
    if not np.isfinite(values).all():
        raise InvalidInput("Some vectors are not finite numbers; embed these images anew.")
    unit = Reading.equal([space.dimension for space in spaces]).apply(values)
    if isinstance(labels, Halves):
        numbers = np.asarray(labels.numbers, np.float64)
        first = codes_of(numbers, cut_at(numbers, np.arange(n)))
        return Labelled(unit, first, HALVES, ids, groups, numbers)
    names = sorted({str(label) for label in labels})
    if len(names) < 2:
        one = f"all {n} images are {names[0]!r}" if names else "no image has a label"
        raise InvalidInput(f"Learning takes at least two classes, but {one}. Label more images.")
    code = {name: position for position, name in enumerate(names)}
    codes = np.array([code[str(label)] for label in labels], np.int64)
    return Labelled(unit, codes, tuple(names), ids, groups)


def divide(images: Labelled, parts: Sequence[str] | None, folds: NDArray[np.int64] | None) -> Plan:
    """Say who is learned from and who is tested, near-duplicates of the tested left out."""
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
    return Plan(trials, validation, whole, withheld)


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
        if not np.isin(images.codes[test], images.codes[fit]).any():
            raise InvalidInput(
                "No tested image has a label that is learned: every one would count as wrong. "
                "Divide the images so that labels lie in both parts (impasto split)."
            )
        if validation is not None and not np.isin(validation, train).any():
            raise InvalidInput(
                "Every image of the validation part has a near-duplicate in the test part; "
                "choose other parts."
            )


def caveats(images: Labelled, plan: Plan) -> list[str]:
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
