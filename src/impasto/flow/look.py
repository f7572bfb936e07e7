"""What more an answer says: other spaces beside it, who is near whom, sets and labels."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.records import Estimate, Neighbours
from impasto.core.space import Vectors
from impasto.flow.ask import Answer, ask, choose_space, ids_of, space_for
from impasto.flow.terms import Term

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.explore import Agreement, Contrast, Groups, Occurrence
    from impasto.store import Collection

NEAR = 10
"""Nearest images that count as neighbours when it comes to mutual neighbours and hubs."""

SHOWN = 50
"""Nearest images compared between spaces."""

_PAIRS = 10**8
"""Pairs of images compared without a job: about a second."""

_SAMPLE = 0.1
"""Of the images at least so many must ask, or hubs can't be told from chance."""


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """One query in several spaces.

    Parameters
    ----------
    answers : tuple of Answer
        One per space.
    rankings : tuple of Neighbours
        All images of each, best first.
    agreements : tuple of Agreement
        Of every two spaces: first with second, first with third, and so on.
    unable : dict of str to str
        Spaces that can't be asked this, by their names, and why: they know no words.
    """

    answers: tuple[Answer, ...]
    rankings: tuple[Neighbours, ...]
    agreements: tuple[Agreement, ...]
    unable: Mapping[str, str] = field(default_factory=dict)


def beside(
    collection: Collection,
    terms: Sequence[Term],
    pictures: Mapping[str, Picture] | None = None,
    *,
    spaces: Sequence[str] = (),
    k: int = SHOWN,
    seed: int = 0,
) -> SideBySide:
    """Ask the same in several spaces; pictures from outside are embedded in each.

    Parameters
    ----------
    collection : Collection
    terms : sequence of Term
    pictures : mapping of str to PIL.Image.Image
        What the terms of kind ``upload`` stand for.
    spaces : sequence of str
        At least two names, or beginnings of names; none: all spaces with vectors.
    k : int
        Nearest images to compare.
    seed : int

    Returns
    -------
    SideBySide

    Raises
    ------
    InvalidInput
        When there are no two spaces, or none of them can be asked this.
    """
    names = spaces or [info.space.name for info in collection.spaces() if info.rows]
    chosen = [choose_space(collection, name).name for name in names]
    if len(set(chosen)) < 2:
        raise InvalidInput(
            "Side by side needs at least two different spaces. This collection has "
            f"{', '.join(collection.space_names()) or 'none'}; impasto embed --layer adds more."
        )
    unable = cannot_ask(collection, terms, chosen)
    answers = [
        ask(collection, terms, pictures, space=name, seed=seed)
        for name in chosen
        if name not in unable
    ]
    rankings = [answer.ranking() for answer in answers]
    return SideBySide(tuple(answers), tuple(rankings), tuple(agree(rankings, k=k)), unable)


def cannot_ask(
    collection: Collection, terms: Sequence[Term], names: Sequence[str]
) -> dict[str, str]:
    """Return which of several spaces can't be asked this, and why: words need one that knows them.

    Raises
    ------
    InvalidInput
        When none of them can.
    """
    found: dict[str, str] = {}
    for name in names:
        try:
            space_for(collection, terms, name)
        except InvalidInput as problem:
            if len(found) == len(names) - 1:
                raise
            found[name] = str(problem)
    return found


def agree(rankings: Sequence[Neighbours], *, k: int = SHOWN) -> list[Agreement]:
    """Compare every two of several rankings of the same query."""
    from impasto.explore import agreement

    return [agreement(first, second, k=k) for first, second in combinations(rankings, 2)]


@dataclass(frozen=True, slots=True, eq=False)
class Hubs:
    """How often images are near others, if that is known.

    Parameters
    ----------
    occurrence : Occurrence or None
    source : {"graph", "all", "sample", "none"}
        The graph of nearest images that is kept; all images, or a sample, asked just now;
        or none of these.
    sentence : str
        The same for people, and what to do about "none".
    """

    occurrence: Occurrence | None
    source: Literal["graph", "all", "sample", "none"]
    sentence: str


