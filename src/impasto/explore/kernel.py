"""The exact scan: 16-bit rows against a few queries at the speed of memory.

The loops of `assembly` are compiled at first use (10 to 30 ms) by llvmlite, for this very
processor, and run in several threads without the interpreter lock. Where that isn't possible
NumPy does the same blockwise, several times slower; `backend` says which, and why.
"""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.explore import assembly

Rows = NDArray[np.floating[Any]]
Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_BLOCK_BYTES = 8 << 20  # Long enough to hide a call, short enough that no thread waits for long.


@dataclass(frozen=True, slots=True)
class Backend:
    """What computes similarities here, and why that.

    Parameters
    ----------
    name : {"llvm", "numpy"}
    why : str
        One sentence for people.
    """

    name: Literal["llvm", "numpy"]
    why: str


class Kernel(Protocol):
    """The loops, on one block of rows; `at_once` queries share a pass."""

    at_once: int

    def products(self, rows: Rows, queries: Floats, scales: Floats, out: Floats) -> None:
        """Fill ``out[q, i]`` with the clipped, scaled product of query `q` and row `i`."""

    def squares(self, rows: Rows, out: Floats) -> None:
        """Fill ``out[i]`` with the squared length of row `i`."""

    def scaled(self, rows: Rows, which: Numbers, scales: Floats, out: Floats) -> None:
        """Fill ``out[i]`` with row ``which[i]``, times ``scales[i]``."""

    def histogram(self, values: Floats, edges: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the values between uniform edges; the last bin is closed, NaN counts nowhere."""


class NumPyKernel:
    """The same by NumPy: rows become 32-bit in small blocks, BLAS multiplies."""

    at_once = 64
    _rows = 2048

    def products(self, rows: Rows, queries: Floats, scales: Floats, out: Floats) -> None:
        """Fill ``out[q, i]`` with the clipped, scaled product of query `q` and row `i`."""
        with np.errstate(invalid="ignore", over="ignore"):
            for begin in range(0, len(rows), self._rows):
                part = slice(begin, begin + self._rows)
                dots = queries @ rows[part].astype(np.float32, copy=False).T
                np.clip(dots * scales[part], -1, 1, out=out[:, part])

    def squares(self, rows: Rows, out: Floats) -> None:
        """Fill ``out[i]`` with the squared length of row `i`."""
        with np.errstate(invalid="ignore", over="ignore"):
            for begin in range(0, len(rows), self._rows):
                part = slice(begin, begin + self._rows)
                block = rows[part].astype(np.float32, copy=False)
                np.einsum("ij,ij->i", block, block, out=out[part])

    def scaled(self, rows: Rows, which: Numbers, scales: Floats, out: Floats) -> None:
        """Fill ``out[i]`` with row ``which[i]``, times ``scales[i]``."""
        with np.errstate(invalid="ignore", over="ignore"):
            out[:] = rows[which]
            out *= scales[:, None]

    def histogram(self, values: Floats, edges: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the values between uniform edges; the last bin is closed, NaN counts nowhere."""
        counts, _ = np.histogram(values[~np.isnan(values)].astype(np.float64), edges)
        return counts.astype(np.int64, copy=False)


class CompiledKernel:
    """The loops of `assembly`, compiled by llvmlite for `cpu` with `features` when first needed.

    Parameters
    ----------
    cpu, features : str
        As LLVM writes them ("znver4", "+avx512f,+f16c").
    """

    def __init__(self, cpu: str, features: str) -> None:
        from llvmlite import binding

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        self._llvm = binding
        self._cpu, self._features = cpu, features
        # Code for Windows refers to this marker of its C library, which LLVM doesn't know.
        self._marker = ctypes.c_int(0)
        binding.add_symbol("_fltused", ctypes.addressof(self._marker))
        self._lock = threading.Lock()
        self._engines: list[object] = []  # They own the machine code.
        self._functions: dict[tuple[str, ...], Any] = {}
        # Registers decide the tile: 32 of 16 lanes hold 24 running sums, the rest spills.
        wide = "+avx512f" in features.split(",")
        self._sums = 24 if wide else 6
        self.at_once = 8 if wide else 4

    def products(self, rows: Rows, queries: Floats, scales: Floats, out: Floats) -> None:
        """Fill ``out[q, i]`` with the clipped, scaled product of query `q` and row `i`."""
        element, many = _element(rows), len(queries)
        tile = 1 if many == 1 else max(1, min(4, self._sums // many))
        run = self._function(
            ("products", element, str(many)),
            lambda: assembly.products(element, many, tile),
            "piipppi",
        )
        n, d = rows.shape
        stride = out.strides[0] // out.itemsize
        run(_at(rows), n, d, _at(queries), _at(scales), _at(out), stride)

    def squares(self, rows: Rows, out: Floats) -> None:
        """Fill ``out[i]`` with the squared length of row `i`."""
        element = _element(rows)
        run = self._function(("squares", element), lambda: assembly.squares(element), "piip")
        run(_at(rows), *rows.shape, _at(out))

    def scaled(self, rows: Rows, which: Numbers, scales: Floats, out: Floats) -> None:
        """Fill ``out[i]`` with row ``which[i]``, times ``scales[i]``."""
        element = _element(rows)
        run = self._function(("scaled", element), lambda: assembly.scaled(element), "ppiipp")
        run(_at(rows), _at(which), *out.shape, _at(scales), _at(out))

    def histogram(self, values: Floats, edges: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the values between uniform edges; the last bin is closed, NaN counts nowhere."""
        run = self._function(("histogram",), assembly.histogram, "pipifp")
        bins = len(edges) - 1
        counts = np.zeros(bins, np.int64)
        scale = bins / (edges[-1] - edges[0])
        run(_at(values), len(values), _at(edges), bins, float(scale), _at(counts))
        return counts

    def _function(self, key: tuple[str, ...], text: Callable[[], str], arguments: str) -> Any:
        """Return the function ``key[0]``, compiled when `key` is new."""
        with self._lock:
            if key not in self._functions:
                module = self._llvm.parse_assembly(text())
                module.verify()
                # Every engine wants a target of its own: it owns it, and frees it.
                target = self._llvm.Target.from_default_triple().create_target_machine(
                    cpu=self._cpu, features=self._features, opt=3
                )
                engine = self._llvm.create_mcjit_compiler(module, target)
                engine.finalize_object()
                types = {"p": ctypes.c_void_p, "i": ctypes.c_int64, "f": ctypes.c_double}
                prototype = ctypes.CFUNCTYPE(None, *(types[letter] for letter in arguments))
                self._engines.append(engine)
                self._functions[key] = prototype(engine.get_function_address(key[0]))
            return self._functions[key]


def backend() -> Backend:
    """Say what computes similarities on this machine, and why."""
    return _choose()[1]


def scan(
    rows: Rows,
    queries: Floats,
    scales: Floats,
    *,
    threads: int | None = None,
    kernel: Kernel | None = None,
) -> Floats:
    """Multiply every row with every query, in one pass over the rows for a few queries.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n_features), float16 or float32, C-contiguous
    queries : ndarray of shape (n_queries, n_features), float32
    scales : ndarray of shape (n_images,), float32
        Factor of each row; NaN leaves its row out.
    threads : int, optional
        All cores by default.
    kernel : Kernel, optional
        What `backend` says by default.

    Returns
    -------
    ndarray of shape (n_queries, n_images), float32
        ``scales * products``, clipped to [-1, 1]; NaN where the row, the query or the scale is
        not a finite number. The bits do not depend on `threads` or on the other queries.
    """
    _check_rows(rows)
    n, d = rows.shape
    if queries.ndim != 2 or queries.shape[1] != d or scales.shape != (n,):
        raise InvalidInput(
            f"{n} rows of {d} numbers need queries of shape (n_queries, {d}) and {n} scales, "
            f"not {queries.shape} and {scales.shape}."
        )
    queries = np.ascontiguousarray(queries, np.float32)
    scales = np.ascontiguousarray(scales, np.float32)
    out = np.empty((len(queries), n), np.float32)
    kernel = kernel or _choose()[0]
    for first in range(0, len(queries), kernel.at_once):
        group = slice(first, first + kernel.at_once)

        def work(part: slice, group: slice = group) -> None:
            kernel.products(rows[part], queries[group], scales[part], out[group, part])

        _over_blocks(work, rows, threads)
    return out


def lengths(rows: Rows, *, threads: int | None = None, kernel: Kernel | None = None) -> Floats:
    """Return the Euclidean length of every row, shape (n_images,), float32."""
    _check_rows(rows)
    out = np.empty(len(rows), np.float32)
    kernel = kernel or _choose()[0]
    _over_blocks(lambda part: kernel.squares(rows[part], out[part]), rows, threads)
    return np.sqrt(out)


def scaled(
    rows: Rows,
    which: Numbers,
    scales: Floats,
    *,
    threads: int | None = None,
    kernel: Kernel | None = None,
) -> Floats:
    """Take some rows as 32-bit numbers, each times its factor: unit vectors for products by BLAS.

    Parameters
    ----------
    rows : ndarray of shape (n_images, n_features), float16 or float32, C-contiguous
    which : ndarray of shape (n,), int64
        Numbers of rows, from 0; in any order, also twice.
    scales : ndarray of shape (n,), float32
        Factors, in the order of `which`.
    threads : int, optional
        All cores by default.
    kernel : Kernel, optional
        What `backend` says by default.

    Returns
    -------
    ndarray of shape (n, n_features), float32
    """
    _check_rows(rows)
    if len(which) and not 0 <= which.min() <= which.max() < len(rows):
        raise InvalidInput(f"Rows have the numbers 0 to {len(rows) - 1}; some of these haven't.")
    if scales.shape != which.shape:
        raise InvalidInput(f"{len(which)} rows need {len(which)} factors, not {scales.shape}.")
    which = np.ascontiguousarray(which, np.int64)
    scales = np.ascontiguousarray(scales, np.float32)
    out = np.empty((len(which), rows.shape[1]), np.float32)
    kernel = kernel or _choose()[0]
    _over_blocks(
        lambda part: kernel.scaled(rows, which[part], scales[part], out[part]), out, threads
    )
    return out


def histogram(
    values: Floats, edges: NDArray[np.float64], *, kernel: Kernel | None = None
) -> NDArray[np.int64]:
    """Count values between uniform edges, exactly as `numpy.histogram` would.

    Parameters
    ----------
    values : ndarray of shape (n_images,), float32
        NaN and values outside the edges count nowhere.
    edges : ndarray of shape (n_bins + 1,), float64
        From `numpy.linspace`. Bins are half open, the last one is closed.

    Returns
    -------
    ndarray of shape (n_bins,), int64
    """
    values = np.ascontiguousarray(values, np.float32)
    edges = np.ascontiguousarray(edges, np.float64)
    return (kernel or _choose()[0]).histogram(values, edges)


def _over_blocks(work: Callable[[slice], None], rows: Rows, threads: int | None) -> None:
    """Do `work` on blocks of rows; idle threads take the next block, so none waits long."""
    n, step = len(rows), max(1, _BLOCK_BYTES // max(1, rows.strides[0]))
    blocks = iter(range(0, n, step))
    lock = threading.Lock()

    def take() -> Iterator[slice]:
        while True:
            with lock:
                begin = next(blocks, None)
            if begin is None:
                return
            yield slice(begin, min(begin + step, n))

    def drain(_: int) -> None:
        for part in take():
            work(part)

    workers = min(threads or cores(), -(-n // step))
    if workers <= 1:
        drain(0)
        return
    with ThreadPoolExecutor(workers - 1) as pool:
        others = pool.map(drain, range(workers - 1))
        drain(0)
        list(others)


def _check_rows(rows: Rows) -> None:
    if rows.dtype not in (np.float16, np.float32) or rows.ndim != 2:
        raise InvalidInput(
            "The scan takes a two-dimensional float16 or float32 array, not "
            f"{rows.dtype} of shape {rows.shape}; convert it with astype."
        )
    if not rows.flags.c_contiguous:
        raise InvalidInput(
            "The scan reads rows one after another in memory; pass numpy.ascontiguousarray(rows)."
        )


@cache
def _choose() -> tuple[Kernel, Backend]:
    reason = _obstacle()
    if reason is None:
        try:
            from llvmlite import binding

            cpu = binding.get_host_cpu_name()
            kernel = CompiledKernel(cpu, binding.get_host_cpu_features().flatten())
            kernel.squares(np.ones((1, 1), np.float16), np.empty(1, np.float32))
        except (ImportError, OSError, RuntimeError) as error:
            reason = f"llvmlite can't compile here ({_first_line(error)})"
        else:
            return kernel, Backend("llvm", f"Compiled by llvmlite for this processor ({cpu}).")
    why = f"NumPy, several times slower than the compiled scan: {reason}."
    return NumPyKernel(), Backend("numpy", why)


def _obstacle() -> str | None:
    """Say why compiled 16-bit loads would not work here, if so.

    Without conversion instructions LLVM calls a C helper that a Python process may not have.
    """
    machine = platform.machine().lower()
    if machine in ("arm64", "aarch64"):
        return None
    if machine not in ("x86_64", "amd64"):
        return f"the compiled scan is made for x86-64 and ARM64, not for {machine!r}"
    try:
        from llvmlite import binding

        features = binding.get_host_cpu_features()
    except (ImportError, OSError, RuntimeError) as error:
        return f"llvmlite is not usable here ({_first_line(error)})"
    lacking = [name for name in ("f16c", "fma") if not features.get(name)]
    return f"this processor lacks {' and '.join(lacking)}" if lacking else None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _element(rows: Rows) -> assembly.Element:
    return "half" if rows.dtype == np.float16 else "float"


def _at(array: NDArray[Any]) -> int:
    return array.ctypes.data
