"""The bounded memory: oldest out first, each thing made once."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.serve.cache import Cache


@given(st.lists(st.integers(1, 8), max_size=60), st.integers(5, 20))
def test_it_keeps_the_latest_things_that_fit(asked: list[int], most: int) -> None:
    cache = Cache[int](most, weigh=lambda thing: thing)
    oracle: OrderedDict[int, int] = OrderedDict()
    made: list[int] = []
    for thing in asked:

        def make(thing: int = thing) -> int:
            made.append(thing)
            return thing

        before = len(made)
        assert cache.get(thing, make) == thing
        assert (len(made) > before) == (thing not in oracle)
        oracle[thing] = thing
        oracle.move_to_end(thing)
        while sum(oracle) > most and len(oracle) > 1:
            oracle.popitem(last=False)
        assert len(cache) == len(oracle)
        assert cache.weight == sum(oracle)


def test_the_newest_stays_even_when_it_is_too_heavy() -> None:
    cache = Cache[str](3, weigh=len)
    cache.get(1, lambda: "ab")
    cache.get(2, lambda: "abcdef")
    assert len(cache) == 1
    assert cache.get(2, lambda: "made again") == "abcdef"


def test_threads_that_want_the_same_wait_for_one() -> None:
    cache = Cache[int](100, weigh=lambda _: 1)
    begun, go = threading.Event(), threading.Event()
    made: list[int] = []

    def make() -> int:
        made.append(1)
        begun.set()
        assert go.wait(5)
        return 7

    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(cache.get("x", make))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(5)
    go.set()
    for thread in threads:
        thread.join(5)
    assert answers == [7] * 4
    assert len(made) == 1


def test_a_failure_is_told_and_not_kept() -> None:
    cache = Cache[int](100, weigh=lambda _: 1)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get("x", fail)
    assert len(cache) == 0
    assert cache.get("x", lambda: 3) == 3
