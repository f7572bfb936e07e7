"""Writing files so that a kill or a power cut leaves the old state or the new one."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto.core.errors import ImpastoError


def sync(fileno: int) -> None:
    """Wait until what was written to an open file is on the disk itself."""
    if sys.platform == "darwin":  # fsync leaves it in the drive's cache there
        import fcntl

        fcntl.fcntl(fileno, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fileno)


def sync_folder(folder: Path) -> None:
    """Make new and renamed entries of a folder durable (where the system can)."""
    if sys.platform == "win32":
        return
    fileno = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fileno)
    finally:
        os.close(fileno)


def write(file: Path, data: bytes) -> None:
    """Write a whole file durably under its final name (use only where nobody looks yet)."""
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        sync(stream.fileno())


def replace(file: Path, data: bytes) -> None:
    """Write a whole file under a temporary name, then rename it into place."""
    temporary = file.with_name(f".new-{file.name}")
    write(temporary, data)
    temporary.replace(file)
    sync_folder(file.parent)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a full disk into one clear sentence; let every other error pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise disk_full(folder) from error


def disk_full(folder: Path) -> ImpastoError:
    """Build the error for a disk (or quota) without space."""
    return ImpastoError(
        f"There is no space left for {folder}. Free some and run the same again: "
        "what was saved stays, and the rest continues from there."
    )
