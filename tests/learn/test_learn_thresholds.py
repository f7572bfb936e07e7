"""Thresholds against an exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.learn.thresholds import Wanted, choose_thresholds


def scored(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], threshold: float
) -> tuple[float, float, float]:
    """Return precision, recall and F1; the precision of naming nothing is 1."""
    named = probabilities >= threshold
    right = int((named & truth).sum())
    precision = right / named.sum() if named.any() else 1.0
    return float(precision), right / truth.sum(), 2 * right / (named.sum() + truth.sum())


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    n = draw(st.integers(1, 12))
    steps = draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))  # with ties
    truth = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any))
    return np.array(steps) / 6, np.array(truth)


@settings(max_examples=200, deadline=None)
@given(cases(), st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_no_other_threshold_does_better(
    case: tuple[NDArray[np.float64], NDArray[np.bool_]], level: float
) -> None:
    given_, truth = case
    every = [scored(given_, truth, t) for t in [*np.unique(given_), np.inf]]

    def chosen(wanted: Wanted) -> tuple[float, float, float]:
        threshold = choose_thresholds(given_[:, None], truth[:, None], wanted)[0]
        return scored(given_, truth, threshold)

    assert chosen(Wanted("f1"))[2] == pytest.approx(max(f1 for _, _, f1 in every))
    precision, recall, _ = chosen(Wanted("precision", level))
    assert precision >= level
    assert recall == pytest.approx(max(r for p, r, _ in every if p >= level))
    precision, recall, _ = chosen(Wanted("recall", level))
    assert recall >= level
    assert precision == pytest.approx(max(p for p, r, _ in every[:-1] if r >= level))


def test_uninformative_probabilities_tag_everything_for_f1() -> None:
    truth = np.array([[1], [0], [0], [0], [0]])
    threshold = choose_thresholds(np.full((5, 1), 0.2), truth)
    assert threshold.tolist() == [0.2]  # all five are tagged


def test_right_probabilities_want_half_the_best_f1() -> None:
    chance = np.random.default_rng(0)
    right = chance.random((200_000, 1)) ** 3
    truth = chance.random((200_000, 1)) < right
    threshold = choose_thresholds(right, truth)[0]
    f1 = scored(right[:, 0], truth[:, 0], threshold)[2]
    assert threshold == pytest.approx(f1 / 2, abs=0.02)


def test_what_can_not_be_chosen_says_so() -> None:
    given_ = np.array([[0.9, 0.4], [0.1, 0.6]])
    truth = np.array([[0, 0], [1, 0]])
    found = choose_thresholds(given_, truth, Wanted("precision", 0.9))
    assert np.isinf(found[0]) and np.isnan(found[1])
    assert choose_thresholds(given_, truth, Wanted("fixed", 0.3)).tolist() == [0.3, 0.3]


def test_mistakes() -> None:
    with pytest.raises(InvalidInput, match="shape"):
        choose_thresholds(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(InvalidInput, match="finite"):
        choose_thresholds(np.full((1, 1), np.nan), np.ones((1, 1)))
    with pytest.raises(InvalidInput, match="aim"):
        Wanted("best")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        Wanted("recall", 2)
