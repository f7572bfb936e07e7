"""Cost weights against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.learn.weights import cost_weights

LANDSCAPE, ABANDONED, IMAGES = 1527, 339, 11317


def test_printed_without_smoothing_gives_presence_the_low_weight() -> None:
    found = cost_weights(np.array([LANDSCAPE, ABANDONED]), IMAGES, reading="printed", smoothing=0)
    assert found.present == pytest.approx([1527 / 11317, 339 / 11317])  # 0.135 and 0.030
    assert found.present + found.absent == pytest.approx([1, 1])


def test_inverse_gives_presence_the_high_weight() -> None:
    found = cost_weights(np.array([LANDSCAPE]), IMAGES, smoothing=0)
    assert found.present == pytest.approx([1 - 1527 / 11317])


def test_smoothing_is_the_smallest_that_doubles_at_most() -> None:
    positives = np.array([LANDSCAPE, ABANDONED, IMAGES // 2])
    found = cost_weights(positives, IMAGES, smoothing="per-tag")
    assert found.smoothing.tolist() == [3368, 5150, 0]
    assert found.present[:2] == pytest.approx([2 / 3, 2 / 3])
    less = cost_weights(positives, IMAGES, smoothing=3367)
    assert less.ratios[0] > 2


def test_one_smoothing_for_all_is_the_strictest() -> None:
    found = cost_weights(np.array([LANDSCAPE, 591, ABANDONED]), IMAGES)
    assert found.smoothing.tolist() == [5150] * 3
    assert found.ratios == pytest.approx([1.47, 1.87, 2.0], abs=0.005)
    printed = cost_weights(np.array([LANDSCAPE, ABANDONED]), IMAGES, reading="printed")
    assert printed.smoothing.tolist() == [2 * IMAGES - 3 * LANDSCAPE] * 2
    assert printed.present[0] == pytest.approx(2 / 3) and printed.ratios.max() <= 2 + 1e-9


@given(st.integers(3, 10**6), st.data())
def test_no_answer_weighs_more_than_twice_the_rarer_one(total: int, data: st.DataObject) -> None:
    positives = np.array(data.draw(st.lists(st.integers(1, total - 1), min_size=1, max_size=9)))
    for smoothing in ("global", "per-tag"):
        found = cost_weights(positives, total, smoothing=smoothing)
        assert (found.ratios <= 2 + 1e-9).all()
        mean = positives / total * (even := found.balanced(positives, total)).present
        assert mean + (1 - positives / total) * even.absent == pytest.approx(np.ones(len(mean)))
        assert even.ratios == pytest.approx(found.ratios)


@pytest.mark.parametrize("positives", [[0, 3], [10], [], [[1]]])
def test_tags_on_none_or_all_can_not_be_weighed(positives: list[int]) -> None:
    with pytest.raises(InvalidInput, match="some images"):
        cost_weights(np.array(positives), 10)


def test_other_mistakes() -> None:
    with pytest.raises(InvalidInput, match="reading"):
        cost_weights(np.array([1]), 10, reading="swapped")  # type: ignore[arg-type]
    for smoothing in (-1, float("nan"), "sometimes"):
        with pytest.raises(InvalidInput, match="smoothing"):
            cost_weights(np.array([1]), 10, smoothing=smoothing)  # type: ignore[arg-type]
