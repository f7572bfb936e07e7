"""Multinomial logistic regression: L-BFGS in single precision, warm from one C to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import LinearHead


class Problem:
    """Minimise ``C Σ log loss + |weights|² / 2`` (the bias is free), as scikit-learn does.

    The search goes along the principal axes of the rows, each stretched by the square root of
    the curvature it has at the start. That makes the bowl nearly round: tens of steps, not
    hundreds. The solution is the same.

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
        self.codes, self.n_classes = codes, n_classes
        self.axes, self.variances = principal(rows)
        self.rows = rows @ self.axes  # (n_images, n_axes)

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
            Largest slope, of the mean loss along stretched axes, at which the search ends.
        """
        from scipy.optimize import minimize

        n, k = len(self.rows), self.n_classes
        ridge = 1 / (c * n)
        stretch = 1 / np.sqrt(self.variances / k + ridge)  # (n_axes,)
        rows = self.rows * stretch.astype(np.float32)
        here = np.arange(n)

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            theta = flat.reshape(k, -1)
            inner = theta.astype(np.float32)
            logits = rows @ inner[:, :-1].T + inner[:, -1]  # (n_images, n_classes)
            logits -= logits.max(axis=1, keepdims=True)
            right = logits[here, self.codes]
            np.exp(logits, out=logits)
            total = logits.sum(axis=1)
            value = float(np.mean(np.log(total) - right, dtype=np.float64))
            logits /= total[:, None]
            logits[here, self.codes] -= 1
            slope = np.empty_like(theta)
            slope[:, :-1] = logits.T @ rows
            slope[:, -1] = logits.sum(axis=0)
            slope /= n
            pull = theta[:, :-1] * stretch
            slope[:, :-1] += ridge * pull * stretch
            return value + ridge / 2 * float(np.vdot(pull, pull)), slope.ravel()

        first = np.zeros((k, len(stretch) + 1))
        if start is not None:
            first[:, :-1], first[:, -1] = start.weights @ self.axes / stretch, start.bias
        found = minimize(
            loss,
            first.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"gtol": tolerance, "ftol": 1e-6, "maxiter": 1000, "maxcor": 20},
        )
        theta = found.x.reshape(k, -1)
        weights = (theta[:, :-1] * stretch).astype(np.float32) @ self.axes.T
        return LinearHead(weights, theta[:, -1].astype(np.float32))


def principal(
    rows: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return principal axes (n_features, n_axes) and the mean squares of the rows along them."""
    n, d = rows.shape
    if n >= d:
        squares, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    else:
        squares, left = np.linalg.eigh((rows @ rows.T).astype(np.float64))
        real = squares > squares[-1] * 1e-6
        squares = squares[real]
        axes = (rows.T @ left[:, real].astype(np.float32)) / np.sqrt(squares)
    return axes.astype(np.float32), np.maximum(squares, 0) / n
