"""Near-duplicates against an obvious slow version, and where they could go wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.curate import duplicates, find_duplicates


def slowly(values: NDArray[np.float32], threshold: float) -> list[int]:
    """Group by flooding, in float64; numbered by first appearance."""
    wide = values.astype(np.float64)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    near = unit @ unit.T >= threshold
    groups = [-1] * len(values)
    for start in range(len(values)):
        if groups[start] < 0:
            number, todo = max(groups) + 1, [start]
            while todo:
                row = todo.pop()
                if groups[row] < 0:
                    groups[row] = number
                    todo += np.flatnonzero(near[row]).tolist()
    return groups


def with_doubles(n: int, seed: int, noise: float = 0.1) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, 24)) + 0.7
    source = rng.integers(0, n, n // 2)
    target = rng.permutation(n)[: n // 2]
    values[target] = values[source] * rng.uniform(0.5, 2, (n // 2, 1))
    values[target] += noise * rng.standard_normal((n // 2, 24))
    return values.astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 120), st.integers(0, 10_000), st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_equals_the_slow_version(n: int, seed: int, noise: float) -> None:
    values = with_doubles(n, seed, noise)
    found = find_duplicates(values, largest=1.0)
    assert found.groups.tolist() == slowly(values, found.threshold)


def test_blocks_and_thinning_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = with_doubles(500, 1)
    whole = find_duplicates(values, largest=1.0)
    monkeypatch.setattr(duplicates, "_ROWS", 37)
    monkeypatch.setattr(duplicates, "_PAIRS", 11)
    pieces = find_duplicates(values, largest=1.0)
    np.testing.assert_array_equal(whole.groups, pieces.groups)
    assert whole.n_doubles > 100


def test_background_is_the_mean_cosine_of_all_pairs() -> None:
    values = with_doubles(60, 2)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    pairs = (unit @ unit.T)[np.triu_indices(60, 1)]
    assert find_duplicates(values).background == pytest.approx(pairs.mean(), abs=1e-6)


def test_a_layer_where_all_look_alike_does_not_join_all() -> None:
    values = np.random.default_rng(0).standard_normal((300, 32)).astype(np.float32) * 0.1 + 1
    assert find_duplicates(values).background > 0.97
    assert find_duplicates(values).n_groups == 300


def test_sixteen_bit_copies_are_found_at_any_closeness() -> None:
    values = np.random.default_rng(0).standard_normal((40, 64)).astype(np.float32)
    doubled = np.concatenate([values, values * 3]).astype(np.float16)
    found = find_duplicates(doubled, closeness=1.0)
    assert found.groups.tolist() == list(range(40)) * 2


def test_a_chain_does_not_swallow_the_collection() -> None:
    angle = np.linspace(0, np.pi, 400)  # each image is like the next one, the ends are opposite
    values = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = find_duplicates(values, largest=0.1, closeness=0.9999)
    assert np.bincount(found.groups).max() <= 40
    assert found.refused > 0
    assert np.bincount(find_duplicates(values, closeness=0.9999, largest=1).groups).max() == 400


def test_exact_copies_are_joined_beyond_the_limit() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((100, 16)).astype(np.float32)
    values[:60] = values[0]
    assert np.bincount(find_duplicates(values).groups)[0] == 60
    hashes = [b"same"] * 50 + [None] * 50
    by_hash = find_duplicates(rng.standard_normal((100, 16)), hashes=hashes)
    assert np.bincount(by_hash.groups)[0] == 50
    assert by_hash.n_groups == 51


def test_zeros_are_like_nothing_and_small_input_works() -> None:
    values = np.array([[0, 0], [0, 0], [1, 0], [0, 1]], np.float32)
    assert find_duplicates(values).n_groups == 4
    assert find_duplicates(values[:0]).n_groups == 0
    assert find_duplicates(values[2:3]).groups.tolist() == [0]


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="not finite"):
        find_duplicates(np.array([[np.nan, 1.0]]))
    with pytest.raises(InvalidInput, match="2 hashes, not 1"):
        find_duplicates(np.eye(2), hashes=[b"x"])
    with pytest.raises(InvalidInput, match="closeness"):
        find_duplicates(np.eye(2), closeness=0)
    with pytest.raises(InvalidInput, match="shape"):
        find_duplicates(np.ones(3))
