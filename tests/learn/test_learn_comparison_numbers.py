"""Models of numbers side by side: measures against scikit-learn and SciPy, tests by counting."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from impasto.core.answered import Answered
from impasto.core.errors import InvalidInput, NotFound
from impasto.learn.comparison import NumberComparison, compare_numbers, one_kind
from impasto.learn.comparison.number_figures import draw_number_figures
from impasto.learn.comparison.number_page import numbers_verdict, render_numbers
from impasto.learn.comparison.paired import signs_p

N = 120


def numbers(seed: int, noise: float, **other: Any) -> Answered:
    """Return answers that are farther off with more noise."""
    truth = np.random.default_rng(0).normal(1900, 30, N)
    told = truth + noise * np.random.default_rng(seed).standard_normal(N)
    return Answered(
        **{
            "names": (),
            "ids": np.arange(N) + 7,
            "scores": told.astype(np.float32)[:, None],
            "truth": truth.astype(np.float32),
            "fold": (np.arange(N) % 2).astype(np.int16),
            "groups": np.arange(N),
            "nearest": (truth + 25).astype(np.float32)[:, None],
            "prior": np.array([[1900, 1898], [1902, 1899]], np.float32),
            **other,
        }
    )


def compare(**kept: Answered) -> NumberComparison:
    return compare_numbers(kept, dict.fromkeys(kept, "a space"))


def test_every_measure_is_that_of_scikit_learn() -> None:
    kept = {"good": numbers(1, 5), "poor": numbers(2, 40)}
    compared = compare(**kept)
    rows = {row.name: row.measures for row in compared.rows}
    assert [*rows] == ["good", "poor", "nearest:good", "median", "mean"]
    truth = kept["good"].truth.astype(np.float64)
    mean = np.where(np.arange(N) % 2, 1902.0, 1900.0)
    for name, one in kept.items():
        told = one.scores[:, 0].astype(np.float64)
        assert rows[name]["mae"].value == pytest.approx(mean_absolute_error(truth, told))
        squared = mean_squared_error(truth, told)
        assert rows[name]["rmse"].value == pytest.approx(squared**0.5)
        assert rows[name]["r2"].value == pytest.approx(1 - squared / ((truth - mean) ** 2).mean())
        assert rows[name]["spearman"].value == pytest.approx(spearmanr(truth, told).statistic)
        for estimate in rows[name].values():
            assert estimate.low < estimate.value < estimate.high
    median = np.where(np.arange(N) % 2, 1899.0, 1898.0)
    assert rows["median"]["mae"].value == pytest.approx(np.abs(truth - median).mean())
    assert rows["good"]["mae"].chance == rows["median"]["mae"].value
    assert rows["mean"]["r2"].value == pytest.approx(0)
    assert rows["nearest:good"]["mae"].value == pytest.approx(25, abs=1e-3)


def test_without_what_was_learned_from_the_tested_numbers_stand_in() -> None:
    old = {"prior": None, "nearest": None}
    compared = compare(good=numbers(1, 5, **old), poor=numbers(2, 40, **old))
    rows = {row.name: row.measures for row in compared.rows}
    assert [*rows] == ["good", "poor", "median", "mean"]
    told = numbers(1, 5).scores[:, 0]
    assert rows["good"]["r2"].value == pytest.approx(r2_score(numbers(1, 5).truth, told), rel=1e-5)


def test_pairs_tell_what_is_better_and_what_is_chance() -> None:
    clear = compare(good=numbers(1, 5), poor=numbers(2, 40))
    for pair in clear.pairs:
        assert pair.p < 0.05 and pair.corrected < 0.05
        wanted = -1 if pair.measure in ("mae", "rmse") else 1
        assert wanted * pair.difference.low > 0 and wanted * pair.difference.high > 0
    alike = compare(one=numbers(12, 20), two=numbers(13, 20), three=numbers(14, 20))
    assert len(alike.pairs) == 3 * 4
    assert all(pair.corrected > 0.05 for pair in alike.pairs)
    same = compare(one=numbers(1, 20), two=numbers(1, 20))
    assert {pair.p for pair in same.pairs} == {1.0}
    assert {pair.difference.value for pair in same.pairs} == {0.0}


def test_changing_signs_is_counting_all_of_them() -> None:
    differences = np.array([3.0, 1, -0.5, 2, 0, 1.5, 0.25, 1])
    groups = np.array([0, 0, 1, 2, 3, 4, 5, 6])  # the first two change together
    sums = np.array([4.0, -0.5, 2, 1.5, 0.25, 1])
    every = [abs(sums @ signs) for signs in product((-1, 1), repeat=6)]
    exact = np.mean([value >= sums.sum() - 1e-9 for value in every])
    assert signs_p(differences, groups, times=40_000) == pytest.approx(exact, abs=0.004)


def test_the_images_behind_a_pair() -> None:
    compared = compare(good=numbers(1, 5), poor=numbers(2, 40))
    closer = compared.images("first", "good", "poor")
    farther = compared.images("second", "good", "poor")
    [pair] = [one for one in compared.pairs if one.measure == "mae"]
    assert (len(closer), len(farther)) == (pair.first_alone, pair.second_alone)
    ahead = compared.off("poor") - compared.off("good")
    assert closer[0] == compared.ids[ahead.argmax()] and farther[0] == compared.ids[ahead.argmin()]
    assert set(closer).isdisjoint(farther)
    for wrong in (("both", "good", "poor"), ("first", "good"), ("first", "good", "poor", "red")):
        with pytest.raises(InvalidInput, match="more closely"):
            compared.images(*wrong)
    with pytest.raises(NotFound):
        compared.images("first", "good", "nobody")


def test_what_changed_is_left_out_and_said() -> None:
    first, second = numbers(1, 5), numbers(2, 5)
    moved = second.truth.copy()
    moved[:10] += 1
    compared = compare(first=first, second=replace(second, truth=moved))
    assert len(compared.ids) == N - 10
    assert compared.notes[0].startswith("Left out: 10 images whose number changed")
    with pytest.raises(InvalidInput, match="numbers of all images changed"):
        compare(first=first, second=replace(second, truth=second.truth + 1))
    with pytest.raises(InvalidInput, match="No image was tested by all"):
        compare(first=first, second=replace(second, ids=second.ids + 1000))


def test_mixed_kinds_are_one_sentence() -> None:
    labels = Answered(
        ("ape", "bee"),
        np.arange(2),
        np.full((2, 2), 0.5, np.float32),
        np.zeros(2, np.int32),
        np.zeros(2, np.int16),
        np.arange(2),
    )
    with pytest.raises(InvalidInput) as said:
        one_kind({"years": numbers(1, 5), "animals": labels})
    assert str(said.value) == (
        "Only models that tell the same can be compared: years tells numbers, animals tells labels."
    )


def test_page_and_figures() -> None:
    compared = compare(good=numbers(1, 5), poor=numbers(2, 40), third=numbers(3, 40))
    about = {"target": "year", "method_title": "Ridge", "space_title": "a space", "images": 9}
    cards = {name: {**about, "parameters": {"C": 1.0}} for name in compared.models}
    text = render_numbers(
        compared,
        cards,
        title="Models of <years>",
        pictures=lambda _: None,
        names=str,
        version="0",
    )
    assert "good comes closest: " in text and "more than chance over every other model" in text
    assert "&lt;years&gt;" in text and "Always the median" in text and "Closer: good" in text
    assert "http" not in text and "<script" not in text
    blind = compare(lost=numbers(1, 90), gone=numbers(2, 80))
    assert "none is better than not looking" in numbers_verdict(blind)
    drawn = draw_number_figures(compared)
    assert [*drawn] == ["distances", "agreement", "differences"]
    assert "good minus third" in drawn["differences"] and "mean distance" in drawn["distances"]
