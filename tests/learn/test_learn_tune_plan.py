"""Layer plans: what each preset does to a small network and to VGG-19, written out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tuning import tiny

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.space import Preprocessing
from impasto.learn.tune import (
    PRESETS,
    Course,
    chosen_course,
    classifier_path,
    open_plan,
    parse_plan,
    plan_text,
    treat,
    units_of,
)
from impasto.learn.tune.course import factor
from impasto.networks import Network
from impasto.networks import networks as recipes

Group = tuple[float, bool]


def vgg19() -> Network:
    """Return VGG-19 without weights: the plan looks only at what there is."""
    recipe = recipes["vgg19"]
    return Network(
        name="vgg19",
        module=recipe.build(1000),
        layers={name: path for name, (path, _) in recipe.layers.items()},
        default_layer="fc7",
        preprocessing=Preprocessing(),
        weights="",
        licence="",
        source="",
    )


def groups(network: Network, name: str) -> dict[str, Group]:
    plan = open_plan(name)
    course = chosen_course(plan.course, {})
    return {
        each.unit.path: (round(each.rate, 12), each.anew)
        for each in treat(plan, units_of(network), course.rate)
    }


CONV = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]


def test_lagunas2017_on_vgg19_is_that_of_the_paper() -> None:
    wanted: dict[str, Group] = {f"features.{i}": (1e-2, True) for i in CONV[:10]}
    wanted |= {f"features.{i}": (1e-4, False) for i in CONV[10:]}
    wanted |= {f"classifier.{i}": (1e-2, True) for i in (0, 3, 6)}
    assert groups(vgg19(), "lagunas2017") == wanted
    course = chosen_course(open_plan("lagunas2017").course, {})
    assert (course.optimiser, course.momentum, course.decay) == ("sgd", 0.9, 5e-4)
    assert (course.schedule, course.epochs, course.batch) == ("constant", 55, 256)


def test_the_other_presets_on_vgg19() -> None:
    network = vgg19()
    paths = [f"features.{i}" for i in CONV] + [f"classifier.{i}" for i in (0, 3, 6)]
    assert groups(network, "probe") == dict.fromkeys(paths, (0.0, False))
    assert groups(network, "lp-ft") == dict.fromkeys(paths, (1e-4, False))
    assert groups(network, "auto-rgn") == dict.fromkeys(paths, (3e-4, False))
    assert groups(network, "scratch") == dict.fromkeys(paths, (2e-3, True))
    first = {"features.0", "features.2", "classifier.6"}
    assert groups(network, "surgical-first") == {
        path: (1e-3, False) if path in first else (0.0, False) for path in paths
    }
    assert groups(network, "full") == {
        path: (3e-3 if path == "classifier.6" else 3e-4, False) for path in paths
    }
    assert groups(network, "layer-decay") == {
        path: (round(1e-3 * 0.75 ** (18 - i), 12), False) for i, path in enumerate(paths)
    }


def test_the_presets_on_a_small_network() -> None:
    network = tiny()
    assert classifier_path(network) == "dense.3"
    conv = [f"features.{i}.{j}" for i in range(3) for j in range(2)]
    both = ["dense.0", "dense.3"]
    # 0.625 of three layers is nearest to the end of the second.
    assert groups(network, "lagunas2017") == {
        **dict.fromkeys(conv[:4], (1e-2, True)),
        **dict.fromkeys(conv[4:], (1e-4, False)),
        **dict.fromkeys(both, (1e-2, True)),
    }
    decays = [0.75**4] * 2 + [0.75**3] * 2 + [0.75**2] * 2 + [0.75, 1.0]
    assert groups(network, "layer-decay") == {
        path: (round(1e-3 * decay, 12), False)
        for path, decay in zip(conv + both, decays, strict=True)
    }
    assert set(groups(network, "scratch").values()) == {(2e-3, True)}


def test_every_preset_says_what_it_is_for() -> None:
    for name in PRESETS:
        plan = open_plan(name)
        assert plan.about.endswith((".", ")"))
        assert parse_plan(plan_text(name), name) == plan
        chosen_course(plan.course, {})


def test_the_last_rule_that_matches_decides(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[course]\nepochs = 3\nwarm-up = 1\n[[layers]]\nmatch = "*"\nfrozen = true\n'
        '[[layers]]\nmatch = ["three", "dense.*"]\nrate = 0.5\n'
        '[[layers]]\nmatch = "@classifier"\nanew = true\n'
    )
    plan = open_plan(file)
    found = {each.unit.path: (each.rate, each.anew) for each in treat(plan, units_of(tiny()), 0.1)}
    assert found["features.0.0"] == (0, False)
    assert found["features.2.1"] == found["dense.0"] == (0.5, False)
    assert found["dense.3"] == (0.1, True)
    course = chosen_course(plan.course, {"epochs": None, "batch": 4})
    assert (course.epochs, course.batch, course.warm_up) == (3, 4, 1)


RULE = '[[layers]]\nmatch = "*"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "is not TOML"),
        ("", "has no [[layers]]"),
        ("layers = 3", "under [[layers]]"),
        ("[[layers]]\nrate = 1", "needs `match`"),
        (f"{RULE}rate = 0", "above 0"),
        (f"{RULE}rate = 'fast'", "takes a number"),
        (f"{RULE}frozen = true\nrate = 1", "can't be frozen"),
        (f"{RULE}speed = 1", "not 'speed'"),
        (f"freeze = 3\n{RULE}", "not 'freeze'"),
        (f"layer-decay = 2\n{RULE}", "lies in (0, 1]"),
        ("[[layers]]\nmatch = 'one'\n", "says nothing of two"),
        ("[[layers]]\nmatch = 'four'\n", "There are: one, two, three"),
        ("[[layers]]\nmatch = '@depth 1..0'\n", "go from 0"),
        ("[[layers]]\nmatch = '@middle'\n", "no word of a layer plan"),
        (f"{RULE}frozen = true\n", "freezes the classifier"),
        (f"[course]\nspeed = 1\n{RULE}", "not 'speed'"),
        (f"[course]\nepochs = 1.5\n{RULE}", "whole number"),
        (f"[course]\noptimiser = 'lion'\n{RULE}", "sgd, adam"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan = parse_plan(text, "mine")
        chosen_course(plan.course, {})
        treat(plan, units_of(tiny()), 0.1)
    assert words in str(caught.value)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lp-ft"):
        open_plan("lp-fit")
    with pytest.raises(InvalidInput, match="can't be read"):
        open_plan(tmp_path / "none.toml")


def test_schedules() -> None:
    constant = Course(schedule="constant", epochs=2, warm_up=0.5)
    assert [factor(constant, step, 4) for step in range(4)] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    steps = Course(schedule="steps", epochs=3)
    assert [factor(steps, step, 2) for step in range(6)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01, 0.01]
    )
    cosine = Course(schedule="cosine", epochs=2)
    assert factor(cosine, 2, 4) == pytest.approx((1 + 2**-0.5) / 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch": 1},
        {"rate": 0.0},
        {"momentum": 1.0},
        {"decay": -1.0},
        {"rate": float("nan")},
        {"augment": "wild"},
        {"patience": True},
    ],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        Course(**wrong)  # type: ignore[arg-type]
