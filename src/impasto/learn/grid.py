"""What `GridSearchCV(SVC())` finds out, from one shared Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.learn.kernel import KernelTrainer
from impasto.learn.machines import Against
from impasto.learn.methods import Examples, Setting

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """How often each setting was right in each fold.

    Parameters
    ----------
    settings : tuple of Setting
    accuracy : ndarray of shape (n_settings, n_folds), float64
    """

    settings: tuple[Setting, ...]
    accuracy: NDArray[np.float64]

    @property
    def best(self) -> Setting:
        """The setting with the best mean, the first of equals."""
        return self.settings[int(self.accuracy.mean(axis=1).argmax())]


def kernel_grid(
    values: NDArray[np.floating[Any]],
    labels: NDArray[Any],
    settings: Sequence[Setting],
    folds: Sequence[tuple[Rows, Rows]],
    *,
    against: Against = "one",
    threads: int = 2,
) -> Grid:
    """Cross-validate support vector machines of any kernels, C and gamma.

    The same answers as scikit-learn's ``GridSearchCV(SVC(), ...)``, or with ``against="rest"``
    as ``GridSearchCV(OneVsRestClassifier(SVC()), ...)``, on rows as they are; the products of all
    pairs of rows are computed once, where each of their fits computes them anew.

    Parameters
    ----------
    values : ndarray of shape (n_images, n_features), float32
    labels : ndarray of shape (n_images,), of str or int
    settings : sequence of Setting
        Kernel, C, gamma, degree and coef0 of each machine to try.
    folds : sequence of (train, test)
        Rows, as ``StratifiedKFold().split(values, labels)`` gives them.
    against : {"one", "rest"}
    threads : int
        Fits at the same time.

    Returns
    -------
    Grid

    Examples
    --------
    >>> values = np.array([[0.0, 1], [0, 2], [1, 0], [2, 0]], np.float32)
    >>> halves = [(np.array([0, 2]), np.array([1, 3])), (np.array([1, 3]), np.array([0, 2]))]
    >>> found = kernel_grid(values, np.array(list("aabb")), [Setting(1.0, kernel="linear")], halves)
    >>> found.accuracy.tolist()
    [[1.0, 1.0]]
    """
    if not len(settings) or not len(folds):
        raise InvalidInput("A grid takes at least one setting and one fold.")
    names, codes = np.unique(labels, return_inverse=True)
    trainer = KernelTrainer(
        Examples(np.asarray(values, np.float32), codes, len(names), centred=False, against=against)
    )
    kernels = dict.fromkeys(replace(setting, c=0.0) for setting in settings)
    jobs = [
        (fold, tuple(each for each in settings if replace(each, c=0.0) == kernel))
        for kernel in kernels
        for fold in range(len(folds))
    ]

    def right(job: tuple[int, tuple[Setting, ...]]) -> list[float]:
        (train, test), some = folds[job[0]], job[1]
        return [
            float((answer == codes[test]).mean()) for answer in trainer.answers(train, test, some)
        ]

    at = {setting: row for row, setting in enumerate(settings)}
    accuracy = np.empty((len(settings), len(folds)))
    with ThreadPoolExecutor(threads) as pool:
        for (fold, some), found in zip(jobs, pool.map(right, jobs), strict=True):
            accuracy[[at[setting] for setting in some], fold] = found
    return Grid(tuple(settings), accuracy)
