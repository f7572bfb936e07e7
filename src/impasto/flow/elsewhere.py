"""A model of one collection, judged on the images of another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Space, check_same_space
from impasto.flow.teaching import learned_from

if TYPE_CHECKING:
    from impasto.learn import Evaluation, TagEvaluation
    from impasto.store import Collection

FAILURES = 24
_NAMED = 6


@dataclass(frozen=True, slots=True)
class ElsewhereOptions:
    """How to judge a model on another collection.

    Parameters
    ----------
    names : mapping of str to str
        Labels or tags of the other collection that are called otherwise by the model: theirs to
        the model's.
    keep_leaks : bool
        Also count images that the model learned from, or near-duplicates of these.
    seed : int
        Of the resampling.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    keep_leaks: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """How well a model does on another collection.

    Parameters
    ----------
    model, collection, other : str
        Names of the model, of its collection, of the one it was judged on.
    evaluation : Evaluation or TagEvaluation
        In it, ids below 0 are images of the model's own collection.
    at_home : mapping
        The metrics of its own test.
    leaks : int
        Images there that the model learned from, or near-duplicates of these.
    copies : int
        Those of them whose file is the same.
    unknown : mapping of str to int
        Labels or tags there that the model does not tell, and their images.
    notes : tuple of str
    page : str
        The report as HTML.
    """

    model: str
    collection: str
    other: str
    evaluation: Evaluation | TagEvaluation
    at_home: Mapping[str, Any]
    leaks: int
    copies: int
    unknown: Mapping[str, int]
    notes: tuple[str, ...]
    page: str

    def to_json(self) -> dict[str, Any]:
        """Return all but the page as plain JSON data."""
        return {
            "version": __version__,
            "model": self.model,
            "collection": self.collection,
            "other": self.other,
            "leaks": self.leaks,
            "copies": self.copies,
            "unknown": dict(self.unknown),
            "notes": list(self.notes),
            "at_home": dict(self.at_home),
            **self.evaluation.to_json(),
        }

    def write(self, file: str | Path) -> Path:
        """Write the report (``.html``) or the numbers (``.json``)."""
        file = Path(file).expanduser()
        if file.suffix not in (".html", ".htm", ".json"):
            raise InvalidInput(f"A report is written as .html or .json, not as {file.name!r}.")
        data = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data if file.suffix == ".json" else self.page, encoding="utf-8")
        return file


@dataclass(frozen=True, slots=True, eq=False)
class _Images:
    """Images with vectors side by side, and which of the model's names they have."""

    ids: NDArray[np.int64]
    values: NDArray[np.floating[Any]]
    truth: NDArray[np.bool_]
    hashes: list[bytes | None]

    def kept(self, keep: NDArray[np.bool_]) -> _Images:
        hashes = [one for one, stays in zip(self.hashes, keep.tolist(), strict=True) if stays]
        return _Images(self.ids[keep], self.values[keep], self.truth[keep], hashes)


