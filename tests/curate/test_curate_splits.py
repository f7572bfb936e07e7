"""Splits and folds as callers see them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.curate import folds, rare_classes, split


def test_shares_hold_in_every_class() -> None:
    labels = np.repeat(["rare", "usual", "common"], [10, 50, 200])
    parts = split(labels, np.arange(260), shares=(0.7, 0.1, 0.2), seed=3)
    for label, n in (("rare", 10), ("usual", 50), ("common", 200)):
        mine = parts[labels == label]
        counts = [int(np.sum(mine == part)) for part in ("train", "validation", "test")]
        assert counts == [round(0.7 * n), round(0.1 * n), round(0.2 * n)]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10), st.data())
def test_no_double_sits_in_two_folds(k: int, seed: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(k, 80))
    groups = np.concatenate(
        [np.arange(k), data.draw(st.lists(st.integers(0, 40), min_size=n - k, max_size=n - k))]
    ).astype(np.int64)
    labels = np.array(data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n)))
    fold = folds(labels, groups, k, seed=seed)
    assert set(fold) <= set(range(k))
    for group in np.unique(groups):
        assert len(set(fold[groups == group])) == 1


def test_folds_of_singles_are_equal_in_size_and_mix() -> None:
    labels = np.repeat(list("abcdefg"), [3, 7, 11, 13, 17, 19, 30])
    fold = folds(labels, np.arange(100), 5, seed=0)
    assert np.bincount(fold).tolist() == [20] * 5
    for label in "abcdefg":
        counts = np.bincount(fold[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_big_groups_do_not_starve_the_test_part() -> None:
    labels = np.repeat(["a", "b"], [20, 100])
    groups = np.concatenate([np.repeat([0, 1], 10), np.arange(2, 102)])
    parts = split(labels, groups)
    assert set(parts[:20]) == {"train", "test"}


def test_messages_say_what_to_do() -> None:
    labels = np.array(["a", "a", "b"])
    with pytest.raises(InvalidInput, match="label some images first"):
        split(labels[:0], np.empty(0))
    with pytest.raises(InvalidInput, match="the first and one other"):
        split(labels, np.arange(3), shares=(0.0, 0.5, 0.5))
    with pytest.raises(InvalidInput, match="2 to 3 folds, not 4"):
        folds(labels, np.arange(3), 4)
    with pytest.raises(InvalidInput, match="copies of one"):
        folds(labels, np.zeros(3), 2)
    assert rare_classes(labels, np.arange(3)) == {"b": 1}
    assert rare_classes(labels, np.array([0, 0, 1])) == {"a": 1, "b": 1}
