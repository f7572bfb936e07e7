"""What a model took for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impasto.core.errors import NotFound

if TYPE_CHECKING:
    from impasto.store import Collection


@dataclass(frozen=True, slots=True)
class Mistake:
    """How many images of one label a model took for another.

    Parameters
    ----------
    truth, answer : str
    images : int
    """

    truth: str
    answer: str
    images: int


def mistakes(collection: Collection, model: str, *, most: int = 200) -> tuple[Mistake, ...]:
    """Tell which labels a model took for which, the most frequent first.

    Parameters
    ----------
    collection : Collection
    model : str
    most : int

    Returns
    -------
    tuple of Mistake
        Empty for models that tell no label, and where the answers were not kept.
    """
    try:
        tested = collection.tested(model)
    except NotFound:
        return ()
    if tested.kind != "label":
        return ()
    wrong = tested.answers != tested.truth
    pairs, counts = np.unique(
        np.stack([tested.truth[wrong], tested.answers[wrong]]), axis=1, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:most]
    return tuple(
        Mistake(tested.names[pairs[0, i]], tested.names[pairs[1, i]], int(counts[i])) for i in order
    )
