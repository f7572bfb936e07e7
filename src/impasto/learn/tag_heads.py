"""Heads that tell tags from vectors: one logistic regression per tag, all of them in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.learn.logistic import principal
from impasto.learn.losses import Costs, open_loss, prior_bias
from impasto.learn.samplers import Sampler, Sampling, open_sampler

Logits = NDArray[np.float64]
Tags = NDArray[np.bool_]
Optimiser = Literal["adam", "adagrad"]

RATE = 0.003
"""Step size of Adam that suits rows of mean square length 1."""


@dataclass(frozen=True, slots=True, eq=False)
class TagHead:
    """A linear head with one logit per tag: ``rows @ weights.T + bias``.

    Parameters
    ----------
    weights : ndarray of shape (n_tags, n_features), float32
    bias : ndarray of shape (n_tags,), float32
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, rows: NDArray[np.float32]) -> Logits:
        """Return logits of shape (n_images, n_tags) of scaled rows."""
        return (rows @ self.weights.T + self.bias).astype(np.float64)


class TagProblem:
    """Minimise ``C Σ log loss + |weights|² / 2`` of every tag by itself, all tags together.

    The biases are free. As in `logistic.Problem` the search goes along the principal axes of the
    rows, stretched by the curvature at the start; the solution is that of one logistic
    regression per tag.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n_features), float32
        Scaled (`heads.Scaling`).
    tags : ndarray of shape (n_images, n_tags), bool
    """

    def __init__(self, rows: NDArray[np.float32], tags: Tags) -> None:
        if tags.ndim != 2 or len(tags) != len(rows) or not tags.shape[1]:
            raise InvalidInput(
                f"{len(rows)} rows need tags of shape ({len(rows)}, n_tags), not {tags.shape}."
            )
        self.truth = tags.astype(np.float32)
        self.axes, self.variances = principal(rows)
        self.rows = rows @ self.axes  # (n_images, n_axes)

    def solve(self, c: float, *, start: TagHead | None = None, tolerance: float = 1e-5) -> TagHead:
        """Find the weights; `start` is the solution for a C nearby."""
        from scipy.optimize import minimize

        n, t = self.truth.shape
        ridge = 1 / (c * n)
        share = np.clip(self.truth.mean(axis=0, dtype=np.float64), 1 / (2 * n), 1 - 1 / (2 * n))
        curvature = float((share * (1 - share)).mean())
        stretch = 1 / np.sqrt(self.variances * curvature + ridge)  # (n_axes,)
        rows = self.rows * stretch.astype(np.float32)

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            theta = flat.reshape(t, -1)
            inner = theta.astype(np.float32)
            logits = rows @ inner[:, :-1].T + inner[:, -1]  # (n_images, n_tags)
            tail = np.exp(-np.abs(logits))
            value = np.maximum(logits, 0) - logits * self.truth + np.log1p(tail)
            presence = np.where(logits >= 0, 1, tail) / (1 + tail)
            presence -= self.truth
            slope = np.empty_like(theta)
            slope[:, :-1] = presence.T @ rows
            slope[:, -1] = presence.sum(axis=0)
            slope /= n
            pull = theta[:, :-1] * stretch
            slope[:, :-1] += ridge * pull * stretch
            total = float(value.sum(dtype=np.float64)) / n
            return total + ridge / 2 * float(np.vdot(pull, pull)), slope.ravel()

        first = np.zeros((t, len(stretch) + 1))
        if start is None:
            first[:, -1] = np.log(share / (1 - share))
        else:
            first[:, :-1], first[:, -1] = start.weights @ self.axes / stretch, start.bias
        found = minimize(
            loss,
            first.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"gtol": tolerance, "ftol": 1e-6, "maxiter": 1000, "maxcor": 20},
        )
        theta = found.x.reshape(t, -1)
        weights = (theta[:, :-1] * stretch).astype(np.float32) @ self.axes.T
        return TagHead(weights, theta[:, -1].astype(np.float32))


@dataclass(frozen=True, slots=True)
class Steps:
    """Learning by steps: which batches, which loss, how many steps of which size.

    Parameters
    ----------
    sampling : Sampling
    costs : Costs
    steps : int
        Batches learned from, the same for every sampler and loss that are compared.
    rate : float
        Step size.
    decay : float
        Pull of the weights towards 0, as AdamW has it; "adagrad" adds it to the slope.
    optimiser : {"adam", "adagrad"}
        "adam": AdamW, its step size falling to 0 along a cosine. "adagrad": as work 1 has it
        (Duchi, Hazan & Singer 2011), with a constant step size, since its own steps shrink.
    prior : bool
        Biases begin at the tags' frequencies; else at 0, as work 1 has it.
    """

    sampling: Sampling = field(default_factory=Sampling)
    costs: Costs = field(default_factory=Costs)
    steps: int = 2000
    rate: float = RATE
    decay: float = 0.0
    optimiser: Optimiser = "adam"
    prior: bool = True

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.optimiser not in get_args(Optimiser):
            raise InvalidInput(
                f"The optimiser can be {' or '.join(get_args(Optimiser))}, not {self.optimiser!r}."
            )
        if self.steps < 1 or not self.rate > 0 or self.decay < 0:
            raise InvalidInput(
                "steps is at least 1, rate above 0 and decay at least 0, not "
                f"{self.steps}, {self.rate} and {self.decay}."
            )


