from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.explore import kernel
from impasto.explore.kernel import CompiledKernel, Kernel, NumPyKernel


def _narrow() -> Kernel:
    """The kernel of a processor with fewer, narrower registers than this one may have."""
    from llvmlite import binding

    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip("made for x86-64 with AVX2")
    return CompiledKernel("haswell", "+avx2,+f16c,+fma")


@pytest.fixture(scope="module", params=["here", "narrow", "numpy"])
def a_kernel(request: pytest.FixtureRequest) -> Kernel:
    if request.param == "numpy":
        return NumPyKernel()
    return _narrow() if request.param == "narrow" else kernel._choose()[0]


def test_this_machine_compiles() -> None:
    machine = os.uname().machine if hasattr(os, "uname") else ""
    if machine not in ("x86_64", "aarch64", "arm64"):
        pytest.skip(f"no compiled scan for {machine!r}")
    assert kernel.backend().name == "llvm", kernel.backend().why


@pytest.mark.parametrize(
    ("n", "d"), [(0, 5), (1, 1), (3, 16), (7, 33), (5, 15), (101, 47), (19, 1280), (4, 4096)]
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_products_agree_with_float64(
    a_kernel: Kernel, n: int, d: int, dtype: type, rng: np.random.Generator
) -> None:
    rows: NDArray[Any] = rng.standard_normal((n, d)).astype(dtype)
    scales = (rng.random(n) / d).astype(np.float32)
    for many in (1, 2, 3, 4, 5, 8, 9):
        queries = rng.standard_normal((many, d)).astype(np.float32)
        got = kernel.scan(rows, queries, scales, kernel=a_kernel)
        expected = queries.astype(np.float64) @ rows.astype(np.float64).T * scales
        assert got.shape == (many, n)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, np.clip(expected, -1, 1), atol=2e-6)


def test_lengths_agree_with_float64(a_kernel: Kernel, rng: np.random.Generator) -> None:
    for dtype, d in itertools.product((np.float16, np.float32), (1, 15, 16, 33, 1280)):
        rows = rng.standard_normal((23, d)).astype(dtype)
        got = kernel.lengths(rows, kernel=a_kernel)
        np.testing.assert_allclose(got, np.linalg.norm(rows.astype(np.float64), axis=1), rtol=1e-6)


@pytest.mark.parametrize(("n", "d"), [(0, 5), (1, 1), (7, 33), (5, 15), (101, 47), (19, 1280)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_scaled_rows_are_numpys(
    a_kernel: Kernel, n: int, d: int, dtype: type, rng: np.random.Generator
) -> None:
    rows: NDArray[Any] = rng.standard_normal((n, d)).astype(dtype)
    if n > 2:
        rows[1, 0], rows[2] = np.inf, 6e-8  # the smallest 16-bit number
    which = rng.integers(0, n, 3 * n) if n else np.empty(0, np.int64)
    scales = rng.standard_normal(len(which)).astype(np.float32)
    got = kernel.scaled(rows, which, scales, kernel=a_kernel)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, rows[which].astype(np.float32) * scales[:, None])


def test_scaled_rows_in_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(300, dtype=np.float32).reshape(100, 3)
    which = np.arange(100)[::-1]
    monkeypatch.setattr(kernel, "_BLOCK_BYTES", 40)
    for threads in (1, 3):
        got = kernel.scaled(rows, which, np.full(100, 2, np.float32), threads=threads)
        np.testing.assert_array_equal(got, 2 * rows[::-1])


def test_scaled_rows_must_exist() -> None:
    rows = np.ones((3, 2), np.float16)
    for which in ([3], [-1]):
        with pytest.raises(InvalidInput, match="0 to 2"):
            kernel.scaled(rows, np.array(which), np.ones(1, np.float32))
    with pytest.raises(InvalidInput, match="need 1 factors"):
        kernel.scaled(rows, np.array([0]), np.ones(2, np.float32))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(0, 40),
    d=st.integers(1, 70),
    many=st.integers(1, 9),
    threads=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_any_shape(n: int, d: int, many: int, threads: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, d)).astype(np.float16)
    queries = rng.standard_normal((many, d)).astype(np.float32)
    scales = np.full(n, 0.01, np.float32)
    got = kernel.scan(rows, queries, scales, threads=threads)
    expected = np.clip(queries.astype(np.float64) @ rows.astype(np.float64).T * 0.01, -1, 1)
    np.testing.assert_allclose(got, expected, atol=2e-6)


def test_many_blocks_and_threads_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    rows = rng.standard_normal((1003, 77)).astype(np.float16)
    queries = rng.standard_normal((11, 77)).astype(np.float32)
    scales = np.full(1003, 0.01, np.float32)
    whole = kernel.scan(rows, queries, scales, threads=1)
    monkeypatch.setattr(kernel, "_BLOCK_BYTES", 5000)
    np.testing.assert_array_equal(kernel.scan(rows, queries, scales, threads=4), whole)
    alone = np.vstack([kernel.scan(rows, query[None], scales) for query in queries])
    np.testing.assert_array_equal(alone, whole)


