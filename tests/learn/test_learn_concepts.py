"""Noise and learnability against tags whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Quiet
from impasto.learn.concepts import (
    Learnability,
    LearnOften,
    Noise,
    find_noise,
    gathered,
    learnability,
    noise_shares,
    out_of_sample,
)
from impasto.learn.concepts.crossfit import OutOfSample
from impasto.learn.concepts.learnability import blind_limit, coherences
from impasto.learn.concepts.noise import confident_joints
from impasto.learn.tag_evaluate import Tagged
from impasto.learn.tag_scores import average_precision

N, D = 600, 24
TRUE = ("easy", "random", "rare")


@pytest.fixture(scope="module")
def images() -> Tagged:
    """Return an easy tag, a random one, and one that few examples show."""
    rng = np.random.default_rng(0)
    tags = np.zeros((N, 3), bool)
    tags[:, 0], tags[:, 1] = rng.random(N) < 0.25, rng.random(N) < 0.2
    tags[rng.choice(N, 18, replace=False), 2] = True
    centres = rng.standard_normal((2, D))
    values = tags[:, [0]] * centres[0] * 1.2 + tags[:, [2]] * centres[1] * 0.55
    return gathered((values + rng.standard_normal((N, D))).astype(np.float32), tags, TRUE)


@pytest.fixture(scope="module")
def found(images: Tagged) -> Learnability:
    return learnability(images, LearnOften(repeats=2))


@pytest.fixture(scope="module")
def mistaken(images: Tagged) -> tuple[Tagged, NDArray[np.bool_]]:
    """Return the images with a tenth of the easy tag taken away, and as many given wrongly."""
    rng = np.random.default_rng(1)
    truth = images.truth.copy()
    having, lacking = np.flatnonzero(truth[:, 0]), np.flatnonzero(~truth[:, 0])
    changed = np.concatenate(
        [rng.choice(having, 15, replace=False), rng.choice(lacking, 15, replace=False)]
    )
    truth[changed, 0] ^= True
    wrong = np.zeros(N, bool)
    wrong[changed] = True
    return Tagged(images.unit, truth, images.tags, images.ids, images.groups), wrong


@pytest.fixture(scope="module")
def judged(mistaken: tuple[Tagged, NDArray[np.bool_]]) -> OutOfSample:
    return out_of_sample(mistaken[0], progress=Quiet())


def test_verdicts_are_those_of_how_the_tags_were_made(found: Learnability) -> None:
    verdicts = {each.tag: each.verdict for each in found.concepts}
    assert verdicts == {"easy": "learned", "random": "not seen", "rare": "needs more"}
    assert found.sentence == (
        "Of 3 tags, 1 can be learned from these pictures, more examples are needed for 1, and 1 "
        "can't be seen."
    )


def test_an_easy_tag_is_learned_from_few_and_a_random_one_never_rises(found: Learnability) -> None:
    tags = {each.tag: each for each in found.concepts}
    assert tags["easy"].curve[0].value > 0.9
    random = tags["random"]
    assert all(each.low <= each.chance + 0.05 for each in random.curve)
    assert random.average_precision.value < random.blind
    assert abs(random.lift - 1) < 0.3
    assert tags["rare"].seen
    assert tags["rare"].gain.value > 0.05
    rare = tags["rare"]
    assert rare.doubled.low == rare.average_precision.low  # more examples may bring nothing
    assert rare.average_precision.value < rare.doubled.value <= rare.doubled.high
    assert rare.examples[-1] == pytest.approx(2 * rare.examples[-2], rel=0.3)
    assert rare.examples[-1] == pytest.approx(18 * 3 / 4)  # of four folds three are learned from


def test_coherence_is_the_mean_cosine_of_pairs(images: Tagged, found: Learnability) -> None:
    centred = images.unit - images.unit.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    rows = centred[images.truth[:, 0]].astype(np.float64)
    pairs = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    tags = {each.tag: each for each in found.concepts}
    assert tags["easy"].coherence.value == pytest.approx(pairs.mean(), abs=1e-5)
    assert tags["easy"].coherence.low > tags["random"].coherence.high


def test_near_duplicates_are_no_evidence_of_coherence(images: Tagged) -> None:
    twice = Tagged(
        np.repeat(images.unit, 2, axis=0),
        np.repeat(images.truth, 2, axis=0),
        images.tags,
        np.arange(2 * N),
        np.repeat(np.arange(N), 2),
    )
    once = coherences(images, np.ones((1, N)))
    doubled = coherences(twice, np.ones((1, 2 * N)))
    for a, b in zip(once, doubled, strict=True):
        assert a.value == pytest.approx(b.value, abs=1e-6)


def test_the_blind_limit_is_where_random_rankings_end() -> None:
    truth = np.arange(300) < 6
    groups = np.arange(300)
    limit = blind_limit(truth, groups, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    above = np.mean([average_precision(rng.random(300), truth)[0] > limit for _ in range(1000)])
    assert 0.005 < above < 0.06
    assert limit > 0.02  # six of 300: chance alone is 0.02


def test_shuffled_tags_are_not_seen(images: Tagged) -> None:
    rng = np.random.default_rng(5)
    shuffled = Tagged(
        images.unit, images.truth[rng.permutation(N)], images.tags, images.ids, images.groups
    )
    result = learnability(shuffled, LearnOften(repeats=1, sizes=(0.5, 1.0), times=100))
    verdicts = {each.tag: each for each in result.concepts}
    assert not any(each.seen for each in result.concepts)
    assert verdicts["easy"].verdict == "not seen"
    assert "too few to tell" in verdicts["rare"].sentence


def test_out_of_sample_probabilities_ignore_the_image_asked(images: Tagged) -> None:
    honest = out_of_sample(images, progress=Quiet())
    assert average_precision(honest.probabilities[:, 1], images.truth[:, 1])[0] < 0.3
    assert honest.probabilities[:, 0].mean() == pytest.approx(images.truth[:, 0].mean(), abs=0.02)
    again = out_of_sample(images, progress=Quiet())
    assert np.array_equal(honest.probabilities, again.probabilities)


def test_the_confident_joint_is_cleanlabs(
    mistaken: tuple[Tagged, NDArray[np.bool_]], judged: OutOfSample
) -> None:
    from cleanlab.count import compute_confident_joint

    pictures, _ = mistaken
    theirs = compute_confident_joint(
        [np.flatnonzero(row).tolist() for row in pictures.truth],
        judged.probabilities,
        multi_label=True,
    )
    for j in range(3):
        ours = confident_joints(judged.probabilities[:, j], pictures.truth[:, j], np.ones((1, N)))[
            0
        ]
        assert np.abs(ours - theirs[j]).max() <= 1  # they round to whole images
        assert ours.sum() == pytest.approx(N)


def test_planted_mistakes_are_found_and_counted(
    mistaken: tuple[Tagged, NDArray[np.bool_]], judged: OutOfSample
) -> None:
    pictures, wrong = mistaken
    noise: Noise = find_noise(pictures, judged.probabilities)
    easy = [each for each in noise.suspects if each.tag == "easy"]
    right = [wrong[each.id] for each in easy]
    assert np.mean(right) > 0.8
    assert sum(right) > 20  # of 30
    for each in easy:
        assert pictures.truth[each.id, 0] == (each.wrong == "superfluous")
        assert each.near is not None
        assert pictures.truth[each.near.id, 0] != pictures.truth[each.id, 0]
    share = noise.tags[0]
    assert share.noise.low < 30 / N < share.noise.high + 0.02
    assert share.wrong.value == pytest.approx(0.1, abs=0.05)
    assert share.missing.value == pytest.approx(0.1, abs=0.05)
    assert share.suspected_missing == sum(each.wrong == "missing" for each in easy)


def test_clean_tags_have_next_to_no_noise(images: Tagged, found: Learnability) -> None:
    easy = next(each for each in found.concepts if each.tag == "easy")
    assert easy.noise.noise.high < 0.02
    shares = noise_shares(images, images.truth.astype(np.float64), times=20)
    assert all(each.noise.value == 0 for each in shares)


def test_what_cannot_be_done_is_said() -> None:
    values = np.random.default_rng(0).standard_normal((4, D)).astype(np.float32)
    tags = np.array([[True], [False], [True], [False]])
    with pytest.raises(InvalidInput, match="No image has the tag 'none'"):
        gathered(values, ~tags & tags, ["none"])
    with pytest.raises(InvalidInput, match="Three folds are the fewest"):
        out_of_sample(
            gathered(values, tags, ["a"], groups=np.array([0, 0, 1, 1])), progress=Quiet()
        )
    with pytest.raises(InvalidInput, match=r"end with 0\.5 and 1"):
        LearnOften(sizes=(1.0, 0.5))
    with pytest.raises(InvalidInput, match="At least 3 folds"):
        LearnOften(folds=2)
