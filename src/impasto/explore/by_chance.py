"""Queries with words in them: how strongly each part pulls, and what chance would give.

Words and pictures lie in two separate regions of a joint space (the "modality gap", Liang et al.
2022): a text is less similar to any picture than two pictures are to each other, and its
similarities spread less. So the similarities of words stand beside those of random words, not
beside pairs of pictures; and where a query has both, each part is scaled to spread alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Vectors
from impasto.explore.distribution import Background
from impasto.explore.queries import NEGATIVE_WEIGHT, Query, combine
from impasto.explore.rows import scales_of, unit
from impasto.explore.similarity import similarities

WORDS = "random words with random images"
MIXED = "random words and images in the place of yours"

_SAMPLE_ROWS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One term of a query.

    Parameters
    ----------
    query : Query
        The direction of the term alone.
    words : bool
        Whether it was made of words, and not of pictures.
    away : bool
        Whether the query moves away from it.
    """

    query: Query
    words: bool = False
    away: bool = False


def mixed(parts: Sequence[Part]) -> bool:
    """Tell whether a query has words and pictures."""
    return len({part.words for part in parts}) == 2


def strengths(vectors: Vectors, parts: Sequence[Part], *, seed: int = 0) -> tuple[float, ...]:
    """Return what to multiply each part by so that it counts once.

    In a query with words and pictures that is the inverse of the standard deviation of the
    part's similarities to a random sample of images, scaled so that the largest is 1: each part
    then moves the ranking alike. Otherwise it is 1, as everywhere else.

    Parameters
    ----------
    vectors : Vectors
    parts : sequence of Part
    seed : int
    """
    if not mixed(parts):
        return (1.0,) * len(parts)
    sample = _sample(vectors, np.random.default_rng(seed))
    found = similarities(sample, np.stack([part.query.vector for part in parts]))
    spread = np.nanstd(found.astype(np.float64), axis=1) if len(sample) else np.zeros(len(parts))
    if not (spread > 0).all():
        return (1.0,) * len(parts)
    return tuple((spread.min() / spread).tolist())


def together(parts: Sequence[Part], pull: tuple[float, ...] = (), *, title: str = "") -> Query:
    """Make one query of its parts, each multiplied by its strength (1 where none are given)."""
    pairs = list(zip(parts, pull or (1.0,) * len(parts), strict=True))
    towards = [pair for pair in pairs if not pair[0].away]
    away = [pair for pair in pairs if pair[0].away]
    return combine(
        [part.query for part, _ in towards],
        [part.query for part, _ in away],
        strengths=[each for _, each in [*towards, *away]],
        title=title,
    )


def background_of_words(
    vectors: Vectors,
    parts: Sequence[Part],
    words: NDArray[np.float32],
    *,
    pull: tuple[float, ...] = (),
    pairs: int = 100_000,
    seed: int = 0,
) -> Background:
    """Compare random images with queries made like this one, of random words and images.

    Each stand-in has, for every part of words, one of `words`, and for every other part a random
    image (the mean of as many as the part is made of), with the same signs and strengths. For a
    plain text these are the similarities of random words to random images. An image is not
    compared with a stand-in that it is part of.

    Parameters
    ----------
    vectors : Vectors
    parts : sequence of Part
        At least one of them positive.
    words : ndarray of shape (n_words, n_features), float32
        Vectors of words that have nothing to do with the query: one stand-in for each.
    pull : tuple of float
        As `strengths` gives them; empty: 1 for each.
    pairs : int
        How many similarities to keep, at most.
    seed : int

    Returns
    -------
    Background
    """
    if len(words) < max(1, sum(part.words for part in parts)):
        raise InvalidInput(f"{len(words)} words are too few to stand in for those of the query.")
    rng = np.random.default_rng(seed)
    sample = _sample(vectors, rng)
    rows = unit(sample.values)
    n, of = len(words), WORDS if all(part.words for part in parts) else MIXED
    if not len(sample):
        return Background(vectors.space, np.empty(0, np.float32), 0.0, 0.0, of)
    total = np.zeros((n, vectors.space.dimension))
    alone = np.ones((n, len(sample)), bool)
    counts = {away: sum(part.away == away for part in parts) for away in (False, True)}
    shuffled = rng.permutation(n)
    for turn, (part, each) in enumerate(zip(parts, pull or (1.0,) * len(parts), strict=True)):
        if part.words:  # another word in each stand-in, and none of them twice in one
            directions = unit(words[np.roll(shuffled, turn)])
        else:
            size = max(1, min(abs(sum(part.query.parts)), len(sample) // 2))
            chosen = np.stack([rng.choice(len(sample), size, replace=False) for _ in range(n)])
            np.put_along_axis(alone, chosen, False, axis=1)
            picked = np.zeros((n, len(sample)), np.float32)
            np.put_along_axis(picked, chosen, 1, axis=1)
            directions = unit(picked @ rows)
        share = each / counts[part.away]
        total += (-NEGATIVE_WEIGHT * share if part.away else share) * directions
    found = similarities(sample, unit(total))
    found[~alone] = np.nan
    kept = found[~np.isnan(found)]
    if len(kept) > pairs:
        kept = kept[np.sort(rng.choice(len(kept), pairs, replace=False))]
    kept = np.sort(kept)
    wide = kept.astype(np.float64)
    mean, std = (float(wide.mean()), float(wide.std())) if len(wide) else (0.0, 0.0)
    return Background(vectors.space, kept, mean, std, of)


def _sample(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Draw up to 2,048 images that have a similarity."""
    usable = np.flatnonzero(~np.isnan(scales_of(vectors.norms, vectors.ids)))
    rows = np.sort(rng.choice(usable, min(_SAMPLE_ROWS, len(usable)), replace=False))
    return Vectors(
        vectors.space,
        vectors.ids[rows],
        np.asarray(vectors.values[rows]),
        vectors.norms[rows],
        None if vectors.mirrored is None else np.asarray(vectors.mirrored[rows]),
    )
