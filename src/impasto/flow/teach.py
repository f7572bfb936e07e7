"""From a collection to a model and its report; from a picture to a model's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Neighbours
from impasto.core.space import Space, Vectors
from impasto.flow.ask import read_terms, vectors_of
from impasto.flow.teach_label import learn_label
from impasto.flow.teach_tags import learn_tags
from impasto.flow.teaching import LearnOptions, Taught

if TYPE_CHECKING:
    from impasto.learn import Prediction, TagPrediction
    from impasto.store import Collection


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a model says about pictures, and the images it learned from that are nearest.

    Parameters
    ----------
    names : tuple of str
        What the pictures are called.
    prediction : Prediction or TagPrediction
    neighbours : tuple of Neighbours
        Of each picture, among the labelled images of the collection.
    """

    names: tuple[str, ...]
    prediction: Prediction | TagPrediction
    neighbours: tuple[Neighbours, ...]


def learn(
    collection: Collection,
    options: LearnOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Taught:
    """Learn labels or tags from vectors, judge the model on images it has not seen, store both.

    Raises
    ------
    NotFound
        When there are no vectors, or no such space or method.
    InvalidInput
        When there is too little to learn from; the message says what is missing.
    """
    options, progress = options or LearnOptions(), progress or Quiet()
    recipe = learn_tags if options.target == "tags" else learn_label
    return recipe(collection, options, progress)


def predict(collection: Collection, model: str, pictures: Sequence[str], *, k: int = 8) -> Told:
    """Ask a model about files, or about images of the collection by number.

    Raises
    ------
    NotFound
        When there is no such model or image.
    """
    terms, opened = read_terms(pictures)
    values = []
    space = Space.from_json(collection.model(model).card["space"])
    vectors = None
    for term in terms:
        if term.kind == "upload":
            values.append(vectors_of(space, [opened[term.value]]))
        elif term.kind == "image":
            vectors = vectors or collection.vectors(space)
            values.append(_row(vectors, collection.image(term.image).id))
        else:
            raise InvalidInput(f"A model is asked about pictures, not about {term}.")
    names = tuple(
        collection.image(term.image).name if term.kind == "image" else Path(term.value).name
        for term in terms
    )
    ids = tuple(term.image if term.kind == "image" else None for term in terms)
    return tell(collection, model, np.concatenate(values), names, ids=ids, k=k)


def tell(
    collection: Collection,
    model: str,
    values: NDArray[np.floating[Any]],
    names: Sequence[str],
    *,
    ids: Sequence[int | None] | None = None,
    k: int = 8,
) -> Told:
    """Ask a model about vectors of its space.

    Parameters
    ----------
    collection : Collection
    model : str
    values : ndarray of shape (n_pictures, n_features)
    names : sequence of str
    ids : sequence of int or None, or None
        Which of them are images of the collection: an image is no neighbour of itself.
    k : int
        Labelled images to name beside each answer.
    """
    from impasto.explore import from_vectors, neighbours
    from impasto.learn import load_any

    loaded = load_any(collection.model(model).folder)
    vectors = collection.vectors(loaded.space)
    known = (
        collection.memberships("tag").ids if loaded.target == "tags" else collection.labelled()[0]
    )
    unlabelled = np.setdiff1d(vectors.ids, known).tolist()
    near = tuple(
        neighbours(vectors, from_vectors(loaded.space, row), k, exclude=[*unlabelled, *own])
        for row, own in zip(
            values, [() if i is None else (i,) for i in ids or [None] * len(values)], strict=True
        )
    )
    return Told(tuple(names), loaded.predict(values, loaded.space), near)


def _row(vectors: Vectors, image: int) -> NDArray[np.float32]:
    rows = np.flatnonzero(vectors.ids == image)
    if not len(rows):
        raise InvalidInput(f"Image {image} has no vector in {vectors.space.title} yet; embed it.")
    return np.asarray(vectors.values[rows[-1:]], np.float32)


def choose_model(collection: Collection, name: str | None = None) -> str:
    """Return the name of the model that is meant: the one named, or the only one there is.

    Raises
    ------
    NotFound
        When there is none.
    InvalidInput
        When there are several and none was named.
    """
    if name is not None:
        return collection.model(name).name
    names = [record.name for record in collection.models()]
    if not names:
        raise NotFound(
            f"{collection.name} has no model yet. Learn one: impasto learn {collection.path}"
        )
    if len(names) > 1:
        raise InvalidInput(f"There are several models: {', '.join(names)}. Name one with --model.")
    return names[0]


def model_place(path: Path, name: str | None) -> tuple[Path, str | None]:
    """Split the folder of a model into its collection and its name; leave other paths alone."""
    folder = path.expanduser()
    if name is None and folder.parent.name == "models" and folder.is_dir():
        return folder.parent.parent, folder.name
    return path, name
