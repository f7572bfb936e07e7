"""What this machine can compute with: the facts that `impasto doctor` prints."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from impasto.core.space import Precision
from impasto.embed.engine import choose, cores, installed

PACKAGES = (
    *("torch", "openvino", "timm", "torchvision", "numpy", "pillow", "safetensors"),
    *("opentsne", "umap-learn"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Devices, engines, versions, and what would be used.

    Parameters
    ----------
    engine, device, why : str
        What ``--device auto`` means here, and the reason.
    processor : str
    cores : int
        That this process may use.
    devices : tuple of str
        Values that ``--device`` takes here, "auto" left out.
    precisions : tuple of {"f32", "bf16"}
        That are worth choosing on the device.
    versions : tuple of (str, str or None)
        Packages; None means that it is not installed.
    """

    engine: str
    device: str
    why: str
    processor: str
    cores: int
    devices: tuple[str, ...]
    precisions: tuple[Precision, ...]
    versions: tuple[tuple[str, str | None], ...]


def doctor_facts() -> Machine:
    """Look at this machine."""
    import torch

    choice = choose("auto")
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = torch.backends.mps.is_available()
    return Machine(
        engine=choice.engine,
        device=choice.device,
        why=choice.why,
        processor=_processor(),
        cores=cores(),
        devices=("cpu", *(f"cuda:{card}" for card in range(cards)), *(("mps",) if mps else ())),
        precisions=("f32", "bf16") if _bf16(choice.engine) else ("f32",),
        versions=tuple((package, installed(package)) for package in PACKAGES),
    )


def _processor() -> str:
    if installed("openvino"):
        from impasto.embed.on_openvino import openvino

        return str(openvino().Core().get_property("CPU", "FULL_DEVICE_NAME")).strip()
    return platform.processor() or platform.machine()


def _bf16(engine: str) -> bool:
    if engine == "openvino":
        from impasto.embed.on_openvino import has_bf16

        return has_bf16()
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
