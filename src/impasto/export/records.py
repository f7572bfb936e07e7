"""What is exported, how it is wanted, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.records import Image, Skipped
from impasto.core.space import Space

Files = Literal["none", "copy", "link", "symlink"]
Metadata = Literal["jsonl", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew.

    Parameters
    ----------
    png : bytes
    width, height : int
        Pixels.
    """

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What is exported: which images in which order, and how to get at each of them.

    Nothing but ids is kept in memory, so that a million images stream through.

    Parameters
    ----------
    name : str
        Of the collection.
    ids : ndarray of shape (n_images,), int64
        In order.
    images : callable
        Records of some ids, in their order.
    properties : mapping of str to str
        Names of all properties and their types: str, int, float or bool.
    splits : bool
        Whether any image of the collection has a split.
    roots : mapping of Path to str
        How each folder of originals is called in file names: "" when there is only one.
    thumbnail : callable
        JPEG of an image, or None.
    draw : callable
        A file that few programs open (SVG, HEIC …) as PNG; raises InvalidInput with the reason.
    space : Space or None
        Of the vectors, when they are wanted.
    vectors : callable or None
        Vectors of some ids, ndarray of shape (n_ids, n_features), float32; NaN where an image
        has none.
    neighbours : callable or None
        From ids (n_rows,) to (rows, distances), both of shape (n_rows, 1 + k): each image itself,
        then the nearest among just these, as zero-based rows (-1 where there are fewer), and
        their cosine distances.
    points : callable or None
        Places on a map of some ids, ndarray of shape (n_ids, 2), float32; NaN where an image has
        none.
    """

    name: str
    ids: NDArray[np.int64]
    images: Callable[[Sequence[int]], list[Image]]
    properties: Mapping[str, str]
    splits: bool
    roots: Mapping[Path, str]
    thumbnail: Callable[[int], bytes | None]
    draw: Callable[[Path], Drawn]
    space: Space | None = None
    vectors: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = None
    neighbours: (
        Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.float32]]] | None
    ) = None
    points: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = None

    def original(self, image: Image) -> str:
        """Return the name of an original, relative to its root and never absolute."""
        root = self.roots[image.root]
        return f"{root}/{image.path}" if root else image.path


@dataclass(frozen=True, slots=True)
class Plan:
    """How an export is wanted.

    Parameters
    ----------
    files : {"none", "copy", "link", "symlink"}
        Whether image files come along: as copies, as hard links or as symbolic links.
    splits : bool
        Whether train, validation and test go apart, in formats that know splits.
    metadata : {"parquet", "jsonl", "csv"}
        Kind of the metadata file, in the format that has a choice.
    keep_formats : bool
        Copy pictures that few programs open (SVG, HEIC …) as they are, not as PNG.
    shard : int
        Most images in one tar file.
    """

    files: Files = "none"
    splits: bool = True
    metadata: Metadata = "parquet"
    keep_formats: bool = False
    shard: int = 10_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    Parameters
    ----------
    destination : Path
    format : str
    images : int
        Written.
    bytes : int
        Of all files, links counted as nothing.
    skipped : tuple of Skipped
        What was left out, with the reasons.
    notes : tuple of str
        What a person should know.
    """

    destination: Path
    format: str
    images: int
    bytes: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what `impasto export --json` says."""
        return {
            "destination": str(self.destination),
            "format": self.format,
            "images": self.images,
            "bytes": self.bytes,
            "skipped": [{"path": one.path, "reason": one.reason} for one in self.skipped],
            "notes": list(self.notes),
        }
