"""Losses against their formulas, written out one image and one tag at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from impasto.core.errors import InvalidInput, NotFound
from impasto.learn.losses import LOSSES, Costs, open_loss, prior_bias
from impasto.learn.weights import cost_weights

POSITIVES, TOTAL = np.array([40, 5]), 100


def by_hand(
    cost: Callable[[float, bool, int], float], logits: torch.Tensor, truth: torch.Tensor
) -> float:
    costs = [
        cost(1 / (1 + math.exp(-float(logits[i, j]))), bool(truth[i, j]), j)
        for i in range(len(logits))
        for j in range(logits.shape[1])
    ]
    return float(np.mean(costs))


def weighted(p: float, has: bool, tag: int) -> float:
    even = cost_weights(POSITIVES, TOTAL).balanced(POSITIVES, TOTAL)
    weight = float((even.present if has else even.absent)[tag])
    return -weight * math.log(p if has else 1 - p)


def pos_weight(p: float, has: bool, tag: int) -> float:
    ratio = min(10.0, math.sqrt((TOTAL - POSITIVES[tag]) / POSITIVES[tag]))
    return -ratio * math.log(p) if has else -math.log(1 - p)


def focal(p: float, has: bool, _: int) -> float:
    right = p if has else 1 - p
    return -((1 - right) ** 2) * math.log(right)


def asymmetric(p: float, has: bool, _: int) -> float:
    shifted = max(p - 0.05, 0)
    return -math.log(p) if has else -(shifted**4) * math.log(1 - shifted)


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("plain", lambda p, has, _: -math.log(p if has else 1 - p)),
        ("weighted", weighted),
        ("pos-weight", pos_weight),
        ("focal", focal),
        ("asymmetric", asymmetric),
    ],
)
def test_losses_are_their_formulas(name: str, cost: Callable[[float, bool, int], float]) -> None:
    chance = np.random.default_rng(0)
    logits = torch.tensor(chance.normal(0, 2, (30, 2)), dtype=torch.float32)
    truth = torch.tensor(chance.random((30, 2)) < 0.3, dtype=torch.float32)
    found = open_loss(POSITIVES, TOTAL, Costs(name))(logits, truth)
    assert float(found) == pytest.approx(by_hand(cost, logits, truth), rel=1e-4)


@pytest.mark.parametrize("name", list(LOSSES))
def test_losses_fall_towards_the_truth_and_stay_finite(name: str) -> None:
    truth = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    loss = open_loss(POSITIVES, TOTAL, Costs(name))
    costs = [float(loss(size * (2 * truth - 1), truth)) for size in (-60.0, -2.0, 0.0, 2.0, 60.0)]
    assert costs == sorted(costs, reverse=True) and np.isfinite(costs).all()
    assert costs[-1] == pytest.approx(0, abs=1e-6)
    logits = torch.zeros(2, 2, requires_grad=True)
    torch.autograd.backward(loss(logits, truth))
    assert logits.grad is not None
    assert (torch.sign(logits.grad) == torch.sign(0.5 - truth)).all()


def test_learning_begins_at_the_frequencies() -> None:
    begin = 1 / (1 + np.exp(-prior_bias(np.array([0, 25, 100]), 100)))
    assert begin == pytest.approx([0.005, 0.25, 0.995], abs=0.003)


def test_mistakes() -> None:
    with pytest.raises(NotFound, match="loss"):
        open_loss(POSITIVES, TOTAL, Costs("plainn"))
    for wrong in ({"cap": 0.5}, {"power": 2}, {"focus": -1}, {"margin": 1}):
        with pytest.raises(InvalidInput):
            Costs(**wrong)
