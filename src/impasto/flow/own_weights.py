"""Where a user's own weights lie, kept so that pictures from outside can be embedded later.

A space knows the digest of its weights, not their file: a collection may be read on another
machine. Hence the file is remembered here, on this machine, by that digest.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from impasto.core.errors import MissingWeights
from impasto.core.space import Space
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


def file_of(space: Space) -> Path | None:
    """Return the file of the user's own weights that a space was made with; None for others.

    Raises
    ------
    MissingWeights
        When the file is no longer there.
    """
    own = recall(space.weights)
    if own is not None and not own.is_file():
        raise MissingWeights(
            f"The vectors of {space.name} were made with the weights in {own}, which is no longer "
            f"there. Put it back, or say once where it lies now: {_again(space)}"
        )
    return own


def others(space: Space, own: Path | None, what: str) -> str:
    """Say that `what` can't be compared: the weights at hand are not those of the space."""
    at_hand = f"those that {own} holds now" if own else f"those at hand for {space.network}"
    return (
        f"The vectors of {space.name} were made with other weights or settings than {at_hand}, "
        f"so {what} can't be compared with them. Ask with images of the "
        f"collection, or, if the weights were your own, say where they lie: {_again(space)}"
    )


def _again(space: Space) -> str:
    return f"impasto embed COLLECTION --network {space.network} --weights FILE"


def _place(digest: str) -> Path:
    return cache_folder() / "weights" / f"{digest}.json"