def test_callers_in_several_threads(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((300, 64)).astype(np.float16)
    queries = rng.standard_normal((40, 64)).astype(np.float32)
    scales = np.full(300, 0.01, np.float32)
    fresh = CompiledKernel(*_host())
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(lambda query: kernel.scan(rows, query[None], scales, kernel=fresh)[0], queries)
        )
    np.testing.assert_array_equal(got, kernel.scan(rows, queries, scales))


def test_numbers_that_are_not_finite_stay_in_their_row(a_kernel: Kernel) -> None:
    rows = np.ones((9, 40), np.float16)
    rows[2, 3], rows[5, 39], rows[6, 20] = np.nan, np.inf, -np.inf
    scales = np.full(9, 0.001, np.float32)
    scales[5:7] = np.nan  # What scales_of makes of an infinite length.
    scales[8] = 0
    got = kernel.scan(rows, np.ones((2, 40), np.float32), scales, kernel=a_kernel)
    assert np.isnan(got[:, [2, 5, 6]]).all()
    np.testing.assert_allclose(got[:, [0, 1, 3, 4, 7]], 0.04, atol=1e-7)
    assert (got[:, 8] == 0).all()


def test_products_are_clipped(a_kernel: Kernel) -> None:
    rows = np.array([[1.0], [-1.0], [0.5]], np.float16)
    got = kernel.scan(
        rows, np.ones((1, 1), np.float32), np.full(3, 1.5, np.float32), kernel=a_kernel
    )
    np.testing.assert_array_equal(got, [[1, -1, 0.75]])


@pytest.mark.parametrize("limits", [(-1.0, 1.0), (-0.3, 0.7), (0.0, 0.1)])
@pytest.mark.parametrize("bins", [1, 7, 200])
def test_histogram_is_numpys(
    a_kernel: Kernel, bins: int, limits: tuple[float, float], rng: np.random.Generator
) -> None:
    edges = np.linspace(*limits, bins + 1)
    on_edges = edges.astype(np.float32)
    beside = np.nextafter(on_edges, np.float32(2))
    spread = (rng.standard_normal(5000) * 0.4).astype(np.float32)
    values = np.concatenate([on_edges, beside, spread]).astype(np.float32)
    expected, _ = np.histogram(values.astype(np.float64), edges)
    with_nan = np.insert(values, [0, 50, 5000], np.nan)
    got = kernel.histogram(with_nan, edges, kernel=a_kernel)
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.int64


def test_memory_mapped_rows(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = rng.standard_normal((50, 40)).astype(np.float16)
    rows.tofile(tmp_path / "vectors.f16")
    mapped = np.memmap(tmp_path / "vectors.f16", np.float16, mode="r").reshape(50, 40)
    query, scales = np.ones((1, 40), np.float32), np.full(50, 0.01, np.float32)
    np.testing.assert_array_equal(
        kernel.scan(mapped, query, scales), kernel.scan(rows, query, scales)
    )


@pytest.mark.parametrize(
    ("rows", "query", "says"),
    [
        (np.ones((6, 8), np.float16)[:, ::2], np.ones((1, 4), np.float32), "ascontiguousarray"),
        (np.ones((6, 8), np.float64), np.ones((1, 8), np.float32), "float64"),
        (np.ones(8, np.float16), np.ones((1, 8), np.float32), "two-dimensional"),
        (np.ones((6, 8), np.float16), np.ones((1, 7), np.float32), r"\(n_queries, 8\)"),
    ],
)
def test_errors_teach(rows: NDArray[Any], query: NDArray[np.float32], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        kernel.scan(rows, query, np.ones(len(rows), np.float32))


def test_first_use_is_quick(rng: np.random.Generator) -> None:
    rows, scales = rng.standard_normal((50, 64)).astype(np.float16), np.ones(50, np.float32)
    fresh = CompiledKernel(*_host())
    best = np.inf
    for many in (1, 2, 8):  # Each compiles anew; the machine may be busy, so the quickest counts.
        begin = time.perf_counter()
        kernel.scan(rows, np.ones((many, 64), np.float32), scales, kernel=fresh)
        best = min(best, time.perf_counter() - begin)
    assert best < 0.3


def test_without_llvmlite_it_says_so_and_still_works() -> None:
    program = """
import sys
sys.modules["llvmlite"] = None
import numpy as np
from impasto.explore import kernel
rows = np.eye(3, dtype=np.float16)
got = kernel.scan(rows, np.ones((1, 3), np.float32), np.ones(3, np.float32))
assert (got == 1).all()
print(kernel.backend().name, kernel.backend().why)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("numpy NumPy, several times slower")
    assert "llvmlite" in said


def test_import_is_light() -> None:
    program = """
import sys
from impasto.explore import compare, distribution, kernel, queries, retrieval, similarity
heavy = ("torch", "sklearn", "scipy", "openvino", "pyarrow", "llvmlite")
print([name for name in heavy if name in sys.modules])
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert said.strip() == "[]"


def _host() -> tuple[str, str]:
    from llvmlite import binding

    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
