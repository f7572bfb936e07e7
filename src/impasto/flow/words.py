"""Words as queries: which spaces they can be compared in, and their vectors there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Space
from impasto.flow import own_weights
from impasto.flow.places import cache_folder
from impasto.networks import takes_words

if TYPE_CHECKING:
    from impasto.networks import TextTower
    from impasto.store import Collection

RANDOM_WORDS = 100
"""How many random words the similarities of a text are measured against."""

_SEED = 0


def check_words(collection: Collection, space: Space) -> None:
    """Raise InvalidInput when words can't be compared with the vectors of a space."""
    if takes_words(space):
        return
    able = [i.space.name for i in collection.spaces() if i.rows and takes_words(i.space)]
    advice = (
        f"Ask in a space that does: {', '.join(able)}."
        if able
        else "Make one that does: "
        f"impasto embed {collection.path} --network open_clip/ViT-B-32.laion2b_s34b_b79k"
    )
    raise InvalidInput(f"{space.title} knows pictures, not words. {advice}")


def vectors_of_words(space: Space, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of texts in a joint space.

    Returns
    -------
    ndarray of shape (n_texts, n_features), float32
        Of any length.

    Raises
    ------
    MissingWeights
        When the weights or the tokenizer are not at hand.
    SpaceMismatch
        When the weights at hand are not those of the space.
    """
    return tower_of(space).encode(texts)


@lru_cache(maxsize=1)
def tower_of(space: Space) -> TextTower:
    """Load the text tower of a space's network, and keep the latest: it may be large."""
    from impasto.networks import load

    own = own_weights.file_of(space)
    network = load(space.network, weights=own, cache=cache_folder())
    if network.weights != space.weights or network.text is None:
        raise SpaceMismatch(own_weights.others(space, own, "words"))
    return network.text


def random_words(space: Space) -> NDArray[np.float32]:
    """Return vectors of random everyday words, always the same: what a text is measured against.

    They are names of ImageNet's classes, drawn once. Computed once on a machine for a network,
    which takes a few seconds, and kept in the cache folder.

    Returns
    -------
    ndarray of shape (100, n_features), float32
    """
    from impasto.networks.recipes import class_names

    names = class_names(1000, own=False) or ()
    drawn = np.random.default_rng(_SEED).choice(len(names), RANDOM_WORDS, replace=False)
    words = [names[i] for i in drawn]
    place = _place(space, words)
    known = _kept(place, (len(words), space.dimension))
    if known is None:
        known = vectors_of_words(space, words)
        _keep(place, known)
    return known


def _place(space: Space, words: Sequence[str]) -> Path:
    what = "\n".join([space.network, space.weights, *words])
    return cache_folder() / "words" / f"{hashlib.sha256(what.encode()).hexdigest()[:32]}.npy"


def _kept(place: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    try:
        known = np.load(place, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None  # never computed, or damaged: a cache may be either
    fits = known.shape == shape and known.dtype == np.float32 and np.isfinite(known).all()
    return known if fits else None


def _keep(place: Path, vectors: NDArray[np.float32]) -> None:
    """Write the vectors; a cache that can't be written is no reason to stop."""
    new = place.with_name(f".new-{os.getpid()}-{place.name}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as stream:
            np.save(stream, vectors)
        new.replace(place)
