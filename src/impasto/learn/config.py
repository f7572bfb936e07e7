"""The choices of a learning run, declared once for library, command line and API."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Config:
    """How to learn labels.

    Parameters
    ----------
    method : str
        A name in `impasto.learn.METHODS`: "linear-svm", "rbf-svm" or "logistic".
    seed : int
        Of the inner folds, the only random step.
    inner_folds : int
        Folds inside the training part in which hyper-parameters and temperature are chosen.
    threads : int
        Kernel fits that run at the same time; changes the time, never the result.
    failures : int
        Wrong answers that the evaluation keeps for the report, the most confident ones first.
    """

    method: str = "rbf-svm"
    seed: int = 0
    inner_folds: int = 3
    threads: int = 2
    failures: int = 36

    def __post_init__(self) -> None:
        """Check the numbers; the method is looked up where it is used."""
        if self.inner_folds < 2:
            raise InvalidInput(f"Cross-validation takes at least 2 folds, not {self.inner_folds}.")
        if self.threads < 1:
            raise InvalidInput(f"At least 1 thread does the work, not {self.threads}.")
        if self.failures < 0:
            raise InvalidInput(f"The number of failures shown is at least 0, not {self.failures}.")
