"""A tiny network and easy pictures for the tests of tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from impasto.core.errors import Cancelled
from impasto.core.space import Preprocessing
from impasto.learn.tune import Course, LabelTask, Lesson, Pictures, Plan, Rule, roomy
from impasto.networks import Network
from impasto.networks.weights import digest

SIDE = 16
HOW = Preprocessing(size=SIDE, crop=1.0)


def tiny(seed: int = 0) -> Network:
    """Return a network of three convolutions and two dense layers."""
    torch.manual_seed(seed)
    blocks = [
        nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        for a, b, stride in ((3, 8, 2), (8, 8, 1), (8, 16, 2))
    ]
    dense = nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 7))
    features = nn.Sequential(*blocks)
    module = nn.Sequential()
    module.add_module("features", features)
    module.add_module("mean", nn.AdaptiveAvgPool2d(1))
    module.add_module("flat", nn.Flatten())
    module.add_module("dense", dense)
    module.eval().requires_grad_(False)
    return Network(
        name="tiny",
        module=module,
        layers={
            "one": "features.0",
            "two": "features.1",
            "three": "features.2",
            "fc": "dense.1",
            "out": "dense.3",
        },
        default_layer="fc",
        preprocessing=HOW,
        weights=digest(module),
        licence="none",
        source="made up",
    )


def easy(n: int = 48, classes: int = 3, seed: int = 0) -> tuple[Pictures, NDArray[np.int64]]:
    """Return noisy squares of a colour per class."""
    chance = np.random.default_rng(seed)
    codes = np.arange(n) % classes
    colours = np.array([(200, 60, 60), (60, 200, 60), (60, 60, 200)])[:classes]

    def noisy(side: int) -> NDArray[np.uint8]:
        noise = chance.normal(0, 30, (n, side, side, 3))
        return np.clip(colours[codes][:, None, None] + noise, 0, 255).astype(np.uint8)

    return Pictures(noisy(SIDE), noisy(roomy(HOW).size)), codes


def lesson(**changes: Any) -> Lesson:
    """Return an easy lesson: 30 images to learn from, 12 to stop by, 6 that nobody looks at."""
    pictures, codes = easy()
    course = Course(
        **{"epochs": 4, "batch": 8, "rate": 3e-3, "patience": 0, **changes.pop("course", {})}
    )
    given = {
        "network": tiny(),
        "task": LabelTask(codes, ("red", "green", "blue")),
        "pictures": pictures,
        "train": np.arange(30),
        "validation": np.arange(30, 42),
        "plan": Plan("all", "", (Rule(("*",)),)),
        "course": course,
        "seed": 3,
    }
    return Lesson(**{**given, **changes})


@dataclass
class Memory:
    """Keeps the latest checkpoint, after every step or only after epochs."""

    data: bytes | None = None
    often: bool = True

    def read(self) -> bytes | None:
        """Return it."""
        return self.data

    def due(self) -> bool:
        """Say yes or no."""
        return self.often

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.data = data


@dataclass
class Stop:
    """A progress that is cancelled after so many steps."""

    steps: int

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a stage."""
        self.counts = unit == "steps"

    def advance(self, n: int = 1) -> None:
        """Count."""
        self.steps -= n * self.counts
        if self.steps < 0:
            raise Cancelled("Stopped.")

    def note(self, text: str) -> None:
        """Say nothing."""
