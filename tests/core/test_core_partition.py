"""The rule behind all splits: shares kept per class, groups whole, the seed decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition, partition_tags

images = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=120)
shares = st.lists(st.sampled_from([0.0, 0.1, 0.2, 1.0, 3.0]), min_size=1, max_size=6).filter(any)


@settings(max_examples=150, deadline=None)
@given(images, shares, st.integers(0, 5))
def test_groups_stay_whole_and_empty_shares_stay_empty(
    pairs: list[tuple[int, int]], share: list[float], seed: int
) -> None:
    labels, groups = (np.array(column) for column in zip(*pairs, strict=True))
    parts = partition(labels, groups, share, seed=seed)
    assert all(len(np.unique(parts[groups == group])) == 1 for group in np.unique(groups))
    assert all(share[part] > 0 for part in parts)
    np.testing.assert_array_equal(parts, partition(labels, groups, share, seed=seed))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), shares, st.integers(0, 5))
def test_single_images_are_shared_out_to_within_one(
    classes: list[int], share: list[float], seed: int
) -> None:
    labels = np.array(classes)
    parts = partition(labels, np.arange(len(labels)), share, seed=seed)
    wanted = np.array(share) / sum(share)
    for klass in np.unique(labels):
        counts = np.bincount(parts[labels == klass], minlength=len(share))
        assert np.all(np.abs(counts - wanted * np.sum(labels == klass)) < len(share))
        if np.sum(labels == klass) >= np.count_nonzero(share):
            assert np.all(counts[wanted > 0] > 0)


@settings(max_examples=80, deadline=None)
@given(images, st.integers(2, 5), st.integers(0, 3))
def test_a_class_of_enough_pure_groups_reaches_every_part(
    pairs: list[tuple[int, int]], n_parts: int, seed: int
) -> None:
    labels = np.array([label for label, _ in pairs])
    groups = np.array([label * 100 + group for label, group in pairs])  # one class per group
    parts = partition(labels, groups, [1.0] * n_parts, seed=seed)
    for klass in np.unique(labels):
        if len(np.unique(groups[labels == klass])) >= n_parts:
            assert len(np.unique(parts[labels == klass])) == n_parts


def test_seeds_give_different_parts_and_names_do_not_matter() -> None:
    labels, groups = np.repeat(["a", "b"], 50), np.arange(100)
    first = partition(labels, groups, [4, 1], seed=0)
    assert not np.array_equal(first, partition(labels, groups, [4, 1], seed=1))
    renamed = partition(np.repeat(["x", "y"], 50), groups + 7, [4, 1], seed=0)
    np.testing.assert_array_equal(first, renamed)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="above 0"):
        partition(np.arange(3), np.arange(3), [0.0, 0.0], seed=0)
    with pytest.raises(InvalidInput, match="one label and one group"):
        partition(np.arange(3), np.arange(2), [1.0], seed=0)
    assert len(partition(np.empty(0), np.empty(0), [1.0], seed=0)) == 0


def test_tags_are_shared_out_as_asked() -> None:
    chance = np.random.default_rng(0)
    tags = chance.random((1000, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.005]
    groups = np.repeat(np.arange(500), 2)
    parts = partition_tags(tags, groups, (0.64, 0.16, 0.2), seed=0)
    assert np.bincount(parts) == pytest.approx([640, 160, 200], abs=4)
    for part, share in enumerate((0.64, 0.16, 0.2)):
        there = tags[parts == part].sum(axis=0)
        assert there == pytest.approx(share * tags.sum(axis=0), abs=3)
    assert all(len(set(parts[groups == group])) == 1 for group in range(500))
    by_chance = chance.choice(3, 1000, p=[0.64, 0.16, 0.2])
    off = [
        abs(tags[where == 2].sum(axis=0) - 0.2 * tags.sum(axis=0)).sum()
        for where in (parts, by_chance)
    ]
    assert off[0] < off[1] / 2


def test_tags_same_seed_same_parts() -> None:
    tags = np.random.default_rng(0).random((60, 3)) < 0.3
    one, same, other = (
        partition_tags(tags, np.arange(60), (1, 1, 0, 1), seed=seed) for seed in (3, 3, 4)
    )
    assert (one == same).all() and not (one == other).all() and set(one) == {0, 1, 3}
    assert len(partition_tags(tags[:0], np.arange(0), (1, 1), seed=0)) == 0
    with pytest.raises(InvalidInput, match="shape"):
        partition_tags(tags[:, 0], np.arange(60), (1, 1), seed=0)
