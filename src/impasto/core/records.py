"""What crosses a room's border: one frozen record per idea, checked when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space

Split = Literal["train", "validation", "test"]
Value = str | int | float | bool

SPLITS: tuple[Split, ...] = ("train", "validation", "test")

FlagKind = Literal[
    "broken",  # can't be decoded at all
    "empty",  # zero bytes
    "truncated",  # the file ends before the picture does
    "not-an-image",  # the bytes are something else
    "too-large",  # more pixels than the limit: a decompression bomb, or close to one
    "unreadable",  # the operating system would not let us read it
    "unsupported",  # a picture, but its decoder is an extra that is not installed
    "mislabelled",  # the ending says one format, the bytes another (decoded by its bytes)
    "animated",  # the first frame stands for all
    "tiny",  # so small that its vector says little
    "gone",  # the file is no longer where it was
    "flagged",  # a person marked it; the reason is their note
    "hidden",  # a person took it out of sight
]

BLOCKING: frozenset[FlagKind] = frozenset(
    {"broken", "empty", "truncated", "not-an-image", "too-large", "unreadable", "unsupported"}
)
"""Flags of images that have no picture, hence no thumbnail and no vectors."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about an image that a person should know, with the reason in words."""

    kind: FlagKind
    reason: str

    @property
    def blocking(self) -> bool:
        """Whether there is no picture to look at."""
        return self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class About:
    """What a source says about an image; None means that it says nothing.

    Parameters
    ----------
    label : str or None
        The one class.
    tags : tuple of str or None
        The many words; an empty tuple says "none of them".
    split : {"train", "validation", "test"} or None
    properties : mapping of str to str, int, float or bool
        Further columns, typed.
    """

    label: str | None = None
    tags: tuple[str, ...] | None = None
    split: Split | None = None
    properties: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a source named, before anyone opened it.

    Parameters
    ----------
    root : Path
        Absolute folder that `path` is relative to.
    path : str
        Relative, with forward slashes.
    size : int
        Bytes.
    mtime_ns : int
        Time of the last change, nanoseconds since 1970.
    about : About
    """

    root: Path
    path: str
    size: int
    mtime_ns: int
    about: About = About()

    @property
    def file(self) -> Path:
        """Absolute path."""
        return self.root / self.path


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something a source named that can't become an image: a reason, counted and listed."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What reading a file once tells about it.

    Parameters
    ----------
    sha256 : bytes
        Of the file, 32 bytes.
    size : int
        Bytes.
    width, height : int
        Pixels, upright (after EXIF rotation); 0 where there is no picture.
    format : str
        What the bytes are ("JPEG", "PNG", "SVG"); "" where there is no picture.
    flags : tuple of Flag
    """

    sha256: bytes
    size: int
    width: int
    height: int
    format: str
    flags: tuple[Flag, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether there is a picture."""
        return not any(flag.blocking for flag in self.flags)


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a collection.

    Parameters
    ----------
    id : int
    root : Path
        Absolute folder that `path` is relative to.
    path : str
        Relative, with forward slashes.
    size : int
        Bytes.
    width, height : int
        Pixels; 0 until the file was read, or where there is no picture.
    format : str
    sha256 : bytes or None
        None until the file was read.
    label : str or None
    split : {"train", "validation", "test"} or None
    tags : tuple of str
    flags : tuple of Flag
    properties : mapping of str to str, int, float or bool
    """

    id: int
    root: Path
    path: str
    size: int
    width: int
    height: int
    format: str
    sha256: bytes | None
    label: str | None
    split: Split | None
    tags: tuple[str, ...]
    flags: tuple[Flag, ...]
    properties: Mapping[str, Value]

    @property
    def file(self) -> Path:
        """Absolute path of the original."""
        return self.root / self.path

    @property
    def name(self) -> str:
        """File name without its folder."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest images of a query, best first: the answer of every index.

    Parameters
    ----------
    space : Space
    ids : ndarray of shape (k,), int64
    similarities : ndarray of shape (k,), float32
        Cosine, in [-1, 1], falling; always computed from the vectors themselves.
    exact : bool
        Whether every image was compared; if not, some that are near may be missing.
    recall : float
        Expected share of the true nearest among them; 1 when they are exact.
    """

    space: Space
    ids: NDArray[np.int64]
    similarities: NDArray[np.float32]
    exact: bool = True
    recall: float = 1.0

    def __post_init__(self) -> None:
        """Check that there is one similarity per id."""
        if self.ids.shape != self.similarities.shape or self.ids.ndim != 1:
            raise InvalidInput("Neighbours need one similarity per id.")

    def __len__(self) -> int:
        """Count the neighbours."""
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The nearest images of every image of a space: what maps, hubs and mutual neighbours need.

    Parameters
    ----------
    space : Space
    ids : ndarray of shape (n_images,), int64
        Rising: the images of the graph, which are its rows.
    neighbours : ndarray of shape (n_images, k), int32
        Rows of this graph (not ids), best first, ties by id; -1 where there are fewer.
    similarities : ndarray of shape (n_images, k), float32
        Cosine, in [-1, 1], falling; NaN where there are fewer.
    exact : bool
        Whether every pair was compared.
    recall : float
        Expected share of the true neighbours that it holds; 1 when it is exact.
    """

    space: Space
    ids: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    similarities: NDArray[np.float32]
    exact: bool = True
    recall: float = 1.0

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        if self.neighbours.shape != self.similarities.shape or self.neighbours.ndim != 2:
            raise InvalidInput("A graph needs one similarity per neighbour.")
        if self.ids.shape != self.neighbours.shape[:1]:
            raise InvalidInput("A graph needs one line of neighbours per image.")

    def __len__(self) -> int:
        """Count the images."""
        return len(self.ids)

    @property
    def k(self) -> int:
        """How many neighbours an image has at most."""
        return int(self.neighbours.shape[1])

    def cut(self, k: int) -> Graph:
        """Return the graph of the `k` nearest, `k` being at most that of this one."""
        if not 1 <= k <= self.k:
            raise InvalidInput(f"This graph holds 1 to {self.k} neighbours per image, not {k}.")
        if k == self.k:
            return self
        lines = self.neighbours[:, :k], self.similarities[:, :k]
        return Graph(self.space, self.ids, *lines, self.exact, self.recall)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval and what chance would give.

    Parameters
    ----------
    value, low, high : float
    chance : float
        Expected value of the same measure for an answer that ignores the picture.
    """

    value: float
    low: float
    high: float
    chance: float

    def to_json(self) -> dict[str, Any]:
        """Return ``{value, low, high, chance}``."""
        return {"value": self.value, "low": self.low, "high": self.high, "chance": self.chance}
