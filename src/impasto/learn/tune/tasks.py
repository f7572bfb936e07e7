"""What is told, one label or several tags: its cost, its score, and its curve per label."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import LinearHead, Scaling, log_softmax
from impasto.learn.logistic import Problem
from impasto.learn.losses import Costs, open_loss, prior_bias
from impasto.learn.samplers import Sampler, Sampling, open_sampler
from impasto.learn.tag_heads import TagHead, TagProblem
from impasto.learn.tag_scores import average_precision

if TYPE_CHECKING:
    from torch import Tensor

Rows = NDArray[np.int64]
Logits = NDArray[np.float64]

GRID = (1e-3, 1e-2, 0.1, 1.0, 10.0)
"""Trust in the data (C) that the head on vectors chooses from, on the validation part."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well the network does on the validation part.

    Parameters
    ----------
    value : float
        Top-1 for labels, mean average precision for tags.
    loss : float
        Mean log loss; decides between equal values.
    labels : tuple of float
        Recall of each class, or average precision of each tag; NaN where nothing was checked.
    """

    value: float
    loss: float
    labels: tuple[float, ...]

    def beats(self, other: Score | None) -> bool:
        """Tell whether this is better than the best so far."""
        return other is None or (self.value, -self.loss) > (other.value, -other.loss)


class Task(Protocol):
    """What the loop asks of that which is learned."""

    names: tuple[str, ...]
    measure: str
    settings: Mapping[str, Any]

    def sampler(self, rows: Rows, batch: int, seed: int, *, whole: bool) -> Sampler:
        """Return the batches of the training part, as positions in `rows`."""

    def loss(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return what the answers to some images cost."""

    def score(self, logits: Logits, rows: Rows) -> Score:
        """Judge the answers to some images."""

    def head(
        self, vectors: NDArray[np.float32], fit: Rows, check: Rows
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return weights and bias of the best linear classifier on vectors."""

    def bias(self) -> NDArray[np.float64]:
        """Return the bias that a new classifier begins with."""


class LabelTask:
    """One class of several.

    Parameters
    ----------
    codes : ndarray of shape (n_images,), int64
    names : tuple of str
    smoothing : float
    """

    measure = "top-1"

    def __init__(
        self, codes: NDArray[np.int64], names: tuple[str, ...], smoothing: float = 0.0
    ) -> None:
        self.codes, self.names, self.smoothing = codes, names, smoothing
        self.settings: Mapping[str, Any] = {}

    def sampler(self, rows: Rows, batch: int, seed: int, *, whole: bool) -> Sampler:
        """Return every image once an epoch, in random order."""
        one = np.ones((len(rows), 1), bool)
        return open_sampler(one, Sampling("random", batch=batch, seed=seed, drop_last=whole))

    def loss(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return the mean cross-entropy."""
        import torch
        from torch.nn.functional import cross_entropy

        truth = torch.from_numpy(self.codes[rows]).to(logits.device)
        return cross_entropy(logits, truth, label_smoothing=self.smoothing)

    def score(self, logits: Logits, rows: Rows) -> Score:
        """Return top-1, log loss and the recall of each class."""
        truth = self.codes[rows]
        right = logits.argmax(axis=1) == truth
        loss = -log_softmax(logits)[np.arange(len(rows)), truth].mean()
        recall = tuple(
            float(right[truth == code].mean()) if (truth == code).any() else float("nan")
            for code in range(len(self.names))
        )
        return Score(float(right.mean()), float(loss), recall)

    def head(
        self, vectors: NDArray[np.float32], fit: Rows, check: Rows
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the multinomial logistic regression with the best C."""
        scaling = Scaling.of(vectors[fit])
        problem = Problem(scaling.apply(vectors[fit]), self.codes[fit], len(self.names))
        outside = scaling.apply(vectors[check])
        best: tuple[Score, LinearHead] | None = None
        head: LinearHead | None = None
        for c in GRID:
            head = problem.solve(c, start=head)
            score = self.score(head.scores(outside), check)
            if score.beats(best and best[0]):
                best = score, head
        assert best is not None  # the grid is not empty
        return _folded(best[1].weights, best[1].bias, scaling)

    def bias(self) -> NDArray[np.float64]:
        """Return zeros."""
        return np.zeros(len(self.names))


class TagTask:
    """Any of several tags.

    Parameters
    ----------
    truth : ndarray of shape (n_images, n_tags), bool
    names : tuple of str
    costs : Costs
        The loss.
    sampling : Sampling
        Which images make up a batch; batch and seed are the course's.
    train : ndarray of int64
        Rows of the training part, whose frequencies the loss weighs by.
    """

    measure = "mAP"

    def __init__(
        self,
        truth: NDArray[np.bool_],
        names: tuple[str, ...],
        costs: Costs,
        sampling: Sampling,
        train: Rows,
    ) -> None:
        self.truth, self.names, self.sampling = truth, names, sampling
        self.settings: Mapping[str, Any] = {"costs": asdict(costs), "sampling": asdict(sampling)}
        self.positives, self.images = truth[train].sum(axis=0), len(train)
        self.cost = open_loss(self.positives, len(train), costs)

    def sampler(self, rows: Rows, batch: int, seed: int, *, whole: bool) -> Sampler:
        """Return the batches of the sampler that was asked for."""
        return open_sampler(
            self.truth[rows], replace(self.sampling, batch=batch, seed=seed, drop_last=whole)
        )

    def loss(self, logits: Tensor, rows: Rows) -> Tensor:
        """Return the mean cost over images and tags."""
        import torch

        truth = torch.from_numpy(self.truth[rows].astype(np.float32))
        return self.cost(logits.cpu(), truth)  # the losses keep their constants there

    def score(self, logits: Logits, rows: Rows) -> Score:
        """Return mean average precision, log loss and the average precision of each tag."""
        truth = self.truth[rows]
        each = tuple(
            float(average_precision(z, t)[0]) if t.any() else float("nan")
            for z, t in zip(logits.T, truth.T, strict=True)
        )
        loss = np.logaddexp(0, np.where(truth, -logits, logits)).mean()
        known = [value for value in each if not math.isnan(value)]
        return Score(float(np.mean(known)) if known else 0.0, float(loss), each)

    def head(
        self, vectors: NDArray[np.float32], fit: Rows, check: Rows
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return one logistic regression per tag, all with the best C."""
        scaling = Scaling.of(vectors[fit])
        problem = TagProblem(scaling.apply(vectors[fit]), self.truth[fit])
        outside = scaling.apply(vectors[check])
        best: tuple[Score, TagHead] | None = None
        head: TagHead | None = None
        for c in GRID:
            head = problem.solve(c, start=head)
            score = self.score(head.logits(outside), check)
            if score.beats(best and best[0]):
                best = score, head
        assert best is not None  # the grid is not empty
        return _folded(best[1].weights, best[1].bias, scaling)

    def bias(self) -> NDArray[np.float64]:
        """Return the frequencies of the tags, as logits."""
        return prior_bias(self.positives, self.images)


def _folded(
    weights: NDArray[np.float32], bias: NDArray[np.float32], scaling: Scaling
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put the scaling of the rows into weights and bias, as a network's last layer needs them."""
    inner = weights / np.float32(scaling.spread)
    return inner.astype(np.float32), (bias - inner @ scaling.centre).astype(np.float32)
