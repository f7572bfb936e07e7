"""Names of files that every system takes, no two alike even where case does not count."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

LONGEST = 120
"""Bytes (UTF-8) of one name; systems take 255, and Windows 260 letters of a whole path."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_HIDDEN = re.compile(r"^(?:\.|__)[._]*")  # Hugging Face passes over names that begin like that
_DEVICE = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)


def safe(text: str, *, longest: int = LONGEST) -> str:
    """Return a name of one file or folder that Linux, macOS and Windows all take.

    Letters of every script stay, in composed form. What is not allowed becomes ``_``. A name that
    is too long is cut, and ends in eight digits of the whole one.

    Examples
    --------
    >>> safe("a/b: c?"), safe("CON"), safe(".hidden"), safe("end. ")
    ('a_b_ c_', '_CON', '_hidden', 'end')
    """
    name = unicodedata.normalize("NFC", text)
    name = _FORBIDDEN.sub("_", name).strip(" ").rstrip(". ")
    name = _DEVICE.sub(r"_\1", _HIDDEN.sub("_", name)) or "_"
    encoded = name.encode()
    if len(encoded) <= longest:
        return name
    kept = encoded[: longest - 9].decode(errors="ignore").rstrip(". ")
    return f"{kept}-{hashlib.sha256(encoded).hexdigest()[:8]}"


def folders(labels: Iterable[str]) -> dict[str, str]:
    """Name a folder for each label, no two alike even where case does not count.

    Examples
    --------
    >>> folders(["Cat", "cat", "a/b"])
    {'Cat': 'Cat', 'a/b': 'a_b', 'cat': 'cat-2'}
    """
    made: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(set(labels)):
        name, n = safe(label), 1
        while name.casefold() in taken:
            n += 1
            name = f"{safe(label)}-{n}"
        taken.add(name.casefold())
        made[label] = name
    return made


def key(name: str) -> int:
    """Return 64 bits that two names share when some file system holds them for the same."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return int.from_bytes(hashlib.blake2b(folded.encode(), digest_size=8).digest(), "little")


def clashing(
    plain: NDArray[np.uint64], numbered: Callable[[NDArray[np.int64]], NDArray[np.uint64]]
) -> NDArray[np.bool_]:
    """Tell which images need their number in their name, so that no two names are alike.

    All images of a name that occurs twice get their number, so that names do not depend on the
    order. A numbered name can be the plain name of another image, which then gets its number too.

    Parameters
    ----------
    plain : ndarray of shape (n_images,), uint64
        Keys of the plain names.
    numbered : callable
        From positions (n,) to the keys of the numbered names.

    Returns
    -------
    ndarray of shape (n_images,), bool
    """
    taken = plain.copy()
    marked = np.zeros(len(plain), np.bool_)
    while True:
        _, place, times = np.unique(taken, return_inverse=True, return_counts=True)
        more = (times[place] > 1) & ~marked
        if not more.any():
            return marked
        marked |= more
        positions = np.flatnonzero(more)
        taken[positions] = numbered(positions)
