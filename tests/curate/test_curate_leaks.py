"""Images that two sets share, against comparison pair by pair."""

import numpy as np
import pytest

from impasto.core.errors import InvalidInput
from impasto.curate import find_duplicates, find_leaks


def test_leaks_are_the_pairs_that_duplicates_would_join() -> None:
    chance = np.random.default_rng(1)
    base = np.abs(chance.normal(size=(60, 24))).astype(np.float32)
    close = base[[3, 40]] + 0.02 * chance.normal(size=(2, 24)).astype(np.float32)
    ours, theirs = base[:30], np.concatenate((base[30:], close))
    found = find_leaks([None] * 30, [None] * 32, ours, theirs)
    both = np.concatenate((ours, theirs))
    oracle = find_duplicates(both).groups
    assert found.threshold == pytest.approx(find_duplicates(both).threshold)
    assert found.rows.tolist() == [r for r in range(30) if oracle[r] in set(oracle[30:].tolist())]
    assert found.rows.tolist() == [3]
    assert found.others.tolist() == [30]
    assert not found.exact.any()


def test_copies_are_found_without_vectors_and_count_as_exact() -> None:
    found = find_leaks([b"a", None, b"b"], [None, b"b", b"b"])
    assert (found.rows.tolist(), found.others.tolist()) == ([2], [1])
    assert found.exact.all()
    assert np.isnan(found.threshold)
    values = np.eye(3, dtype=np.float32)
    both = find_leaks([b"a", None, b"b"], [b"x", b"y"], values, np.full((2, 3), np.nan))
    assert len(both) == 0  # images without a vector are like no other


def test_vectors_of_two_spaces_are_refused() -> None:
    with pytest.raises(InvalidInput, match="two spaces"):
        find_leaks([None], [None], np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(InvalidInput, match="one hash and one vector"):
        find_leaks([None], [None], np.ones((2, 3)), np.ones((1, 3)))
