"""How long and how a network is tuned: steps, their size, and what is done to the pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_type_hints

from impasto.core.errors import InvalidInput
from impasto.core.space import Precision

Optimiser = Literal["sgd", "adam", "adamw", "adagrad"]
Schedule = Literal["constant", "cosine", "steps"]
Augment = Literal["none", "light", "strong"]


@dataclass(frozen=True, slots=True)
class Course:
    """The settings of the training loop.

    Parameters
    ----------
    epochs : int
        Passes over the training part, at most.
    batch : int
        Images of a step; over all processes, where there are several.
    optimiser : {"sgd", "adam", "adamw", "adagrad"}
    rate : float
        Learning rate of layers whose rule names none.
    momentum : float
        Of "sgd".
    decay : float
        Pull of the weights towards 0; not on biases and normalisations.
    schedule : {"constant", "cosine", "steps"}
        How the rates go on: not at all, to 0 along a cosine, or to a tenth after each third.
    warm_up : float
        Epochs over which the rates rise from 0.
    augment : {"none", "light", "strong"}
        "light" cuts a random part out (60 to 100 % of the area) and mirrors half of the pictures;
        "strong" takes 30 to 100 %, stretches, and changes brightness, contrast and saturation.
    smoothing : float
        Share of certainty that the wrong classes get (labels only).
    precision : {"f32", "bf16"}
        bf16 computes most of it with 16 bits (autocast); the weights stay in f32.
    patience : int
        Epochs without a better score on the validation part before the loop ends; 0: never.
    """

    epochs: int = 15
    batch: int = 32
    optimiser: Optimiser = "adamw"
    rate: float = 3e-4
    momentum: float = 0.9
    decay: float = 0.01
    schedule: Schedule = "cosine"
    warm_up: float = 0.0
    augment: Augment = "light"
    smoothing: float = 0.0
    precision: Precision = "f32"
    patience: int = 5

    def __post_init__(self) -> None:
        """Check names and numbers."""
        for name, kind in get_type_hints(Course).items():
            given, allowed = getattr(self, name), get_args(kind)
            if allowed and given not in allowed:
                raise InvalidInput(f"{name} can be {', '.join(allowed)}, not {given!r}.")
            if not allowed and (isinstance(given, (bool, str)) or not math.isfinite(given)):
                raise InvalidInput(f"{name} takes a number, not {given!r}.")
            if kind is int and given != int(given):
                raise InvalidInput(f"{name} takes a whole number, not {given!r}.")
        if self.epochs < 1 or self.batch < 2:
            raise InvalidInput(
                "There is at least 1 epoch, and a batch holds at least 2 images, not "
                f"{self.epochs} and {self.batch}."
            )
        if not self.rate > 0:
            raise InvalidInput(f"The learning rate is above 0, not {self.rate}.")
        if not 0 <= self.momentum < 1 or not 0 <= self.smoothing < 1:
            raise InvalidInput(
                f"momentum and smoothing lie in [0, 1), not {self.momentum} and {self.smoothing}."
            )
        if min(self.decay, self.warm_up, self.patience) < 0:
            raise InvalidInput("decay, warm-up and patience are at least 0.")


def chosen_course(planned: Mapping[str, Any], asked: Mapping[str, Any]) -> Course:
    """Return the settings of a plan, with those that the user names in their place.

    Parameters
    ----------
    planned : mapping
        `Plan.course`.
    asked : mapping
        Names to values; None means that nothing was asked.

    Raises
    ------
    InvalidInput
        For a setting that there is not, or a value that it can't have.
    """
    known = {each.name for each in fields(Course)}
    unknown = sorted((set(planned) | set(asked)) - known)
    if unknown:
        shown = ", ".join(sorted(name.replace("_", "-") for name in known))
        raise InvalidInput(f"The settings of a layer plan are {shown}; not {unknown[0]!r}.")
    given = {name: value for name, value in asked.items() if value is not None}
    return replace(Course(), **{**planned, **given})


def factor(course: Course, step: int, steps: int) -> float:
    """Return what the rates are multiplied by at a step.

    Parameters
    ----------
    course : Course
    step : int
        Number of the step, from 0, over all epochs.
    steps : int
        Steps of an epoch.

    Examples
    --------
    >>> [round(factor(Course(epochs=4), step, 10), 2) for step in (0, 20, 39)]
    [1.0, 0.5, 0.0]
    """
    warm = course.warm_up * steps
    if step < warm:
        return (step + 1) / (warm + 1)
    if course.schedule == "constant":
        return 1.0
    done = (step - warm) / max(1.0, course.epochs * steps - warm)
    if course.schedule == "steps":
        return float(0.1 ** min(2, int(3 * done)))
    return (1 + math.cos(math.pi * min(1.0, done))) / 2
