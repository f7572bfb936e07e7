"""A network with taps: bytes in, the vectors of chosen layers out, in one forward pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.core.errors import InvalidInput
from impasto.networks.records import INPUT, Network, Tap


class Tapped(nn.Module):
    """A network that takes bytes and answers with vectors.

    Normalisation is part of it, so that whoever runs it can't get it wrong. Layers are read by
    hooks at the moment they are computed, before an in-place operation that follows can change
    them. A map (channels × height × width, or the other way round in networks that say so) is
    pooled over its positions. Tokens (a transformer's positions × channels) are pooled over the
    patches only: class and register tokens in front are left out. The class token itself is the
    layer ``pool`` of networks that classify by it.

    Parameters
    ----------
    network : Network
    taps : sequence of Tap

    Examples
    --------
    A batch of 2 images gives one array per tap::

        tapped = Tapped(load("efficientnet-lite0"), [Tap("pool"), Tap("stage3", "max")])
        pool, stage3 = tapped(torch.zeros(2, 224, 224, 3, dtype=torch.uint8))
        pool.shape, stage3.shape  # (2, 1280), (2, 40)
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, network: Network, taps: Sequence[Tap]) -> None:
        super().__init__()
        if not taps:
            raise InvalidInput("Name at least one layer to read.")
        self.name = network.name
        self.taps = tuple(taps)
        self.network = network.module
        settings = network.preprocessing
        self.flip_channels = settings.channels == "bgr"
        # (x - mean) / std as x * scale - mean * scale: one multiply-add an engine can fold away.
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(settings.mean).reshape(shape))
        self.register_buffer("scale", 1 / torch.tensor(settings.std).reshape(shape))
        self.prefix = _prefix_tokens(network.module)
        self.channels_last = _is_channels_last(network.module)
        self.flat: dict[int, bool] = {}
        self._read = threading.local()
        self._hooks = [
            self._hook(index, network.path(tap.layer)) for index, tap in enumerate(self.taps)
        ]

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Compute the vectors of all taps.

        Parameters
        ----------
        pixels : Tensor of shape (n_images, size, size, 3), uint8
            RGB.

        Returns
        -------
        tuple of Tensor of shape (n_images, n_features), float32
            One per tap.
        """
        x = pixels.permute(0, 3, 1, 2).to(torch.float32)
        if self.flip_channels:
            x = x.flip(1)
        x = (x - self.mean) * self.scale
        vectors: dict[int, Tensor] = {}
        self._read.vectors = vectors
        try:
            self.network(x.to(next(self.network.parameters()).dtype))
        finally:
            self._read.vectors = None
        silent = [tap.layer for index, tap in enumerate(self.taps) if index not in vectors]
        if silent:
            raise InvalidInput(
                f"{self.name} does not compute {', '.join(silent)} when it looks at a picture; "
                "choose another layer."
            )
        return tuple(vectors[index] for index in range(len(self.taps)))

    def close(self) -> None:
        """Take the hooks off the network, which is then as it was."""
        for hook in self._hooks:
            hook.remove()

    def _hook(self, index: int, path: str) -> Any:
        module = self.network.get_submodule(path.removesuffix(INPUT))

        def see(_: nn.Module, arguments: tuple[Any, ...], result: object = None) -> None:
            self._take(index, arguments[0] if path.endswith(INPUT) else result)

        if path.endswith(INPUT):
            return module.register_forward_pre_hook(see)
        return module.register_forward_hook(see)

    def _take(self, index: int, output: object) -> None:
        vectors: dict[int, Tensor] | None = getattr(self._read, "vectors", None)
        if vectors is None:
            return
        tap = self.taps[index]
        if not isinstance(output, Tensor) or output.ndim < 2:
            raise InvalidInput(
                f"The layer {tap.layer} of {self.name} gives {_kind(output)}, not one array per "
                "image; choose another layer."
            )
        self.flat[index] = output.ndim == 2
        vectors[index] = self._pooled(output, tap).to(torch.float32)

    def _pooled(self, output: Tensor, tap: Tap) -> Tensor:
        if output.ndim == 2 or tap.pooling == "none":
            return output.flatten(1).clone()
        if output.ndim == 3:
            output, positions = output[:, self.prefix :], [1]
        else:
            last = self.channels_last
            positions = list(range(1, output.ndim - 1) if last else range(2, output.ndim))
        pool: Callable[..., Tensor] = torch.mean if tap.pooling == "mean" else torch.amax
        return pool(output, dim=positions)


def _prefix_tokens(module: nn.Module) -> int:
    """Count the tokens in front of the patches: class token and registers."""
    module = getattr(module, "trunk", module)  # an image tower of open_clip around timm's network
    count = getattr(module, "num_prefix_tokens", None)
    if isinstance(count, int):
        return count
    return 1 if hasattr(module, "class_token") or hasattr(module, "class_embedding") else 0


def _is_channels_last(module: nn.Module) -> bool:
    """Tell whether maps are height × width × channels, as in Swin transformers."""
    module = getattr(module, "trunk", module)
    said = getattr(module, "output_fmt", None)
    if said is not None:
        return str(getattr(said, "value", said)).upper() == "NHWC"
    return type(module).__name__ == "SwinTransformer"


def _kind(output: object) -> str:
    if isinstance(output, Tensor):
        return f"an array of {output.ndim} dimensions"
    return f"a {type(output).__name__}"
