"""Support vector machines on one shared Gram matrix: a whole grid for the price of its fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.learn.heads import Scaling, Scores
from impasto.learn.machines import KernelHead, Machine, Pairs, Rest
from impasto.learn.methods import Examples, Setting, kernel_of

Rows = NDArray[np.int64]
Values = NDArray[np.float64]

LIMIT = 15_000
"""Images whose Gram matrix we still hold (1.8 GB); beyond, a linear head does as well."""


class KernelTrainer:
    """Fit support vector machines on subsets of the same images.

    The Gram matrix ``G = X Xᵀ`` of the rows is computed once. Centring and scaling by any
    training part, every kernel, every C, every fold and every class are element-wise maps and
    slices of it; stock libsvm fits on what comes out.

    The sigmoid kernel is not positive semi-definite; libsvm then ends at a stationary point
    (Lin & Lin, "A study on sigmoid kernels for SVM", 2003).

    Parameters
    ----------
    examples : Examples
    """

    parallel = True  # libsvm lets go of the interpreter lock

    def __init__(self, examples: Examples) -> None:
        if len(examples.rows) > LIMIT:
            raise InvalidInput(
                f"A support vector machine compares all pairs of images, which is too much for "
                f"{len(examples.rows):,} of them (the limit is {LIMIT:,}). Use --method logistic, "
                "which has no such limit, or fewer images."
            )
        self.examples, self.codes = examples, examples.codes
        exact = examples.rows.astype(np.float64)
        self.gram: Values = exact @ exact.T  # (n_rows, n_rows)

    def scores(self, train: Rows, held: Rows, settings: Sequence[Setting]) -> list[Scores]:
        """Fit on `train` with each setting and score the images `held` out.

        Returns
        -------
        list of ndarray of shape (n_held, n_classes), float64
            Log scores, in the order of `settings`.
        """
        machines = self._machines(train, held, settings)
        found = {setting: machine.scores(values) for setting, machine, values in machines}
        return [found[setting] for setting in settings]

    def answers(self, train: Rows, held: Rows, settings: Sequence[Setting]) -> list[Rows]:
        """Fit on `train` with each setting and answer for `held` as scikit-learn does.

        Returns
        -------
        list of ndarray of shape (n_held,), int64
            Class codes, in the order of `settings`.
        """
        machines = self._machines(train, held, settings)
        found = {setting: machine.answers(values) for setting, machine, values in machines}
        return [found[setting] for setting in settings]

    def fit(self, train: Rows, setting: Setting) -> tuple[Scaling, KernelHead]:
        """Fit on `train` and keep what prediction needs."""
        scaling, kernel = self.examples.scaling(train), kernel_of(setting)
        products, _, squares, _ = self._products(train, train[:0])
        machine, support = self._fit(kernel.of(products, squares, squares), train, setting.c)
        rows = scaling.apply(self.examples.rows[train[support]])
        return scaling, KernelHead(kernel, rows, machine)

    def _machines(
        self, train: Rows, held: Rows, settings: Sequence[Setting]
    ) -> Iterator[tuple[Setting, Machine, NDArray[np.floating[Any]]]]:
        """Fit each setting; yield the machine, and the kernel of `held` with its support."""
        inside, outside, squares, others = self._products(train, held)
        for kernel in dict.fromkeys(kernel_of(setting) for setting in settings):
            inner = kernel.of(inside.copy(), squares, squares)
            outer = kernel.of(outside.copy(), others, squares)
            for setting in settings:
                if kernel_of(setting) == kernel:
                    machine, support = self._fit(inner, train, setting.c)
                    yield setting, machine, outer[:, support]

    def _products(self, train: Rows, held: Rows) -> tuple[Values, Values, Values, Values]:
        """Return the products of scaled rows, with `train` inside and out, and their squares."""
        inner, outer = self.gram[np.ix_(train, train)], self.gram[np.ix_(held, train)]
        diagonal = np.diag(self.gram)
        squares, others = diagonal[train], diagonal[held]
        if not self.examples.centred:
            return inner, outer, squares, others
        mean, outer_mean = inner.mean(axis=1), outer.mean(axis=1)  # products with the centre
        middle = mean.mean()  # |centre|²
        spread = max(squares.mean() - middle, 1e-12)
        for products, rows in ((inner, mean), (outer, outer_mean)):
            products -= rows[:, None]
            products += middle - mean
            products /= spread
        squares = (squares - 2 * mean + middle) / spread
        others = (others - 2 * outer_mean + middle) / spread
        return inner, outer, squares, others

    def _fit(self, kernel: NDArray[Any], train: Rows, c: float) -> tuple[Machine, Rows]:
        """Fit all classes; return the machine and the positions in `train` it leans on."""
        fit = _fit_pairs if self.examples.against == "one" else _fit_rest
        return fit(kernel, self.codes[train], c, self.examples.n_classes)


def _fit_pairs(
    kernel: NDArray[Any], codes: NDArray[np.integer[Any]], c: float, n_classes: int
) -> tuple[Machine, Rows]:
    present = np.unique(codes).astype(np.int64)
    if len(present) == 1:
        empty = np.empty(0, np.int64)
        alone = Pairs(np.empty((0, 0)), np.empty(0), np.zeros(1, np.int64), present, n_classes)
        return alone, empty
    svc = _svc(kernel, codes, c)
    # scikit-learn turns the signs of a single pair around; ours keep "above 0: the first".
    sign = -1.0 if len(present) == 2 else 1.0
    machine = Pairs(
        dual=sign * np.asarray(svc.dual_coef_, np.float64),
        intercept=sign * np.asarray(svc.intercept_, np.float64),
        counts=np.asarray(svc.n_support_, np.int64),
        present=present,
        n_classes=n_classes,
    )
    return machine, np.asarray(svc.support_, np.int64)


def _fit_rest(
    kernel: NDArray[Any], codes: NDArray[np.integer[Any]], c: float, n_classes: int
) -> tuple[Machine, Rows]:
    present = np.unique(codes).astype(np.int64)
    dual, intercept = np.zeros((len(present), len(codes))), np.zeros(len(present))
    # Two classes are told apart by one machine, which serves both with its sign turned.
    fitted = present if len(present) > 2 else present[1:]
    for code in fitted:
        svc = _svc(kernel, codes == code, c)
        at = int(np.searchsorted(present, code))
        dual[at, svc.support_] = svc.dual_coef_[0]
        intercept[at] = svc.intercept_[0]
    if len(present) == 2:
        dual[0], intercept[0] = -dual[1], -intercept[1]
    support = np.flatnonzero(dual.any(axis=0))
    return Rest(dual[:, support], intercept, present, n_classes), support


def _svc(kernel: NDArray[Any], codes: NDArray[Any], c: float) -> Any:
    from sklearn.svm import SVC

    return SVC(C=c, kernel="precomputed", cache_size=200).fit(kernel, codes)
