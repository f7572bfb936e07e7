"""The engines: what runs a network on this machine, behind one small interface.

OpenVINO on processors, PyTorch on graphics cards. An engine has a fixed batch and one network
compiled for it; several threads may call it at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Flip, Precision, Space
from impasto.networks.records import Network, Tap

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

BATCH = 8
"""Images a call computes: on processors small batches stay in the cache and win."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The vectors of one batch.

    Parameters
    ----------
    values : tuple of ndarray of shape (batch, n_features), float32
        One per space, in the order of `Engine.spaces`.
    mirrored : tuple of ndarray or None
        Vectors of the mirror images, with ``flip="both"``.
    """

    values: tuple[Rows, ...]
    mirrored: tuple[Rows, ...] | None = None


class Runner(Protocol):
    """What a library has to offer to be an engine."""

    def __call__(self, pixels: Pixels) -> tuple[Rows, ...]:
        """Return one array of shape (batch, n_features) per tap, owned by the caller."""


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A network compiled for this machine.

    Parameters
    ----------
    name : {"openvino", "torch"}
    device : str
        "cpu", "cuda", "cuda:1", "mps".
    why : str
        One sentence: why this engine and device.
    precision : {"f32", "bf16"}
    flip : {"none", "mean", "both"}
    batch : int
    workers : int
        Threads that may usefully call `run` at the same time.
    size : int
        Side of the input, pixels.
    spaces : tuple of Space
        One per tap.
    runner : Runner
    """

    name: str
    device: str
    why: str
    precision: Precision
    flip: Flip
    batch: int
    workers: int
    size: int
    spaces: tuple[Space, ...]
    runner: Runner

    def run(self, pixels: Pixels) -> Outcome:
        """Compute the vectors of a whole batch; any thread may call this at any time.

        Parameters
        ----------
        pixels : ndarray of shape (batch, size, size, 3), uint8
            As `impasto.networks.prepare` makes them; unused rows may hold anything.
        """
        wanted = (self.batch, self.size, self.size, 3)
        if pixels.shape != wanted or pixels.dtype != np.uint8:
            raise InvalidInput(
                f"The engine takes bytes of shape {wanted}, not {pixels.dtype} of {pixels.shape}."
            )
        values = self.runner(np.ascontiguousarray(pixels))
        if self.flip == "none":
            return Outcome(values)
        mirrored = self.runner(np.ascontiguousarray(pixels[:, :, ::-1]))
        if self.flip == "both":
            return Outcome(values, mirrored)
        return Outcome(
            tuple((a + b) / np.float32(2) for a, b in zip(values, mirrored, strict=True))
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine and device, and why."""

    engine: str
    device: str
    why: str


def choose(device: str = "auto") -> Choice:
    """Choose the engine for a device: "auto", "cpu", "cuda", "cuda:N" or "mps".

    Raises
    ------
    InvalidInput
        For a device that this machine does not have.
    """
    import torch

    kind, _, number = device.partition(":")
    if kind not in {"auto", "cpu", "cuda", "mps"} or (number and kind != "cuda"):
        raise InvalidInput(f"No device {device!r}. There are: auto, cpu, cuda, cuda:N, mps.")
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cuda" and (cards == 0 or (number and int(number) >= cards)):
        raise InvalidInput(
            f"--device {device}, but torch {torch.__version__} sees {cards} CUDA devices here. "
            "Use --device auto."
        )
    mps = torch.backends.mps.is_available()
    if kind == "mps" and not mps:
        raise InvalidInput("--device mps, but this machine has no MPS. Use --device auto.")
    if kind in {"cuda", "mps"}:
        return Choice("torch", device, f"You asked for {device}; PyTorch runs it.")
    if kind == "auto" and cards:
        return Choice("torch", "cuda", f"{torch.cuda.get_device_name(0)} is here.")
    if kind == "auto" and mps:
        return Choice("torch", "mps", "An Apple GPU is here.")
    if installed("openvino") is None:
        return Choice(
            "torch",
            "cpu",
            "OpenVINO is not installed (`pip install openvino`), so PyTorch computes on the "
            "processor, at about half the speed.",
        )
    reason = "You asked for the processor" if kind == "cpu" else "There is no CUDA or Apple GPU"
    return Choice("openvino", "cpu", f"{reason}; OpenVINO runs it fastest here.")


def open_engine(
    network: Network,
    taps: Sequence[Tap] = (),
    *,
    device: str = "auto",
    precision: Precision = "f32",
    batch: int = BATCH,
    flip: Flip = "none",
    threads: int | None = None,
) -> Engine:
    """Compile a network for this machine.

    Parameters
    ----------
    network : Network
    taps : sequence of Tap
        What to read, all in one forward pass; none means the network's default layer.
    device : str
        "auto", "cpu", "cuda", "cuda:N" or "mps".
    precision : {"f32", "bf16"}
        bf16 is about twice as fast where the hardware has it, but another space.
    batch : int
        Images per call.
    flip : {"none", "mean", "both"}
        What to do with the mirror image.
    threads : int or None
        Threads that will call `Engine.run` (None: one per processor core).

    Raises
    ------
    InvalidInput
        For an unknown device, a precision the hardware lacks, or a layer without vectors.
    NotFound
        For an unknown layer.
    """
    if batch < 1 or (threads is not None and threads < 1):
        raise InvalidInput("batch and threads must be at least 1.")
    if precision not in {"f32", "bf16"}:
        raise InvalidInput(f"No precision {precision!r}. There are: f32, bf16.")
    if flip not in {"none", "mean", "both"}:
        raise InvalidInput(f"No flip {flip!r}. There are: none, mean, both.")
    choice = choose(device)
    wanted = _distinct(network, taps or (Tap(network.default_layer),))
    workers = threads or (cores() if choice.device == "cpu" else 1)
    order = _Order(network, wanted, precision, batch, workers)
    choice, runner, dimensions, flat = _compile(choice, order)
    spaces = [
        Space(
            network=network.name,
            layer=tap.layer,
            dimension=dimension,
            weights=network.weights,
            preprocessing=network.preprocessing,
            # Without positions there is nothing to pool: one space, however it was asked for.
            pooling="mean" if is_flat else tap.pooling,
            precision=precision,
            flip=flip,
        )
        for tap, dimension, is_flat in zip(wanted, dimensions, flat, strict=True)
    ]
    if len(set(spaces)) < len(spaces):  # max and mean of something flat: read it once
        first = [tap for i, tap in enumerate(wanted) if spaces[i] not in spaces[:i]]
        return open_engine(
            network,
            first,
            device=device,
            precision=precision,
            batch=batch,
            flip=flip,
            threads=threads,
        )
    return Engine(
        name=choice.engine,
        device=choice.device,
        why=choice.why,
        precision=precision,
        flip=flip,
        batch=batch,
        workers=workers,
        size=network.preprocessing.size,
        spaces=tuple(spaces),
        runner=runner,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """What is to be compiled."""

    network: Network
    taps: tuple[Tap, ...]
    precision: Precision
    batch: int
    workers: int


Compiled = tuple[Choice, Runner, tuple[int, ...], tuple[bool, ...]]


def _compile(choice: Choice, order: _Order) -> Compiled:
    """Compile on the chosen engine; say so when OpenVINO can't and PyTorch has to."""
    if choice.engine == "torch":
        return _on_torch(choice, order)
    from impasto.embed.on_openvino import Untranslatable

    try:
        return _on_openvino(choice, order)
    except Untranslatable as reason:
        why = f"OpenVINO can't translate {order.network.name} ({reason}); PyTorch computes instead."
        return _on_torch(replace(choice, engine="torch", why=why), order)


def _on_openvino(choice: Choice, order: _Order) -> Compiled:
    from impasto.embed.on_openvino import OpenVinoRunner
    from impasto.networks.taps import Tapped

    tapped = Tapped(order.network, order.taps)
    try:
        runner = OpenVinoRunner(
            tapped,
            size=order.network.preprocessing.size,
            batch=order.batch,
            precision=order.precision,
            workers=order.workers,
        )
    finally:
        tapped.close()
    flat = tuple(tapped.flat[index] for index in range(len(order.taps)))
    return choice, runner, runner.dimensions, flat


def _on_torch(choice: Choice, order: _Order) -> Compiled:
    from impasto.embed.on_torch import TorchRunner

    runner = TorchRunner(
        order.network,
        order.taps,
        device=choice.device,
        precision=order.precision,
        batch=order.batch,
    )
    return choice, runner, runner.dimensions, runner.flat


def cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _distinct(network: Network, taps: Sequence[Tap]) -> tuple[Tap, ...]:
    """Give every tap its canonical name; the same thing asked for twice is read once."""
    named = (Tap(network.canonical(tap.layer), tap.pooling) for tap in taps)
    return tuple(dict.fromkeys(named))


def installed(package: str) -> str | None:
    """Return the version of an installed package, else None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
