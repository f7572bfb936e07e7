"""Exact search: one query → all similarities + histogram + top 100, against what else there is.

Everyone gets unit-length vectors made beforehand; all run interleaved, medians are shown, and
the time of one bare pass over the 16-bit bytes with the same threads stands beside them. NumPy
and torch compute what we compute (each as usually written and at its best); FAISS, usearch and
scikit-learn return only the top 100, so their times are lower bounds for the whole job.

    python benchmarks/search.py --rows 100000 1000000 --rounds 9
    pip install faiss-cpu usearch       # the two opponents that are not our dependencies

A million rows need about 18 GB of memory with all opponents, because each f32 opponent holds
its own rows; `--without faiss scikit-learn` needs 8 GB.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import platform
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Space, Vectors
from impasto.explore import kernel
from impasto.explore.distribution import distribution, uniform_edges
from impasto.explore.similarity import nearest, similarities

K, BINS = 100, 200
LIMITS = (-1.0, 1.0)


@dataclass(frozen=True)
class Opponent:
    """One way to do the job; `whole` when it gives all similarities and the histogram too."""

    name: str
    whole: bool
    run: Callable[[], Any]  # Returns the row numbers of its top 100, or None.


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--dimension", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=kernel.cores())
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        choices=["numpy", "torch", "scikit-learn", "faiss", "usearch"],
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    print(f"{platform.machine()}, {options.threads} threads; {kernel.backend().why}\n")
    results = [
        measure(rows, options.dimension, options.rounds, options.threads, options.without)
        for rows in options.rows
    ]
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


def measure(
    n: int, d: int, rounds: int, threads: int, without: list[str]
) -> dict[str, float | str | int]:
    """Run everyone at one size, print the table, return milliseconds by name."""
    half = make_rows(n, d)
    query = np.random.default_rng(2).standard_normal(d).astype(np.float32) * 0.7
    query += half[n // 2]
    query /= np.linalg.norm(query)
    makers = {
        "impasto": ours,
        "numpy": plain_numpy,
        "torch": torch_half,
        "scikit-learn": scikit_learn,
        "faiss": faiss_flat,
        "usearch": usearch_exact,
    }
    everyone = [
        one
        for name, make in makers.items()
        if name not in without
        for one in make(half, query, threads)
    ]
    read = bare_pass(half, threads)
    times: dict[str, list[float]] = {one.name: [] for one in everyone}
    passes, tops = [], {}
    for turn in range(rounds + 1):
        for one in everyone:
            passes.append(clock(read))  # Noise comes in spells: measure the limit all along.
            begin = time.perf_counter()
            tops[one.name] = one.run()
            elapsed = time.perf_counter() - begin
            if turn:  # The first turn warms up.
                times[one.name].append(elapsed)
    limit, least = statistics.median(passes), min(passes)
    truth = exact_top(half, query)
    print(f"\n{n:,} x {d}, {rounds} rounds; one pass over the bytes: median {limit * 1e3:.1f} ms")
    print(f"({half.nbytes / limit / 1e9:.0f} GB/s), best {least * 1e3:.1f} ms\n")
    print("| | median ms | of one pass | best ms | of one pass | times ours | top 100 found |")
    print("|---|---|---|---|---|---|---|")
    base = statistics.median(times[everyone[0].name])
    for one in everyone:
        median, best = statistics.median(times[one.name]), min(times[one.name])
        top = tops[one.name]
        found = "" if top is None else str(len(set(truth) & set(np.asarray(top).tolist())))
        name = one.name if one.whole else f"{one.name} ({'top 100' if found else 'scan'} only)"
        print(
            f"| {name} | {median * 1e3:.1f} | {median / limit:.2f} | {best * 1e3:.1f} | "
            f"{best / least:.2f} | {median / base:.1f} | {found} |"
        )
    medians = {name: statistics.median(values) * 1e3 for name, values in times.items()}
    return {"rows": n, "dimension": d, "one pass": limit * 1e3, **medians}


def make_rows(n: int, d: int) -> NDArray[np.float16]:
    """Make clustered unit vectors, quickly and always the same."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((20_000, d), np.float32)
    rows = np.empty((n, d), np.float16)
    for begin in range(0, n, len(noise)):
        part = rows[begin : begin + len(noise)]
        centres = rng.standard_normal((50, d), np.float32)[rng.integers(0, 50, len(part))]
        block = noise[: len(part)] + centres
        part[:] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return rows


def exact_top(half: NDArray[np.float16], query: NDArray[np.float32]) -> list[int]:
    """Rank by float64 sums of the stored numbers, blockwise."""
    wide = query.astype(np.float64)
    scores = np.concatenate(
        [half[at : at + 4096].astype(np.float64) @ wide for at in range(0, len(half), 4096)]
    )
    top: list[int] = np.argsort(-scores, kind="stable")[:K].tolist()
    return top


def ours(half: NDArray[np.float16], query: NDArray[np.float32], _threads: int) -> list[Opponent]:
    n, d = half.shape
    space = Space("benchmark", "last", d, "0" * 64)
    vectors = Vectors(space, np.arange(n), half, kernel.lengths(half))
    edges = uniform_edges(BINS, LIMITS)
    eight = np.stack([query, *half[:7].astype(np.float32)])

    def scan(queries: NDArray[np.float32]) -> None:
        similarities(vectors, queries)

    def job() -> NDArray[np.int64]:
        found = similarities(vectors, query[None])[0]
        kernel.histogram(found, edges)
        return nearest(space, vectors.ids, found, K).ids

    def with_quantiles() -> NDArray[np.int64]:
        found = similarities(vectors, query[None])[0]
        distribution(found, bins=BINS, limits=LIMITS)
        return nearest(space, vectors.ids, found, K).ids

    return [
        Opponent("impasto", True, job),
        Opponent("impasto, and exact quantiles", True, with_quantiles),
        Opponent("impasto, 1 query", False, lambda: scan(query[None])),
        Opponent("impasto, 8 queries", False, lambda: scan(eight)),
    ]


