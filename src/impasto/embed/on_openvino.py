"""A tapped network on the processor, compiled by OpenVINO.

One stream per worker thread, each of one thread: workers then decode and compute side by side
without waiting for each other, and a batch is computed the same way however many there are.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from impasto.core.errors import ImpastoError, InvalidInput
from impasto.core.space import Precision
from impasto.embed.engine import Pixels, Rows
from impasto.networks.taps import Tapped


def openvino() -> ModuleType:
    """Import OpenVINO without its telemetry, which would report home at the mere import.

    It has a stand-in for machines where its telemetry package is not installed. We make it
    believe that this is one.
    """
    name = "openvino_telemetry"
    if "openvino" not in sys.modules and name not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]  # documented: import then fails
        try:
            import openvino
        finally:
            del sys.modules[name]
    import openvino

    module: ModuleType = openvino
    return module


def has_bf16() -> bool:
    """Tell whether the processor computes in bf16."""
    return "BF16" in openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Untranslatable(Exception):
    """A network with an operation that OpenVINO does not know; the message is one line."""


class OpenVinoRunner:
    """A compiled network and one inference request per calling thread.

    Parameters
    ----------
    tapped : Tapped
    size, batch : int
        Shape of the input.
    precision : {"f32", "bf16"}
    workers : int
        Streams.
    """

    def __init__(
        self, tapped: Tapped, *, size: int, batch: int, precision: Precision, workers: int
    ) -> None:
        if precision == "bf16" and not has_bf16():
            raise InvalidInput(
                "This processor has no bf16 arithmetic (it needs AVX512-BF16 or AMX): it would "
                "be slower than f32. Leave out --precision bf16."
            )
        self.batch = batch
        self.step = _step(tapped, batch)
        core = openvino().Core()
        model = _convert(tapped, (self.step, size, size, 3))
        self.compiled = core.compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "NUM_STREAMS": workers,
                "INFERENCE_NUM_THREADS": workers,
                "ENABLE_CPU_PINNING": False,
                "CPU_RUNTIME_CACHE_CAPACITY": 0,
            },
        )
        self.dimensions = tuple(int(output.shape[1]) for output in self.compiled.outputs)
        self._own = threading.local()

    def __call__(self, pixels: Pixels) -> tuple[Rows, ...]:
        """Return one array of shape (batch, n_features) per tap."""
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self.compiled.create_infer_request()
        results = tuple(np.empty((self.batch, n), np.float32) for n in self.dimensions)
        for begin in range(0, self.batch, self.step):
            request.infer([pixels[begin : begin + self.step]], share_inputs=True)
            for index, rows in enumerate(results):
                rows[begin : begin + self.step] = request.get_output_tensor(index).data
        return results


SMALL = 10_000_000
"""Parameters up to which a network and a few images stay in the cache together."""


def _step(tapped: Tapped, batch: int) -> int:
    """Choose how many images of a batch to compute at once.

    Two, for a small network: what lies between its layers then stays in the cache (f32
    EfficientNet-Lite0 20 % faster than by eight). All, for a large one: its weights come from
    memory, once per step. The choice hangs on nothing but the network, for the sake of equal
    bits on every run.
    """
    parameters = sum(parameter.numel() for parameter in tapped.parameters())
    return 2 if parameters <= SMALL and batch % 2 == 0 else batch


TRACED = 2
"""Batch of the trace: one could be mistaken for "no batch", eight would take longer."""


def _convert(tapped: Tapped, shape: tuple[int, int, int, int]) -> Any:
    """Translate a module by tracing it, for inputs of this shape."""
    few = min(TRACED, shape[0])
    model = _traced(tapped, (few, *shape[1:]))
    model.reshape(list(shape))
    if any(output.shape[0] != shape[0] for output in model.outputs):
        model = _traced(tapped, shape)  # the network writes its batch into the graph
    return model


def _traced(tapped: Tapped, shape: tuple[int, int, int, int]) -> Any:
    """Trace a module with an empty batch.

    It goes straight to OpenVINO's PyTorch front end: `openvino.convert_model` does the same,
    but reports it to the telemetry when someone else imported that before.
    """
    import torch

    openvino()
    from openvino.frontend import FrontEndManager, GeneralFailure, OpConversionFailure
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = torch.zeros(shape, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad(), _one_thread():
        warnings.simplefilter("ignore")  # tracing is deprecated, and talkative
        try:
            decoder = TorchScriptPythonDecoder(
                tapped.eval(), example_input=example, trace_kwargs={"check_trace": False}
            )
        except RuntimeError as error:
            if isinstance(error.__cause__, ImpastoError):
                raise error.__cause__ from None
            raise Untranslatable(_last_line(error)) from error
        try:
            front = FrontEndManager().load_by_framework("pytorch")
            model = front.convert(front.load(decoder))
            model.reshape(list(shape))
        except (RuntimeError, OpConversionFailure, GeneralFailure) as error:
            raise Untranslatable(_last_line(error)) from error
    return model


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute alone: for two images, waking its helpers takes longer than the work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _last_line(error: Exception) -> str:
    """Return the line of an error that says what was wrong (OpenVINO's come last)."""
    lines = [line.strip(" -.") for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
