"""Where an export goes: under a temporary name first, and all of it or nothing."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from impasto.core.errors import ImpastoError, InvalidInput


@dataclass(frozen=True, slots=True)
class Place:
    """A destination that may be written.

    Parameters
    ----------
    destination : Path
        Absolute; a folder, or one file.
    file : bool
        Whether it is one file.
    overwrite : bool
        Whether what is there now may be replaced.
    protected : sequence of Path
        Folders that must not be replaced, nor anything that holds them: the collection and the
        originals.
    """

    destination: Path
    file: bool = False
    overwrite: bool = False
    protected: Sequence[Path] = ()

    def check(self) -> None:
        """Refuse a destination that holds something, before any work is done.

        Raises
        ------
        InvalidInput
        """
        there = self.destination
        for path in self.protected:
            if path.is_relative_to(there):
                raise InvalidInput(
                    f"{there} holds {path}, which an export never replaces. "
                    "Choose another destination."
                )
            if self.file and there.is_relative_to(path) and there.exists():
                raise InvalidInput(f"{there} lies in {path}; choose a new name for the export.")
        if there.is_file() and not self.file:
            raise InvalidInput(f"{there} is a file; an export of this format is a folder.")
        if there.is_dir() and self.file:
            raise InvalidInput(f"{there} is a folder; name a file, or leave the ending off.")
        if not self.overwrite and (there.is_file() or (there.is_dir() and any(there.iterdir()))):
            raise InvalidInput(
                f"{there} exists already. Choose another destination, or say --overwrite "
                f"(overwrite=True) to replace {'it' if self.file else 'all that it holds'}."
            )

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Lend a temporary name: on success it becomes the destination, on failure it goes."""
        self.check()
        parent = self.destination.parent
        new = parent / f".new-{self.destination.name}"
        with explained(self.destination):
            try:
                parent.mkdir(parents=True, exist_ok=True)
                _remove(new)  # of a run that was killed
                if not self.file:
                    new.mkdir()
                yield new
                self._take(new)
            except BaseException:
                _remove(new)
                raise

    def _take(self, new: Path) -> None:
        if self.file or not self.destination.exists():
            new.replace(self.destination)
            return
        old = self.destination.with_name(f".old-{self.destination.name}")
        _remove(old)
        self.destination.rename(old)
        new.rename(self.destination)
        _remove(old)


@contextmanager
def explained(destination: Path) -> Iterator[None]:
    """Turn a full disk into one clear sentence; let every other error pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise ImpastoError(
            f"There is no space left for {destination}, so nothing was written there. "
            "Free some, or choose a place on another disk."
        ) from error


def check_space(destination: Path, needed: int) -> None:
    """Raise ImpastoError when a disk has less free than is needed for sure.

    Parameters
    ----------
    destination : Path
    needed : int
        Bytes.
    """
    there = destination
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if needed > free:
        raise ImpastoError(
            f"The export takes at least {needed / 1e9:,.2f} GB, and {destination} has "
            f"{free / 1e9:,.2f} GB free. Free some, export fewer images, or link the files."
        )


def bytes_below(path: Path) -> int:
    """Add up the sizes of all files; links count as nothing."""
    if path.is_file():
        return path.stat().st_size
    states = (file.stat() for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(state.st_size for state in states if state.st_nlink == 1)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
