"""Mutual neighbours and hubs against brute force; a sample against the whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.space import Vectors
from impasto.explore import queries
from impasto.explore.hubs import HUB, occurrence, ranks_back
from impasto.explore.similarity import neighbours, similarities_of

Make = Callable[..., Vectors]


def cosines(vectors: Vectors) -> NDArray[np.float64]:
    rows = vectors.values.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_ranks_back_are_brute_force(make: Make, rng: np.random.Generator) -> None:
    ids = np.arange(100, 160)
    ids[7] = -1
    vectors = make((rng.standard_normal((60, 6)) + 0.3).astype(np.float16), ids)
    all_pairs = cosines(vectors)
    near = neighbours(vectors, queries.from_rows(vectors, [120]), 21)  # more than two batches
    got = ranks_back(vectors, near.ids.tolist(), near.similarities, besides=[120])
    for id_, rank in zip(near.ids, got, strict=True):
        row = id_ - 100
        others = [j for j in range(60) if j not in (row, 7, 20)]
        wanted = 1 + sum(all_pairs[row, j] > all_pairs[row, 20] + 1e-6 for j in others)
        assert rank == wanted
    # Not all neighbourhoods are mutual, or the mark would say nothing.
    assert 0 < np.count_nonzero(got <= 5) < len(got)


def test_a_query_that_is_no_image_takes_a_rank_too(make: Make) -> None:
    angles = np.radians([0, 10, 50, 80])
    vectors = make(np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32))
    query = queries.from_vectors(vectors.space, np.array([np.cos(0.5), np.sin(0.5)]))  # 28.6°
    toward = similarities_of(vectors, query)
    # From 10°: 0° is nearer. From 50°: nothing is. From 80°: only 50° is.
    assert ranks_back(vectors, [11, 12, 13], toward[1:]).tolist() == [2, 1, 2]
    assert ranks_back(vectors, [11], toward[1:2], besides=[10]).tolist() == [1]


def test_copies_of_the_query_do_not_push_it_back(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((30, 40)).astype(np.float16)
    values[1:4] = values[0]
    vectors = make(values)
    near = neighbours(vectors, queries.from_rows(vectors, [10]), 29)
    got = ranks_back(vectors, near.ids.tolist(), near.similarities, besides=[10])
    again = neighbours(vectors, queries.from_rows(vectors, [int(near.ids[9])]), 29)
    place = again.ids.tolist().index(10)
    ties = again.similarities >= again.similarities[place]
    assert got[9] <= int(np.count_nonzero(ties))
    assert got[:3].tolist() == [1, 1, 1]


def test_occurrence_counts_who_has_whom(make: Make, rng: np.random.Generator) -> None:
    ids = rng.permutation(np.arange(50, 130))
    ids[11] = -1
    vectors = make(rng.standard_normal((80, 30)).astype(np.float16), ids)
    got = occurrence(vectors, k=4)
    wanted = dict.fromkeys(sorted(set(ids.tolist()) - {-1}), 0)
    for image in wanted:
        for near in neighbours(vectors, queries.from_rows(vectors, [image]), 4).ids.tolist():
            wanted[near] += 1
    assert dict(zip(got.ids.tolist(), got.counts.tolist(), strict=True)) == wanted
    assert (got.exact, got.asked, got.counts.sum()) == (True, 79, 4 * 79)
    estimate = got.of(int(got.ids[3]))
    assert estimate is not None
    assert (estimate.low, estimate.value, estimate.chance) == (got.counts[3], got.counts[3], 4)
    assert got.of(11) is None
    assert got.of(1000) is None
    assert not got.is_hub(11)


def test_a_hub_is_found_and_others_are_not(make: Make, rng: np.random.Generator) -> None:
    """The centre of a cloud in many dimensions is near all its points, which are far apart."""
    values = rng.standard_normal((400, 60))
    values[42] = values.mean(axis=0) + 0.02 * rng.standard_normal(60)
    values -= 3  # away from the origin, so that cosines behave like distances
    vectors = make(values.astype(np.float32))
    got = occurrence(vectors, k=10)
    often = got.of(52)
    assert often is not None
    assert often.value > 200
    assert got.hubs()[0] == 52
    few = [got.is_hub(image) for image in got.ids.tolist()]
    assert got.hubs().tolist() == sorted(
        got.ids[few].tolist(), key=lambda i: (-got.counts[i - 10], i)
    )
    assert (got.counts[np.isin(got.ids, got.hubs())] >= HUB * 10).all()
    assert len(got.hubs()) < 40


def test_a_sample_estimates_the_whole(make: Make, rng: np.random.Generator) -> None:
    vectors = make((rng.standard_normal((500, 40)) + 1).astype(np.float16))
    whole = occurrence(vectors, k=10)
    inside = []
    for seed in range(8):
        some = occurrence(vectors, k=10, asking=150, seed=seed)
        assert not some.exact
        for image in whole.ids[:60].tolist():
            exact, guess = whole.of(image), some.of(image)
            assert exact is not None
            assert guess is not None
            inside.append(guess.low <= exact.value <= guess.high)
    assert 0.93 < np.mean(inside) <= 1
    assert occurrence(vectors, k=10, asking=900).exact
    again = occurrence(vectors, k=10, asking=150, seed=7)
    np.testing.assert_array_equal(again.counts, some.counts)


def test_what_can_not_be_asked(make: Make) -> None:
    vectors = make(np.eye(3, dtype=np.float16))
    with pytest.raises(InvalidInput, match="at least one"):
        occurrence(vectors, k=0)
    with pytest.raises(InvalidInput, match="at least one"):
        occurrence(vectors, k=1, asking=0)
    with pytest.raises(InvalidInput, match="one similarity each"):
        ranks_back(vectors, [10, 11], np.zeros(1, np.float32))
    with pytest.raises(NotFound, match="no vector"):
        ranks_back(vectors, [9], np.zeros(1, np.float32))
