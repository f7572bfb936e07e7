"""Layer plans: which layers of a network learn how fast, which stay, which begin anew.

A plan is a small TOML file. The presets are such files too, so a plan of one's own begins as a
copy of one of them (`impasto tune --show PLAN`).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

from impasto.core.errors import InvalidInput, not_found
from impasto.learn.tune.units import Unit, depths

SUFFIX = ".toml"
PRESETS = (
    "probe",
    "lp-ft",
    "surgical-first",
    "auto-rgn",
    "layer-decay",
    "full",
    "scratch",
    "lagunas2017",
)
"""Plans that come with impasto."""

_KEYS = {
    *("about", "head-first", "keep-statistics", "relative-gradients", "layer-decay"),
    *("course", "layers"),
}
_RULE = {"match", "rate", "frozen", "anew"}
_WORDS = ("@classifier", "@dense", "@depth A..B")


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to some layers.

    Parameters
    ----------
    match : tuple of str
        Patterns of named layers ("conv1_*", "stage3") or module paths ("features.0"); or a word:
        "@classifier", "@dense" (the classifier and the fully connected layers beside it),
        "@depth 0..0.5" (the first half of the layers, to the nearest end of a named layer).
    rate : float or None
        Learning rate; None: that of the course.
    frozen : bool
        The layers stay as they are, statistics of batch normalisation included.
    anew : bool
        The layers begin with random weights.
    """

    match: tuple[str, ...]
    rate: float | None = None
    frozen: bool = False
    anew: bool = False

    def __post_init__(self) -> None:
        """Check what the file says."""
        if not self.match:
            raise InvalidInput("A rule of a layer plan needs `match`: which layers it is for.")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise InvalidInput(
                f"A learning rate is above 0, not {self.rate}; to leave layers as they are, "
                "say frozen = true."
            )
        if self.frozen and (self.anew or self.rate is not None):
            raise InvalidInput(
                f"Layers like {', '.join(self.match)} can't be frozen and learn or begin anew."
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is tuned.

    Parameters
    ----------
    name, about : str
    rules : tuple of Rule
        The last one that matches a layer decides.
    head_first : bool
        Begin with the best linear classifier on the vectors of the network as it is.
    keep_statistics : bool
        Batch normalisation goes by the means and variances that the network came with, also where
        its weights learn. Those of small batches of other pictures are so different that a good
        head loses its footing at the first step.
    relative_gradients : bool
        Multiply the rate of every layer, each epoch, by the length of its gradient over the
        length of its weights, the largest being 1 (Lee et al. 2023, "Auto-RGN").
    layer_decay : float or None
        Multiply the rate of every named layer by this for each one between it and the output.
    course : mapping
        Settings of `Course` that belong to the plan.
    """

    name: str
    about: str
    rules: tuple[Rule, ...]
    head_first: bool = False
    keep_statistics: bool = False
    relative_gradients: bool = False
    layer_decay: float | None = None
    course: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.rules:
            raise InvalidInput(f"The layer plan {self.name} has no [[layers]].")
        if self.layer_decay is not None and not 0 < self.layer_decay <= 1:
            raise InvalidInput(f"layer-decay lies in (0, 1], not {self.layer_decay}.")


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a plan does to one unit of a network.

    Parameters
    ----------
    unit : Unit
    rate : float
        0 where it is frozen.
    anew : bool
    """

    unit: Unit
    rate: float
    anew: bool

    @property
    def frozen(self) -> bool:
        """Whether it stays as it is."""
        return self.rate == 0


def open_plan(name: str | Path) -> Plan:
    """Return a preset by its name, or read the plan in a file.

    Raises
    ------
    NotFound
        When there is no such preset or file.
    InvalidInput
        When the file is no layer plan; the message names what is wrong in it.
    """
    if str(name) in PRESETS:
        return parse_plan(plan_text(str(name)), str(name))
    file = Path(name).expanduser()
    if file.suffix != SUFFIX and not file.is_file():
        raise not_found("layer plan", name, PRESETS)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidInput(f"The layer plan {file} can't be read: {reason}.") from None
    return parse_plan(text, file.stem)


def plan_text(name: str) -> str:
    """Return the file of a preset."""
    if name not in PRESETS:
        raise not_found("layer plan", name, PRESETS)
    place = files("impasto.learn.tune").joinpath("plans", name + SUFFIX)
    return place.read_text(encoding="utf-8")


def parse_plan(text: str, name: str) -> Plan:
    r"""Read a plan from the text of its file.

    Examples
    --------
    >>> plan = parse_plan('[[layers]]\nmatch = "*"\nrate = 0.01', "mine")
    >>> plan.rules[0].rate
    0.01
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"The layer plan {name} is not TOML: {error}.") from None
    _check_keys(data, _KEYS, f"The layer plan {name}")
    rules = data.get("layers", [])
    if not isinstance(rules, list) or not all(isinstance(each, dict) for each in rules):
        raise InvalidInput(f"The layer plan {name} writes each rule under [[layers]].")
    course = data.get("course", {})
    if not isinstance(course, dict):
        raise InvalidInput(f"The layer plan {name} writes its settings under [course].")
    return Plan(
        name=name,
        about=_typed(data, "about", str, ""),
        rules=tuple(_rule(each, name) for each in rules),
        head_first=_typed(data, "head-first", bool, False),
        keep_statistics=_typed(data, "keep-statistics", bool, False),
        relative_gradients=_typed(data, "relative-gradients", bool, False),
        layer_decay=_typed(data, "layer-decay", float, None),
        course={key.replace("-", "_"): value for key, value in course.items()},
    )


def _rule(data: Mapping[str, Any], name: str) -> Rule:
    _check_keys(data, _RULE, f"A rule of the layer plan {name}")
    match = data.get("match", ())
    patterns = (match,) if isinstance(match, str) else tuple(match)
    if not all(isinstance(each, str) for each in patterns):
        raise InvalidInput(f"`match` of the layer plan {name} takes a pattern, or a list of them.")
    return Rule(
        match=patterns,
        rate=_typed(data, "rate", float, None),
        frozen=_typed(data, "frozen", bool, False),
        anew=_typed(data, "anew", bool, False),
    )


def _check_keys(data: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        raise InvalidInput(f"{what} knows {', '.join(sorted(known))}; not {unknown[0]!r}.")


def _typed(data: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = data.get(key, default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if value is not default and not isinstance(value, kind):
        words = {str: "words", bool: "true or false", float: "a number"}
        raise InvalidInput(f"`{key}` of a layer plan takes {words[kind]}, not {value!r}.")
    return value


def treat(plan: Plan, units: Sequence[Unit], rate: float) -> tuple[Treatment, ...]:
    """Say what a plan does to each unit of a network.

    The classifier is always new, whatever the plan says: its classes are. With `head_first` it
    begins with what was learned on vectors.

    Parameters
    ----------
    plan : Plan
    units : sequence of Unit
    rate : float
        Learning rate of rules that name none.

    Raises
    ------
    InvalidInput
        When a rule matches nothing, or a layer has no rule: nothing is decided silently.
    """
    units = tuple(units)
    chosen: dict[str, Rule] = {}
    for rule in plan.rules:
        mine = [unit for unit in units if any(_fits(word, unit, units) for word in rule.match)]
        if not mine:
            layers = ", ".join(dict.fromkeys(unit.layer for unit in units))
            raise InvalidInput(
                f"No layer is like {', '.join(rule.match)} (layer plan {plan.name}). There are: "
                f"{layers}; the words {', '.join(_WORDS)}; and module paths."
            )
        chosen |= {unit.path: rule for unit in mine}
    left = [unit for unit in units if unit.path not in chosen]
    if left:
        raise InvalidInput(
            f"The layer plan {plan.name} says nothing of {left[0].layer} ({left[0].path}): begin "
            'it with a rule for all layers, match = "*".'
        )
    classifier = next(unit for unit in units if unit.classifier)
    if chosen[classifier.path].frozen and not plan.head_first:
        raise InvalidInput(
            f"The layer plan {plan.name} freezes the classifier, which is new and knows nothing: "
            'say head-first = true, or give it a rule of its own, match = "@classifier".'
        )
    return tuple(
        Treatment(
            unit=unit,
            rate=0.0
            if chosen[unit.path].frozen
            else (chosen[unit.path].rate or rate) * _decay(plan, unit, units),
            anew=chosen[unit.path].anew,
        )
        for unit in units
    )


def _decay(plan: Plan, unit: Unit, units: tuple[Unit, ...]) -> float:
    if plan.layer_decay is None:
        return 1.0
    layers = list(dict.fromkeys(each.layer for each in units))
    above = len(layers) - 1 - layers.index(unit.layer)
    return float(plan.layer_decay**above)


def _fits(word: str, unit: Unit, units: tuple[Unit, ...]) -> bool:
    if not word.startswith("@"):
        return fnmatchcase(unit.path, word) or fnmatchcase(unit.layer, word)
    if word == "@classifier":
        return unit.classifier
    if word == "@dense":
        return unit.dense
    low, high = _range(word)
    layers = depths(units)
    if unit.dense or unit.layer not in layers:
        return False
    ends = (0.0, *(end for _, end in layers.values()))
    begin, end = layers[unit.layer]
    return begin >= _nearest(low, ends) and end <= _nearest(high, ends)


def _nearest(value: float, ends: tuple[float, ...]) -> float:
    return min(ends, key=lambda end: abs(end - value))


def _range(word: str) -> tuple[float, float]:
    try:
        first, second = word.removeprefix("@depth ").split("..")
        low, high = float(first), float(second)
    except ValueError:
        raise InvalidInput(
            f"{word!r} is no word of a layer plan. There are: {', '.join(_WORDS)}, such as "
            "@depth 0..0.5."
        ) from None
    if not 0 <= low < high <= 1:
        raise InvalidInput(f"Depths go from 0, the input, to 1: {word!r} does not.")
    return low, high
