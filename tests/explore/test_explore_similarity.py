from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound, SpaceMismatch
from impasto.core.space import Vectors
from impasto.explore import queries
from impasto.explore.queries import Query
from impasto.explore.rows import rows_of
from impasto.explore.similarity import nearest, neighbours, similarities, similarities_of

Make = Callable[..., Vectors]


def _cosine(rows: NDArray[Any], query: NDArray[Any]) -> NDArray[np.float64]:
    rows, query = rows.astype(np.float64), query.astype(np.float64)
    cosines: NDArray[np.float64] = rows @ query / np.linalg.norm(rows, axis=1)
    return cosines / np.linalg.norm(query)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_cosines(make: Make, dtype: type, rng: np.random.Generator) -> None:
    values: NDArray[Any] = rng.standard_normal((60, 45)) * rng.uniform(0.1, 30, (60, 1))
    values = values.astype(dtype)
    asked = (rng.standard_normal((3, 45)) * 100).astype(np.float32)
    got = similarities(make(values), asked)
    for line, query in zip(got, asked, strict=True):
        np.testing.assert_allclose(line, _cosine(values, query), atol=3e-6)


def test_an_image_is_most_similar_to_itself(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((40, 33)).astype(np.float16)
    found = similarities(make(values), values[:7].astype(np.float32))
    assert (found.argmax(axis=1) == np.arange(7)).all()
    np.testing.assert_allclose(found[np.arange(7), np.arange(7)], 1, atol=1e-6)
    assert found.max() <= 1


def test_rows_without_a_similarity(make: Make) -> None:
    values = np.ones((5, 3), np.float16)
    values[1] = 0
    values[2, 0] = np.inf
    ids = np.array([4, 5, 6, -1, 8])
    query = Query(make(values, ids).space, np.ones(3, np.float32))
    found = similarities_of(make(values, ids), query)
    np.testing.assert_allclose(found, [1, 0, np.nan, np.nan, 1], atol=1e-6)
    assert neighbours(make(values, ids), query, 10).ids.tolist() == [4, 8, 5]


def test_mirrored_vectors_count_when_they_are_nearer(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((30, 20)).astype(np.float16)
    mirrored = rng.standard_normal((30, 20)).astype(np.float16)
    vectors = make(values, mirrored=mirrored)
    query = rng.standard_normal(20).astype(np.float32)
    expected = np.maximum(_cosine(values, query), _cosine(mirrored, query))
    np.testing.assert_allclose(similarities(vectors, query[None])[0], expected, atol=3e-6)
    assert (expected > _cosine(values, query)).any()


def test_query_of_zeros_resembles_nothing(make: Make) -> None:
    assert (
        similarities(make(np.ones((4, 3), np.float16)), np.zeros((1, 3), np.float32)) == 0
    ).all()


def test_bad_queries_are_refused(make: Make) -> None:
    vectors = make(np.ones((4, 3), np.float16))
    with pytest.raises(SpaceMismatch, match="n_queries, 3"):
        similarities(vectors, np.ones((1, 4), np.float32))
    with pytest.raises(InvalidInput, match="finite"):
        similarities(vectors, np.array([[1, np.nan, 0]], np.float32))
    stranger = make(np.ones((4, 3), np.float16), network="other").space
    with pytest.raises(SpaceMismatch, match="network"):
        similarities_of(vectors, Query(stranger, np.ones(3, np.float32)))


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(1, 3000),
    k=st.integers(1, 120),
    levels=st.sampled_from([2, 10, 1_000_000]),
    seed=st.integers(0, 999),
)
def test_nearest_is_a_full_sort(make: Make, n: int, k: int, levels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(-levels, levels + 1, n) / levels).astype(np.float32)
    values[rng.random(n) < 0.1] = np.nan
    ids = rng.permutation(n).astype(np.int64)
    exclude = set(rng.choice(n, rng.integers(0, n + 1), replace=False).tolist())
    space = make(np.ones((1, 2), np.float16)).space
    got = nearest(space, ids, values, k, exclude=exclude)
    pairs = [(-v, i) for v, i in zip(values.tolist(), ids.tolist(), strict=True)]
    kept = sorted(pair for pair in pairs if pair[0] == pair[0] and pair[1] not in exclude)[:k]
    assert got.ids.tolist() == [i for _, i in kept]
    assert got.similarities.tolist() == [-v for v, _ in kept]


def test_neighbours_leave_the_query_out(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((50, 8)).astype(np.float16))
    query = queries.from_rows(vectors, [20, 21])
    found = neighbours(vectors, query, 50, exclude=[33])
    assert len(found) == 47
    assert not {20, 21, 33} & set(found.ids.tolist())
    assert found.space == vectors.space
    without = similarities_of(vectors, query, members=False)
    assert np.flatnonzero(np.isnan(without)).tolist() == [10, 11]
    with pytest.raises(InvalidInput, match="at least one"):
        neighbours(vectors, query, 0)


def test_rows_of_finds_shuffled_ids(make: Make) -> None:
    vectors = make(np.ones((5, 2), np.float16), np.array([7, -1, 3, 9, 1]))
    assert rows_of(vectors, [1, 7, 3]).tolist() == [4, 0, 2]
    assert rows_of(vectors, []).tolist() == []
    for missing in ([2], [7, 10], [-1]):
        with pytest.raises(NotFound, match=f"Image {missing[-1]} has no vector"):
            rows_of(vectors, missing)


def test_query_from_one_image_is_its_direction(make: Make, rng: np.random.Generator) -> None:
    values = rng.standard_normal((6, 9)).astype(np.float16)
    query = queries.from_rows(make(values), [12], title="a cat")
    expected = values[2].astype(np.float64) / np.linalg.norm(values[2].astype(np.float64))
    np.testing.assert_allclose(query.vector, expected, atol=1e-6)
    assert query.members == (12,)
    assert query.title == "a cat"


def test_query_from_examples_is_rocchios(make: Make) -> None:
    # A long vector counts no more than a short one: unit vectors are averaged.
    vectors = make(np.array([[30, 0, 0], [0, 1, 0], [0, 0, 5]], np.float16))
    query = queries.from_rows(vectors, [10, 11], [12])
    expected = np.array([0.5, 0.5, -0.5]) / np.sqrt(0.75)
    np.testing.assert_allclose(query.vector, expected, atol=1e-6)
    assert query.members == (10, 11, 12)


def test_combine_is_from_rows_for_single_images(make: Make, rng: np.random.Generator) -> None:
    vectors = make(rng.standard_normal((6, 9)).astype(np.float16))
    parts = [queries.from_rows(vectors, [i]) for i in (10, 11, 12)]
    together = queries.combine(parts[:2], parts[2:], title="both")
    expected = queries.from_rows(vectors, [10, 11], [12])
    np.testing.assert_allclose(together.vector, expected.vector, atol=1e-6)
    assert together.members == expected.members


def test_query_from_outside(make: Make) -> None:
    space = make(np.ones((1, 2), np.float16)).space
    one = queries.from_vectors(space, np.array([3.0, 4.0]))
    np.testing.assert_allclose(one.vector, [0.6, 0.8], atol=1e-7)
    two = queries.from_vectors(space, np.array([[5.0, 0.0], [0.0, 0.1]]))
    np.testing.assert_allclose(two.vector, np.sqrt([0.5, 0.5]), atol=1e-7)
    assert two.members == ()


def test_queries_that_make_no_sense(make: Make) -> None:
    vectors = make(np.array([[1, 0], [0, 0], [-1, 0]], np.float16))
    stranger = make(np.ones((1, 2), np.float16), network="other").space
    with pytest.raises(InvalidInput, match="positive example"):
        queries.from_rows(vectors, [])
    with pytest.raises(InvalidInput, match="positive and a negative"):
        queries.from_rows(vectors, [10, 11], [11])
    with pytest.raises(InvalidInput, match="points nowhere"):
        queries.from_rows(vectors, [11])
    with pytest.raises(InvalidInput, match="points nowhere"):
        queries.from_rows(vectors, [10, 12])
    with pytest.raises(SpaceMismatch, match="2 numbers"):
        queries.from_vectors(vectors.space, np.ones(3))
    with pytest.raises(InvalidInput, match="at least one vector"):
        queries.from_vectors(vectors.space, np.ones((0, 2)))
    with pytest.raises(SpaceMismatch, match="network"):
        queries.combine([queries.from_rows(vectors, [10]), Query(stranger, np.ones(2, np.float32))])
    with pytest.raises(InvalidInput, match="positive example"):
        queries.combine([])
