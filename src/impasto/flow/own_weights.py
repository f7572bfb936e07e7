"""Where a user's own weights lie, kept so that pictures from outside can be embedded later.

A space knows the digest of its weights, not their file: a collection may be read on another
machine. Hence the file is remembered here, on this machine, by that digest.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from impasto.flow.places import cache_folder


def remember(digest: str, file: Path | None) -> None:
    """Keep the file that holds the weights; None forgets one, for weights found without help.

    A cache folder that can't be written is no reason to stop: whoever misses the file later is
    told how to name it.
    """
    place = _place(digest)
    with suppress(OSError):
        if file is None:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f".new-{os.getpid()}-{place.name}")
        new.write_text(json.dumps({"file": os.path.abspath(file)}), encoding="utf-8")  # noqa: PTH100
        new.replace(place)


def recall(digest: str) -> Path | None:
    """Return the file that held the weights when they were last used, or None."""
    try:
        return Path(json.loads(_place(digest).read_text(encoding="utf-8"))["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never remembered, or damaged: a cache may be either


def _place(digest: str) -> Path:
    return cache_folder() / "weights" / f"{digest}.json"
