"""The heads as a scikit-learn classifier, for pipelines, cross-validation and grid search."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from impasto.learn.heads import probabilities, unit_rows
from impasto.learn.machines import Against
from impasto.learn.methods import METHODS, Examples, grid


class HeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One head with given hyper-parameters.

    Parameters
    ----------
    method : str
        A name in `impasto.learn.METHODS`.
    C : float
        Trust in the training data, for rows of mean square length 1 (see `heads.Scaling`).
    gamma : float
        Of the kernels.
    against : {"one", "rest"}
        Machines for each pair of classes, or for each class against all others.
    temperature : float
        Divides the log scores; `heads.fit_temperature` finds it on held-out scores.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    head_ : Head
    scaling_ : Scaling
    n_features_in_ : int

    Examples
    --------
    >>> X = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    >>> HeadClassifier("linear-svm").fit(X, ["a", "a", "b", "b"]).predict([[2, 1]]).tolist()
    ['a']
    """

    def __init__(
        self,
        method: str = "rbf-svm",
        *,
        C: float = 3.0,
        gamma: float = 0.5,
        against: Against = "one",
        temperature: float = 1.0,
    ) -> None:
        self.method = method
        self.C = C
        self.gamma = gamma
        self.against = against
        self.temperature = temperature

    def fit(self, X: ArrayLike, y: ArrayLike) -> HeadClassifier:
        """Fit to vectors (n_images, n_features) and labels (n_images,)."""
        rows, labels = validate_data(self, X, y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Learning takes at least two classes, not {len(self.classes_)}.")
        examples = Examples(unit_rows(rows), codes, len(self.classes_), against=self.against)
        trainer = METHODS[self.method].trainer(examples)
        plain = METHODS[self.method].settings
        (setting, *_) = grid(
            self.method,
            [self.C] if any(one.c for one in plain) else (),
            [self.gamma] if any(one.gamma for one in plain) else (),
        )
        self.scaling_, self.head_ = trainer.fit(np.arange(len(codes)), setting)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return log scores of shape (n_images, n_classes); their difference with two classes."""
        check_is_fitted(self)
        rows = unit_rows(validate_data(self, X, reset=False))
        scores = self.head_.scores(self.scaling_.apply(rows))
        return scores if len(self.classes_) > 2 else scores[:, 1] - scores[:, 0]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities of shape (n_images, n_classes)."""
        check_is_fitted(self)
        rows = unit_rows(validate_data(self, X, reset=False))
        return probabilities(self.head_.scores(self.scaling_.apply(rows)), self.temperature)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each image."""
        best: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return best
