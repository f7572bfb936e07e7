"""What is derived from the answers of a model, against one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput

N, K = 40, 4
NAMES = ("a", "b", "c", "d: e")


def rows(**other: Any) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    scores = rng.dirichlet(np.ones(K), N).astype(np.float32)
    return {
        "names": NAMES,
        "ids": rng.permutation(1000)[:N],
        "scores": scores,
        "truth": rng.integers(0, K, N).astype(np.int32),
        "fold": np.zeros(N, np.int16),
        "groups": np.arange(N),
        **other,
    }


def test_labels() -> None:
    tested = Answered(**rows())
    assert (tested.kind, len(tested)) == ("label", N)
    for i, (scores, truth) in enumerate(zip(tested.scores.tolist(), tested.truth, strict=True)):
        second, best = sorted(scores)[-2:]
        said = {what: float(tested.values(what)[i]) for what in ("score", "confidence", "margin")}
        assert said == pytest.approx(
            {"score": scores[truth], "confidence": best, "margin": best - second}
        )
        assert tested.values("predicted")[i] == scores.index(best)
        assert tested.values("error")[i] == (scores.index(best) != truth)
        assert tested.gave("c")[i] == (scores.index(best) == 2)


def test_tags() -> None:
    rng = np.random.default_rng(3)
    truth, given = rng.random((N, K)) < 0.3, rng.random((N, K)) < 0.4
    tested = Answered(**rows(truth=truth, given=given))
    assert tested.kind == "tags"
    for i in range(N):
        has, got = set(np.flatnonzero(truth[i])), set(np.flatnonzero(given[i]))
        assert tested.values("missing")[i] == len(got - has)
        assert tested.values("superfluous")[i] == len(has - got)
        assert tested.values("error")[i] == len(has ^ got)
        own = [tested.scores[i, j] for j in has]
        assert tested.values("score")[i] == pytest.approx(
            np.mean(own) if own else np.nan, nan_ok=True
        )
    np.testing.assert_array_equal(tested.values("tag:d: e"), tested.scores[:, 3])
    np.testing.assert_array_equal(tested.gave("b"), given[:, 1])


def test_numbers() -> None:
    told = np.linspace(0, 1, N, dtype=np.float32)[:, None]
    tested = Answered(**rows(names=(), scores=told, truth=np.full(N, 0.25, np.float32)))
    assert tested.kind == "number"
    np.testing.assert_allclose(tested.values("error"), np.abs(told[:, 0] - 0.25))
    np.testing.assert_array_equal(tested.values("predicted"), told[:, 0])


def test_what_there_is_not() -> None:
    tested = Answered(**rows())
    with pytest.raises(InvalidInput, match=r"asked for predicted, score.* not 'tag:a'"):
        tested.values("tag:a")
    with pytest.raises(InvalidInput, match="does not tell 'z'; it tells a, b"):
        tested.gave("z")


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": np.zeros((N, K - 1), np.float32)},
        {"truth": np.zeros((N, K), bool)},  # nobody said what was given
        {"given": np.zeros((N, K), bool)},
        {"fold": np.zeros(N - 1, np.int16)},
        {"ids": np.zeros(N, np.int64)},
    ],
)
def test_arrays_that_do_not_belong_together(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Answered(**rows(**wrong))
