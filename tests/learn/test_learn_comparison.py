"""Models side by side: numbers against scikit-learn, SciPy and one image at a time."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, NotFound
from impasto.learn.comparison import ModelComparison, compare_models
from impasto.learn.comparison.figures import draw_figures
from impasto.learn.comparison.page import render_comparison
from impasto.learn.comparison.paired import bootstrap_p, exchange_p, holm, mcnemar

NAMES = ("ape", "bee", "cat", "dog", "eel", "fox")
N, K = 150, len(NAMES)


def labels(
    seed: int, skill: float, *, truth_seed: int = 0, names: tuple[str, ...] = NAMES, **other: Any
) -> Answered:
    """Return answers that are right more often with more skill."""
    truth = np.random.default_rng(truth_seed).integers(0, K, N).astype(np.int32)
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(K), N) + skill * np.eye(K)[truth] * rng.random((N, 1))
    scores /= scores.sum(axis=1, keepdims=True)
    order = np.argsort([NAMES.index(name) for name in names])
    assert order.tolist() == list(range(len(names)))
    return Answered(
        **{
            "names": names,
            "ids": np.arange(N) + 100,
            "scores": scores.astype(np.float32),
            "truth": truth,
            "fold": np.zeros(N, np.int16),
            "groups": np.arange(N) // 2,
            "nearest": rng.random((N, K)).astype(np.float32),
            "prior": np.full((1, K), 1 / K, np.float32),
            **other,
        }
    )


def tags(seed: int, skill: float, **other: Any) -> Answered:
    truth = np.random.default_rng(0).random((N, K)) < 0.25
    rng = np.random.default_rng(seed)
    scores = np.clip(rng.random((N, K)) * 0.6 + skill * truth * rng.random((N, K)), 0, 1)
    return Answered(
        **{
            "names": NAMES,
            "ids": np.arange(N) + 100,
            "scores": scores.astype(np.float32),
            "truth": truth,
            "fold": np.zeros(N, np.int16),
            "groups": np.arange(N),
            "given": scores > 0.5,
            **other,
        }
    )


def compare(**kept: Answered) -> ModelComparison:
    return compare_models(kept, dict.fromkeys(kept, "a space"))


def test_every_cell_is_that_of_scikit_learn() -> None:
    kept = {"good": labels(1, 1.0), "poor": labels(2, 0.2)}
    compared = compare(**kept)
    rows = {row.name: row for row in compared.rows}
    for name, one in kept.items():
        truth, answer = one.truth, one.answers
        row = rows[name]
        assert row.measures["top1"].value == pytest.approx((truth == answer).mean())
        five = np.argsort(-one.scores, axis=1)[:, :5]
        assert row.measures["top5"].value == pytest.approx((five == truth[:, None]).any(1).mean())
        assert row.measures["macro_f1"].value == pytest.approx(
            f1_score(truth, answer, average="macro")
        )
        each = [average_precision_score(truth == j, one.scores[:, j]) for j in range(K)]
        assert row.measures["mean_average_precision"].value == pytest.approx(np.mean(each))
        for j, cells in enumerate(row.classes):
            assert cells["average_precision"].value == pytest.approx(each[j])
            wanted = [f(truth == j, answer == j) for f in (precision_score, recall_score, f1_score)]
            got = [cells[key].value for key in ("precision", "recall", "f1")]
            assert got == pytest.approx(wanted)
            assert cells["average_precision"].chance == pytest.approx((truth == j).mean())
    assert rows["chance"].measures["top1"].value == pytest.approx(1 / K)
    nearest = kept["good"].nearest
    assert nearest is not None
    assert rows["nearest:good"].measures["top1"].value == pytest.approx(
        (nearest.argmax(axis=1) == kept["good"].truth).mean()
    )
    assert rows["majority"].measures["top1"].value == pytest.approx(
        (kept["good"].truth == 0).mean()
    )


def test_tags_too() -> None:
    kept = {"good": tags(1, 0.8), "poor": tags(2, 0.1)}
    compared = compare(**kept)
    rows = {row.name: row for row in compared.rows}
    for name, one in kept.items():
        assert rows[name].measures["micro_f1"].value == pytest.approx(
            f1_score(one.truth, one.given, average="micro")
        )
        assert rows[name].measures["mean_average_precision"].value == pytest.approx(
            average_precision_score(one.truth, one.scores, average="macro")
        )
    always = rows["always"].measures["macro_f1"]
    assert always.value == pytest.approx(always.chance)
    best = compared.pairs[0]
    assert (best.measure, best.test) == ("mean_average_precision", "bootstrap")
    assert best.difference.low > 0 and best.p < 0.05


def test_intervals_of_differences_are_paired() -> None:
    a, b = labels(1, 1.0), labels(1, 1.0)
    pair = compare(a=a, b=b).pairs[0]
    assert (pair.difference.low, pair.difference.high, pair.p) == (0, 0, 1)
    clear = compare(a=labels(1, 3.0), b=labels(2, 0.1)).pairs[0]
    assert clear.difference.low > 0 and clear.p < 0.001
    # by hand: the same groups drawn again, both models on the same images
    rng = np.random.default_rng(0)
    one, other = labels(1, 1.0), labels(2, 0.5)
    gap = (one.answers == one.truth).astype(float) - (other.answers == other.truth)
    sums = np.bincount(one.groups, weights=gap)
    drawn = sums[rng.integers(0, len(sums), (20_000, len(sums)))].sum(axis=1) / N
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = compare(a=one, b=other).pairs[0].difference
    assert found.value == pytest.approx(gap.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.025)


def test_mcnemar_is_the_binomial_test() -> None:
    rng = np.random.default_rng(4)
    for n in (10, 60):
        ours, theirs = rng.random(n) < 0.8, rng.random(n) < 0.5
        b, c = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
        first, second, p = mcnemar(ours, theirs, np.arange(n))
        assert (first, second) == (b, c)
        assert p == pytest.approx(binomtest(b, b + c).pvalue)
        # each image twice, as near-duplicates: the same evidence, not twice as much
        doubled = mcnemar(np.repeat(ours, 2), np.repeat(theirs, 2), np.repeat(np.arange(n), 2))
        assert doubled == (first, second, p)
    assert mcnemar(ours, ours, np.arange(n)) == (0, 0, 1.0)


def test_exchanges_against_all_there_are() -> None:
    rng = np.random.default_rng(5)
    truth, ours, theirs = (rng.random((6, 3)) < 0.5 for _ in range(3))
    truth[0] = True

    def macro(given: NDArray[np.bool_]) -> float:
        return float(f1_score(truth, given, average="macro"))

    real = abs(macro(ours) - macro(theirs))
    gaps = []
    for coins in product((False, True), repeat=6):
        swap = np.array(coins)[:, None]
        gaps.append(abs(macro(np.where(swap, theirs, ours)) - macro(np.where(swap, ours, theirs))))
    exact = np.mean(np.array(gaps) >= real - 1e-12)
    found = exchange_p(truth, ours, theirs, np.arange(6), times=4000)
    assert found == pytest.approx(exact, abs=0.03)
    assert exchange_p(truth, ours, ours, np.arange(6)) == 1


def test_a_true_null_is_rejected_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(6)
    ps = [mcnemar(rng.random(80) < 0.7, rng.random(80) < 0.7, np.arange(80))[2] for _ in range(400)]
    assert np.mean(np.array(ps) < 0.05) < 0.06


def test_holm_and_resamples() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert bootstrap_p(np.array([1.0, 2.0, 3.0])) == pytest.approx(0.5)
    assert bootstrap_p(np.zeros(9)) == 1


def test_only_images_that_all_were_tested_on() -> None:
    a, b = labels(1, 1.0), labels(2, 0.5)
    some = np.random.default_rng(1).permutation(N)[:70]
    fewer = labels(
        2,
        0.5,
        ids=b.ids[some],
        scores=b.scores[some],
        truth=b.truth[some],
        fold=b.fold[some],
        groups=b.groups[some],
        nearest=None,
    )
    compared = compare(a=a, b=fewer)
    assert compared.common.ids.tolist() == sorted(fewer.ids.tolist())
    right = {row.name: row.measures["top1"].value for row in compared.rows}
    assert right["b"] == pytest.approx((fewer.answers == fewer.truth).mean())
    rows = np.isin(a.ids, fewer.ids)
    assert right["a"] == pytest.approx((a.answers == a.truth)[rows].mean())
    assert any("a was tested on 150 images" in note for note in compared.common.notes)


def test_labels_that_changed_are_left_out() -> None:
    other = labels(2, 0.5)
    truth = other.truth.copy()
    truth[:3] = (truth[:3] + 1) % K
    compared = compare(a=labels(1, 1.0), b=labels(2, 0.5, truth=truth))
    assert len(compared.common.ids) == N - 3
    assert any("3 images whose labels changed" in note for note in compared.common.notes)


def test_the_images_behind_a_number() -> None:
    a, b = labels(1, 1.0), labels(2, 0.5)
    compared = compare(a=a, b=b)
    ours, theirs = a.answers == a.truth, b.answers == b.truth
    found = {cell: set(compared.images(cell, "a", "b")) for cell in ("both", "first", "neither")}
    assert found["both"] == set(a.ids[ours & theirs])
    assert found["first"] == set(a.ids[ours & ~theirs])
    assert found["neither"] == set(a.ids[~ours & ~theirs])
    wrong = compared.images("wrong", "b", name="cat")
    assert set(wrong) == set(b.ids[(b.answers == 2) & (b.truth != 2)])
    missed = compared.images("missed", "b", name="cat")
    assert set(missed) == set(b.ids[(b.answers != 2) & (b.truth == 2)])
    with pytest.raises(NotFound, match="No row 'c'"):
        compared.images("both", "a", "c")
    with pytest.raises(NotFound, match="No label 'cow'"):
        compared.images("wrong", "a", name="cow")


def test_what_can_not_be_compared() -> None:
    with pytest.raises(InvalidInput, match="at least two models"):
        compare(a=labels(1, 1.0))
    with pytest.raises(InvalidInput, match="a tells labels, b tells tags"):
        compare(a=labels(1, 1.0), b=tags(1, 1.0))
    with pytest.raises(InvalidInput, match="No image was tested by all"):
        compare(a=labels(1, 1.0), b=labels(1, 1.0, ids=np.arange(N) + 1000))
    with pytest.raises(InvalidInput, match="no tag in common"):
        compare(a=tags(1, 1.0), b=tags(1, 1.0, names=tuple("uvwxyz")))


@pytest.mark.parametrize("make", [labels, tags])
def test_page_and_figures_hold_everything(make: Any) -> None:
    compared = compare(**{"good <1>": make(1, 1.0), "poor": make(2, 0.1), "fair": make(3, 0.5)})
    cards = {
        name: {
            "method": "m",
            "method_title": "M",
            "space_title": "S",
            "images": 5,
            "parameters": {"C": 1},
        }
        for name in compared.models
    }
    page = render_comparison(
        compared,
        cards,
        title="Three <models>",
        pictures=lambda _: None,
        names=lambda i: f"p{i}.png",
        version="1",
    )
    assert "Three &lt;models&gt;" in page and "<1>" not in page
    assert not re.search(r'(src|href)="http', page) and "<script" not in page
    assert len(compared.pairs) == 3 * len(compared.rows[0].measures)
    for name in NAMES:
        assert name in page
    assert compared.to_json()["tested"] == list(compared.tested())
    for svg in draw_figures(compared).values():
        assert svg.startswith("<svg ") and "good &lt;1&gt;" in svg
    assert draw_figures(compared) == draw_figures(compared)
