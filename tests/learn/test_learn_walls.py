"""F1, average precision and lift of labels against scikit-learn; walls against plain sorting."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import average_precision_score, f1_score

from impasto.core.answered import Answered
from impasto.learn.rates import from_a_hat, rates
from impasto.learn.walls import mixed_up, small, walls

NAMES = ("ape", "bee", "cat")
N, K = 90, 3
RNG = np.random.default_rng(1)
TRUTH: NDArray[np.int64] = RNG.choice(K, N, p=[0.6, 0.3, 0.1])
SCORES = RNG.dirichlet(np.ones(K), N) * 0.6 + 0.4 * np.eye(K)[TRUTH]


def kept(**other: Any) -> Answered:
    return Answered(
        **{
            "names": NAMES,
            "ids": np.arange(N) + 10,
            "scores": SCORES.astype(np.float32),
            "truth": TRUTH.astype(np.int32),
            "fold": np.zeros(N, np.int16),
            "groups": np.arange(N),
            **other,
        }
    )


def test_rates_are_those_of_scikit_learn() -> None:
    nothing = np.broadcast_to(np.array([3.0, 2.0, 1.0]), (N, K))
    model, blind = rates(NAMES, TRUTH, [SCORES, nothing], np.arange(N))
    answers = SCORES.argmax(axis=1)
    assert model.macro_f1.value == pytest.approx(f1_score(TRUTH, answers, average="macro"))
    for j, score in enumerate(model.classes):
        truth = np.equal(TRUTH, j)
        ranked = average_precision_score(truth, SCORES[:, j])
        assert score.average_precision.value == pytest.approx(ranked)
        assert score.f1.value == pytest.approx(f1_score(truth, answers == j))
        assert score.lift == pytest.approx(ranked / truth.mean())
    assert model.macro_f1.low > model.macro_f1.chance >= blind.macro_f1.value
    assert blind.mean_average_precision.value == pytest.approx(1 / K)
    drawn = np.random.default_rng(0).integers(0, K, (3000, N))
    hat = np.mean([f1_score(TRUTH, one, average="macro") for one in drawn[:300]])
    assert from_a_hat(model, K).macro_f1.value == pytest.approx(hat, abs=0.02)


def test_walls_are_the_ends_of_an_order() -> None:
    everything, *each = walls(kept(), most=10)
    own = SCORES[np.arange(N), TRUTH].astype(np.float32)
    order = np.argsort(-own, kind="stable")
    assert [one.id for one in everything.best] == (order[:10] + 10).tolist()
    assert [one.id for one in everything.worst] == (order[::-1][:10] + 10).tolist()
    assert [wall.name for wall in each] == ["ape", "bee", "cat"]  # the commonest first
    answers = SCORES.argmax(axis=1)
    for wall in each:
        mine = np.equal(TRUTH, NAMES.index(wall.name))
        assert wall.images == mine.sum()
        assert len(wall.best) == len(wall.worst) == min(10, mine.sum() // 2)
        for one in (*wall.best, *wall.worst):
            row = one.id - 10
            assert mine[row]
            assert one.right == (answers[row] == TRUTH[row])
            assert one.said == ("" if one.right else NAMES[answers[row]])
        assert not {one.id for one in wall.best} & {one.id for one in wall.worst}


def test_walls_of_tags() -> None:
    truth = np.random.default_rng(2).random((N, K)) < [0.5, 0.2, 0.0]
    given = SCORES > 0.4
    everything, *each = walls(kept(truth=truth, given=given))
    assert [wall.name for wall in each] == ["ape", "bee"]  # nobody has the third
    assert everything.images == truth.any(axis=1).sum()
    first = each[0].best[0]
    assert first.score == pytest.approx(SCORES[truth[:, 0], 0].max())
    assert first.right == given[first.id - 10, 0]


def test_mixed_up() -> None:
    found = mixed_up(kept(), 0, 1, most=3)
    answers = SCORES.argmax(axis=1)
    rows = [row for row in range(N) if TRUTH[row] == 0 and answers[row] == 1]
    rows.sort(key=lambda row: -SCORES[row, 1])
    assert found == [row + 10 for row in rows[:3]]


def test_small_pictures() -> None:
    into = io.BytesIO()
    Image.new("RGB", (256, 128), "red").save(into, "PNG")
    with Image.open(io.BytesIO(small(into.getvalue()) or b"")) as made:
        assert (made.format, made.size) == ("JPEG", (80, 40))
    assert small(None) is None
    assert small(b"no picture") == b"no picture"
