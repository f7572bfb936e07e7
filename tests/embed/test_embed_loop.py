from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Flip, Preprocessing, Space
from impasto.embed import Engine, embed, open_engine
from impasto.embed.loop import AHEAD
from impasto.networks import Network

Pixels = NDArray[np.uint8]
SIZE = 4


def arithmetic(batch: int, flip: Flip = "none") -> Engine:
    """Return an engine that anyone can follow: its vectors are two sums over the picture."""
    space = Space("sums", "both", 2, "0" * 64, Preprocessing(size=SIZE))

    def run(pixels: Pixels) -> tuple[NDArray[np.float32], ...]:
        numbers = pixels.astype(np.float32)
        left = numbers[:, :, : SIZE // 2].sum((1, 2, 3))
        return (np.stack([numbers.sum((1, 2, 3)), left], 1),)

    return Engine("sums", "cpu", "Easy.", "f32", flip, batch, 2, SIZE, (space,), run)


def picture(number: int) -> Pixels | None:
    """Return a picture for an item, none for every third."""
    if number % 3 == 1:
        return None
    return np.random.default_rng(number).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def slow(seconds: float) -> Callable[[int], int]:
    def load(number: int) -> int:
        time.sleep(seconds * (number % 4))
        return number

    return load


@given(
    total=st.integers(0, 40),
    batch=st.integers(1, 9),
    workers=st.integers(1, 4),
    flip=st.sampled_from(["none", "mean", "both"]),
)
@settings(deadline=None, max_examples=40)
def test_every_item_comes_once_in_order_with_its_own_vector(
    total: int, batch: int, workers: int, flip: Flip
) -> None:
    engine = arithmetic(batch, flip)
    items = list(range(100, 100 + total))
    chunks = list(embed(items, slow(0.0001), picture, engine, workers=workers))
    assert [item for chunk in chunks for item in chunk.items] == items
    assert [loaded for chunk in chunks for loaded in chunk.loaded] == items
    for number, chunk in enumerate(chunks):
        assert list(chunk.items) == items[number * batch : (number + 1) * batch]
        assert chunk.rows.dtype == np.int64
        assert chunk.values[0].shape == (len(chunk.rows), 2)
        assert [chunk.items[row] for row in chunk.rows] == [
            item for item in chunk.items if picture(item) is not None
        ]
        for index, row in enumerate(chunk.rows):
            pixels = picture(chunk.items[row])
            assert pixels is not None
            whole = pixels.sum(dtype=np.float32)
            left = pixels[:, : SIZE // 2].sum(dtype=np.float32)
            second = {"none": left, "mean": whole / 2, "both": left}[flip]
            assert chunk.values[0][index].tolist() == [whole, second]
            if flip == "both":
                assert chunk.mirrored is not None
                assert chunk.mirrored[0][index].tolist() == [whole, whole - left]
        assert (chunk.mirrored is None) == (flip != "both")


def test_without_an_engine_it_only_loads() -> None:
    chunks = list(embed(range(20), slow(0), picture, None, workers=3))
    assert [loaded for chunk in chunks for loaded in chunk.loaded] == list(range(20))
    assert all(chunk.values == () and len(chunk.rows) == 0 for chunk in chunks)


def test_an_error_reaches_the_consumer_after_what_came_before_it() -> None:
    def load(number: int) -> int:
        if number == 9:
            raise OSError("the disk is gone")
        return number

    seen: list[int] = []
    with pytest.raises(OSError, match="the disk is gone"):
        for chunk in embed(range(40), load, picture, arithmetic(4), workers=3):
            seen.extend(chunk.items)
    assert seen == list(range(8))
    assert not [thread for thread in threading.enumerate() if "impasto-embed" in thread.name]


def test_stopping_stops_the_workers_at_once() -> None:
    loaded = []

    def load(number: int) -> int:
        loaded.append(number)
        time.sleep(0.005)
        return number

    chunks = embed(range(10_000), load, picture, arithmetic(50), workers=2)
    next(chunks)
    began = time.monotonic()
    chunks.close()
    assert time.monotonic() - began < 0.2
    count = len(loaded)
    assert count < 10_000
    time.sleep(0.05)
    assert len(loaded) == count
    assert not [thread for thread in threading.enumerate() if "impasto-embed" in thread.name]


def test_a_slow_consumer_does_not_fill_the_memory() -> None:
    loaded = []

    def load(number: int) -> int:
        loaded.append(number)
        return number

    chunks = embed(range(1000), load, picture, arithmetic(5), workers=2)
    next(chunks)
    time.sleep(0.2)
    assert len(loaded) <= (2 * AHEAD + 1) * 5
    chunks.close()


def test_at_least_one_worker() -> None:
    with pytest.raises(InvalidInput, match="workers must be at least 1, not 0"):
        next(embed(range(3), slow(0), picture, None, workers=0))


def test_the_same_bytes_whoever_computes_them_and_wherever_the_run_went_on(lite: Network) -> None:
    engine = open_engine(lite, device="cpu", threads=2)
    drawn = np.random.default_rng(0)
    pictures = drawn.integers(0, 256, (40, 224, 224, 3), dtype=np.uint8)

    def prepare(number: int) -> Pixels | None:
        return None if number % 7 == 3 else pictures[number]

    def run(items: range, workers: int) -> bytes:
        chunks = embed(items, slow(0.001), prepare, engine, workers=workers)
        return b"".join(chunk.values[0].tobytes() for chunk in chunks)

    whole = run(range(40), 1)
    assert len(whole) == 34 * 1280 * 4
    assert run(range(40), 2) == whole
    assert run(range(40), 3) == whole
    assert run(range(16), 2) + run(range(16, 40), 2) == whole
