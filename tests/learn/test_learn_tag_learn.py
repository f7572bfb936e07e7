"""Learning tags: beats chance on easy data, is at chance on shuffled tags, and tells the truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.partition import partition_tags
from impasto.core.space import Space
from impasto.learn.losses import Costs
from impasto.learn.recipes import RECIPES
from impasto.learn.samplers import Sampling, open_sampler
from impasto.learn.tag_heads import Steps, fit_by_steps, plain_curves
from impasto.learn.tag_learn import TagConfig, TagLearned, learn_tags
from impasto.learn.tag_model import load_tag_model
from impasto.learn.thresholds import Wanted

SPACE = Space("made-up", "out", 16, "0" * 64)
TAGS = ("common", "usual", "rare")


def tagged(n: int = 500, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    chance = np.random.default_rng(seed)
    truth = chance.random((n, 3)) < [0.5, 0.2, 0.07]
    directions = np.random.default_rng(99).normal(size=(3, 16))
    values = chance.normal(size=(n, 16)) + 1.3 * truth @ directions
    return values.astype(np.float32), truth


def run(values: NDArray[np.float32], truth: NDArray[np.bool_], **options: Any) -> TagLearned:
    n = len(values)
    given = {"ids": np.arange(n) + 100, "folds": np.arange(n) % 3} | options
    return learn_tags(values, truth, TAGS, space=SPACE, **given)


@pytest.mark.parametrize(
    "config",
    [
        TagConfig(),
        TagConfig(method="steps", steps=Steps(Sampling("entropy"), Costs("weighted"), 300, 0.01)),
    ],
)
def test_learns_what_can_be_learned(config: TagConfig) -> None:
    values, truth = tagged()
    found = run(values, truth, config=config).evaluation
    overall = found.model.overall
    assert overall.mean_average_precision.low > 0.75 > 2 * overall.mean_average_precision.chance
    assert overall.macro_f1.value > overall.macro_f1.chance + 0.2
    assert found.baselines[1].overall.macro_f1.value == pytest.approx(
        found.baselines[1].overall.macro_f1.chance
    )
    answers = found.answers
    assert found.scores[2].average_precision.value == pytest.approx(
        average_precision_score(answers.truth[:, 2], answers.probabilities[:, 2])
    )
    assert sorted(answers.ids) == list(range(100, 600))
    assert found.calibration_error < 0.05
    answers = found.answers
    assert sum(bin_.images for bin_ in found.reliability) == answers.truth.size
    for j, error in enumerate(found.calibration_errors):
        edges = np.digitize(answers.probabilities[:, j], np.arange(1, 10) / 10)
        by_hand = sum(
            abs((answers.probabilities[at, j] - answers.truth[at, j]).sum())
            for at in (edges == b for b in range(10))
        )
        assert error == pytest.approx(by_hand / len(answers.ids))
    assert found.gain.low <= found.gain.value <= found.gain.high


def test_shuffled_tags_are_at_chance() -> None:
    values, truth = tagged()
    mixed = np.random.default_rng(1).permutation(truth)
    overall = run(values, mixed).evaluation.model.overall
    assert overall.mean_average_precision.value < 1.35 * overall.mean_average_precision.chance


def test_the_model_is_the_one_that_was_judged() -> None:
    values, truth = tagged()
    parts = np.array(["train", "validation", "test"])[
        partition_tags(truth, np.arange(len(truth)), (0.6, 0.2, 0.2), seed=0)
    ]
    learned = run(values, truth, folds=None, parts=parts.tolist())
    again = load_tag_model(learned.model.files())
    prediction = again.predict(values[parts == "test"], SPACE)
    assert prediction.probabilities == pytest.approx(learned.evaluation.answers.probabilities)
    assert (prediction.given == learned.evaluation.answers.given).all()
    assert again.to_json() == learned.model.to_json()
    assert len(prediction) == (parts == "test").sum()
    best = prediction.top(2)[0]
    assert best[0][1] >= best[1][1] and best[0][0] in TAGS
    names = prediction.names()[0]
    assert set(names) == {tag for tag, on in zip(TAGS, prediction.given[0], strict=True) if on}
    other = Space("other", "out", 16, "0" * 64)
    with pytest.raises(SpaceMismatch):
        again.predict(values, other)


def test_a_tag_that_no_tested_image_has_is_told() -> None:
    values, truth = tagged()
    truth[::3, 2] = False
    parts = np.where(np.arange(500) % 3 == 0, "test", "train").tolist()
    found = run(values, truth, folds=None, parts=parts).evaluation
    assert "Not judged, since no tested image has them: rare." in found.notes
    assert np.isnan(found.scores[2].average_precision.value)


def test_several_spaces_stand_side_by_side() -> None:
    values, truth = tagged()
    directions = np.random.default_rng(99).normal(size=(3, 16))
    values -= (1.3 * truth[:, [2]] * directions[2]).astype(np.float32)  # "rare" can't be seen here
    other = Space("other", "out", 8, "1" * 64)
    seen = np.random.default_rng(5).normal(size=(500, 8)) + 4 * truth[:, [2]]
    beside = np.concatenate([values, 1000 * seen], axis=1).astype(np.float32)
    parts = np.array(["train", "validation", "test"])[np.arange(500) % 3].tolist()
    alone = run(values, truth, folds=None, parts=parts).evaluation
    both = learn_tags(
        beside, truth, TAGS, space=(SPACE, other), ids=np.arange(500) + 100, parts=parts
    )
    rare, alone_rare = both.evaluation.scores[2], alone.scores[2]
    assert rare.average_precision.value > alone_rare.average_precision.value + 0.5
    common, alone_common = both.evaluation.scores[0], alone.scores[0]  # no space drowns the other
    assert common.average_precision.value > alone_common.average_precision.value - 0.05
    again = load_tag_model(both.model.files())
    test = np.array(parts) == "test"
    told = again.predict(beside[test], (SPACE, other)).probabilities
    assert told == pytest.approx(both.evaluation.answers.probabilities)
    with pytest.raises(SpaceMismatch):
        again.predict(beside[test], (other, SPACE))
    with pytest.raises(SpaceMismatch):
        again.predict(values[test], SPACE)


def test_near_duplicates_of_tested_images_are_not_learned_from() -> None:
    values, truth = tagged(200)
    twice = np.repeat(values, 2, axis=0)
    chance = np.random.default_rng(3).permutation(truth).repeat(2, axis=0)  # tags mean nothing
    folds = np.arange(400) % 2  # each image's double is in the other fold
    leaky = run(twice, chance, folds=folds).evaluation.model.overall
    groups = np.arange(200).repeat(2)
    with pytest.raises(InvalidInput, match="left to learn from"):
        run(twice, chance, folds=folds, groups=groups)
    apart = run(twice, chance, folds=groups % 3, groups=groups).evaluation.model.overall
    assert leaky.mean_average_precision.value > 1.5 * apart.mean_average_precision.value


def test_thresholds_do_what_was_wanted() -> None:
    values, truth = tagged(1500)
    found = run(values, truth, config=TagConfig(wanted=Wanted("recall", 0.9))).evaluation
    assert all(score.recall.value > 0.8 for score in found.scores)
    fixed = run(values, truth, config=TagConfig(wanted=Wanted("fixed", 0.5))).evaluation
    assert (fixed.answers.given == (fixed.answers.probabilities >= 0.5)).all()
    best = run(values, truth).evaluation
    assert best.model.overall.macro_f1.value >= fixed.model.overall.macro_f1.value - 0.02


def test_disagreements_are_the_surest_ones() -> None:
    values, truth = tagged()
    forgotten = np.flatnonzero(truth[:, 0])[:3]
    noisy = truth.copy()
    noisy[forgotten, 0] = False
    failures = run(values, noisy).evaluation.failures
    missing = [f for f in failures if f.wrong == "missing"]
    assert len(missing) <= 24 and all(not noisy[f.id - 100, TAGS.index(f.tag)] for f in missing)
    superfluous = [f for f in failures if f.wrong == "superfluous"]
    assert superfluous and all(noisy[f.id - 100, TAGS.index(f.tag)] for f in superfluous)
    assert [f.probability for f in missing] == sorted(
        (f.probability for f in missing), reverse=True
    )
    for f in missing:
        assert f.near is not None and noisy[f.near.id - 100, TAGS.index(f.tag)]


def test_everything_is_json_and_the_same_again() -> None:
    values, truth = tagged()
    one, two = run(values, truth), run(values, truth)
    assert json.dumps(one.evaluation.to_json()) == json.dumps(two.evaluation.to_json())
    assert one.model.files() == two.model.files()
    assert {"mean_average_precision", "macro_f1", "tags"} <= one.evaluation.metrics().keys()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"truth": np.zeros((9, 3), bool)}, "no image has the tag"),
        ({"truth": np.ones((9, 3), bool)}, "every image has the tag"),
        ({"folds": np.zeros(9, int)}, "two folds"),
        ({"folds": None, "parts": ["train"] * 9}, "nothing could be judged"),
        ({"folds": None, "parts": ["exam"] * 9}, "out of train"),
        ({"folds": None}, "either parts"),
    ],
)
def test_what_can_not_be_learned(change: dict[str, Any], says: str) -> None:
    values, truth = tagged(9)
    truth = np.arange(9)[:, None] % 3 == np.arange(3)
    given = {"truth": truth} | change
    with pytest.raises(InvalidInput, match=f"(?i){says}"):
        run(values, **given)


@pytest.mark.parametrize("name", [n for n in RECIPES if n.startswith("ahres2016")])
def test_recipes_of_work_1_settle_what_it_published(name: str) -> None:
    from impasto.flow import from_recipe

    options = from_recipe(name)
    asked = options.tagging
    assert (options.target, options.method) == ("tags", "steps")
    assert (asked.batch, asked.optimiser, asked.rate) == (24, "adagrad", 1e-4)
    assert (asked.aim, asked.level, asked.calibrate, asked.prior) == ("fixed", 0.5, False, False)
    assert (asked.sampler, asked.candidates) == (
        ("entropy", 5) if "entropy" in name else ("random", 5)
    )
    assert asked.loss == ("weighted" if "weights" in name else "plain")
    if asked.loss == "weighted":
        assert asked.reading == ("printed" if "printed" in name else "inverse")


def test_adagrad_is_torchs_and_raw_probabilities_are_sigmoids() -> None:
    import torch

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 6)).astype(np.float32)
    tags = rng.random((40, 2)) < 0.4
    how = Steps(Sampling("random", batch=10), steps=8, rate=0.05, optimiser="adagrad", prior=False)
    head = fit_by_steps(rows, tags, how)
    layer = torch.nn.Linear(6, 2)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimiser = torch.optim.Adagrad(layer.parameters(), lr=0.05)
    batches = []
    for epoch in range(2):
        sampler = open_sampler(tags, how.sampling)
        sampler.set_epoch(epoch)
        batches += list(sampler)
    for batch in batches:
        optimiser.zero_grad()
        logits = layer(torch.from_numpy(rows[batch]))
        truth = torch.from_numpy(tags[batch].astype(np.float32))
        torch.nn.functional.binary_cross_entropy_with_logits(logits, truth).backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        optimiser.step()
    np.testing.assert_allclose(head.weights, layer.weight.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(head.bias, layer.bias.detach().numpy(), atol=1e-6)
    logits_ = head.logits(rows)
    np.testing.assert_allclose(plain_curves(2).probabilities(logits_), 1 / (1 + np.exp(-logits_)))
