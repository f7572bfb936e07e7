"""What a wrong answer about tags costs: losses for many, skewed, noisy tags.

Each loss is made for the tags at hand and then maps logits and truth, both of shape
(n_images, n_tags), to their mean cost, a torch scalar. All are means over images *and* tags, so
that one learning rate serves every loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.registry import Registry
from impasto.learn.weights import Reading, Smoothing, cost_weights

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Tensor", "Tensor"], "Tensor"]


@dataclass(frozen=True, slots=True)
class Costs:
    """Which loss, and its constants.

    Parameters
    ----------
    loss : str
        A name in `LOSSES`: "plain", "weighted", "pos-weight", "focal" or "asymmetric".
    reading, smoothing
        Of "weighted"; see `weights.cost_weights`.
    balance : bool
        Of "weighted": scale each tag's two weights to a mean of 1 over the images, so that the
        learning rate is not changed in disguise. Work 1 does not.
    cap, power : float
        Of "pos-weight": presence costs ``min(cap, ((T - n) / n) ** power)`` times as much.
    focus : float
        Of "focal": how much answers that are nearly right are discounted.
    focus_present, focus_absent, margin : float
        Of "asymmetric".
    """

    loss: str = "plain"
    reading: Reading = "inverse"
    smoothing: Smoothing = "global"
    balance: bool = True
    cap: float = 10.0
    power: float = 0.5
    focus: float = 2.0
    focus_present: float = 0.0
    focus_absent: float = 4.0
    margin: float = 0.05

    def __post_init__(self) -> None:
        """Check the constants; the loss is looked up where it is used."""
        if self.cap < 1 or not 0 <= self.power <= 1:
            raise InvalidInput(
                f"cap is at least 1 and power lies in [0, 1], not {self.cap} and {self.power}."
            )
        if min(self.focus, self.focus_present, self.focus_absent) < 0:
            raise InvalidInput("focus, focus_present and focus_absent are at least 0.")
        if not 0 <= self.margin < 1:
            raise InvalidInput(f"margin lies in [0, 1), not {self.margin}.")


MakeLoss = Callable[[NDArray[np.int64], int, Costs], Loss]
"""Images with each tag, all images, constants → a loss."""

LOSSES: Registry[MakeLoss] = Registry("loss")


def open_loss(positives: NDArray[np.integer[Any]], total: int, costs: Costs | None = None) -> Loss:
    """Make a loss for tags of known frequency.

    Parameters
    ----------
    positives : ndarray of shape (n_tags,), int
        Images of the training part that have each tag.
    total : int
        Images of the training part.
    costs : Costs, optional
        None: the plain loss.
    """
    costs = costs or Costs()
    return LOSSES[costs.loss](np.asarray(positives, np.int64), total, costs)


def prior_bias(positives: NDArray[np.integer[Any]], total: int) -> NDArray[np.float64]:
    """Return logits that give every image each tag's frequency: where learning should begin.

    A bias of 0 says "half of the images have it", and the first steps only unlearn that. Counts
    are smoothed by half an image, so that a tag on none or on all stays finite.

    Parameters
    ----------
    positives : ndarray of shape (n_tags,), int
    total : int

    Returns
    -------
    ndarray of shape (n_tags,), float64
    """
    n = np.asarray(positives, np.float64)
    bias: NDArray[np.float64] = np.log((n + 0.5) / (total - n + 0.5))
    return bias


@LOSSES.named("plain")
def _plain(_: NDArray[np.int64], __: int, ___: Costs) -> Loss:
    """Return binary cross-entropy, every answer counting the same."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits


@LOSSES.named("weighted")
def _weighted(positives: NDArray[np.int64], total: int, costs: Costs) -> Loss:
    """Return cross-entropy with work 1's weights."""
    import torch
    from torch.nn.functional import logsigmoid

    found = cost_weights(positives, total, reading=costs.reading, smoothing=costs.smoothing)
    if costs.balance:
        found = found.balanced(positives, total)
    present = torch.tensor(found.present, dtype=torch.float32)
    absent = torch.tensor(found.absent, dtype=torch.float32)

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        cost = present * truth * logsigmoid(logits) + absent * (1 - truth) * logsigmoid(-logits)
        return -cost.mean()

    return loss


@LOSSES.named("pos-weight")
def _pos_weight(positives: NDArray[np.int64], total: int, costs: Costs) -> Loss:
    """Return cross-entropy in which presence counts more, the rarer the tag."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    n = np.maximum(positives, 1)
    ratios = np.clip(((total - n) / n) ** costs.power, 1 / costs.cap, costs.cap)
    weight = torch.tensor(ratios, dtype=torch.float32)

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits, truth, pos_weight=weight)

    return loss


@LOSSES.named("focal")
def _focal(_: NDArray[np.int64], __: int, costs: Costs) -> Loss:
    """Return the focal loss: Lin et al., "Focal loss for dense object detection", 2017, eq. 4."""
    import torch
    from torch.nn.functional import logsigmoid

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        right = logsigmoid(torch.where(truth > 0, logits, -logits))  # log p_t
        return -((1 - right.exp()) ** costs.focus * right).mean()

    return loss


@LOSSES.named("asymmetric")
def _asymmetric(_: NDArray[np.int64], __: int, costs: Costs) -> Loss:
    """Return the asymmetric loss: Ridnik et al., "Asymmetric loss for multi-label", 2021, eq. 7.

    Absences that are nearly right are discounted most and dropped altogether below `margin`, so
    that a tag which somebody forgot to give pulls little. As in the authors' code the discounts
    are constants for the gradient.
    """
    import torch

    def loss(logits: Tensor, truth: Tensor) -> Tensor:
        presence = torch.sigmoid(logits)
        absence = (1 - presence + costs.margin).clamp(max=1)
        right = truth * presence + (1 - truth) * absence
        with torch.no_grad():
            focus = costs.focus_present * truth + costs.focus_absent * (1 - truth)
            discount = (1 - right) ** focus
        return -(discount * right.clamp(min=1e-8).log()).mean()

    return loss
