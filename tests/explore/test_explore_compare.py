from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Vectors
from impasto.explore import queries
from impasto.explore.compare import compare
from impasto.explore.distribution import background
from impasto.explore.queries import Query
from impasto.explore.ranks import falling_order, rank_biased_overlap
from impasto.explore.similarity import similarities

Make = Callable[..., Vectors]


@pytest.mark.parametrize("levels", [3, 500])
def test_distances_are_scipys(make: Make, levels: int, rng: np.random.Generator) -> None:
    values = rng.integers(1, levels + 1, (400, 3)).astype(np.float16)  # Few levels: many ties.
    ids = np.arange(400)
    ids[[5, 6]] = -1
    vectors = make(values, ids)
    asked = [queries.from_rows(vectors, [i], title=str(i)) for i in (0, 1, 17, 30)]
    got = compare(vectors, asked, bins=40, limits=(-1, 1), k=20)
    found = similarities(vectors, np.stack([q.vector for q in asked]))[:, ids >= 0]
    kept = ids[ids >= 0]
    tops = [kept[np.lexsort((kept, -line))][:20] for line in found]
    assert got.titles == ("0", "1", "17", "30")
    for i in range(4):
        assert got.distributions[i].total == 398
        for j in range(4):
            a, b = found[i].astype(np.float64), found[j].astype(np.float64)
            assert got.ks[i, j] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-9)
            expected = stats.wasserstein_distance(a, b)
            assert got.wasserstein[i, j] == pytest.approx(expected, abs=1e-6)
            assert got.spearman[i, j] == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)
            common = len(set(tops[i]) & set(tops[j])) / 20
            assert got.overlap[i, j] == pytest.approx(common)
    assert got.overlap_chance == 20 / 398
    np.testing.assert_array_equal(got.similarities, found)
    np.testing.assert_array_equal(got.ids, kept)
    for line, ranks, cut, top in zip(found, got.ranks, got.cuts, tops, strict=True):
        by_rank = kept[np.lexsort((kept, -line))]
        np.testing.assert_array_equal(by_rank[ranks - 1], kept)
        assert cut == line[kept == top[-1]]
    below = [[(line < edge).mean() for edge in got.distributions[0].edges[:-1]] for line in found]
    np.testing.assert_allclose(got.cumulative[:, :-1], below)
    assert (got.cumulative[:, -1] == 1).all()


def test_rows_come_by_id_whatever_their_order_on_disk(make: Make, rng: np.random.Generator) -> None:
    values = rng.integers(1, 4, (50, 2)).astype(np.float16)
    shuffle = rng.permutation(50)
    one, other = make(values), make(values[shuffle], shuffle + 10)
    asked = [np.array([1.0, 0.2]), np.array([0.3, 1.0])]
    got, again = (
        compare(each, [queries.from_vectors(each.space, vector) for vector in asked], k=7)
        for each in (one, other)
    )
    np.testing.assert_array_equal(got.ids, again.ids)
    np.testing.assert_array_equal(got.ranks, again.ranks)
    np.testing.assert_array_equal(got.overlap, again.overlap)


def test_histograms_lie_where_the_similarities_are(make: Make, rng: np.random.Generator) -> None:
    vectors = make((rng.standard_normal((60, 8)) + 3).astype(np.float16))
    got = compare(vectors, [queries.from_rows(vectors, [i]) for i in (10, 11)], bins=30)
    edges = got.distributions[0].edges
    assert 0 < edges[0] <= min(got.similarities.min(), background(vectors).similarities[0])
    assert edges[0] == pytest.approx(round(edges[0] * 50) / 50)
    assert edges[-1] == 1
    assert sum(int(one.counts.sum()) for one in got.distributions) == 120
    for one in got.backgrounds:
        assert one.counts.sum() == one.total == 60 * 59 / 2
    mixed = [queries.from_rows(vectors, ids) for ids in ([10], [11, 12, 13])]
    random = [background(vectors, parts=query.parts) for query in mixed]
    assert random[1].mean > random[0].mean
    for one, expected in zip(compare(vectors, mixed).backgrounds, random, strict=True):
        assert one.mean == expected.mean
    alike = make(np.ones((5, 2), np.float16))
    same = compare(alike, [queries.from_rows(alike, [10])] * 2)
    assert same.distributions[0].counts.sum() == 5


def test_opposite_queries(make: Make) -> None:
    angles = np.radians(np.arange(1, 90))
    vectors = make(np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32))
    ends = [queries.from_vectors(vectors.space, np.array(v)) for v in ([1.0, 0.0], [0.0, 1.0])]
    got = compare(vectors, ends, k=10)
    assert got.spearman[0, 1] == pytest.approx(-1)
    assert got.overlap[0, 1] == 0
    assert got.rbo[0, 1] == 0
    assert got.ks[0, 1] == pytest.approx(0, abs=2 / 89)  # Mirror images: the same distribution.
    assert got.k == 10


def test_rank_biased_overlap_by_the_definition(rng: np.random.Generator) -> None:
    for _ in range(20):
        a, b = rng.permutation(12)[:8], rng.permutation(12)[:8]
        shares = [len(set(a[:d]) & set(b[:d])) / d for d in range(1, 9)]
        p = 0.8
        terms = sum(share * p**d for d, share in enumerate(shares, 1))
        expected = shares[-1] * p**8 + (1 - p) / p * terms
        assert rank_biased_overlap(a, b, p=p) == pytest.approx(expected)
        assert rank_biased_overlap(a, a, p=p) == pytest.approx(1)
    with pytest.raises(InvalidInput, match="same length"):
        rank_biased_overlap(np.arange(3), np.arange(4))


def test_the_quick_order_is_that_of_a_stable_sort(rng: np.random.Generator) -> None:
    values = (rng.integers(-30, 30, 500) / 10).astype(np.float32)
    values[:4] = np.array([0.0, -0.0, -1e-45, 1e-45], np.float32)
    np.testing.assert_array_equal(falling_order(values), np.argsort(-values, kind="stable"))


def test_what_can_not_be_compared(make: Make) -> None:
    vectors = make(np.ones((3, 2), np.float16))
    one = queries.from_rows(vectors, [10])
    stranger = make(np.ones((1, 2), np.float16), network="other").space
    with pytest.raises(InvalidInput, match="at least two"):
        compare(vectors, [one])
    with pytest.raises(InvalidInput, match="at least one neighbour"):
        compare(vectors, [one, one], k=0)
    with pytest.raises(SpaceMismatch, match="network"):
        compare(vectors, [one, Query(stranger, np.ones(2, np.float32))])
    with pytest.raises(InvalidInput, match="no vectors"):
        compare(make(np.ones((1, 2), np.float16), np.array([-1])), [one, one])


def test_queries_that_rank_nothing(make: Make) -> None:
    vectors = make(np.ones((5, 2), np.float16))
    flat = [queries.from_vectors(vectors.space, np.array(v)) for v in ([1.0, 0.0], [1.0, 1.0])]
    got = compare(vectors, flat)
    assert got.spearman[0, 1] == 0
    assert got.ks[0, 1] == 1
    assert got.k == 5
