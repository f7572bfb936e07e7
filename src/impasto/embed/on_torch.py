"""A tapped network run by PyTorch: the engine on graphics cards, and the second one elsewhere."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from impasto.core.space import Precision
from impasto.embed.engine import Pixels, Rows
from impasto.networks.records import Network, Tap
from impasto.networks.taps import Tapped


class TorchRunner:
    """A copy of a network on a device; the network that was given stays as it is.

    Parameters
    ----------
    network : Network
    taps : sequence of Tap
    device : str
        As torch calls it.
    precision : {"f32", "bf16"}
    batch : int
    """

    def __init__(
        self,
        network: Network,
        taps: Sequence[Tap],
        *,
        device: str,
        precision: Precision,
        batch: int,
    ) -> None:
        module = copy.deepcopy(network.module)
        if precision == "bf16":
            module = module.to(torch.bfloat16)
        module = module.to(memory_format=torch.channels_last)
        tapped = Tapped(replace(network, module=module), taps).eval()
        self.device = torch.device(device)
        self.tapped = tapped.to(self.device)
        # torch spreads one batch over all cores by itself: callers take turns.
        self._turn = threading.Lock()
        size = network.preprocessing.size
        trial = self(np.zeros((batch, size, size, 3), np.uint8))
        self.dimensions = tuple(rows.shape[1] for rows in trial)
        self.flat = tuple(tapped.flat[index] for index in range(len(taps)))

    def __call__(self, pixels: Pixels) -> tuple[Rows, ...]:
        """Return one array of shape (batch, n_features) per tap."""
        with self._turn, torch.inference_mode():
            rows = self.tapped(torch.tensor(pixels, device=self.device))
            return tuple(row.cpu().numpy() for row in rows)
