"""Networks that were tuned on a collection: where they lie, and what they have seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.flow import own_weights

if TYPE_CHECKING:
    from impasto.store import Collection

PARTS = "parts.json"
"""File of a model: which images its network was tuned, stopped and judged by."""


def find_tuned(
    collection: Collection, network: str, weights: Path | None
) -> tuple[str, Path | None]:
    """Return name and weights file of a network, which may be a tuned one.

    ``model:NAME`` is a network of the collection; so is the folder of one, of any collection.

    Raises
    ------
    NotFound
        When the collection has no such model.
    InvalidInput
        When that model is no network.
    """
    from impasto.networks import TUNED
    from impasto.networks.tuned import tuned_tensors

    if weights is not None:
        return network, weights
    if not network.startswith(TUNED):
        folder = Path(network).expanduser()
        file = tuned_tensors(folder) if folder.is_dir() else None
        return (f"{TUNED}{folder.resolve().name}", file) if file else (network, None)
    record = collection.model(network.removeprefix(TUNED))
    file = tuned_tensors(record.folder)
    if file is None:
        raise InvalidInput(
            f"The model {record.name} is no network: it was learned on vectors of "
            f"{record.card.get('space_title', 'a space')}. Tune one: impasto tune {collection.path}"
        )
    return network, file


def remember_tuned(collection: Collection) -> None:
    """Note where this collection's tuned networks lie now, by the digests that spaces know.

    A collection may have been moved or copied since its vectors were made.
    """
    from impasto.networks import TUNED

    for info in collection.spaces():
        if info.space.network.startswith(TUNED):
            try:
                _, file = find_tuned(collection, info.space.network, None)
            except (NotFound, InvalidInput):
                continue  # a network of another collection, or one that is gone
            if own_weights.recall(info.space.weights) != file:
                own_weights.remember(info.space.weights, file)


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """How images were divided when a network was tuned.

    Parameters
    ----------
    parts : ndarray of shape (n_images,), str
        "train", "validation" or "test".
    groups : ndarray of shape (n_images,), int64
        Near-duplicates share a number. They were found with the vectors of another network:
        those of a tuned one lie close together for every image of a class.
    """

    parts: NDArray[np.str_]
    groups: NDArray[np.int64]

    def file(self, ids: NDArray[np.int64]) -> bytes:
        """Return the content of `PARTS`."""
        data = {
            "ids": ids.tolist(),
            "parts": self.parts.tolist(),
            "groups": self.groups.tolist(),
        }
        return json.dumps(data).encode()


def seen_by(
    collection: Collection, network: str, ids: NDArray[np.int64], notes: list[str]
) -> Division | None:
    """Return how images were divided when a network was tuned; None for other networks.

    A network has learned its training images by heart: whatever is learned on its vectors must
    be judged on the very images that it was judged on.

    Parameters
    ----------
    collection : Collection
    network : str
    ids : ndarray of shape (n_images,), int64
    notes : list of str
        Gains what a reader of the scores must know.
    """
    from impasto.networks import TUNED

    if not network.startswith(TUNED):
        return None
    try:
        folder = collection.model(network.removeprefix(TUNED)).folder
        data = json.loads((folder / PARTS).read_text("utf-8"))
        known = np.asarray(data["ids"], np.int64)
        parts, groups = np.asarray(data["parts"]), np.asarray(data["groups"], np.int64)
    except (NotFound, OSError, ValueError, KeyError):
        notes.append(
            f"It is not known which images {network} was tuned on; if some of them are tested "
            "here, the scores flatter."
        )
        return None
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], ids), len(known) - 1)
    place = order[at]
    old = known[place] == ids
    if not old.all():
        notes.append(
            f"{int((~old).sum()):,} images took no part when the network was tuned; they are "
            "learned from."
        )
    notes.append(f"Judged on the images that {network} was not tuned on.")
    own = groups.max(initial=0) + 1 + np.arange(len(ids))
    return Division(np.where(old, parts[place], "train"), np.where(old, groups[place], own))