def fit_by_steps(
    rows: NDArray[np.float32],
    tags: Tags,
    how: Steps,
    *,
    progress: Progress | None = None,
    costs: list[float] | None = None,
) -> TagHead:
    """Fit a linear head to batches, as a network's last layer would be.

    Weights begin at 0. One thread does it all: batches are small, and the same input and seed
    give the same head on every number of cores.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n_features), float32
        Scaled (`heads.Scaling`).
    tags : ndarray of shape (n_images, n_tags), bool
    how : Steps
    progress : Progress, optional
        Counts the steps.
    costs : list of float, optional
        Gets the cost of each step's batch, as it was before that step.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _fit_by_steps(rows, tags, how, progress or Quiet(), [] if costs is None else costs)
    finally:
        torch.set_num_threads(before)


def _fit_by_steps(
    rows: NDArray[np.float32], tags: Tags, how: Steps, progress: Progress, costs: list[float]
) -> TagHead:
    import torch

    positives = tags.sum(axis=0)
    loss = open_loss(positives, len(tags), how.costs)
    inputs, truth = torch.from_numpy(rows), torch.from_numpy(tags.astype(np.float32))
    weights = torch.zeros(tags.shape[1], rows.shape[1], requires_grad=True)
    first = prior_bias(positives, len(tags)) if how.prior else np.zeros(tags.shape[1])
    bias = torch.tensor(first, dtype=torch.float32, requires_grad=True)
    groups = [
        {"params": [weights], "weight_decay": how.decay},
        {"params": [bias], "weight_decay": 0.0},
    ]
    optimiser: torch.optim.Optimizer
    if how.optimiser == "adam":
        optimiser = torch.optim.AdamW(groups, lr=how.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.steps)
    else:
        optimiser, schedule = torch.optim.Adagrad(groups, lr=how.rate), None
    for batch in islice(_endless(open_sampler(tags, how.sampling)), how.steps):
        optimiser.zero_grad()
        cost = loss(inputs[batch] @ weights.T + bias, truth[batch])
        torch.autograd.backward(cost)
        costs.append(float(cost.detach()))
        optimiser.step()
        if schedule is not None:
            schedule.step()
        progress.advance()
    return TagHead(weights.detach().numpy().copy(), bias.detach().numpy().copy())


def _endless(sampler: Sampler) -> Iterator[list[int]]:
    """Yield the batches of one epoch after the other."""
    for epoch in count():
        sampler.set_epoch(epoch)
        yield from sampler


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """From logits to probabilities, one logistic curve per tag: ``sigmoid(slope z + shift)``.

    Parameters
    ----------
    slopes, shifts : ndarray of shape (n_tags,), float64
    """

    slopes: NDArray[np.float64]
    shifts: NDArray[np.float64]

    def probabilities(self, logits: Logits) -> NDArray[np.float64]:
        """Return probabilities of the same shape, (n_images, n_tags)."""
        from scipy.special import expit

        found: NDArray[np.float64] = expit(logits * self.slopes + self.shifts)
        return found


def plain_curves(n_tags: int) -> Curves:
    """Return curves that change nothing: the sigmoid of the logits."""
    return Curves(np.ones(n_tags), np.zeros(n_tags))


def fit_curves(logits: Logits, tags: NDArray[Any]) -> Curves:
    """Calibrate each tag on images that its head was not fitted on.

    Platt, "Probabilistic outputs for support vector machines" (1999), with his smoothed targets,
    so that few or perfectly told examples do not claim certainty; Newton's method with halved
    steps, as Lin, Lin & Weng (2007) do it. The slope stays at least 0: a head that ranks a tag
    worse than chance gets the tag's frequency. A tag that none or all of the images have keeps the
    sigmoid of its logits: a curve fitted there would forget how the head ranks them.

    Parameters
    ----------
    logits : ndarray of shape (n_images, n_tags)
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    """
    truth = np.asarray(tags).astype(bool)
    pairs = [_platt(z, y) for z, y in zip(np.asarray(logits, np.float64).T, truth.T, strict=True)]
    slopes, shifts = np.array(pairs).reshape(-1, 2).T
    return Curves(slopes, shifts)


def _platt(z: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    from scipy.special import expit

    n, m = int(truth.sum()), int((~truth).sum())
    if not n or not m:
        return 1.0, 0.0
    target = np.where(truth, (n + 1) / (n + 2), 1 / (m + 2))
    mean = float(target.mean())
    level = float(np.log(mean / (1 - mean)))
    spread = float(z.std()) or 1.0
    centre = float(z.mean())
    x = (z - centre) / spread
    design = np.stack([x, np.ones_like(x)], axis=1)  # (n_images, 2)

    def loss(theta: NDArray[np.float64]) -> float:
        value = design @ theta
        return float((np.logaddexp(0, value) - target * value).sum())

    theta = np.array([0.0, level])
    for _ in range(100):
        p = expit(design @ theta)
        slope = design.T @ (p - target)
        if np.abs(slope).max() < 1e-9 * len(z):
            break
        bend = (design * (p * (1 - p))[:, None]).T @ design + 1e-12 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        before, size = loss(theta), 1.0
        while loss(theta - size * step) > before and size > 1e-6:
            size /= 2
        theta = theta - size * step
    if theta[0] < 0:
        return 0.0, level
    return float(theta[0]) / spread, float(theta[1] - theta[0] * centre / spread)
