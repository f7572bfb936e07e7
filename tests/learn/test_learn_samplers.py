"""Samplers against their slow, obvious versions, and against what theory says of them."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.learn.samplers import (
    REPLACEMENTS,
    SAMPLERS,
    RepeatFactorSampler,
    Replacement,
    Sampling,
    diversity,
    entropy,
    open_sampler,
)

Tags = NDArray[np.bool_]

# Table 1 of Ahres & Volk: how many of 11,317 images have each of the 19 tags.
PUBLISHED = (
    1527, 591, 1036, 476, 412, 1486, 1047, 1224, 1200, 707, 339, 711, 508, 489, 423, 786, 977, 727,
    554,
)  # fmt: skip


def skewed(n: int = 600, seed: int = 0) -> Tags:
    """Images with some of nineteen tags, as frequent as the published ones, one at least."""
    chance = np.random.default_rng(seed)
    share = np.array(PUBLISHED) / 11317
    tags = chance.random((n, len(share))) < share
    bare = np.flatnonzero(~tags.any(axis=1))
    tags[bare, chance.choice(len(share), len(bare), p=share / share.sum())] = True
    return tags


def slow_entropy(tags: Tags) -> float:
    counts = Counter(int(tag) for _, tag in zip(*np.nonzero(tags), strict=True))
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values())


def slow_epoch(tags: Tags, sampling: Sampling, batches: int) -> list[list[int]]:
    """Algorithms 1 and 2 as they are printed, on the same draws of chance."""
    chance = np.random.default_rng([sampling.seed, 0])
    pool = list(range(len(tags)))
    left = len(pool)
    epoch = []
    for _ in range(batches):
        batch: list[int] = []
        if sampling.replacement == "within-batch":
            left = len(pool)
        while len(batch) < sampling.batch and left:
            drawn = chance.choice(left, min(sampling.candidates, left), replace=False)
            entropies = [slow_entropy(tags[[*batch, pool[at]]]) for at in drawn]
            best = next(
                at
                for at, bits in zip(drawn, entropies, strict=True)
                if bits >= max(entropies) - 1e-9
            )
            batch.append(pool[best])
            if sampling.replacement != "always":
                left -= 1
                pool[best], pool[left] = pool[left], pool[best]
        epoch.append(batch)
    return epoch


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("candidates", [1, 3, 8])
def test_entropy_batches_are_those_of_the_printed_algorithm(
    replacement: Replacement, candidates: int
) -> None:
    tags = skewed(156)
    sampling = Sampling("entropy", 12, 5, candidates, replacement)
    assert list(open_sampler(tags, sampling)) == slow_epoch(tags, sampling, 13)


def test_entropy_is_that_of_the_definition() -> None:
    tags = skewed(40)
    assert entropy(tags) == pytest.approx(slow_entropy(tags), abs=1e-12)
    assert entropy(np.zeros((3, 4), bool)) == 0
    assert entropy(np.eye(5, dtype=bool)[[0, 0, 0]]) == 0


def test_one_candidate_is_plain_random_sampling() -> None:
    tags = skewed(100)
    drawn = [
        row for batch in open_sampler(tags, Sampling("entropy", 10, 1, 1, "never")) for row in batch
    ]
    assert sorted(drawn) == list(range(100))
    assert drawn != list(range(100))


def test_with_one_tag_an_image_a_new_tag_beats_one_that_is_there() -> None:
    tags = np.eye(6, dtype=bool)[np.random.default_rng(0).integers(0, 6, 300)]
    sampler = open_sampler(tags, Sampling("entropy", 6, 0, 300))
    assert all(tags[batch].any(axis=0).all() for batch in sampler)


def test_with_several_tags_the_largest_entropy_decides_not_the_new_tag() -> None:
    # In a batch that holds the tags 10, 1, 1, 1 and 0 times, the image of tags 1, 2, 3 gives
    # 1.549 bits and that of the new tag 1.435, against what the paper's text says.
    batch = np.zeros((13, 5), bool)
    batch[np.arange(13), [0] * 10 + [1, 2, 3]] = True
    new, old = np.eye(5, dtype=bool)[4:], np.array([[False, True, True, True, False]])
    assert entropy(np.vstack([batch, new])) == pytest.approx(1.435, abs=5e-4)
    assert entropy(np.vstack([batch, old])) == pytest.approx(1.549, abs=5e-4)


def test_more_candidates_cover_more_tags() -> None:
    tags = skewed(4000)
    found = [
        diversity(tags, open_sampler(tags, Sampling("entropy", 24, 0, candidates)))
        for candidates in (1, 5, 10)
    ]
    covered = [one.covered.mean() for one in found]
    bits = [one.entropies.mean() for one in found]
    assert covered[0] < 17 and covered[1] > 18.5 and covered[2] > covered[1] - 0.05
    assert bits[0] < 3.9 < 4.1 < bits[1] < bits[2] <= math.log2(19)
    # The rarest tag gains, the commonest loses.
    rarest, commonest = np.argmin(PUBLISHED), np.argmax(PUBLISHED)
    assert found[1].tilt[rarest] > 1.4 and found[1].tilt[commonest] < 0.8
    assert found[0].tilt == pytest.approx(np.ones(19), abs=0.25)


def test_without_replacement_the_epoch_ends_in_what_nobody_wanted() -> None:
    tags = skewed(4000)
    never = diversity(tags, open_sampler(tags, Sampling("entropy", 24, 0, 5, "never")))
    assert never.frequencies == pytest.approx(tags.mean(axis=0), abs=1e-12)  # everyone came once
    assert never.collapse < 0.5
    assert never.warning is not None and "within-batch" in never.warning
    within = diversity(tags, open_sampler(tags, Sampling("entropy", 24, 0, 5)))
    assert within.collapse > 0.95 and within.warning is None


def test_growth_counts_the_tags_of_the_first_images() -> None:
    tags = np.eye(4, dtype=bool)
    found = diversity(tags, open_sampler(tags, Sampling("random", 4)))
    assert found.growth.tolist() == [1, 2, 3, 4]
    assert found.covered.tolist() == [4] and found.entropies.tolist() == [2.0]


def test_no_image_twice_in_a_batch_unless_always() -> None:
    tags = skewed(60)
    for replacement, twice in (("within-batch", False), ("never", False), ("always", True)):
        sampler = open_sampler(tags, Sampling("entropy", 24, 3, 10, replacement))  # type: ignore[arg-type]
        assert any(len(set(batch)) < len(batch) for batch in sampler) is twice


def test_class_aware_draws_single_tags_equally_often() -> None:
    chance = np.random.default_rng(0)
    tags = np.eye(4, dtype=bool)[chance.choice(4, 400, p=[0.7, 0.2, 0.07, 0.03])]
    found = diversity(tags, open_sampler(tags, Sampling("class-aware", 20)))
    assert found.frequencies == pytest.approx(np.full(4, 0.25))


def test_repeat_factor_is_that_of_the_paper() -> None:
    tags = np.zeros((1000, 2), bool)
    tags[:, 0] = True
    tags[:10, 1] = True  # frequency 0.01, so sqrt(0.09 / 0.01) = 3 times
    sampler = open_sampler(tags, Sampling("repeat-factor", 50, threshold=0.09))
    assert isinstance(sampler, RepeatFactorSampler)
    assert sampler.factors[:10] == pytest.approx(np.full(10, 3.0))
    assert sampler.factors[10:] == pytest.approx(np.ones(990))
    drawn = Counter(row for batch in sampler for row in batch)
    assert [drawn[row] for row in (0, 9, 10, 999)] == [3, 3, 1, 1]


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_same_seed_and_epoch_same_batches(name: str) -> None:
    tags = skewed(103)
    sampler = open_sampler(tags, Sampling(name, 10, 7))
    first = list(sampler)
    assert list(sampler) == first == list(open_sampler(tags, Sampling(name, 10, 7)))
    assert len(first) == len(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert list(open_sampler(tags, Sampling(name, 10, 8))) != first
    full = open_sampler(tags, Sampling(name, 10, 7, drop_last=True))
    assert {len(batch) for batch in full} == {10} and len(list(full)) == len(full)


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_torch_takes_every_sampler(name: str) -> None:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    tags = skewed(50)
    sampler = open_sampler(tags, Sampling(name, 8))
    data = TensorDataset(torch.arange(50))
    loaded = [rows.tolist() for (rows,) in DataLoader(data, batch_sampler=sampler)]
    assert loaded == list(sampler)


def test_one_image_and_small_pools() -> None:
    for name in SAMPLERS:
        assert list(open_sampler(np.ones((1, 2)), Sampling(name, 4))) == [[0]]
    few = list(open_sampler(np.eye(3), Sampling("entropy", 2, candidates=50)))
    assert [len(batch) for batch in few] == [2, 1]


def test_what_is_refused() -> None:
    with pytest.raises(InvalidInput, match="shape"):
        open_sampler(np.zeros((0, 3)), Sampling())
    with pytest.raises(NotFound, match="sampler"):
        open_sampler(np.ones((2, 2)), Sampling("entropyy"))
    with pytest.raises(InvalidInput, match="replacement"):
        Sampling(replacement="sometimes")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="at least 1"):
        Sampling(batch=0)
    with pytest.raises(InvalidInput, match="No image has a tag"):
        list(open_sampler(np.zeros((4, 2)), Sampling("class-aware", 2)))
