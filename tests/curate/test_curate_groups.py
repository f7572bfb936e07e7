"""Groups that several reasons make, against a slow obvious way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.curate import grouped, join_groups

NUMBERS = st.lists(st.integers(0, 5), min_size=12, max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=3))
def test_joined_groups_are_what_repeated_merging_gives(groupings: list[list[int]]) -> None:
    merged = list(range(12))
    for _ in range(12):
        for grouping in groupings:
            for a in range(12):
                for b in range(12):
                    if grouping[a] == grouping[b]:
                        merged[a] = merged[b] = min(merged[a], merged[b])
    joined = join_groups(*(np.array(each) for each in groupings))
    assert joined.tolist() == grouped(merged).tolist()


def test_groups_need_the_same_images() -> None:
    with pytest.raises(InvalidInput, match="same images"):
        join_groups(np.arange(2), np.arange(3))
    assert len(join_groups(np.empty(0, np.int64))) == 0
    assert grouped([]).tolist() == []
