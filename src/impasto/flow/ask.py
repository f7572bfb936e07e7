"""From words a person types to a query of a space, and to pictures from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound, SpaceMismatch, not_found
from impasto.core.records import Neighbours
from impasto.core.space import Space, Vectors
from impasto.flow import own_weights
from impasto.flow.gather import EmbedOptions, open_engine
from impasto.flow.terms import Term, parse
from impasto.flow.words import check_words, random_words, vectors_of_words
from impasto.networks import takes_words

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from impasto.embed import Engine
    from impasto.explore import (
        Background,
        Curve,
        Distribution,
        Part,
        Query,
    )
    from impasto.store import Collection, SpaceInfo


WHOLE = 0.9
"""Share of the vectors of the fullest space that a space must have to be asked unnamed."""


def newest(spaces: Sequence[SpaceInfo]) -> Space:
    """Return the space that is meant when none is named: the newest that is not just begun.

    One that an interrupted `impasto embed` left with a few vectors would answer for these alone.

    Parameters
    ----------
    spaces : sequence of SpaceInfo
        Oldest first, at least one.
    """
    most = max(info.rows for info in spaces)
    return [info.space for info in spaces if info.rows >= WHOLE * most][-1]


def choose_space(collection: Collection, name: str | None = None) -> Space:
    """Return the space meant: by its name or the beginning, or its network; else the `newest`.

    Raises
    ------
    NotFound
        When there is no such space, or none at all.
    InvalidInput
        When several spaces are meant like that.
    """
    filled = [info for info in collection.spaces() if info.rows]
    if not filled:
        raise NotFound(
            f"{collection.name} has no vectors yet. Compute them: impasto embed {collection.path}"
        )
    if name is None:
        return newest(filled)
    spaces = {info.space.name: info.space for info in filled}
    if name in spaces:
        return spaces[name]
    like = [space for key, space in spaces.items() if key.startswith(name) or space.network == name]
    if len(like) > 1:
        options = ", ".join(space.name for space in like)
        raise InvalidInput(f"Several spaces begin with {name!r}: {options}. Name one of them.")
    if not like:
        raise not_found("space", name, spaces)
    return like[0]


def space_for(collection: Collection, terms: Sequence[Term], name: str | None = None) -> Space:
    """Return the space to ask these terms in: for words, the newest that knows words.

    Raises
    ------
    InvalidInput
        When there are words among the terms and no space, or not the one named, knows words.
    """
    space = choose_space(collection, name)
    if not any(term.kind == "text" for term in terms):
        return space
    if name is None and not takes_words(space):
        able = [i for i in collection.spaces() if i.rows and takes_words(i.space)]
        space = newest(able) if able else space
    check_words(collection, space)
    return space


def query(
    collection: Collection,
    vectors: Vectors,
    terms: Sequence[Term],
    pictures: Mapping[str, Picture] | None = None,
    *,
    title: str | None = None,
) -> Query:
    """Turn terms into one query of a space.

    Each term counts once: an image's vector, the mean direction of a label, tag or selection, a
    picture from outside. Images of the query are left out of its neighbours; the images of a
    label, tag or selection are not, since the nearest of them are what one wants to see.

    Parameters
    ----------
    collection : Collection
    vectors : Vectors
        Of the space to ask in.
    terms : sequence of Term
    pictures : mapping of str to PIL.Image.Image
        What the terms of kind ``upload`` stand for.
    title : str or None
        What people read; None: the terms.

    Raises
    ------
    NotFound
        When there is no such image, label, tag or selection, or it has no vectors in this space.
    """
    from impasto.explore import strengths, together

    parts = _parts(collection, vectors, terms, pictures)
    return together(parts, strengths(vectors, parts), title=title or _title(parts))


def query_and_chance(
    collection: Collection,
    vectors: Vectors,
    terms: Sequence[Term],
    pictures: Mapping[str, Picture] | None = None,
    *,
    seed: int = 0,
) -> tuple[Query, Background | None]:
    """Make a query as `query` does, and the background of its own that one with words needs.

    Returns
    -------
    query : Query
    background : Background or None
        None for a query without words: it is compared with random pairs of images.
    """
    from impasto.explore import background_of_words, strengths, together

    parts = _parts(collection, vectors, terms, pictures)
    pull = strengths(vectors, parts)
    asked = together(parts, pull, title=_title(parts))
    if not any(part.words for part in parts):
        return asked, None
    words = random_words(vectors.space)
    return asked, background_of_words(vectors, parts, words, pull=pull, seed=seed)


def _parts(
    collection: Collection,
    vectors: Vectors,
    terms: Sequence[Term],
    pictures: Mapping[str, Picture] | None,
) -> list[Part]:
    from impasto.explore import Part

    return [
        Part(
            _part(collection, vectors, term, pictures or {}),
            words=term.kind == "text",
            away=term.away,
        )
        for term in terms
    ]


def _title(parts: Sequence[Part]) -> str:
    return " ".join(f"not {part.query.title}" if part.away else part.query.title for part in parts)


def vectors_of(space: Space, pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """Embed pictures from outside in a space of the collection.

    Parameters
    ----------
    space : Space
    pictures : sequence of PIL.Image.Image
        RGB, upright, decoded to at least twice the network's input.

    Returns
    -------
    ndarray of shape (n_pictures, n_features), float32

    Raises
    ------
    SpaceMismatch
        When the weights at hand are not those of the space.
    """
    from impasto.networks import prepare

    engine = engine_of(space)
    side = space.preprocessing.size
    rows = []
    for begin in range(0, len(pictures), engine.batch):
        some = pictures[begin : begin + engine.batch]
        batch = np.zeros((engine.batch, side, side, 3), np.uint8)
        for slot, picture in enumerate(some):
            batch[slot] = prepare(picture, space.preprocessing)
        rows.append(engine.run(batch).values[0][: len(some)])
    return np.concatenate(rows) if rows else np.empty((0, space.dimension), np.float32)


@lru_cache(maxsize=4)
def engine_of(space: Space) -> Engine:
    """Open the engine that computes vectors of a space, and keep the latest few.

    Weights of the user's own are found where they lay when they were last used.

    Raises
    ------
    MissingWeights
        When that file is no longer there.
    SpaceMismatch
        When the weights at hand are not those of the space.
    """
    own = own_weights.file_of(space)
    engine = open_engine(
        EmbedOptions(
            network=space.network,
            layers=(space.layer,),
            weights=own,
            fit=space.preprocessing.fit,
            pooling=space.pooling,
            flip=space.flip,
            precision=space.precision,
        )
    )
    if engine.spaces[0] != space:
        raise SpaceMismatch(own_weights.others(space, own, "a picture from outside"))
    return engine


def open_picture(file: str | Path) -> Picture:
    """Decode a picture from outside; raise InvalidInput with the reason when it can't be."""
    from impasto.collect.decode import read

    reading = read(Path(file).expanduser())
    if reading.picture is None:
        reasons = " ".join(flag.reason for flag in reading.facts.flags)
        raise InvalidInput(f"{file}: {reasons}")
    return reading.picture


