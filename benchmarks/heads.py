"""A grid over kernels, C and gamma by three folds: ours against scikit-learn's, to the end.

The opponent is what one would write: ``GridSearchCV(SVC(), ..., cv=3)``. Ours is
`impasto.learn.kernel_grid`: one Gram matrix, of which every kernel, C, gamma and fold is a map and
a slice. Both find the same share of right answers for every setting and fold, which is checked.
Each gets one thread, and processor time is printed beside the clock, since other work on the
machine disturbs only the latter.

    python benchmarks/heads.py                           # made-up vectors of work 4's size
    python benchmarks/heads.py --collection openmoji     # the vectors of a collection
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC

import impasto
from impasto.learn import Grid, Setting, kernel_grid

SIZES = (144, 122, 134, 458, 132, 135, 176, 127, 135, 115, 278, 120)
SIZES += (150, 235, 155, 174, 152, 199, 185, 141, 254, 244, 126)
"""Images of the 23 classes in work 4's table 1."""

FEATURES = 4096
KERNELS = ("linear", "rbf", "sigmoid", "poly")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collection", type=Path, help="take its newest vectors, with its labels")
    parser.add_argument("--kernels", nargs="+", default=KERNELS[:3], choices=KERNELS)
    parser.add_argument("--c", nargs="+", type=float, default=[1.0, 10.0])
    parser.add_argument(
        "--gamma", nargs="+", type=float, help="default: around 1 / (features * variance)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    values, labels = taken(options.collection) if options.collection else made_up(options.seed)
    natural = 1 / (values.shape[1] * float(values.var()))
    gammas = options.gamma or [float(f"{natural * factor:.1e}") for factor in (0.3, 1, 3)]
    print(
        f"{len(values):,} vectors of {values.shape[1]:,} numbers, "
        f"{len(np.unique(labels))} classes; kernels {', '.join(options.kernels)}; "
        f"C {options.c}; gamma {gammas}; three folds"
    )
    settings = [
        Setting(c, gamma, kernel, 3 if kernel == "poly" else 0, 1.0 if kernel == "poly" else 0.0)
        for kernel in options.kernels
        for gamma in (gammas if kernel != "linear" else [0.0])
        for c in options.c
    ]
    folds = list(StratifiedKFold(3).split(values, labels))
    fits = len(settings) * 3

    ours, mine = timed(lambda: kernel_grid(values, labels, settings, folds, threads=1))
    print(f"impasto       {mine['wall']:8.1f} s, processor {mine['cpu']:8.1f} s, {fits} fits")
    rest, truly = timed(
        lambda: kernel_grid(values, labels, settings, folds, against="rest", threads=1)
    )
    print(f"one against the rest, impasto {truly['wall']:.1f} s, processor {truly['cpu']:.1f} s")
    theirs, other = timed(lambda: by_scikit_learn(values, labels, settings, folds))
    print(f"scikit-learn  {other['wall']:8.1f} s, processor {other['cpu']:8.1f} s, {fits} fits")
    apart = float(np.abs(ours.accuracy - theirs).max())
    wall, cpu = other["wall"] / mine["wall"], other["cpu"] / mine["cpu"]
    best = {way: found.best.to_json() for way, found in (("one", ours), ("rest", rest))}
    print(f"{wall:.1f} x by the clock, {cpu:.1f} x in processor time; scores differ by {apart:.1e}")
    print(
        f"best against one: {best['one']} {ours.accuracy.mean(axis=1).max():.4f}; "
        f"against the rest: {best['rest']} {rest.accuracy.mean(axis=1).max():.4f}"
    )
    if options.json:
        found = {
            "impasto": mine,
            "rest": truly,
            "scikit_learn": other,
            "fits": fits,
            "apart": apart,
        }
        options.json.write_text(json.dumps(found | {"best": best}, indent=1) + "\n")


def made_up(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return vectors like fc7's: as many as work 4 has, never below 0, of length 50 to 100."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(SIZES)), SIZES)
    centres = rng.standard_normal((len(SIZES), FEATURES)).astype(np.float32)
    values = 0.35 * centres[codes] + 2 * rng.standard_normal((sum(SIZES), FEATURES), np.float32)
    return np.maximum(values - 0.5, 0), codes


def taken(path: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Return the newest vectors of a collection that have a label; classes of three or more."""
    with impasto.open(path) as collection:
        ids, labels = collection.stored.labelled()
        vectors = collection.vectors()
    names, counts = np.unique(labels, return_counts=True)
    keep = np.isin(ids, vectors.ids) & np.isin(labels, names[counts >= 3])
    order = np.argsort(vectors.ids)
    rows = order[np.searchsorted(vectors.ids[order], ids[keep])]
    return np.asarray(vectors.values[rows], np.float32), labels[keep]


def by_scikit_learn(
    values: NDArray[np.float32],
    labels: NDArray[Any],
    settings: list[Setting],
    folds: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> NDArray[np.float64]:
    """Return the accuracy of each setting in each fold."""
    asked = [
        {
            "kernel": [one.kernel],
            "C": [one.c],
            "gamma": [one.gamma or 1.0],
            "coef0": [one.coef0],
        }
        for one in settings
    ]
    search = GridSearchCV(SVC(cache_size=1000), asked, cv=folds, refit=False)
    results = search.fit(values, labels).cv_results_
    return np.stack([results[f"split{fold}_test_score"] for fold in range(3)], axis=1)


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what work gives, with the seconds it took by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    found: Grid | NDArray[np.float64] = work()
    return found, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    main()
