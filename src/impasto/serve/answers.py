"""The latest queries and their similarities: one scan, many views of it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto.core.records import Neighbours
from impasto.flow import Answer, Term, parse
from impasto.serve.cache import Cache

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.core.progress import Progress
    from impasto.core.space import Vectors
    from impasto.explore.distribution import Background
    from impasto.explore.queries import Query
    from impasto.explore.retrieval import Retrieval
    from impasto.serve.uploads import Uploads
    from impasto.store import Collection, Filter

MOST_BYTES = 128 * 2**20
"""Of all similarities kept; a query of a million images takes 4 MB."""

SEED = 0
"""Of the random pairs that similarities are compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The nearest images of a query, and what they stand beside.

    Parameters
    ----------
    query : Query
    neighbours : Neighbours
    background : Background
    total : int
        Images that they are the nearest of.
    """

    query: Query
    neighbours: Neighbours
    background: Background
    total: int


class Answers:
    """Answers to the latest queries, computed once however many routes ask.

    Parameters
    ----------
    collection : Collection
    uploads : Uploads
    most_bytes : int
        Memory for similarities.
    """

    def __init__(
        self,
        collection: Collection,
        uploads: Uploads,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._collection = collection
        self._uploads = uploads
        self._answers = Cache[Answer](most_bytes, lambda one: one.similarities.nbytes)
        self._scores = Cache[NDArray[np.float32]](most_bytes // 4, lambda one: one.nbytes)
        self._backgrounds = Cache["Background"](16, lambda _: 1)
        self._rankings = Cache[Neighbours](most_bytes // 2, lambda one: one.ids.nbytes * 3 // 2)
        self._hubs = Cache[flow.Hubs](8, lambda _: 1)
        self._retrievals = Cache["Retrieval"](256, lambda _: 1)
        self._meant = Cache[str](256, lambda _: 1)
        self._states: dict[str, tuple[Vectors, int]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the answers kept."""
        return len(self._answers)

    def default_space(self) -> str | None:
        """Return the name of the space that is asked when none is named, or None."""
        filled = [info for info in self._collection.spaces() if info.rows]
        return flow.newest(filled).name if filled else None

    def filled_spaces(self) -> list[str]:
        """Return the names of the spaces that have vectors, oldest first."""
        return [info.space.name for info in self._collection.spaces() if info.rows]

    def vectors(self, name: str | None) -> tuple[Vectors, str]:
        """Return the vectors of a space as they are now, and a mark of their state.

        The collection gives the same object until they change; what was computed from those
        before will not be asked for again, and goes.
        """
        vectors = self._collection.vectors(flow.choose_space(self._collection, name))
        space = vectors.space.name
        with self._lock:
            before, number = self._states.get(space, (None, 0))
            if before is not vectors:
                for cache in (
                    self._answers,
                    self._rankings,
                    self._backgrounds,
                    self._hubs,
                    self._scores,
                    self._retrievals,
                ):
                    cache.forget(lambda key: _state(key) == f"{space} {number}")
                number += 1
                self._states[space] = vectors, number
        return vectors, f"{space} {number}"

    def vectors_for(self, space: str | None, terms: Sequence[Term]) -> tuple[Vectors, str]:
        """Return the same for the space to ask these terms in: words need one that knows them."""
        return self.vectors(flow.space_for(self._collection, terms, space).name)

    def ask(self, space: str | None, texts: Sequence[str]) -> Answer:
        """Compare a query with every image, or remember having done so.

        Parameters
        ----------
        space : str or None
            Name of a space; None: the default.
        texts : sequence of str
            Terms, as `impasto.flow.parse` reads them.

        Raises
        ------
        NotFound
            When there is no such space, image, label, tag, selection or upload.
        """
        return self._ask(space, texts)[1]

    def near(
        self, space: str | None, texts: Sequence[str], k: int, *, exact: bool | None = None
    ) -> Near:
        """Return the `k` nearest images; with the index none of the other images is looked at.

        Parameters
        ----------
        space : str or None
        texts : sequence of str
        k : int
        exact : bool or None
            As `impasto.flow.near` takes it; what was computed exactly is not asked for again.
        """
        terms = [parse(text) for text in texts]
        vectors, state = self.vectors_for(space, terms)
        known = exact is None and self._key(state, terms) in self._answers
        if known or not flow.uses_index(self._collection, vectors, k, exact=exact):
            answer = self.ask(space, texts)
            return Near(answer.query, answer.neighbours(k), answer.background, answer.total)
        query, by_chance = self.query(vectors, state, terms)
        return Near(
            query,
            flow.near(self._collection, vectors, query, k, exact=False),
            by_chance,
            int(np.count_nonzero(vectors.ids >= 0)) - len(query.members),
        )

    def ranking(self, space: str | None, texts: Sequence[str]) -> Neighbours:
        """Return all images that a query was compared with, best first; sorted once."""
        key, answer = self._ask(space, texts)
        return self._rankings.get(key, answer.ranking)

    def _ask(self, space: str | None, texts: Sequence[str]) -> tuple[tuple[object, ...], Answer]:
        terms = [parse(text) for text in texts]
        vectors, state = self.vectors_for(space, terms)
        key = self._key(state, terms)
        return key, self._answers.get(key, lambda: self._answer(vectors, state, terms))

    def _key(self, state: str, terms: Sequence[Term]) -> tuple[object, ...]:
        return (state, *(self.exact(term) for term in terms))

    def hubs(self, space: str | None, k: int) -> flow.Hubs:
        """Count how often images are near others, or remember having done so."""
        vectors, state = self.vectors(space)
        name = vectors.space.name
        graph = self._collection.graph(name)
        kept = None if graph is None else (len(graph), graph.k)  # a job may have made it
        return self._hubs.get(
            (state, k, kept), lambda: flow.hubs(self._collection, name, k=k, seed=SEED)
        )

    def _answer(self, vectors: Vectors, state: str, terms: Sequence[Term]) -> Answer:
        from impasto.explore.similarity import similarities_of

        query, by_chance = self.query(vectors, state, terms)
        found = similarities_of(vectors, query, members=False)
        return Answer(query, vectors.ids, found, by_chance)

    def query(
        self, vectors: Vectors, state: str, terms: Sequence[Term]
    ) -> tuple[Query, Background]:
        """Turn terms into a query of a space, and what random queries like it give."""
        query, by_chance = flow.query_and_chance(
            self._collection, vectors, terms, self._pictures(terms), seed=SEED
        )
        return query, by_chance or self.background(vectors, state, query.parts)

    def order(
        self,
        wanted: Filter,
        by: flow.Score,
        texts: Sequence[str],
        *,
        descending: bool,
        space: str | None,
    ) -> NDArray[np.int64]:
        """Return the images that pass a filter in the order of a score, which is remembered."""
        terms = [parse(text) for text in texts]
        vectors, state = self.vectors(space)
        key = (state, by, *(self.exact(term) for term in terms))
        scores = self._scores.get(
            key,
            lambda: flow.score(
                self._collection, vectors, by, terms, self._pictures(terms), seed=SEED
            ),
        )
        ids = self._collection.order(wanted)
        return flow.in_order(ids, vectors.ids, scores, descending=descending)

    def _pictures(self, terms: Sequence[Term]) -> dict[str, Picture]:
        uploads = [term.value for term in terms if term.kind == "upload"]
        return {id_: self._uploads[id_].picture() for id_ in uploads}

    def background(self, vectors: Vectors, state: str, parts: tuple[int, ...] = (1,)) -> Background:
        """Return the similarities of random pairs of a space, or of random queries like one."""
        from impasto.explore.distribution import as_asked, background

        parts = as_asked(parts)
        return self._backgrounds.get(
            (state, parts), lambda: background(vectors, parts=parts, seed=SEED)
        )

    def retrieval(
        self, space: str, x: flow.X, *, progress: Progress | None = None, known: bool = False
    ) -> Retrieval | None:
        """Measure whether a space retrieves X, or remember having done so.

        Parameters
        ----------
        space : str
        x : X
        progress : Progress or None
        known : bool
            Only remember: None when it was not measured yet.
        """
        vectors, state = self.vectors(space)
        relevant = x.ids(self._collection)
        key = (state, str(x), _digest(relevant))
        if known and key not in self._retrievals:
            return None
        return self._retrievals.get(
            key,
            lambda: flow.measure(
                self._collection, vectors.space, x, relevant, seed=SEED, progress=progress
            ),
        )

    def exact(self, term: Term) -> tuple[str, str]:
        """Return what a term means just now: labels, tags and selections change."""
        if term.kind in ("label", "tag", "selection"):
            named = {term.kind: term.value}
            key = (self._collection.version, str(term))
            return str(term), self._meant.get(
                key, lambda: _digest(self._collection.ids_with(**named))
            )
        return str(term), ""


def _state(key: Hashable) -> object:
    """Return the mark of the vectors that something was computed from."""
    return key[0] if isinstance(key, tuple) else key


def _digest(ids: NDArray[np.int64]) -> str:
    return hashlib.blake2b(ids.tobytes(), digest_size=16).hexdigest()
