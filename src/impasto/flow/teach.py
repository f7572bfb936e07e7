"""From a collection to a model and its report; from a picture to a model's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Neighbours
from impasto.core.space import Space
from impasto.flow.ask import read_terms, vectors_of
from impasto.flow.teach_label import learn_label
from impasto.flow.teach_property import learn_property
from impasto.flow.teach_tags import learn_tags
from impasto.flow.teaching import LearnOptions, Taught

if TYPE_CHECKING:
    from impasto.learn import NumberPrediction, Prediction, TagPrediction
    from impasto.store import Collection


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a model says about pictures, and the images it learned from that are nearest.

    Parameters
    ----------
    names : tuple of str
        What the pictures are called.
    prediction : Prediction, TagPrediction or NumberPrediction
    neighbours : tuple of Neighbours
        Of each picture, among the labelled images of the collection.
    """

    names: tuple[str, ...]
    prediction: Prediction | TagPrediction | NumberPrediction
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
    if options.target == "tags":
        return learn_tags(collection, options, progress)
    if options.target == "label":
        return learn_label(collection, options, progress)
    return learn_property(collection, options, progress)


def predict(collection: Collection, model: str, pictures: Sequence[str], *, k: int = 8) -> Told:
    """Ask a model about files, or about images of the collection by number.

    Raises
    ------
    NotFound
        When there is no such model or image.
    """
    terms, opened = read_terms(pictures)
    spaces = model_spaces(collection.model(model).card)
    values = []
    for term in terms:
        if term.kind == "upload":
            picture = opened[term.value]
            values.append(np.concatenate([vectors_of(one, [picture]) for one in spaces], axis=1))
        elif term.kind == "image":
            values.append(vectors_of_image(collection, spaces, collection.image(term.image).id))
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
    """Ask a model about vectors of its spaces.

    Parameters
    ----------
    collection : Collection
    model : str
    values : ndarray of shape (n_pictures, n_features)
        Its spaces side by side.
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
    if loaded.target == "tags":
        known = collection.memberships("tag").ids
    elif loaded.target == "label":
        known = collection.labelled()[0]
    else:
        known = collection.property_values(loaded.target)[0]
    wide = loaded.space.dimension  # near in the first of its spaces
    unlabelled = np.setdiff1d(vectors.ids, known).tolist()
    near = tuple(
        neighbours(vectors, from_vectors(loaded.space, row[:wide]), k, exclude=[*unlabelled, *own])
        for row, own in zip(
            values, [() if i is None else (i,) for i in ids or [None] * len(values)], strict=True
        )
    )
    return Told(tuple(names), loaded.predict(values, loaded.spaces), near)


def model_spaces(card: Mapping[str, Any]) -> tuple[Space, ...]:
    """Return the spaces whose vectors, side by side, a model reads."""
    return tuple(Space.from_json(space) for space in card.get("spaces") or [card["space"]])


def vectors_of_image(
    collection: Collection, spaces: Sequence[Space], image: int
) -> NDArray[np.floating[Any]]:
    """Return the stored vectors of an image, spaces side by side, of shape (1, n_features).

    Raises
    ------
    NotFound
        When it has no vector in one of them.
    """
    from impasto.explore.rows import rows_of

    found = []
    for space in spaces:
        vectors = collection.vectors(space)
        found.append(np.asarray(vectors.values[rows_of(vectors, [image])], np.float32))
    return np.concatenate(found, axis=1)


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
