"""Learned models, loaded once and asked about pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve.cache import Cache

if TYPE_CHECKING:
    from impasto.core.records import Image
    from impasto.core.space import Space
    from impasto.learn import AnyModel, NumberPrediction, Prediction, TagPrediction
    from impasto.serve.answers import Answers
    from impasto.serve.uploads import Uploads
    from impasto.store import Collection

EXAMPLES = 12
"""Near images of the model's labels that are shown beside its answer."""

_LOOKED_AT = 200  # nearest images among which these are


class Models:
    """The models of a collection.

    Parameters
    ----------
    collection : Collection
    answers : Answers
    uploads : Uploads
    """

    def __init__(self, collection: Collection, answers: Answers, uploads: Uploads) -> None:
        self._collection = collection
        self._answers = answers
        self._uploads = uploads
        self._loaded = Cache["AnyModel"](4, lambda _: 1)
        self._compared = Cache["flow.ModelsCompared"](4, lambda _: 1)

    def load(self, name: str) -> AnyModel:
        """Return a model as it is stored now, or raise NotFound."""
        from impasto.learn import load_any

        folder = self._collection.model(name).folder
        state = (folder / "card.json").stat()
        key = (name, state.st_mtime_ns, state.st_ino)
        return self._loaded.get(key, lambda: load_any(folder))

    def compare(self, names: Sequence[str]) -> flow.ModelsCompared:
        """Compare models as they are stored now, or remember having done so.

        Raises
        ------
        NotFound
            When there is no such model, or it kept no answers.
        InvalidInput
            When they can't be compared.
        """
        states = [(self._collection.model(name).folder / "card.json").stat() for name in names]
        key = (*names, *((state.st_mtime_ns, state.st_ino) for state in states))
        return self._compared.get(key, lambda: flow.compare_models(self._collection, names))

    def ask(
        self, name: str, text: str
    ) -> tuple[Prediction | TagPrediction | NumberPrediction, list[tuple[Image, float]]]:
        """Ask a model about one picture.

        Parameters
        ----------
        name : str
        text : str
            A term: ``image:12`` or ``upload:ID``.

        Returns
        -------
        Prediction, TagPrediction or NumberPrediction
        list of (Image, float)
            The nearest images that have one of the model's labels or tags, and their similarities.

        Raises
        ------
        InvalidInput
            For a term that is not one picture.
        """
        from impasto.explore.similarity import nearest

        model = self.load(name)
        prediction = model.predict(self._vector(model.spaces, text), model.spaces)
        answer = self._answers.ask(model.space.name, [text])
        near = nearest(answer.space, answer.ids, answer.similarities, _LOOKED_AT)
        images = self._collection.images(near.ids.tolist())
        like = [
            (image, similarity)
            for image, similarity in zip(images, near.similarities.tolist(), strict=True)
            if _is_told(model, image)
        ]
        return prediction, like[:EXAMPLES]

    def _vector(self, spaces: Sequence[Space], text: str) -> NDArray[np.floating[Any]]:
        """Return the vector of a picture, spaces side by side, of shape (1, n_features)."""
        term = flow.parse(text)
        if term.away or term.kind not in ("image", "upload"):
            raise InvalidInput(f"A model is asked about one image or upload, not {text[:80]!r}.")
        if term.kind == "image":
            return flow.vectors_of_image(self._collection, spaces, term.image)
        picture = self._uploads[term.value].picture()
        return np.concatenate([flow.vectors_of(space, [picture]) for space in spaces], axis=1)


def _is_told(model: AnyModel, image: Image) -> bool:
    """Tell whether the image has what the model learned to tell."""
    if model.target not in ("label", "tags"):
        return model.target in image.properties
    given = image.tags if model.target == "tags" else (image.label,)
    return any(one in model.labels for one in given)