def evaluate_elsewhere(
    collection: Collection,
    model: str,
    other: Collection,
    options: ElsewhereOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Elsewhere:
    """Judge a model on the labelled or tagged images of another collection.

    Both collections need vectors of the model's space. Images that the model learned from, or
    near-duplicates of these, are left out and counted.

    Raises
    ------
    NotFound
        When there is no such model, or the other collection has no vectors of its space.
    InvalidInput
        When there is nothing to judge by; the message says what is missing.
    """
    from impasto import curate
    from impasto.learn import load_any

    options, progress = options or ElsewhereOptions(), progress or Quiet()
    record = collection.model(model)
    loaded = load_any(record.folder)
    if record.card["target"] not in ("label", "tags"):
        raise InvalidInput(
            f"{model} tells {record.card['target']}; only labels and tags can be judged elsewhere."
        )
    tags = loaded.target == "tags"
    notes: list[str] = []
    names = _told_there(other, loaded.labels, options.names) if tags else loaded.labels
    there, unknown = _images(other, loaded.spaces, names, tags, options.names, notes)
    learned = learned_from(record)
    if learned is None:
        notes.append(
            f"{model} does not say which images it learned from, so it was compared with all "
            "images of its collection; learn it again to have this exact."
        )
    home, _ = _images(collection, loaded.spaces, names, tags, {}, [], only=learned)
    progress.stage("leaks", unit="images")
    found = curate.find_leaks(there.hashes, home.hashes, there.values, home.values)
    leaks, copies = len(found), int(found.exact.sum())
    if leaks and not options.keep_leaks:
        if leaks == len(there.ids):
            raise InvalidInput(
                f"All {leaks:,} images of {other.name} are among those that {model} learned from, "
                "or near-duplicates of these: nothing can be judged. --keep-leaks counts them."
            )
        notes.append(
            f"Left out: {leaks:,} images that {model} learned from ({copies:,} the same file), or "
            "near-duplicates of these."
        )
        there = there.kept(~np.isin(np.arange(len(there.ids)), found.rows))
    elif leaks:
        notes.append(
            f"{leaks:,} of the images were learned from ({copies:,} the same file), or are "
            "near-duplicates of such: these flatter the scores."
        )
    if not there.truth.any():
        raise InvalidInput(f"No image of {other.name} is left to judge {model} by.")
    if unknown:
        notes.append(_unknown(unknown, tags))
    progress.stage("duplicates", unit="images")
    groups = curate.find_duplicates(there.values, hashes=there.hashes).groups
    judge = _judge_tags if tags else _judge_labels
    evaluation, page = judge(
        _Case(collection, other, model, loaded, names, home, there, groups, notes, options)
    )
    return Elsewhere(
        model,
        collection.name,
        other.name,
        evaluation,
        {
            key: record.card["metrics"].get(key)
            for key in ("top1", "top5", "mean_average_precision", "macro_f1")
            if record.card["metrics"].get(key)
        },
        leaks,
        copies,
        unknown,
        tuple(notes),
        page,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """Everything that judging takes."""

    collection: Collection
    other: Collection
    model: str
    loaded: Any
    names: tuple[str, ...]
    home: _Images
    there: _Images
    groups: NDArray[np.int64]
    notes: list[str]
    options: ElsewhereOptions

    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows learned from and the rows to test, in the order of `ids`."""
        n = len(self.home.ids)
        return np.arange(n), n + np.arange(len(self.there.ids))

    def ids(self) -> NDArray[np.int64]:
        return np.concatenate([-self.home.ids, self.there.ids])

    def both(self, name: str) -> NDArray[Any]:
        pair = (getattr(self.home, name), getattr(self.there, name))
        joined: NDArray[Any] = np.concatenate(pair)
        return joined

    def all_groups(self) -> NDArray[np.int64]:
        return np.concatenate([-1 - np.arange(len(self.home.ids)), self.groups])

    def card(self, evaluation: Evaluation | TagEvaluation) -> dict[str, Any]:
        what = "Tags" if self.loaded.target == "tags" else "Labels"
        card = dict(self.collection.model(self.model).card)
        return card | {
            "title": f"{what} of {self.other.name}, told by {self.model} of {self.collection.name}",
            "collection": self.other.name,
            "labels": list(self.names),
            "metrics": evaluation.metrics(),
            "notes": [*self.notes, *evaluation.notes],
        }

    def picture(self, image: int) -> bytes | None:
        return self.collection.thumbnail(-image) if image < 0 else self.other.thumbnail(image)

    def name(self, image: int) -> str:
        return (self.collection if image < 0 else self.other).image(abs(image)).name


def _judge_labels(case: _Case) -> tuple[Evaluation, str]:
    from impasto import learn as room
    from impasto.learn.evaluate import Labelled, Trial, evaluate
    from impasto.learn.heads import unit_rows

    told = case.loaded.predict(case.there.values, case.loaded.spaces).probabilities
    train, test = case.rows()
    images = Labelled(
        unit_rows(case.both("values")),
        case.both("truth").argmax(axis=1),
        case.names,
        case.ids(),
        case.all_groups(),
    )
    trial = Trial(train, test, np.log(np.maximum(told, 1e-30)), 1.0, {})
    evaluation = evaluate(images, [trial], how="elsewhere", failures=FAILURES, notes=())
    page = room.render(case.card(evaluation), evaluation, pictures=case.picture, names=case.name)
    return evaluation, page


def _judge_tags(case: _Case) -> tuple[TagEvaluation, str]:
    from impasto import learn as room
    from impasto.learn.heads import unit_rows
    from impasto.learn.tag_evaluate import Tagged, TagTrial, evaluate_tags

    loaded = case.loaded
    columns = [loaded.labels.index(name) for name in case.names]
    told = loaded.predict(case.there.values, loaded.spaces).probabilities[:, columns]
    train, test = case.rows()
    images = Tagged(
        unit_rows(case.both("values")),
        case.both("truth"),
        case.names,
        case.ids(),
        case.all_groups(),
    )
    card = case.collection.model(case.model).card
    f1 = {one["tag"]: (one["f1"] or {}).get("value", 0) for one in card["metrics"]["tags"]}
    top = np.argsort([-f1.get(name, 0) for name in case.names], kind="stable")
    evaluation = evaluate_tags(
        images,
        [TagTrial(train, test, told, np.asarray(loaded.thresholds)[columns])],
        how="elsewhere",
        top=[top],
        failures=FAILURES,
        seed=case.options.seed,
        notes=(),
    )
    shown = case.card(evaluation)
    every = shown.get("thresholds")
    if every:
        shown["thresholds"] = [every[column] for column in columns]
    page = room.render_tags(shown, evaluation, pictures=case.picture, names=case.name)
    return evaluation, page


def _told_there(
    other: Collection, told: Sequence[str], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the tags of a model that the other collection has, too."""
    theirs = {names.get(name, name) for name in other.memberships("tag").names}
    shared = tuple(name for name in told if name in theirs)
    if not shared:
        raise InvalidInput(
            f"{other.name} has none of the tags that the model tells ({_few(told)}). Write a file "
            "of lines `their name = its name` and give it with --names."
        )
    return shared


def _images(
    collection: Collection,
    spaces: Sequence[Space],
    names: Sequence[str],
    tags: bool,
    mapped: Mapping[str, str],
    notes: list[str],
    only: NDArray[np.int64] | None = None,
) -> tuple[_Images, dict[str, int]]:
    """Gather the images that have vectors and a label of the model's, or any tag.

    Returns
    -------
    _Images
    dict of str to int
        Labels or tags that are none of the model's, and their images.
    """
    known = {name: code for code, name in enumerate(names)}
    every = collection.memberships("tag" if tags else "label")
    what = "tags" if tags else "labels"
    if not len(every.ids):
        raise InvalidInput(f"{collection.name} has no {what}, so nothing can be judged by them.")
    column = [known.get(mapped.get(name, name), -1) for name in every.names]
    code = np.array(column, np.int64)[every.codes]  # (n_memberships,)
    counts = Counter(every.codes[code < 0].tolist())
    unknown = {every.names[at]: n for at, n in counts.most_common()}
    if (code < 0).all():
        raise InvalidInput(
            f"{collection.name} has none of the {what} that the model tells ({_few(names)}); it "
            f"has {_few(list(unknown))}. Write a file of lines `their name = its name` and give "
            "it with --names."
        )
    having = np.unique(every.ids) if tags else every.ids[code >= 0]
    if only is not None:
        having = np.intersect1d(having, only)
    values, ids = _values(collection, spaces, np.unique(having))
    if not len(ids):
        raise InvalidInput(f"None of the images of {collection.name} with {what} has a vector.")
    if len(ids) < len(np.unique(having)):
        notes.append(
            f"{len(np.unique(having)) - len(ids):,} images with {what} have no vector there."
        )
    truth = np.zeros((len(ids), len(names)), bool)
    told = (code >= 0) & np.isin(every.ids, ids)
    truth[np.searchsorted(ids, every.ids[told]), code[told]] = True
    return _Images(ids, values, truth, collection.hashes(ids)), unknown


def _values(
    collection: Collection, spaces: Sequence[Space], ids: NDArray[np.int64]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.int64]]:
    """Return vectors side by side of the images that have them in all spaces, and their ids."""
    from impasto.explore.rows import rows_of

    parts = []
    for space in spaces:
        if space.name not in collection.space_names():
            held = ", ".join(collection.space_names()) or "none"
            raise NotFound(
                f"{collection.name} has no vectors in {space.title} ({space.name}), in which the "
                f"model was learned; it has {held}. Embed it alike: impasto embed "
                f"{collection.path} --network {space.network} --layer {space.layer}"
            )
        vectors = collection.vectors(space.name)
        check_same_space(space, vectors.space)
        parts.append(vectors)
        ids = np.intersect1d(ids, vectors.ids)
    columns = [np.asarray(one.values[rows_of(one, ids.tolist())]) for one in parts]
    return np.concatenate(columns, axis=1), ids


def _unknown(unknown: Mapping[str, int], tags: bool) -> str:
    shown = ", ".join(f"{name} ({n:,})" for name, n in list(unknown.items())[:_NAMED])
    more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
    if tags:
        return f"Tags there that the model does not tell: {shown}{more}."
    images = sum(unknown.values())
    return f"Left out: {images:,} images of labels that the model does not tell: {shown}{more}."


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
