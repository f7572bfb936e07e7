"""Which spaces an order to embed led to before, on this machine.

Only a loaded network tells the digest of its weights, and loading takes seconds: every start of
the app would begin with them, mostly to find that nothing is to do. So the spaces are remembered
by what they hang on: the order, the file of the weights as it was, the versions of the libraries.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from impasto._version import __version__
from impasto.core.space import Space
from impasto.flow.places import cache_folder

if TYPE_CHECKING:
    from impasto.flow.gather import EmbedOptions

_LIBRARIES = ("timm", "torchvision")


def recall(options: EmbedOptions) -> tuple[Space, ...] | None:
    """Return the spaces of an order as they were when it was last carried out, or None."""
    place = _place(options)
    try:
        kept = json.loads(place.read_text(encoding="utf-8")) if place else None
        return tuple(Space.from_json(each) for each in kept) if kept else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never carried out, or damaged: a cache may be either


def remember(options: EmbedOptions, spaces: tuple[Space, ...]) -> None:
    """Keep the spaces of an order; a cache that can't be written is no reason to stop."""
    place = _place(options)
    if place is None:
        return
    new = place.with_name(f".new-{os.getpid()}-{place.name}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps([space.to_json() for space in spaces]), encoding="utf-8")
        new.replace(place)


def _place(options: EmbedOptions) -> Path | None:
    """Return where an order's spaces are kept; None when its weights' file is not known."""
    file = options.weights or _published(options.network)
    if file is None or options.network.startswith("open_clip/"):  # there a second file counts too
        return None
    try:
        state = file.stat()
    except OSError:
        return None
    what = [
        options.network,
        options.layers,
        options.fit,
        options.pooling,
        options.flip,
        options.precision,
        os.path.abspath(file),  # noqa: PTH100
        state.st_size,
        state.st_mtime_ns,
        __version__,
        *(_version(each) for each in _LIBRARIES),
    ]
    digest = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]
    return cache_folder() / "spaces" / f"{digest}.json"


def _published(network: str) -> Path | None:
    """Return the file of a named network's weights, if it is on this machine."""
    from impasto.networks import networks

    return networks[network].find(cache_folder()) if network in networks else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
