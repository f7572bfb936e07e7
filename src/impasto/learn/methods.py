"""The methods by name; strangers register theirs as ours are registered here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.registry import Registry
from impasto.learn.heads import Head, Scaling, Scores
from impasto.learn.machines import Against, Kernel, KernelName


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """Hyper-parameters of a head; 0 and "" where it has none of a kind.

    Parameters
    ----------
    c : float
        Trust in the training data: small is smooth.
    gamma : float
        Of the kernels; see `Kernel`. In rows scaled by `Scaling` two random training rows lie at
        a mean squared distance of 2.
    kernel : str
        Name of the kernel.
    degree : int
    coef0 : float
    neighbours : int
        Near images that are asked.
    trees : int
    hidden : int
        Units between features and classes.
    """

    c: float = 0.0
    gamma: float = 0.0
    kernel: str = ""
    degree: int = 0
    coef0: float = 0.0
    neighbours: int = 0
    trees: int = 0
    hidden: int = 0

    def to_json(self) -> dict[str, float | str]:
        """Return what there is of ``{kernel, C, gamma, degree ...}``."""
        every: dict[str, float | str] = {
            "kernel": self.kernel,
            "C": self.c,
            "gamma": self.gamma,
            "degree": self.degree,
            "coef0": self.coef0,
            "neighbours": self.neighbours,
            "trees": self.trees,
            "hidden": self.hidden,
        }
        return {name: value for name, value in every.items() if value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Setting:
        """Rebuild a setting from `to_json`."""
        return cls(**{"c" if name == "C" else name: value for name, value in data.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a trainer learns from, and how.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    codes : ndarray of shape (n_rows,), int
        Class of each row, 0 to n_classes - 1.
    n_classes : int
    centred : bool
        Whether rows are scaled by `Scaling` before they are learned from, or taken as they are.
    against : {"one", "rest"}
        Machines for each pair of classes, or for each class against all others.
    seed : int
    threads : int
    """

    rows: NDArray[np.float32]
    codes: NDArray[np.integer[Any]]
    n_classes: int
    centred: bool = True
    against: Against = "one"
    seed: int = 0
    threads: int = 2

    def scaling(self, train: NDArray[np.int64]) -> Scaling:
        """Measure the scaling of some rows."""
        if not self.centred:
            return Scaling.none(self.rows.shape[1])
        return Scaling.of(self.rows[train])


