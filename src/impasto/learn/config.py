"""The choices of a learning run, declared once for library, command line and API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from impasto.core.errors import InvalidInput
from impasto.learn.machines import Against
from impasto.learn.reading import Rows


@dataclass(frozen=True, slots=True)
class Config:
    """How to learn labels.

    Parameters
    ----------
    method : str
        A name in `impasto.learn.METHODS`: "linear-svm", "rbf-svm", "logistic" and others.
    seed : int
        Of the inner folds and of methods that draw at random.
    inner_folds : int
        Folds inside the training part in which hyper-parameters and temperature are chosen.
    threads : int
        Fits that run at the same time; changes the time, never the result.
    failures : int
        Wrong answers that the evaluation keeps for the report, the most confident ones first.
    against : {"one", "rest"}
        Of support vector machines: one for each pair of classes, or one for each class against
        all others.
    rows : {"unit", "raw"}
        Vectors brought to length 1 and centred, or taken as the network gave them.
    c : tuple of float
        Values of C to try; none: those of the method.
    gamma : tuple of float
        Values of the kernels' gamma to try; none: those of the method.
    """

    method: str = "rbf-svm"
    seed: int = 0
    inner_folds: int = 3
    threads: int = 2
    failures: int = 36
    against: Against = "one"
    rows: Rows = "unit"
    c: tuple[float, ...] = ()
    gamma: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the numbers; the method is looked up where it is used."""
        if self.inner_folds < 2:
            raise InvalidInput(f"Cross-validation takes at least 2 folds, not {self.inner_folds}.")
        if self.threads < 1:
            raise InvalidInput(f"At least 1 thread does the work, not {self.threads}.")
        if self.failures < 0:
            raise InvalidInput(f"The number of failures shown is at least 0, not {self.failures}.")
        for word, value, known in (
            ("against", self.against, get_args(Against)),
            ("rows", self.rows, get_args(Rows)),
        ):
            if value not in known:
                raise InvalidInput(f"{word} can be {' or '.join(known)}, not {value!r}.")
