"""A space is network + layer + pooling + preprocessing + weights: what makes vectors comparable."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, SpaceMismatch

Fit = Literal["crop", "squash"]
Interpolation = Literal["bicubic", "bilinear"]
ChannelOrder = Literal["rgb", "bgr"]
Pooling = Literal["mean", "max", "none"]
Precision = Literal["f32", "bf16"]
Flip = Literal["none", "mean", "both"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How an RGB picture becomes the input of a network.

    Parameters
    ----------
    size : int
        Side of the square input, pixels.
    crop : float
        Share of the short side that the central square keeps (0.875 = 224 of 256).
        Only with ``fit="crop"``.
    fit : {"crop", "squash"}
        Central square, or the whole picture squashed to a square.
    interpolation : {"bicubic", "bilinear"}
        Antialiased filter of the one resize.
    mean, std : tuple of 3 floats
        On the 0-255 scale, in the order of `channels`.
    channels : {"rgb", "bgr"}
        Order in which the network wants its channels.
    """

    size: int = 224
    crop: float = 0.875
    fit: Fit = "crop"
    interpolation: Interpolation = "bicubic"
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    channels: ChannelOrder = "rgb"

    def __post_init__(self) -> None:
        """Check what would otherwise give plausible, wrong vectors."""
        if self.size < 1:
            raise InvalidInput(f"The input size must be at least 1 pixel, not {self.size}.")
        if not 0 < self.crop <= 1:
            raise InvalidInput(f"The crop must lie in (0, 1], not {self.crop}.")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise InvalidInput("mean and std take three numbers each, and every std is above 0.")

    @property
    def short_side(self) -> int:
        """Short side, in pixels, of the resized picture that the input is cut from."""
        return self.size if self.fit == "squash" else round(self.size / self.crop)


@dataclass(frozen=True, slots=True)
class Space:
    """The vector space that one network, layer, pooling, preprocessing and weights define.

    Two spaces are the same exactly when all fields are equal; `name` holds a digest of them.

    Parameters
    ----------
    network, layer : str
        Names as `impasto networks` lists them ("vgg19", "fc7").
    dimension : int
        Length of a vector.
    weights : str
        SHA-256 of the weights, hexadecimal.
    preprocessing : Preprocessing
    pooling : {"mean", "max", "none"}
        Over the positions of a feature map; "none" flattens it.
    precision : {"f32", "bf16"}
        Arithmetic of the forward pass; vectors are stored in 16-bit floats either way.
    flip : {"none", "mean", "both"}
        Mirror image ignored, averaged into the vector, or kept as a second vector.
    """

    network: str
    layer: str
    dimension: int
    weights: str
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    pooling: Pooling = "mean"
    precision: Precision = "f32"
    flip: Flip = "none"

    @property
    def name(self) -> str:
        """Folder name: readable part and eight digits of the digest of all fields."""
        digest = hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()
        return f"{_slug(self.network)}-{_slug(self.layer)}-{digest[:8]}"

    @property
    def title(self) -> str:
        """What people read: network, layer and whatever is not the default."""
        parts = {
            self.precision: self.precision != "f32",
            f"{self.pooling} pooling": self.pooling != "mean",
            f"flip {self.flip}": self.flip != "none",
            "squashed": self.preprocessing.fit == "squash",
        }
        extras = [part for part, unusual in parts.items() if unusual]
        return f"{self.network} {self.layer}" + (f" ({', '.join(extras)})" if extras else "")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data, the content of ``space.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Space:
        """Rebuild a space from `to_json`."""
        inner = dict(data["preprocessing"])
        inner |= {"mean": tuple(inner["mean"]), "std": tuple(inner["std"])}
        return cls(**{**data, "preprocessing": Preprocessing(**inner)})


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """The vectors of a space, with the images they belong to.

    Parameters
    ----------
    space : Space
    ids : ndarray of shape (n_images,), int64
        Image of each row; -1 marks a row that no longer counts (the image changed or went).
    values : ndarray of shape (n_images, n_features), float16 or float32
        Unscaled, as the network gave them; usually memory-mapped.
    norms : ndarray of shape (n_images,), float32
        Euclidean length of each row of `values`.
    mirrored : ndarray of shape (n_images, n_features) or None
        Vectors of the mirror images, only in a space with ``flip="both"``.
    """

    space: Space
    ids: NDArray[np.int64]
    values: NDArray[np.floating[Any]]
    norms: NDArray[np.float32]
    mirrored: NDArray[np.floating[Any]] | None = None

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        n, d = self.values.shape
        if d != self.space.dimension:
            raise SpaceMismatch(
                f"Vectors of {d} numbers do not belong to the space {self.space.name}, "
                f"which has {self.space.dimension}."
            )
        if self.ids.shape != (n,) or self.norms.shape != (n,):
            raise InvalidInput(f"{n} vectors need {n} ids and {n} norms.")

    def __len__(self) -> int:
        """Count the rows, also those that no longer count."""
        return len(self.ids)


def check_same_space(first: Space, second: Space) -> None:
    """Raise SpaceMismatch unless both are the same space (the one place that decides)."""
    if first == second:
        return
    ours, theirs = first.to_json(), second.to_json()
    differ = ", ".join(
        f"{key} ({ours[key]} / {theirs[key]})" for key in ours if ours[key] != theirs[key]
    )
    raise SpaceMismatch(
        f"Vectors of {first.name} and {second.name} can't be compared; they differ in {differ}. "
        "Embed both with the same network, layer and options."
    )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", text).strip("_") or "x"
