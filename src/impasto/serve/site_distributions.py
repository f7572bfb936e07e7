"""Distributions of a site: of its labels and of what is compared, written down beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto.explore.cut import SHARE
from impasto.serve.spread import distribution_out

if TYPE_CHECKING:
    from impasto.store import Collection

Answer = Callable[[str, Any], None]
"""Writes down what the API answers at an address: bytes, or JSON."""

BINS = 400
"""What the page asks for."""

LABELS = 24
"""Labels whose distribution a site holds: the most frequent ones."""

_DIGITS = 6


def queries(
    labels: Sequence[str], selection: str | None, compared: Sequence[dict[str, Any]]
) -> list[tuple[str | None, tuple[str, ...]]]:
    """List what a site answers: (space or None for each of its spaces, terms).

    Parameters
    ----------
    labels : sequence of str
        Of the site's images, the most frequent first.
    selection : str or None
        That the site shows.
    compared : sequence of dict
        What the site's comparisons ask.
    """
    chosen = [] if selection is None else [f"selection:{selection}"]
    own = [*chosen, *(f"label:{name}" for name in labels[:LABELS])]
    found = [(None, (term,)) for term in own]
    kept = [(one["space"], tuple(terms)) for one in compared for terms in one["queries"]]
    return [*found, *(each for each in dict.fromkeys(kept) if (None, each[1]) not in found)]


def write(
    collection: Collection,
    space: str,
    terms: Sequence[str],
    number: int,
    ids: NDArray[np.int64],
    answer: Answer,
) -> dict[str, Any]:
    """Write down the distribution of one query, and return what it asks.

    The numbers are those of the whole collection; the similarities are those of the site's
    images, in their order, float32, NaN for one that is no part of the distribution.
    """
    found = flow.ask(collection, [flow.parse(term) for term in terms], space=space)
    told = distribution_out(found, bins=BINS, share=SHARE).model_dump(mode="json")
    for name in ("edges", "background", "expected", "shares"):
        told[name] = [one and float(f"{one:.{_DIGITS}g}") for one in told[name]]
    answer(f"distribution/{number}", told)
    rising = np.argsort(found.ids, kind="stable")
    known = found.ids[rising]
    place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    there = known[place] == ids
    similarities = np.full(len(ids), np.nan, "<f4")
    similarities[there] = found.similarities[rising[place[there]]]
    answer(f"distribution/{number}/similarities", similarities.tobytes())
    return {"space": space, "terms": list(terms), "title": found.query.title}
