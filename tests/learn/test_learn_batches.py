"""Work 1's figures: what samplers do to the tags."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.learn.batches import (
    BatchFigures,
    compare_samplers,
    draw_batches,
    parts_of_epoch,
    title_of,
    usual_samplings,
)
from impasto.learn.samplers import Sampling

COUNTS = (1527, 1447, 1209, 1139, 1079, 1026, 897, 889, 766, 743, 705, 603, 583, 509, 468, 442, 430,
          418, 339)  # table 1 of work 1  # fmt: skip
IMAGES = 11317


def work_1(images: int = 2400) -> NDArray[np.bool_]:
    """Return tags as frequent as those of work 1, each image with at least one."""
    rng = np.random.default_rng(0)
    share = np.array(COUNTS) / IMAGES
    tags = rng.random((images, len(share))) < share
    bare = ~tags.any(axis=1)
    tags[bare, rng.choice(len(share), bare.sum(), p=share / share.sum())] = True
    return tags


@pytest.fixture(scope="module")
def figures() -> BatchFigures:
    tags = work_1()
    return compare_samplers(tags, [f"tag {j}" for j in range(tags.shape[1])])


def test_each_candidate_more_makes_batches_more_diverse(figures: BatchFigures) -> None:
    drawn = {each.title: each.diversity for each in figures.drawn}
    full = [
        drawn[title].growth[-1]
        for title in ("random", *(f"entropy, {n} candidates" for n in (2, 5, 10)))
    ]
    assert full == sorted(full)
    assert full[0] < 17.5  # random misses tags in a batch of 24, as figure 4 shows …
    assert full[2] > 18.5  # … and five candidates catch nearly all 19


def test_growth_is_the_mean_of_a_count_by_hand() -> None:
    tags = work_1(96)
    found = compare_samplers(tags, [str(j) for j in range(19)], [Sampling("random")]).drawn[0]
    rng = np.random.default_rng([0, 0])
    batches = rng.permutation(96).reshape(4, 24)
    by_hand = [
        np.mean([len(set(np.nonzero(tags[batch[:n]])[1])) for batch in batches])
        for n in range(1, 25)
    ]
    np.testing.assert_allclose(found.diversity.growth, by_hand)


def test_without_putting_back_the_end_of_the_epoch_collapses_and_that_is_said(
    figures: BatchFigures,
) -> None:
    drawn = {each.title: each for each in figures.drawn}
    never = drawn["entropy, 5 candidates, never put back"].diversity
    np.testing.assert_allclose(never.tilt, 1)  # over the whole epoch exactly the data …
    assert never.collapse < 0.5  # … but its end holds what nobody wanted
    assert len(figures.warnings) == 1
    assert figures.warnings[0].startswith("entropy, 5 candidates, never put back: The last tenth")
    alone = compare_samplers(
        work_1(480), figures.tags, [Sampling("entropy", replacement="never"), Sampling()]
    )
    assert len(alone.warned) == 1
    assert replace(alone, drawn=alone.drawn[1:]).warned == []


def test_rare_tags_come_more_often_and_common_ones_less(figures: BatchFigures) -> None:
    rare, common = figures.usual.argmin(), figures.usual.argmax()
    for each in figures.drawn:
        if each.title in ("entropy, 5 candidates", "class-aware"):
            assert each.diversity.tilt[rare] > 1.3
            assert each.diversity.tilt[common] < 1


def test_the_parts_of_an_epoch_are_means_in_order() -> None:
    assert parts_of_epoch(np.array([4, 2, 1]), parts=50).tolist() == [4, 2, 1]
    assert parts_of_epoch(np.arange(8), parts=2).tolist() == [1.5, 5.5]


def test_the_figure_is_well_formed_and_names_every_sampler(figures: BatchFigures) -> None:
    root = ET.fromstring(draw_batches(figures, ground=True))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for each in figures.drawn:
        assert each.title in words
    lines = [p for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("fill") == "none"]
    assert len(lines) == 3 * len(figures.drawn)


def test_numbers_of_the_figure_are_plain_data(figures: BatchFigures) -> None:
    data = figures.to_json()
    assert [each["title"] for each in data["samplers"]] == [
        title_of(each) for each in usual_samplings()
    ]
    assert len(data["samplers"][0]["growth"]) == 24


def test_samplers_feed_a_data_loader() -> None:
    from torch.utils.data import DataLoader

    from impasto.learn.samplers import open_sampler

    tags = work_1(60)
    for sampling in usual_samplings(batch=8):
        sampler = open_sampler(tags, sampling)
        batches = [b.tolist() for b in DataLoader(list(range(60)), batch_sampler=sampler)]  # type: ignore[arg-type]
        assert batches == list(open_sampler(tags, sampling))
