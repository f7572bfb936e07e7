"""Support vector machines on one shared Gram matrix: a whole grid for the price of its fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.learn.heads import Kernel, KernelHead, Machine, Scaling, Scores, rbf
from impasto.learn.methods import Setting

LIMIT = 15_000
"""Images whose Gram matrix we still hold (0.9 GB); beyond, a linear head does as well."""


class KernelTrainer:
    """Fit SVMs on subsets of the same images.

    The Gram matrix ``G = U Uᵀ`` of the unit rows is computed once. Centring and scaling by any
    training part, every gamma, every C and every fold are element-wise maps and slices of it.

    Parameters
    ----------
    unit : ndarray of shape (n_images, n_features), float32
        Rows of length 1.
    codes : ndarray of shape (n_images,), int
        Class of each row, 0 to n_classes - 1.
    n_classes : int
    kernel : {"linear", "rbf"}
    """

    parallel = True  # libsvm lets go of the interpreter lock

    def __init__(
        self,
        unit: NDArray[np.float32],
        codes: NDArray[np.integer[Any]],
        n_classes: int,
        kernel: Kernel,
    ) -> None:
        if len(unit) > LIMIT:
            raise InvalidInput(
                f"A support vector machine compares all pairs of images, which is too much for "
                f"{len(unit):,} of them (the limit is {LIMIT:,}). Use --method logistic, which "
                "has no such limit, or fewer images."
            )
        self.unit, self.codes, self.n_classes, self.kernel = unit, codes, n_classes, kernel
        self.gram = unit @ unit.T  # (n_images, n_images)

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on `train` with each setting and score the images `held` out.

        Returns
        -------
        list of ndarray of shape (n_held, n_classes), float64
            Log scores, in the order of `settings`.
        """
        found: dict[Setting, Scores] = {}
        for gamma in dict.fromkeys(setting.gamma for setting in settings):
            inner, outer = self._kernels(train, held, gamma)
            for setting in settings:
                if setting.gamma == gamma:
                    machine, support = self._machine(inner, train, setting.c)
                    found[setting] = machine.scores(outer[:, support])
        return [found[setting] for setting in settings]

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, KernelHead]:
        """Fit on `train` and keep what prediction needs."""
        scaling = Scaling.of(self.unit[train])
        inner, _ = self._kernels(train, train[:0], setting.gamma)
        machine, support = self._machine(inner, train, setting.c)
        rows = scaling.apply(self.unit[train[support]])
        return scaling, KernelHead(self.kernel, setting.gamma, rows, machine)

    def _kernels(
        self, train: NDArray[np.int64], held: NDArray[np.int64], gamma: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return kernels (n_train, n_train) and (n_held, n_train) of scaled rows."""
        inner = self.gram[np.ix_(train, train)].astype(np.float64)
        outer = self.gram[np.ix_(held, train)].astype(np.float64)
        mean, outer_mean = inner.mean(axis=1), outer.mean(axis=1)  # products with the centre
        squares, outer_squares = np.diag(inner).copy(), np.diag(self.gram)[held]
        middle = mean.mean()  # |centre|²
        spread = max(squares.mean() - middle, 1e-12)
        if self.kernel == "linear":
            inner += middle - mean[:, None] - mean
            outer += middle - outer_mean[:, None] - mean
            return inner / spread, outer / spread
        for kernel, rows in ((inner, squares), (outer, outer_squares)):
            kernel *= -2
            kernel += rows[:, None] + squares
            rbf(kernel, gamma / spread)
        return inner, outer

    def _machine(
        self, kernel: NDArray[np.float64], train: NDArray[np.int64], c: float
    ) -> tuple[Machine, NDArray[np.int64]]:
        """Fit all pairs; return the machine and the positions in `train` it leans on."""
        from sklearn.svm import SVC

        codes = self.codes[train]
        present = np.unique(codes).astype(np.int64)
        if len(present) == 1:
            empty = np.empty(0, np.int64)
            machine = Machine(
                np.empty((0, 0)), np.empty(0), np.zeros(1, np.int64), present, self.n_classes
            )
            return machine, empty
        svc = SVC(C=c, kernel="precomputed", cache_size=200).fit(kernel, codes)
        # scikit-learn turns the signs of a single pair around; ours keep "above 0: the first".
        sign = -1.0 if len(present) == 2 else 1.0
        machine = Machine(
            dual=sign * np.asarray(svc.dual_coef_, np.float64),
            intercept=sign * np.asarray(svc.intercept_, np.float64),
            counts=np.asarray(svc.n_support_, np.int64),
            present=present,
            n_classes=self.n_classes,
        )
        return machine, np.asarray(svc.support_, np.int64)
