from __future__ import annotations

import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.space import Preprocessing
from impasto.embed import choose, doctor_facts, engine, open_engine
from impasto.embed.engine import Choice, Engine, Outcome
from impasto.embed.on_openvino import has_bf16
from impasto.networks import Network, Tap
from impasto.networks.taps import Tapped

TAPS = [Tap("pool"), Tap("stage3", "max"), Tap("stage6", "none"), Tap("logits")]
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    """Two photographs, some crops of them, and noise."""
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images().images
    parts = [photographs[i % 2][40 * i : 40 * i + 224, 50 * i : 50 * i + 224] for i in range(4)]
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    return np.stack([*parts, noise, np.zeros_like(noise), np.full_like(noise, 255), parts[0] // 2])


@pytest.fixture(scope="module")
def cpu(lite: Network) -> Engine:
    return open_engine(lite, TAPS, device="cpu", threads=2)


def cosines(first: Any, second: Any) -> NDArray[np.float64]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.asarray((first * second).sum(1) / lengths)


def on_torch(lite: Network, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Engine:
    monkeypatch.setattr(engine, "installed", lambda package: None)
    return open_engine(lite, TAPS, device="cpu", **options)


def test_openvino_computes_what_eager_pytorch_computes(
    lite: Network, cpu: Engine, pixels: Pixels
) -> None:
    assert (cpu.name, cpu.device, cpu.precision) == ("openvino", "cpu", "f32")
    with torch.inference_mode():
        eager = Tapped(lite, TAPS)(torch.from_numpy(pixels))
    for ours, theirs in zip(cpu.run(pixels).values, eager, strict=True):
        assert ours.dtype == np.float32
        assert cosines(ours, theirs).min() > 0.999999
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-4 * float(theirs.abs().max()))


def test_without_openvino_pytorch_computes_the_same_and_says_so(
    lite: Network, cpu: Engine, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = on_torch(lite, monkeypatch)
    assert (second.name, second.device) == ("torch", "cpu")
    assert "OpenVINO is not installed" in second.why
    assert second.spaces == cpu.spaces
    for ours, theirs in zip(cpu.run(pixels).values, second.run(pixels).values, strict=True):
        assert cosines(ours, theirs).min() > 0.999999


def test_bf16_is_close_but_another_space(lite: Network, cpu: Engine, pixels: Pixels) -> None:
    if not has_bf16():
        with pytest.raises(InvalidInput, match="has no bf16 arithmetic"):
            open_engine(lite, TAPS, device="cpu", precision="bf16")
        return
    fast = open_engine(lite, TAPS, device="cpu", precision="bf16", threads=2)
    drift = cosines(cpu.run(pixels).values[0], fast.run(pixels).values[0])
    assert drift.mean() > 0.99
    assert fast.spaces[0] != cpu.spaces[0]
    assert fast.spaces[0] == replace(cpu.spaces[0], precision="bf16")


def test_spaces_say_what_was_computed(lite: Network, cpu: Engine) -> None:
    assert [(s.layer, s.dimension, s.pooling) for s in cpu.spaces] == [
        ("pool", 1280, "mean"),
        ("stage3", 40, "max"),
        ("stage6", 192 * 7 * 7, "none"),
        ("logits", 1000, "mean"),
    ]
    for space in cpu.spaces:
        assert space.network == lite.name
        assert space.weights == lite.weights
        assert space.preprocessing == lite.preprocessing


def test_the_same_thing_under_several_names_is_one_space(lite: Network) -> None:
    taps = [Tap("pool"), Tap("classifier:input"), Tap("pool", "max"), Tap("stem")]
    one = open_engine(lite, taps, device="cpu", batch=1)
    assert [space.layer for space in one.spaces] == ["pool", "stem"]
    assert len(one.run(np.zeros((1, 224, 224, 3), np.uint8)).values) == 2


def test_nothing_named_means_the_default_layer(lite: Network) -> None:
    (space,) = open_engine(lite, device="cpu", batch=1).spaces
    assert space.layer == "pool"


def test_mirror_images(lite: Network, cpu: Engine, pixels: Pixels) -> None:
    straight = cpu.run(pixels)
    turned = cpu.run(np.ascontiguousarray(pixels[:, :, ::-1]))
    both = replace(cpu, flip="both").run(pixels)
    mean = replace(cpu, flip="mean").run(pixels)
    assert both.mirrored is not None
    assert straight.mirrored is None
    for index in range(len(TAPS)):
        assert np.array_equal(both.values[index], straight.values[index])
        assert np.array_equal(both.mirrored[index], turned.values[index])
        middle = (straight.values[index] + turned.values[index]) / 2
        assert np.array_equal(mean.values[index], middle)
    assert open_engine(lite, device="cpu", flip="both", batch=1).spaces[0].flip == "both"


def test_an_image_gets_the_same_bits_in_every_place_and_company(
    cpu: Engine, pixels: Pixels
) -> None:
    first = cpu.run(pixels).values
    order = np.random.default_rng(0).permutation(8)
    for ours, theirs in zip(first, cpu.run(pixels[order]).values, strict=True):
        assert np.array_equal(ours[order], theirs)
    alone = np.zeros_like(pixels)
    alone[5] = pixels[2]
    assert np.array_equal(cpu.run(alone).values[0][5], first[0][2])


def test_threads_do_not_mix_up_their_batches(cpu: Engine, pixels: Pixels) -> None:
    batches = [np.roll(pixels, shift, axis=0) for shift in range(4)]
    expected = [cpu.run(batch).values[0] for batch in batches]
    answers: dict[tuple[int, int], Outcome] = {}

    def work(number: int) -> None:
        for turn in range(3):
            answers[number, turn] = cpu.run(batches[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    for (number, _), outcome in answers.items():
        assert np.array_equal(outcome.values[0], expected[number])


def test_results_belong_to_the_caller(cpu: Engine, pixels: Pixels) -> None:
    first = cpu.run(pixels).values[0]
    kept = first.copy()
    cpu.run(255 - pixels)
    assert np.array_equal(first, kept)


def small(module: nn.Module) -> Network:
    return Network(
        name="small",
        module=module.eval(),
        layers={"block": "block"},
        default_layer="block",
        preprocessing=Preprocessing(size=8),
        weights="0",
        licence="",
        source="",
    )


class Bessel(nn.Module):
    """An operation that OpenVINO does not know."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = torch.special.bessel_j0(x)
        return result


class Stubborn(nn.Module):
    """A reshape that writes the batch it was traced with into the graph."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(int(x.shape[0]), -1)


def test_what_openvino_cannot_translate_pytorch_runs_and_says_so() -> None:
    network = small(nn.Sequential(OrderedDict(first=nn.Conv2d(3, 4, 1), block=Bessel())))
    chosen = open_engine(network, device="cpu", batch=2)
    assert chosen.name == "torch"
    assert "OpenVINO can't translate small" in chosen.why
    assert "bessel" in chosen.why
    assert "\n" not in chosen.why
    assert chosen.run(np.zeros((2, 8, 8, 3), np.uint8)).values[0].shape == (2, 4)


def test_a_network_that_fixes_its_batch_is_translated_for_ours() -> None:
    network = small(nn.Sequential(OrderedDict(first=nn.Conv2d(3, 4, 1), block=Stubborn())))
    chosen = open_engine(network, device="cpu", batch=5)
    assert chosen.name == "openvino"
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    with torch.inference_mode():
        (expected,) = Tapped(network, [Tap("block")])(torch.from_numpy(pixels))
    np.testing.assert_allclose(chosen.run(pixels).values[0], expected, rtol=1e-4, atol=1e-5)


def test_wrong_wishes_are_refused_in_words(lite: Network, cpu: Engine) -> None:
    with pytest.raises(InvalidInput, match=r"No device 'gpu'\. There are: auto, cpu, cuda"):
        open_engine(lite, device="gpu")
    with pytest.raises(InvalidInput, match="No precision 'f16'"):
        open_engine(lite, precision="f16")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="No flip 'left'"):
        open_engine(lite, flip="left")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="at least 1"):
        open_engine(lite, batch=0)
    with pytest.raises(NotFound, match="No layer of efficientnet-lite0 'fc7'"):
        open_engine(lite, [Tap("fc7")])
    with pytest.raises(InvalidInput, match=r"bytes of shape \(8, 224, 224, 3\)"):
        cpu.run(np.zeros((7, 224, 224, 3), np.uint8))
    if not torch.cuda.is_available():
        with pytest.raises(InvalidInput, match="sees 0 CUDA devices"):
            choose("cuda")


def test_a_layer_without_vectors_is_refused_before_anything_is_embedded() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Conv2d(3, 4, 1)
            self.idle = nn.Conv2d(3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.block(x)
            return result

    with pytest.raises(InvalidInput, match="does not compute idle"):
        open_engine(small(Idle()), [Tap("idle")], device="cpu")


def test_the_doctor_sees_this_machine() -> None:
    machine = doctor_facts()
    assert (machine.engine, machine.device) == (choose().engine, choose().device)
    assert machine.why.endswith(".")
    assert machine.cores >= 1
    assert "f32" in machine.precisions
    assert dict(machine.versions)["torch"] == torch.__version__.split("+")[0]
    assert isinstance(choose("cpu"), Choice)


def test_nothing_is_sent_anywhere() -> None:
    """Load, compile, compute: with every connection an error, and the telemetry never there."""
    code = """
import socket, sys
def refuse(*a, **k): raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = refuse
socket.getaddrinfo = refuse
import numpy as np
from impasto.networks import load
from impasto.embed import open_engine
engine = open_engine(load(), device="cpu", batch=1)
engine.run(np.zeros((1, 224, 224, 3), np.uint8))
print(engine.name, "openvino_telemetry" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "openvino False", answer.stderr
    assert answer.stderr == ""