def hubs(collection: Collection, space: str | None = None, *, k: int = NEAR, seed: int = 0) -> Hubs:
    """Find out how often images are near others, as far as that takes no longer than a second.

    Parameters
    ----------
    collection : Collection
    space : str or None
    k : int
        Nearest images that count.
    seed : int
        Of the sample.
    """
    from impasto.explore import occurrence, occurrence_in

    chosen = choose_space(collection, space)
    vectors, graph = collection.vectors(chosen), collection.graph(chosen)
    n = int(np.count_nonzero(vectors.ids >= 0))
    if graph is not None and graph.k >= k and len(graph) >= 0.9 * n:
        found = "" if graph.exact else f", which holds {graph.recall:.0%} of them"
        return Hubs(
            occurrence_in(graph, k=k),
            "graph",
            f"Counted in the graph of nearest images{found}.",
        )
    asking = min(n, _PAIRS // max(n, 1))
    if asking == n:
        return Hubs(occurrence(vectors, k=k), "all", "Counted: all images asked.")
    if asking >= _SAMPLE * n:
        return Hubs(
            occurrence(vectors, k=k, asking=asking, seed=seed),
            "sample",
            f"Estimated: {asking:,} of {n:,} images asked. A hub is marked when the lower end of "
            "its 95 % interval says so.",
        )
    return Hubs(
        None,
        "none",
        f"Hubs are not known: to count how often each of {n:,} images is near another, all must "
        "be compared with all. That is a job (impasto's graph), kept for the next time.",
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """What is told of a neighbour beside its similarity.

    Parameters
    ----------
    image : int
    back : int or None
        The rank that the query takes among the neighbours of the image, from 1; None for a query
        of several images, which is nearer to everything than an image is, or with words.
    mutual : bool or None
        Whether that rank is among the nearest that count.
    occurrence : Estimate or None
        How many images have it among their nearest, beside the usual number.
    hub : bool or None
        Whether that is far more than usual.
    """

    image: int
    back: int | None
    mutual: bool | None
    occurrence: Estimate | None
    hub: bool | None


def marks(
    vectors: Vectors, answer: Answer, ids: Several[int], known: Hubs, *, k: int = NEAR
) -> list[Mark]:
    """Tell which neighbours are mutual and which are hubs.

    Parameters
    ----------
    vectors : Vectors
        Of the space of the answer.
    answer : Answer
    ids : collection of int
        Images that the answer has a similarity for; others are left out.
    known : Hubs
    k : int
        Nearest images that count.
    """
    from impasto.explore.distribution import PAIRS
    from impasto.explore.hubs import ranks_back

    wanted = np.fromiter(ids, np.int64, len(ids))
    rows = np.flatnonzero(np.isin(answer.ids, wanted) & ~np.isnan(answer.similarities))
    similarity = dict(zip(answer.ids[rows].tolist(), answer.similarities[rows], strict=True))
    told = [image for image in wanted.tolist() if image in similarity]
    back: list[int | None] = [None] * len(told)
    if answer.background.of == PAIRS:
        toward = np.array([similarity[image] for image in told], np.float32)
        back = list(ranks_back(vectors, told, toward, besides=answer.query.members).tolist())
    counted = known.occurrence
    return [
        Mark(
            image,
            rank,
            None if rank is None else rank <= k,
            counted.of(image) if counted else None,
            counted.is_hub(image) if counted else None,
        )
        for image, rank in zip(told, back, strict=True)
    ]


def contrast(collection: Collection, answer: Answer, term: Term, *, bins: int = 200) -> Contrast:
    """Compare an answer's similarities inside a label or tag with those outside."""
    from impasto.explore import contrast as measure

    inside = np.isin(answer.ids, ids_of(collection, term))
    return measure(answer.similarities, inside, bins=bins)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """An answer's similarities to every label or tag.

    Parameters
    ----------
    groups : Groups
    left_out : int
        Labels or tags that are less frequent than these.
    """

    groups: Groups
    left_out: int


def groups(
    collection: Collection,
    answer: Answer,
    by: Literal["label", "tag"] = "label",
    *,
    most: int = 1000,
    bins: int = 50,
) -> Spread:
    """Spread an answer's similarities over all labels, or over the most frequent tags.

    Parameters
    ----------
    collection : Collection
    answer : Answer
    by : {"label", "tag"}
    most : int
        Labels or tags, the most frequent ones.
    bins : int
    """
    from impasto.explore import groups as spread

    known = collection.memberships(by)
    rows = _rows(answer.ids, known.ids)
    kept = (rows >= 0) & (known.codes < most)
    found = spread(
        answer.similarities, known.names[:most], rows[kept], known.codes[kept], bins=bins
    )
    return Spread(found, max(0, len(known.names) - most))


def _rows(of: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of some ids is, -1 for those that are not."""
    most = max(int(of.max(initial=0)), int(ids.max(initial=0)))
    place = np.full(most + 1, -1, np.int64)
    there = np.flatnonzero(of >= 0)
    place[of[there]] = there
    return place[ids]