def plain_numpy(
    half: NDArray[np.float16], query: NDArray[np.float32], _threads: int
) -> list[Opponent]:
    rows = half.astype(np.float32)

    def usual() -> NDArray[np.int64]:
        found = rows @ query
        np.histogram(found, BINS, LIMITS)
        top = np.argpartition(-found, K)[:K]
        return top[np.argsort(-found[top])]

    def best() -> NDArray[np.int64]:
        found = rows @ query
        counts = np.bincount(((found + 1) * (BINS / 2)).astype(np.int32), minlength=BINS)
        cut = BINS - 1 - np.flatnonzero(np.cumsum(counts[::-1]) >= K)[0]
        top = np.flatnonzero(found >= cut * 2 / BINS - 1 - 1e-6)
        return top[np.argsort(-found[top])][:K]

    return [
        Opponent("NumPy f32, as usual", True, usual),
        Opponent("NumPy f32, at its best", True, best),
    ]


def torch_half(
    half: NDArray[np.float16], query: NDArray[np.float32], threads: int
) -> list[Opponent]:
    import torch

    torch.set_num_threads(threads)
    rows, asked = torch.from_numpy(half), torch.from_numpy(query).half()

    def job() -> NDArray[np.int64]:
        found = torch.mv(rows, asked).float()
        torch.histc(found, BINS, *LIMITS)
        return torch.topk(found, K).indices.numpy()

    return [Opponent("torch f16", True, job)]


def scikit_learn(
    half: NDArray[np.float16], query: NDArray[np.float32], threads: int
) -> list[Opponent]:
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=K, algorithm="brute", n_jobs=threads)
    index.fit(half.astype(np.float32))
    return [
        Opponent(
            "scikit-learn brute f32",
            False,
            lambda: index.kneighbors(query[None], return_distance=False)[0],
        )
    ]


def faiss_flat(
    half: NDArray[np.float16], query: NDArray[np.float32], threads: int
) -> list[Opponent]:
    try:
        faiss = importlib.import_module("faiss")
    except ImportError as error:
        return absent("faiss-cpu", error)

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(half.shape[1])
    for begin in range(0, len(half), 50_000):
        index.add(half[begin : begin + 50_000].astype(np.float32))
    return [Opponent("FAISS flat f32", False, lambda: index.search(query[None], K)[1][0])]


def usearch_exact(
    half: NDArray[np.float16], query: NDArray[np.float32], threads: int
) -> list[Opponent]:
    try:
        usearch = importlib.import_module("usearch.index")
    except ImportError as error:
        return absent("usearch", error)

    asked = query.astype(np.float16)

    def job() -> NDArray[np.int64]:
        found = usearch.search(half, asked, K, usearch.MetricKind.IP, exact=True, threads=threads)
        keys: NDArray[np.int64] = found.keys
        return keys

    return [Opponent("usearch exact f16", False, job)]


def absent(package: str, error: ImportError) -> list[Opponent]:
    print(f"(not compared: {package} can't be imported: {error})")
    return []


def bare_pass(rows: NDArray[Any], threads: int) -> Callable[[], None]:
    """Return a function that loads every byte once and does next to nothing with it.

    Without llvmlite the sum by NumPy stands for it, which is slower than the memory.
    """
    words = rows.reshape(-1).view(np.uint64)
    step = 1 << 20
    parts = [words[at : at + step] for at in range(0, len(words), step)]
    load = compiled_load() or (lambda part: part.sum())

    def run() -> None:
        lock, left = threading.Lock(), iter(parts)

        def work() -> None:
            while True:
                with lock:
                    part = next(left, None)
                if part is None:
                    return
                load(part)

        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for thread in others:
            thread.start()
        work()
        for thread in others:
            thread.join()

    return run


def compiled_load() -> Callable[[NDArray[np.uint64]], None] | None:
    """Compile a loop that xors the words together, eight independent lines at a time."""
    if kernel.backend().name != "llvm":
        return None
    from llvmlite import binding

    lanes = range(8)
    text = "\n".join(
        [
            "define void @load(ptr %p, i64 %n, ptr %out) {",
            "entry:\n  br label %loop",
            "loop:\n  %i = phi i64 [0, %entry], [%i.next, %loop]",
            *(f"  %a{u} = phi <8 x i64> [zeroinitializer, %entry], [%b{u}, %loop]" for u in lanes),
            *(
                f"  %j{u} = add i64 %i, {8 * u}\n  %p{u} = getelementptr i64, ptr %p, i64 %j{u}\n"
                f"  %x{u} = load <8 x i64>, ptr %p{u}, align 8\n"
                f"  %b{u} = xor <8 x i64> %a{u}, %x{u}"
                for u in lanes
            ),
            "  %i.next = add i64 %i, 64\n  %more = icmp ult i64 %i.next, %n",
            "  br i1 %more, label %loop, label %end\nend:",
            *(
                f"  %c{u} = xor <8 x i64> %b{u}, {'%b0' if u == 1 else f'%c{u - 1}'}"
                for u in lanes[1:]
            ),
            "  store <8 x i64> %c7, ptr %out, align 8\n  ret void\n}",
        ]
    )
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
    )
    engine = binding.create_mcjit_compiler(binding.parse_assembly(text), target)
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    function = prototype(engine.get_function_address("load"))

    def load(part: NDArray[np.uint64], _engine: object = engine) -> None:
        sink = np.empty(8, np.uint64)
        function(part.ctypes.data, len(part) // 64 * 64, sink.ctypes.data)

    return load


def clock(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