class Trainer(Protocol):
    """Fits one method on subsets of the same images."""

    @property
    def parallel(self) -> bool:
        """Whether several threads may fit at the same time, to advantage."""

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on the rows `train` with each setting and score the rows `held`."""

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, Head]:
        """Fit on the rows `train` and keep what prediction needs."""


MakeTrainer = Callable[[Examples], Trainer]


@dataclass(frozen=True, slots=True)
class Method:
    """A way of learning labels.

    Parameters
    ----------
    title : str
        For people.
    settings : tuple of Setting
        The grid, the simplest first: it wins ties.
    trainer : callable
        From `Examples` to a `Trainer`.
    machines : bool
        Whether it sets classes against one another, in pairs or each against the rest.
    packages : tuple of str
        Whose versions the model card names.
    """

    title: str
    settings: tuple[Setting, ...]
    trainer: MakeTrainer
    machines: bool = False
    packages: tuple[str, ...] = ("scikit-learn",)


METHODS: Registry[Method] = Registry("method")


def grid(name: str, cs: Sequence[float] = (), gammas: Sequence[float] = ()) -> tuple[Setting, ...]:
    """Return the settings that a method for labels tries; see `regrid`."""
    return regrid(name, METHODS[name].settings, cs, gammas)


def regrid(
    name: str, settings: tuple[Setting, ...], cs: Sequence[float], gammas: Sequence[float]
) -> tuple[Setting, ...]:
    """Return the settings of a method, with other values of C or gamma if they are given.

    Raises
    ------
    InvalidInput
        For values that the method has no use for.
    """
    for word, values, used in (
        ("C", cs, any(setting.c for setting in settings)),
        ("gamma", gammas, any(setting.gamma for setting in settings)),
    ):
        if len(values) and not used:
            raise InvalidInput(f"The method {name} has no {word}; leave it out.")
        if any(not value > 0 for value in values):
            raise InvalidInput(f"{word} is above 0, not {min(values)}.")
    if cs:
        plain = dict.fromkeys(replace(setting, c=0.0) for setting in settings)
        settings = tuple(replace(one, c=c) for one, c in product(plain, sorted(cs)))
    if gammas:
        plain = dict.fromkeys(replace(one, gamma=1.0) if one.gamma else one for one in settings)
        settings = tuple(
            replace(one, gamma=gamma) if one.gamma else one
            for one, gamma in product(plain, sorted(gammas))
        )
    return tuple(dict.fromkeys(settings))


def kernel_of(setting: Setting) -> Kernel:
    """Return the kernel that a setting names."""
    name: KernelName = setting.kernel  # type: ignore[assignment]  # the registry names only these
    return Kernel(name, setting.gamma, setting.degree, setting.coef0)


def _kernel(examples: Examples) -> Trainer:
    from impasto.learn.kernel import KernelTrainer

    return KernelTrainer(examples)


def _logistic(examples: Examples) -> Trainer:
    from impasto.learn.along_c import TrainerAlongC
    from impasto.learn.logistic import Problem

    return TrainerAlongC(examples, Problem)


def _path(examples: Examples) -> Trainer:
    from impasto.learn.along_c import TrainerAlongC
    from impasto.learn.linear_path import Machines, up_to

    return TrainerAlongC(examples, Machines, up_to)


def _forest(examples: Examples) -> Trainer:
    from impasto.learn.forest import ForestTrainer

    return ForestTrainer(examples)


def _nearest(examples: Examples) -> Trainer:
    from impasto.learn.nearest import NearestTrainer

    return NearestTrainer(examples)


def _mlp(examples: Examples) -> Trainer:
    from impasto.learn.mlp import MlpTrainer

    return MlpTrainer(examples)


def _svm(title: str, *settings: Setting) -> Method:
    return Method(title, settings, _kernel, machines=True)


_LINEAR = tuple(Setting(c, kernel="linear") for c in (0.3, 1, 3, 10))
_RBF = tuple(Setting(c, g, "rbf") for g in (0.25, 0.5, 1) for c in (1, 3, 10, 30))
_SIGMOID = tuple(Setting(c, g, "sigmoid") for g in (0.1, 0.3) for c in (1, 3, 10, 30))
_POLY = tuple(Setting(c, g, "poly", 3, 1.0) for g in (0.25, 0.5) for c in (0.3, 1, 3, 10))

METHODS.register("linear-svm", _svm("Linear support vector machines", *_LINEAR))
METHODS.register("rbf-svm", _svm("Support vector machines with a radial kernel", *_RBF))
METHODS.register("sigmoid-svm", _svm("Support vector machines with a sigmoid kernel", *_SIGMOID))
METHODS.register("poly-svm", _svm("Support vector machines with a cubic kernel", *_POLY))
METHODS.register(
    "kernel-grid",
    _svm(
        "Support vector machines with the best of four kernels",
        *_LINEAR,
        *_RBF,
        *_SIGMOID,
        *_POLY,
    ),
)
METHODS.register(
    "logistic",
    Method(
        "Multinomial logistic regression",
        tuple(Setting(c) for c in (1, 3, 10, 30)),
        _logistic,
        packages=("scipy",),
    ),
)
METHODS.register(
    "linear-path",
    Method(
        "Linear machines against the rest, over all of C",
        tuple(Setting(10.0**power) for power in range(-6, 6)),
        _path,
        packages=("scipy",),
    ),
)
METHODS.register("forest", Method("Random forest", (Setting(trees=500),), _forest))
METHODS.register(
    "nearest",
    Method(
        "Votes of the nearest images",
        tuple(Setting(neighbours=k) for k in (1, 3, 5, 10, 20, 50)),
        _nearest,
        packages=(),
    ),
)
METHODS.register(
    "mlp",
    Method(
        "Small network with one hidden layer",
        tuple(Setting(c, hidden=128) for c in (1.0, 10.0)),
        _mlp,
    ),
)
