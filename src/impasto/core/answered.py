"""What a model said of images that it had not learned from, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

Kind = Literal["label", "tags", "number"]
OF_KIND: dict[Kind, tuple[str, ...]] = {
    "label": ("predicted", "score", "confidence", "margin", "error"),
    "tags": ("score", "confidence", "missing", "superfluous", "error"),
    "number": ("predicted", "error"),
}
"""What can be asked of the tested images of a model; of tags also ``tag:NAME``."""

TAG = "tag:"


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The answers of a model to the images that it was tested on.

    Parameters
    ----------
    names : tuple of str
        The classes or tags; empty when a number is told.
    ids : ndarray of shape (n_images,), int64
        Each image once.
    scores : ndarray of shape (n_images, n_classes), float32
        Probabilities: of the classes, which sum to 1, or of each tag by itself. Of a number the
        answer itself, one column.
    truth : ndarray
        What was true when it was tested. Of shape (n_images,), int32: position of the label in
        `names`. Of shape (n_images, n_tags), bool: which tags the image has. Of shape (n_images,),
        float32: the number.
    fold : ndarray of shape (n_images,), int16
        The trial in which the image was tested; 0 for all when a test part was kept aside.
    groups : ndarray of shape (n_images,), int64
        Near-duplicates share a number.
    given : ndarray of shape (n_images, n_tags), bool, or None
        Of tags: those that the image got, at the thresholds of its trial.
    nearest : ndarray of shape (n_images, n_classes), float32, or None
        What the nearest neighbours say, on the same division: greatest cosine of a class, or share
        of votes for a tag. Of a number the number itself, one column.
    nearest_given : ndarray of shape (n_images, n_tags), bool, or None
    prior : ndarray of shape (n_folds, n_classes), float32, or None
        Share of the images learned from that have a class or tag. Of a number, (n_folds, 2): mean
        and median of those learned from.
    """

    names: tuple[str, ...]
    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    truth: NDArray[Any]
    fold: NDArray[np.int16]
    groups: NDArray[np.int64]
    given: NDArray[np.bool_] | None = None
    nearest: NDArray[np.float32] | None = None
    nearest_given: NDArray[np.bool_] | None = None
    prior: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Check that the arrays belong together."""
        n, k = len(self.ids), max(len(self.names), 1)
        if self.scores.shape != (n, k):
            raise InvalidInput(
                f"{n} tested images and {len(self.names)} names need scores of shape ({n}, {k}), "
                f"not {self.scores.shape}."
            )
        wanted = (n, k) if self.truth.dtype == bool else (n,)
        if self.truth.shape != wanted or self.fold.shape != (n,) or self.groups.shape != (n,):
            raise InvalidInput(f"{n} tested images need as many truths, folds and groups.")
        for more in (self.given, self.nearest, self.nearest_given):
            if more is not None and more.shape != (n, k):
                raise InvalidInput(f"An array of shape ({n}, {k}) is needed, not {more.shape}.")
        if (self.given is None) == (self.kind == "tags"):
            raise InvalidInput("It is said which tags are given, and of tags alone.")
        if len(np.unique(self.ids)) != n:
            raise InvalidInput("Each tested image comes once.")

    @property
    def kind(self) -> Kind:
        """What is told: a label, tags or a number."""
        if self.truth.dtype == bool:
            return "tags"
        return "number" if self.truth.dtype.kind == "f" else "label"

    def __len__(self) -> int:
        """Count the tested images."""
        return len(self.ids)

    @property
    def answers(self) -> NDArray[np.int64]:
        """First answer of each image, shape (n_images,); ties go to the first class."""
        found: NDArray[np.int64] = self.scores.argmax(axis=1)
        return found

    def values(self, what: str) -> NDArray[np.float32]:
        """Return one number per tested image.

        Parameters
        ----------
        what : str
            Of labels: "predicted" (position of the first answer in `names`), "score" (probability
            of the true label), "confidence" (of the first answer), "margin" (first answer before
            the second), "error" (1 where the first answer is wrong, else 0).
            Of tags: "score" (mean probability of the tags that the image has), "confidence" (the
            greatest probability), "missing" (how many tags it lacks that the model would give),
            "superfluous" (how many it has that the model would not give), "error" (both
            together), "tag:NAME" (probability of that tag).
            Of a number: "predicted", "error" (distance from the truth).

        Returns
        -------
        ndarray of shape (n_images,), float32
            NaN where there is none: the score of an image that has no tag.

        Raises
        ------
        InvalidInput
            For anything else; the message says what there is.
        """
        if self.kind == "tags" and what.startswith(TAG):
            return self.scores[:, self._place(what.removeprefix(TAG))]
        if what not in OF_KIND[self.kind]:
            more = " or tag:NAME" if self.kind == "tags" else ""
            raise InvalidInput(
                f"This model is asked for {', '.join(OF_KIND[self.kind])}{more}, not {what!r}."
            )
        of_kind = {"label": self._of_label, "tags": self._of_tags, "number": self._of_number}
        return of_kind[self.kind](what).astype(np.float32)

    def gave(self, name: str) -> NDArray[np.bool_]:
        """Tell which images were given a label as the first answer, or a tag."""
        place = self._place(name)
        if self.given is not None:
            return self.given[:, place]
        found: NDArray[np.bool_] = self.answers == place
        return found

    def _place(self, name: str) -> int:
        if name not in self.names:
            few = ", ".join(self.names[:8]) + (" and others" if len(self.names) > 8 else "")
            raise InvalidInput(f"This model does not tell {name!r}; it tells {few}.")
        return self.names.index(name)

    def _of_label(self, what: str) -> NDArray[Any]:
        if what == "score":
            return np.asarray(self.scores[np.arange(len(self)), self.truth])
        if what == "confidence":
            return np.asarray(self.scores.max(axis=1))
        if what == "margin":
            best = np.partition(self.scores, -2, axis=1) if len(self.names) > 1 else self.scores
            return np.asarray(best[:, -1] - best[:, -2] if len(self.names) > 1 else best[:, 0])
        return self.answers if what == "predicted" else self.answers != self.truth

    def _of_tags(self, what: str) -> NDArray[Any]:
        assert self.given is not None  # checked when it was made
        having = self.truth.sum(axis=1)
        sums = np.where(self.truth, self.scores, 0).sum(axis=1)
        missing, superfluous = self.given & ~self.truth, self.truth & ~self.given
        found: dict[str, NDArray[Any]] = {
            "score": np.divide(sums, having, out=np.full(len(self), np.nan), where=having > 0),
            "confidence": self.scores.max(axis=1),
            "missing": missing.sum(axis=1),
            "superfluous": superfluous.sum(axis=1),
            "error": (missing | superfluous).sum(axis=1),
        }
        return found[what]

    def _of_number(self, what: str) -> NDArray[Any]:
        told = self.scores[:, 0]
        found: dict[str, NDArray[Any]] = {"predicted": told, "error": np.abs(told - self.truth)}
        return found[what]
