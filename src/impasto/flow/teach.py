"""From labelled vectors to a model and its report; from a picture to a model's answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Neighbours
from impasto.core.space import Space, Vectors
from impasto.flow.ask import choose_space, read_terms, vectors_of

if TYPE_CHECKING:
    from impasto.learn import Evaluation, Learned, Prediction
    from impasto.store import Collection

REPORT, REPORT_DATA = "report.html", "report.json"


@dataclass(frozen=True, slots=True)
class LearnOptions:
    """What to learn, from which vectors, and how to judge it.

    Parameters
    ----------
    target : str
        "label".
    method : str
        A name in `impasto.learn.METHODS`: "linear-svm", "rbf-svm", "logistic".
    space : str or None
        Name of a space, or the beginning of it; None: the newest.
    folds : int or None
        Test every image once, in so many folds; None: keep a test part aside.
    test : float
        Share of the test part, when the collection has no splits of its own.
    seed : int
        Of the division, and of everything random inside the learning.
    name : str or None
        Of the model; None: target and method.
    only : tuple of str
        Patterns (``animals/*``) of the labels to learn; empty: all.
    min_images : int
        Labels with fewer images are left out, and the report says so.
    group_duplicates : bool
        Near-duplicates stay on one side. Turn it off only to see how much they flatter.
    """

    target: str = "label"
    method: str = "linear-svm"
    space: str | None = None
    folds: int | None = None
    test: float = 0.2
    seed: int = 0
    name: str | None = None
    only: tuple[str, ...] = ()
    min_images: int = 2
    group_duplicates: bool = True

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the collection."""
        from impasto.store import check_model_name

        if self.target != "label":
            raise InvalidInput(f"The target can be 'label', not {self.target!r}.")
        if not 0 < self.test < 1:
            raise InvalidInput(f"The share of the test lies between 0 and 1, not {self.test}.")
        if self.folds is not None and self.folds < 2:
            raise InvalidInput(f"Cross-validation takes at least 2 folds, not {self.folds}.")
        if not 0 <= self.seed < 2**32:
            raise InvalidInput(f"A seed lies between 0 and {2**32 - 1:,}, not {self.seed}.")
        if isinstance(self.only, str):
            raise InvalidInput(f"`only` takes a tuple of patterns: only=({self.only!r},).")
        if self.name is not None:
            check_model_name(self.name)


@dataclass(frozen=True, slots=True)
class Taught:
    """A model in its collection, and the account of how well it does.

    Parameters
    ----------
    name : str
    card : mapping
        The model card.
    evaluation : Evaluation
    report : Path
        The HTML file; ``report.json`` lies beside it.
    """

    name: str
    card: Mapping[str, Any]
    evaluation: Evaluation
    report: Path

    @property
    def metrics(self) -> dict[str, Any]:
        """Scores with intervals and chance, as the JSON of `impasto learn` gives them."""
        return self.evaluation.metrics()

    def to_json(self) -> dict[str, Any]:
        """Return what ``impasto learn --json`` prints."""
        return {
            "model": self.name,
            "report": str(self.report),
            "method": self.card["method"],
            "space": self.card["space_name"],
            "images": self.card["images"],
            "labels": list(self.evaluation.labels),
            "notes": list(self.card["notes"]),
            "metrics": self.metrics,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a model says about pictures, and the images it learned from that are nearest.

    Parameters
    ----------
    names : tuple of str
        What the pictures are called.
    prediction : Prediction
    neighbours : tuple of Neighbours
        Of each picture, among the labelled images of the collection.
    """

    names: tuple[str, ...]
    prediction: Prediction
    neighbours: tuple[Neighbours, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Lesson:
    """Vectors with their labels, and how the images are divided."""

    space: Space
    ids: NDArray[np.int64]
    values: NDArray[np.floating[Any]]
    labels: NDArray[np.str_]
    groups: NDArray[np.int64]
    parts: NDArray[np.str_] | None
    folds: NDArray[np.int64] | None
    notes: tuple[str, ...]


def learn(
    collection: Collection,
    options: LearnOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Taught:
    """Learn labels from vectors, judge the model on images it has not seen, store both.

    Raises
    ------
    NotFound
        When there are no vectors, or no such space or method.
    InvalidInput
        When there is too little to learn from; the message says what is missing.
    """
    from impasto import learn as room
    from impasto.embed import cores

    options, progress = options or LearnOptions(), progress or Quiet()
    config = room.Config(method=options.method, seed=options.seed, threads=cores())
    room.METHODS[options.method]  # an unknown method is said before the work begins
    lesson = _lesson(collection, options, progress)
    learned = room.learn(
        lesson.values,
        lesson.labels.tolist(),
        space=lesson.space,
        ids=lesson.ids,
        groups=lesson.groups,
        parts=None if lesson.parts is None else lesson.parts.tolist(),
        folds=lesson.folds,
        target=options.target,
        config=config,
        progress=progress,
    )
    progress.stage("report", unit="pages")
    return _store(collection, options, lesson, learned)


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
    from impasto.learn import load_model

    loaded = load_model(collection.model(model).folder)
    vectors = collection.vectors(loaded.space)
    labelled, _ = collection.labelled()
    unlabelled = np.setdiff1d(vectors.ids, labelled).tolist()
    near = tuple(
        neighbours(vectors, from_vectors(loaded.space, row), k, exclude=[*unlabelled, *own])
        for row, own in zip(
            values, [() if i is None else (i,) for i in ids or [None] * len(values)], strict=True
        )
    )
    return Told(tuple(names), loaded.predict(values, loaded.space), near)


def _lesson(collection: Collection, options: LearnOptions, progress: Progress) -> _Lesson:
    """Gather what is to be learned and divide it: near-duplicates on one side."""
    from impasto import curate

    vectors = collection.vectors(choose_space(collection, options.space))
    rows, labels, notes = _labelled_rows(collection, vectors, options)
    values = np.asarray(vectors.values[rows])
    ids = vectors.ids[rows]
    groups = np.arange(len(ids))
    if options.group_duplicates:
        progress.stage("duplicates", unit="images")
        found = curate.find_duplicates(values, hashes=collection.hashes(ids))
        groups = found.groups
        together = len(ids) - len(np.unique(groups))
        if together:
            notes.append(
                f"{together:,} of {len(ids):,} images are near-duplicates of others; "
                "they stay on the side of those."
            )
    else:
        notes.append("Near-duplicates were not kept on one side: the scores may flatter.")
    rare = curate.rare_classes(labels, groups, at_least=2)
    if rare:
        keep = ~np.isin(labels, list(rare))
        notes.append(
            f"Left out, because all their images are copies of one: {', '.join(rare)}."
            if len(rare) < 10
            else f"Left out {len(rare)} labels, because all their images are copies of one."
        )
        values, ids, labels, groups = values[keep], ids[keep], labels[keep], groups[keep]
    if len(np.unique(labels)) < 2:
        raise InvalidInput(
            f"{collection.name} has {len(np.unique(labels))} label(s) with enough distinct images; "
            "learning takes two. Label more images, or gather with --labels parent."
        )
    parts, folds = _division(collection, options, ids, labels, groups, notes)
    return _Lesson(vectors.space, ids, values, labels, groups, parts, folds, tuple(notes))


def _division(
    collection: Collection,
    options: LearnOptions,
    ids: NDArray[np.int64],
    labels: NDArray[np.str_],
    groups: NDArray[np.int64],
    notes: list[str],
) -> tuple[NDArray[np.str_] | None, NDArray[np.int64] | None]:
    from impasto import curate

    if options.folds is not None:
        return None, curate.folds(labels, groups, options.folds, seed=options.seed)
    given = np.array([image.split or "" for image in collection.images(ids.tolist())])
    if {"train", "test"} <= set(given.tolist()):
        left = int((given == "").sum())
        if left:
            notes.append(f"{left:,} labelled images are in no split; they are learned from.")
            given = np.where(given == "", "train", given)
        notes.append("Judged on the test split of the collection.")
        return given, None
    shares = (1 - options.test, 0.0, options.test)
    return curate.split(labels, groups, shares=shares, seed=options.seed), None


def _labelled_rows(
    collection: Collection, vectors: Vectors, options: LearnOptions
) -> tuple[NDArray[np.int64], NDArray[np.str_], list[str]]:
    """Return the rows to learn from, their labels, and what was left out."""
    ids, labels = collection.labelled()
    if not len(ids):
        raise InvalidInput(
            f"{collection.name} has no labels. Gather folders named by class, or a table with a "
            "column `label`; `impasto add COLLECTION FOLDER --labels parent` takes folder names."
        )
    order = np.argsort(ids)
    ids, labels = ids[order], labels[order]
    at = np.searchsorted(ids, vectors.ids)
    known = (vectors.ids >= 0) & (ids[np.minimum(at, len(ids) - 1)] == vectors.ids)
    rows = np.flatnonzero(known)
    label = labels[at[rows]]
    notes = []
    if len(rows) < len(ids):
        notes.append(f"{len(ids) - len(rows):,} labelled images have no vector in this space.")
    if options.only:
        wanted = [name for name in set(label.tolist()) if _matches(name, options.only)]
        if not wanted:
            raise InvalidInput(f"No label is like {', '.join(options.only)}.")
        keep = np.isin(label, wanted)
        rows, label = rows[keep], label[keep]
    counts = Counter(label.tolist())
    few = sorted(name for name, n in counts.items() if n < options.min_images)
    if few:
        shown = ", ".join(few[:6]) + (f" and {len(few) - 6} more" if len(few) > 6 else "")
        notes.append(f"Left out, with fewer than {options.min_images} images: {shown}.")
        keep = ~np.isin(label, few)
        rows, label = rows[keep], label[keep]
    return rows, label, notes


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _store(
    collection: Collection, options: LearnOptions, lesson: _Lesson, learned: Learned
) -> Taught:
    from impasto import learn as room

    name = options.name or f"{options.target}-{options.method}"
    evaluation = learned.evaluation
    card = room.card(
        learned.model,
        evaluation,
        title=f"Labels of {collection.name} ({options.method})",
        collection=collection.name,
    )
    card["notes"] = [*lesson.notes, *card["notes"]]
    card["options"] = {
        "folds": options.folds,
        "test": None if options.folds else options.test,
        "only": list(options.only),
        "min_images": options.min_images,
        "group_duplicates": options.group_duplicates,
        "seed": options.seed,
    }
    names = {image.id: image.name for image in collection.images(lesson.ids.tolist())}
    page = room.render(
        card, evaluation, pictures=collection.thumbnail, names=lambda image: names[image]
    )
    data = {
        "version": __version__,
        "card": card,
        **evaluation.to_json(),
    }
    folder = collection.save_model(
        name,
        {
            **learned.model.files(),
            REPORT: page.encode(),
            REPORT_DATA: json.dumps(data, indent=1, ensure_ascii=False).encode(),
        },
        card,
    )
    return Taught(name, card, evaluation, folder / REPORT)


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
