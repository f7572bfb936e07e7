"""The one writer of a collection: an operating-system lock that dies with its process."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import IO

from impasto.core.errors import Busy

_LOCKED_BYTE = 1 << 30  # far behind the text, which others may read while Windows locks a byte

_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class WriterLock:
    """Held from construction until `release`, or until the process ends in whatever way.

    Parameters
    ----------
    file : Path
        Lock file; made when missing, never removed (removing it would let two writers in).

    Raises
    ------
    Busy
        When anyone holds it, this process included.
    """

    def __init__(self, file: Path) -> None:
        stream = file.open("a+b")
        try:
            _lock(stream)
        except OSError as error:
            holder = _holder(stream)
            stream.close()
            if error.errno not in _HELD:
                raise  # this file system has no locks
            raise Busy(
                f"{file.parent} is being written by {holder}. Wait until that is done, or open "
                "the collection for reading only."
            ) from error
        self._stream = stream
        stream.truncate(0)
        stream.write(str(os.getpid()).encode())
        stream.flush()

    def release(self) -> None:
        """Let the next writer in."""
        self._stream.close()


def _holder(stream: IO[bytes]) -> str:
    stream.seek(0)
    text = stream.read(20).decode("ascii", "replace").strip()
    if text == str(os.getpid()):
        return "this program already"
    return f"another program (process {text})" if text.isdigit() else "another program"


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        stream.seek(_LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        stream.seek(0)

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
