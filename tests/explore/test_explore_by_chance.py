"""Queries with words: strengths and backgrounds against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.space import Space, Vectors
from impasto.explore import (
    Part,
    background,
    background_of_words,
    from_rows,
    from_vectors,
    strengths,
    together,
)
from impasto.explore.by_chance import MIXED, WORDS
from impasto.explore.similarity import similarities_of

N, D = 300, 24


def joint(seed: int = 0, *, gap: float = 4.0) -> tuple[Vectors, NDArray[np.float32]]:
    """Make pictures and words that lie in two cones, as in a joint space; and which fits what.

    Word j belongs to the pictures whose number is j modulo 10.
    """
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(10, D))
    of = np.arange(N) % 10
    images = topics[of] + 0.7 * rng.normal(size=(N, D))
    words = 0.4 * topics + 0.1 * rng.normal(size=(10, D))
    images[:, 0] += gap
    words[:, 1] += gap
    values = images.astype(np.float16)
    norms = np.linalg.norm(values.astype(np.float64), axis=1).astype(np.float32)
    space = Space("open_clip/made-up", "joint", D, "0" * 64)
    return Vectors(space, np.arange(1, N + 1), values, norms), words.astype(np.float32)


def unit(rows: Any) -> NDArray[np.float64]:
    wide = np.asarray(rows, np.float64)
    scaled: NDArray[np.float64] = wide / np.linalg.norm(wide, axis=-1, keepdims=True)
    return scaled


def text(vectors: Vectors, vector: NDArray[np.float32], *, away: bool = False) -> Part:
    return Part(from_vectors(vectors.space, vector, title="words"), words=True, away=away)


def picture(vectors: Vectors, image: int, *, away: bool = False) -> Part:
    return Part(from_rows(vectors, [image], title=str(image)), away=away)


def test_a_plain_text_stands_beside_all_pairs_of_words_and_images() -> None:
    vectors, words = joint()
    found = background_of_words(vectors, [text(vectors, words[0])], words)
    every = np.sort((unit(words) @ unit(vectors.values).T).ravel())
    assert found.of == WORDS
    assert len(found.similarities) == 10 * N  # fewer than asked for: all of them
    np.testing.assert_allclose(found.similarities, every, atol=1e-5)
    assert found.mean == pytest.approx(every.mean(), abs=1e-5)
    assert found.std == pytest.approx(every.std(), abs=1e-5)
    few = background_of_words(vectors, [text(vectors, words[0])], words, pairs=500)
    assert len(few.similarities) == 500
    assert few.mean == pytest.approx(found.mean, abs=4 * found.std / 500**0.5)


def test_pairs_of_images_would_say_nothing_about_words() -> None:
    """The reason why: a fitting picture lies below almost all pairs, but above random words."""
    vectors, words = joint()
    asked = together([text(vectors, words[3])])
    near = similarities_of(vectors, asked)[np.arange(N) % 10 == 3]
    assert np.median(background(vectors).percentile(near)) < 25
    others = np.delete(words, 3, axis=0)
    by_chance = background_of_words(vectors, [text(vectors, words[3])], others)
    assert np.median(by_chance.percentile(near)) > 80
    assert np.median(by_chance.z(near)) > 1


def test_words_that_mean_nothing_get_uniform_percentiles() -> None:
    """A text drawn like the random words is, on average, no better than they are."""
    rng = np.random.default_rng(1)
    vectors, _ = joint()
    drawn = rng.normal(size=(400, D)).astype(np.float32)
    parts = [text(vectors, drawn[0])]
    by_chance = background_of_words(vectors, parts, drawn[200:])
    shares = [
        by_chance.percentile(similarities_of(vectors, together([text(vectors, each)])))
        for each in drawn[:200]
    ]
    low, high = np.quantile(np.concatenate(shares), [0.1, 0.9])
    assert 5 < low < 15
    assert 85 < high < 95


def test_in_a_mixture_each_part_moves_the_ranking_alike() -> None:
    vectors, words = joint()
    parts = [picture(vectors, 5), text(vectors, words[3])]
    pull = strengths(vectors, parts)
    rows = unit(vectors.values)
    spread = [float(np.std(rows @ part.query.vector)) for part in parts]
    assert max(pull) == 1
    assert pull[0] * spread[0] == pytest.approx(pull[1] * spread[1], rel=1e-4)
    assert pull[1] > pull[0], "words spread less and are lifted"
    asked = together(parts, pull)
    wanted = unit(pull[0] * parts[0].query.vector + pull[1] * parts[1].query.vector)
    np.testing.assert_allclose(asked.vector, wanted, atol=1e-6)
    assert asked.members == (5,)
    ranks = [np.corrcoef(rows @ asked.vector, rows @ part.query.vector)[0, 1] for part in parts]
    assert abs(ranks[0] - ranks[1]) < 0.1
    assert strengths(vectors, parts[:1]) == (1.0,)
    assert strengths(vectors, [parts[1], text(vectors, words[4])]) == (1.0, 1.0)


def test_the_stand_ins_of_a_mixture_have_its_make() -> None:
    """Brute force over all words and all images, instead of a draw of each."""
    vectors, words = joint()
    parts = [text(vectors, words[0]), picture(vectors, 7, away=True)]
    pull = (1.0, 0.25)
    found = background_of_words(vectors, parts, words, pull=pull)
    assert found.of == MIXED
    rows = unit(vectors.values)
    queries = unit(unit(words)[:, None] - 0.5 * 0.25 * rows[None]).reshape(-1, D)
    every = queries @ rows.T
    every[np.arange(len(every)), np.tile(np.arange(N), 10)] = np.nan  # not with itself
    assert len(found.similarities) == 10 * (N - 1)
    assert found.mean == pytest.approx(np.nanmean(every), abs=0.02)
    assert found.std == pytest.approx(np.nanstd(every), abs=0.02)


def test_a_label_has_a_mean_for_a_stand_in() -> None:
    vectors, words = joint()
    label = from_rows(vectors, list(range(1, 41)), title="label")
    parts = [Part(label), text(vectors, words[0], away=True)]
    found = background_of_words(vectors, parts, words)
    assert len(found.similarities) == 10 * (N - 40)
    rng, rows = np.random.default_rng(5), unit(vectors.values)
    every = []
    for word in np.tile(unit(words), (20, 1)):
        chosen = rng.choice(N, 40, replace=False)
        query = unit(unit(rows[chosen].mean(axis=0)) - 0.5 * word)
        every.append(np.delete(rows, chosen, axis=0) @ query)
    assert found.mean == pytest.approx(np.mean(every), abs=0.02)
    assert found.std == pytest.approx(np.std(every), abs=0.02)


def test_the_same_seed_the_same_numbers() -> None:
    vectors, words = joint()
    parts = [text(vectors, words[0]), picture(vectors, 7)]
    first, again, other = (
        background_of_words(vectors, parts, words, pairs=100, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.similarities, again.similarities)
    assert not np.array_equal(first.similarities, other.similarities)


def test_edges() -> None:
    vectors, words = joint()
    three = [text(vectors, words[0])] * 3
    with pytest.raises(InvalidInput, match="2 words are too few"):
        background_of_words(vectors, three, words[:2])
    none = Vectors(vectors.space, -np.ones(N, np.int64), vectors.values, vectors.norms)
    empty = background_of_words(none, three, words)
    assert len(empty.similarities) == 0
    assert empty.std == 0
    alike = Vectors(
        vectors.space,
        vectors.ids,
        np.repeat(vectors.values[:1], N, axis=0),
        np.repeat(vectors.norms[:1], N),
    )
    assert strengths(alike, [picture(alike, 1), text(alike, words[0])]) == (1.0, 1.0)
    assert strengths(none, [picture(vectors, 1), text(vectors, words[0])]) == (1.0, 1.0)
