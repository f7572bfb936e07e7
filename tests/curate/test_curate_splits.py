"""Splits and folds as callers see them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.curate import folds, parse_parts, rare_classes, split, split_tags


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


def test_iterative_stratification_keeps_the_share_of_every_tag() -> None:
    chance = np.random.default_rng(4)
    rates = np.array([0.5, 0.3, 0.1, 0.05, 0.02])
    tags = chance.random((1000, 5)) < rates
    parts = split_tags(tags, np.arange(1000), shares=(64, 16, 20), seed=1)
    for part, share in (("train", 0.64), ("validation", 0.16), ("test", 0.2)):
        mine = parts == part
        assert abs(mine.mean() - share) < 0.01
        assert np.abs(tags[mine].sum(axis=0) - share * tags.sum(axis=0)).max() <= 2
    assert parts.tolist() == split_tags(tags, np.arange(1000), shares=(64, 16, 20), seed=1).tolist()
    by_chance = chance.permutation(parts)
    rare = np.abs(tags[by_chance == "test"].sum(axis=0) - 0.2 * tags.sum(axis=0))
    assert rare.max() > 2  # a random division does not


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.lists(st.integers(0, 9), min_size=2, max_size=60))
def test_tagged_groups_stay_whole(seed: int, group: list[int]) -> None:
    groups = np.array(group)
    tags = np.random.default_rng(seed).random((len(groups), 3)) < 0.4
    parts = split_tags(tags, groups, seed=seed)
    for each in np.unique(groups):
        assert len(set(parts[groups == each].tolist())) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "train",
        "train=1",
        "test=1",
        "train=1,test=x",
        "train=-1,test=2",
        "a=1,train=1",
        "train=1,train=2,test=1",
        "train=nan,test=1",
        "train=inf,test=1",
    ],
)
def test_parts_that_make_no_sense(wrong: str) -> None:
    with pytest.raises(InvalidInput, match=r"train=64,val=16,test=20|the first and one other"):
        parse_parts(wrong)
