"""Linear machines against the rest: the whole path of C, each from the one before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import LinearHead
from impasto.learn.logistic import principal

_SMALLEST = 1e-10  # pull on a bias, which has none of its own, so that every system has a solution


def up_to(c: float) -> list[float]:
    """Return values of C that lead to the last one by factors of 10.

    A cold start at a great C is slow to leave where it begins: hardly anything pulls there.
    """
    steps = max(0, math.ceil(math.log10(c)))
    return [c / 10**step for step in range(steps, -1, -1)]


class Machines:
    """Minimise ``|weights|² / 2 + C Σ max(0, 1 - y m)²`` for each class, y being 1 for it, else -1.

    That is what scikit-learn's LinearSVC minimises, but for the bias, which it pulls towards 0
    and we do not. Newton steps, each found by conjugate gradients for all classes at once (Lin,
    Weng & Keerthi, "Trust region Newton method for logistic regression", JMLR 9, 2008, with
    halved steps in place of a trust region), along the principal axes of the rows, each stretched
    as in `logistic.Problem`.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n_features), float32
    codes : ndarray of shape (n_images,), int
        Class of each row.
    n_classes : int
    """

    def __init__(
        self, rows: NDArray[np.float32], codes: NDArray[np.integer[Any]], n_classes: int
    ) -> None:
        self.axes, self.variances = principal(rows)
        self.rows = rows @ self.axes  # (n_images, n_axes)
        self.signs = np.where(codes[:, None] == np.arange(n_classes), 1, -1).astype(np.float32)

    def solve(
        self, c: float, *, start: LinearHead | None = None, tolerance: float = 1e-5
    ) -> LinearHead:
        """Find the weights.

        Parameters
        ----------
        c : float
            Trust in the data.
        start : LinearHead, optional
            Where to begin: the solution for a C nearby.
        tolerance : float
            Slope at which the search ends, as a share of the slope where all weights are 0.
        """
        n, k = self.signs.shape
        ridge = 1 / (2 * c * n)
        stretch = 1 / np.sqrt(self.variances + ridge)
        rows = np.ones((n, len(stretch) + 1), np.float32)
        rows[:, :-1] = self.rows * stretch
        pull = np.append(ridge * stretch**2, _SMALLEST)
        theta = np.zeros((k, len(pull)))
        if start is not None:
            theta[:, :-1] = start.weights @ self.axes / stretch
            theta[:, -1] = start.bias
        zero = np.linalg.norm(self._slope(rows, np.zeros_like(self.signs), theta * 0, pull), axis=1)
        margins = rows @ theta.T.astype(np.float32)
        for _ in range(60):
            slope = self._slope(rows, margins, theta, pull)
            busy = np.linalg.norm(slope, axis=1) > tolerance * zero
            if not busy.any():
                break
            active = (self.signs * margins < 1).astype(np.float32)
            step = _newton(rows, active, pull, slope)
            step[~busy] = 0
            moved = rows @ step.T.astype(np.float32)
            size = self._sizes(margins, moved, theta, step, slope, pull)
            theta += size[:, None] * step
            margins += moved * size.astype(np.float32)
        weights = (theta[:, :-1] * stretch).astype(np.float32) @ self.axes.T
        return LinearHead(weights, theta[:, -1].astype(np.float32))

    def _slope(
        self,
        rows: NDArray[np.float32],
        margins: NDArray[np.float32],
        theta: NDArray[np.float64],
        pull: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the slope of half the mean loss, of shape (n_classes, n_axes + 1)."""
        short = np.maximum(1 - self.signs * margins, 0)
        slope: NDArray[np.float64] = pull * theta - ((self.signs * short).T @ rows) / len(rows)
        return slope

    def _sizes(
        self,
        margins: NDArray[np.float32],
        moved: NDArray[np.float32],
        theta: NDArray[np.float64],
        step: NDArray[np.float64],
        slope: NDArray[np.float64],
        pull: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Halve each class's step until its loss falls enough; 0 where none does."""

        def loss(size: NDArray[np.float64]) -> NDArray[np.float64]:
            short = np.maximum(1 - self.signs * (margins + moved * size.astype(np.float32)), 0)
            at = theta + size[:, None] * step
            found: NDArray[np.float64] = np.mean(short**2, axis=0, dtype=np.float64)
            found += (pull * at**2).sum(axis=1)
            found /= 2
            return found

        size = np.ones(len(theta))
        before, gain = loss(0 * size), (slope * step).sum(axis=1)
        for _ in range(20):
            bad = loss(size) > before + 1e-4 * size * gain + 1e-12
            if not bad.any():
                return size
            size[bad] /= 2
        size[bad] = 0
        return size


def _newton(
    rows: NDArray[np.float32],
    active: NDArray[np.float32],
    pull: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve ``(Xᵀ A X / n + pull) step = -slope`` for all classes by conjugate gradients.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n)
    active : ndarray of shape (n_images, n_classes)
        1 where an image is on the wrong side of a class's margin, else 0.
    pull : ndarray of shape (n,)
    slope : ndarray of shape (n_classes, n)
    """
    step = np.zeros_like(slope)
    rest = -slope
    way, square = rest.copy(), (rest**2).sum(axis=1)
    enough = 1e-4 * square  # of the squared length: two digits of the step
    for _ in range(100):
        bent = active * (rows @ way.T.astype(np.float32))
        curved = (bent.T @ rows) / len(rows) + pull * way
        depth = (way * curved).sum(axis=1)
        size = np.divide(square, depth, out=np.zeros_like(square), where=depth > 0)
        step += size[:, None] * way
        rest -= size[:, None] * curved
        last, square = square, (rest**2).sum(axis=1)
        if (square <= enough).all():
            break
        turn = np.divide(square, last, out=np.zeros_like(square), where=last > 0)
        way = rest + turn[:, None] * way
    return step
