"""Sheets of small pictures, kept so that they need not be made again; anyone may delete them."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from impasto.store import files

MOST_BYTES = 512 * 2**20
"""Of all sheets kept; a million images at 8 pixels take about 60 MB, 100,000 at 16 about 15 MB."""


@dataclass(frozen=True, slots=True)
class SheetName:
    """What a sheet shows: a page of images, each so large, in one state of these images.

    Parameters
    ----------
    side : int
        Of one small picture, pixels.
    page : int
    version : str
        Hexadecimal digits that change when one of the images does.
    """

    side: int
    page: int
    version: str

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.side}-{self.page:06}-{self.version}.jpg"

    @property
    def all_versions(self) -> str:
        """Pattern of the files of this page in any state."""
        return f"{self.side}-{self.page:06}-*.jpg"


class Sheets:
    """A folder of sheets, bounded in bytes: those that were not used for longest go first.

    Any number of threads may use it.

    Parameters
    ----------
    folder : Path
        Made when the first sheet is written.
    most_bytes : int
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most = most_bytes
        self._turn = threading.Lock()

    def read(self, name: SheetName) -> bytes | None:
        """Return a sheet, or None when it is not kept (or can't be read, which is the same)."""
        file = self.folder / name.file
        try:
            data = file.read_bytes()
            os.utime(file)
        except OSError:
            return None
        return data

    def write(self, name: SheetName, data: bytes) -> None:
        """Keep a sheet instead of older states of its page."""
        with self._turn, files.explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            files.replace(self.folder / name.file, data)
            for file in self.folder.glob(name.all_versions):
                if file.name != name.file:
                    file.unlink(missing_ok=True)
            self._shrink(name.file)

    def _shrink(self, newest: str) -> None:
        """Delete what is too much, and what a killed write left."""
        states = {file: file.stat() for file in self.folder.iterdir()}
        total = sum(state.st_size for state in states.values())
        for file in sorted(states, key=lambda file: states[file].st_mtime_ns):
            if file.name.startswith(".new-") or (total > self._most and file.name != newest):
                total -= states[file].st_size
                file.unlink(missing_ok=True)