def _part(
    collection: Collection, vectors: Vectors, term: Term, pictures: Mapping[str, Picture]
) -> Query:
    from impasto.explore import from_rows, from_vectors

    if term.kind == "text":
        check_words(collection, vectors.space)
        found = vectors_of_words(vectors.space, [term.value])
        return from_vectors(vectors.space, found, title=f"“{term.value}”")
    if term.kind == "image":
        name = collection.image(term.image).name
        return from_rows(vectors, [term.image], title=name)
    if term.kind == "upload":
        if term.value not in pictures:
            raise NotFound(f"The picture {term.value!r} is no longer here; send it again.")
        title = Path(term.value).name if Path(term.value).suffix else "your picture"
        return from_vectors(
            vectors.space, vectors_of(vectors.space, [pictures[term.value]]), title=title
        )
    ids = ids_of(collection, term)
    ids = ids[np.isin(ids, vectors.ids)]
    if not len(ids):
        raise NotFound(f"No image of the {term.kind} {term.value!r} has a vector in this space.")
    return replace(from_rows(vectors, ids.tolist(), title=term.value), members=())


def ids_of(collection: Collection, term: Term) -> NDArray[np.int64]:
    """Return the images of a label, tag or selection, rising.

    Raises
    ------
    NotFound
        When no image has it.
    InvalidInput
        When the term is of another kind.
    """
    if term.kind not in ("label", "tag", "selection"):
        raise InvalidInput(
            f"A set of images is meant, label:NAME, tag:NAME or selection:NAME, not {term}."
        )
    ids = collection.ids_with(**{term.kind: term.value})
    if not len(ids):
        raise NotFound(f"The {term.kind} {term.value!r} has no images.")
    return ids


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A query compared with every image of a space.

    Parameters
    ----------
    query : Query
    ids : ndarray of shape (n_images,), int64
        -1 for rows that no longer count.
    similarities : ndarray of shape (n_images,), float32
        Cosine in [-1, 1]; NaN for those rows, and for the images that the query is made of.
    background : Background
        Similarities of random pairs of images; for a query of several images, or with words in
        it, of random queries made the same way with images: what "not related" looks like.
    """

    query: Query
    ids: NDArray[np.int64]
    similarities: NDArray[np.float32]
    background: Background

    @property
    def space(self) -> Space:
        """The space it was compared in."""
        return self.query.space

    @property
    def total(self) -> int:
        """Images that were compared."""
        return int(np.count_nonzero(~np.isnan(self.similarities)))

    def neighbours(self, k: int) -> Neighbours:
        """Return the `k` nearest images, best first, ties by id."""
        from impasto.explore import nearest

        return nearest(self.space, self.ids, self.similarities, k)

    def ranking(self) -> Neighbours:
        """Return all images that were compared, best first, ties by id."""
        return self.neighbours(max(1, self.total))

    def distribution(self, *, bins: int = 200) -> Distribution:
        """Return the histogram, mean and quantiles of all similarities."""
        from impasto.explore import distribution

        return distribution(self.similarities, bins=bins)

    def curve(self, *, bins: int = 400) -> Curve:
        """Return what a cut at each edge of a histogram takes, and its share of background."""
        from impasto.explore import curve, uniform_edges

        edges = uniform_edges(bins, (-1, 1))
        return curve(self.similarities, self.background.similarities, edges)


def ask(
    collection: Collection,
    terms: Sequence[Term],
    pictures: Mapping[str, Picture] | None = None,
    *,
    space: str | None = None,
    seed: int = 0,
) -> Answer:
    """Compare a query with every image of a space (the newest when none is named)."""
    from impasto.explore import background, similarities_of

    vectors = collection.vectors(space_for(collection, terms, space))
    asked, by_chance = query_and_chance(collection, vectors, terms, pictures, seed=seed)
    return Answer(
        asked,
        vectors.ids,
        similarities_of(vectors, asked, members=False),
        by_chance or background(vectors, parts=asked.parts, seed=seed),
    )


def read_terms(
    towards: Sequence[str], away: Sequence[str] = ()
) -> tuple[list[Term], dict[str, Picture]]:
    """Read what a person types: ``12``, ``label:cats``, ``tag:red``, ``selection:best`` or a file.

    Returns
    -------
    terms : list of Term
    pictures : dict of str to PIL.Image.Image
        The files, decoded.
    """
    terms: list[Term] = []
    pictures: dict[str, Picture] = {}
    for text, leaving in [(text, False) for text in towards] + [(text, True) for text in away]:
        kind = text.partition(":")[0]
        if text.isascii() and text.isdigit():
            term = Term("image", text)
        elif kind in ("image", "label", "tag", "selection", "text"):
            term = parse(text)
        elif Path(text).expanduser().exists():
            pictures[text] = open_picture(text)
            term = Term("upload", text)
        else:
            raise InvalidInput(
                f"{text!r} is neither a file nor a term. Give the file of a picture, "
                "the number of an image, label:NAME, tag:NAME, selection:NAME or text:WORDS."
            )
        terms.append(replace(term, away=leaving))
    return terms, pictures
