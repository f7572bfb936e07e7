"""What a long run keeps between its steps: checkpoints and pictures, until it is over."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.core.errors import ImpastoError
from impasto.store import files
from impasto.store.models import check_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNS = "runs"
CHECKPOINT = "checkpoint.safetensors"
FILLED = "filled.txt"
SECONDS = 60.0  # that a kill loses at most, within an epoch


class Run:
    """The folder of an unfinished run.

    Parameters
    ----------
    folder : Path
    every : float
        Seconds between two checkpoints within an epoch.
    """

    def __init__(self, folder: Path, *, every: float = SECONDS) -> None:
        self.folder, self._every = folder, every
        self._written = time.monotonic()

    def read(self) -> bytes | None:
        """Return the latest checkpoint, if there is one."""
        file = self.folder / CHECKPOINT
        return file.read_bytes() if file.is_file() else None

    def due(self) -> bool:
        """Tell whether the latest checkpoint is old."""
        return time.monotonic() - self._written >= self._every

    def write(self, data: bytes) -> None:
        """Keep a checkpoint: a kill or a full disk leaves the one before."""
        with files.explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                files.replace(self.folder / CHECKPOINT, data)
            except OSError:
                (self.folder / f".new-{CHECKPOINT}").unlink(missing_ok=True)
                raise
        self._written = time.monotonic()

    def arrays(
        self, shapes: Mapping[str, tuple[int, ...]], mark: str
    ) -> tuple[dict[str, NDArray[np.uint8]], bool]:
        """Return bytes on disk, mapped into memory, and whether they are filled already.

        Parameters
        ----------
        shapes : mapping of str to tuple of int
            By name.
        mark : str
            What they are filled with, as a digest; see `fill`.

        Raises
        ------
        ImpastoError
            When the disk has no room for them.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        sign = self.folder / FILLED
        places = {name: self.folder / f"{name}.u8" for name in shapes}
        if sign.is_file() and sign.read_text(encoding="utf-8") == mark:
            found: Any = {
                name: np.memmap(places[name], np.uint8, "r", shape=shapes[name]) for name in shapes
            }
            return found, True
        sign.unlink(missing_ok=True)
        for place in places.values():
            place.unlink(missing_ok=True)
        size = sum(math.prod(shape) for shape in shapes.values())
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise ImpastoError(
                f"The pictures take {size / 1e9:.1f} GB in {self.folder} while the run lasts, and "
                f"the disk has {free / 1e9:.1f} GB left. Free some, take fewer images (--only), "
                "or a smaller --size."
            )
        made: Any = {
            name: np.memmap(places[name], np.uint8, "w+", shape=shapes[name]) for name in shapes
        }
        return made, False

    def fill(self, mark: str) -> None:
        """Say that the arrays are filled; a run that goes on reads nothing again."""
        files.replace(self.folder / FILLED, mark.encode())

    def remove(self) -> None:
        """Forget the run: it is over."""
        shutil.rmtree(self.folder, ignore_errors=True)


def open_run(home: Path, name: str) -> Run:
    """Return the run of that name, begun or not."""
    check_name(name)
    return Run(home / RUNS / name)
