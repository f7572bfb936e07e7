"""From labelled vectors to a model that tells the label, and its report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.core.space import Space
from impasto.flow.by_class import scatter
from impasto.flow.material import (
    Material,
    divided,
    grouped,
    material,
    mirror_images,
    recipe_notes,
)
from impasto.flow.own_networks import Division
from impasto.flow.teaching import LearnOptions, Taught, matches, paged, save

if TYPE_CHECKING:
    from impasto.learn import Config, Halves, Learned
    from impasto.store import Collection


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Vectors with their labels, and how the images are divided."""

    spaces: tuple[Space, ...]
    ids: NDArray[np.int64]
    values: NDArray[np.floating[Any]]
    mirrored: NDArray[np.floating[Any]] | None
    labels: NDArray[np.str_]
    groups: NDArray[np.int64]
    parts: NDArray[np.str_] | None
    folds: NDArray[np.int64] | None
    notes: tuple[str, ...]
    title: str = "Labels"


def learn_label(collection: Collection, options: LearnOptions, progress: Progress) -> Taught:
    """Learn the labels of a collection; see `impasto.flow.learn`."""
    from impasto.embed import cores

    config = head_config(options, cores())
    lesson = label_lesson(collection, options, progress)
    return learn_classes(collection, options, lesson, lesson.labels.tolist(), config, progress)


def learn_classes(
    collection: Collection,
    options: LearnOptions,
    lesson: Lesson,
    labels: list[str] | Halves,
    config: Config,
    progress: Progress,
) -> Taught:
    """Learn classes from vectors, judge the model, store both."""
    from impasto import learn as room

    learned = room.learn(
        lesson.values,
        labels,
        space=lesson.spaces,
        ids=lesson.ids,
        groups=lesson.groups,
        parts=None if lesson.parts is None else lesson.parts.tolist(),
        folds=lesson.folds,
        mirrored=lesson.mirrored,
        target=options.target,
        config=config,
        progress=progress,
    )
    progress.stage("report", unit="pages")
    return _store(collection, options, lesson, learned, progress)


def head_config(options: LearnOptions, threads: int) -> Config:
    """Check the options of heads by building what they configure, before any work begins."""
    from impasto import learn as room

    asked = options.heads
    room.grid(options.way, asked.c, asked.gamma)  # unknown methods and values are said now
    method = room.METHODS[options.way]
    if asked.against == "rest" and not method.machines:
        raise InvalidInput(
            f"The method {options.way} has no machines to set against the rest; leave --against "
            "out, or choose a method that ends in -svm."
        )
    if asked.rows == "raw" and not asked.gamma and any(one.gamma for one in method.settings):
        raise InvalidInput(
            "Vectors as the network gave them have a scale of their own, so gamma must be named: "
            "--gamma 0.0001, say. Or leave --rows raw out."
        )
    return room.Config(
        method=options.way,
        seed=options.seed,
        inner_folds=asked.inner_folds,
        threads=threads,
        against=asked.against,
        rows=asked.rows,
        c=asked.c,
        gamma=asked.gamma,
    )


def label_lesson(collection: Collection, options: LearnOptions, progress: Progress) -> Lesson:
    """Gather what is to be learned and divide it: near-duplicates on one side."""
    from impasto import curate

    stuff = material(collection, options)
    ids, labels, notes = _labelled(collection, stuff, options)
    notes = [*recipe_notes(options, stuff.spaces), *notes]
    values = stuff.values(ids)
    groups, seen = grouped(collection, stuff, ids, values, options, notes, progress)
    rare = curate.rare_classes(labels, groups, at_least=2)
    if rare:
        keep = ~np.isin(labels, list(rare))
        notes.append(
            f"Left out, because all their images are copies of one: {', '.join(rare)}."
            if len(rare) < 10
            else f"Left out {len(rare)} labels, because all their images are copies of one."
        )
        values, ids, labels, groups = values[keep], ids[keep], labels[keep], groups[keep]
        seen = seen and Division(seen.parts[keep], groups)
    if len(np.unique(labels)) < 2:
        raise InvalidInput(
            f"{collection.name} has {len(np.unique(labels))} label(s) with enough distinct images; "
            "learning takes two. Label more images, or gather with --labels parent."
        )
    parts, folds = divided(collection, stuff, ids, labels, groups, seen, options, notes)
    mirrored = mirror_images(stuff, ids, options, notes)
    return Lesson(stuff.spaces, ids, values, mirrored, labels, groups, parts, folds, tuple(notes))


def _labelled(
    collection: Collection, stuff: Material, options: LearnOptions
) -> tuple[NDArray[np.int64], NDArray[np.str_], list[str]]:
    """Return the images to learn from, their labels, and what was left out."""
    known, labels = collection.labelled()
    if not len(known):
        raise InvalidInput(
            f"{collection.name} has no labels. Gather folders named by class, or a table with a "
            "column `label`; `impasto add COLLECTION FOLDER --labels parent` takes folder names."
        )
    here = np.isin(known, stuff.ids)
    ids, label = known[here], labels[here]
    notes = []
    if len(ids) < len(known):
        where = "this space" if len(stuff.spaces) == 1 else "each of these spaces"
        notes.append(f"{len(known) - len(ids):,} labelled images have no vector in {where}.")
    if options.only:
        wanted = [name for name in set(label.tolist()) if matches(name, options.only)]
        if not wanted:
            raise InvalidInput(f"No label is like {', '.join(options.only)}.")
        keep = np.isin(label, wanted)
        ids, label = ids[keep], label[keep]
    counts = Counter(label.tolist())
    few = sorted(name for name, n in counts.items() if n < options.least)
    if few:
        shown = ", ".join(few[:6]) + (f" and {len(few) - 6} more" if len(few) > 6 else "")
        notes.append(f"Left out, with fewer than {options.least} images: {shown}.")
        keep = ~np.isin(label, few)
        ids, label = ids[keep], label[keep]
    return ids, label, notes


def _store(
    collection: Collection,
    options: LearnOptions,
    lesson: Lesson,
    learned: Learned,
    progress: Progress,
) -> Taught:
    from impasto import learn as room

    evaluation = learned.evaluation
    card = room.card(
        learned.model,
        evaluation,
        title=f"{lesson.title} of {collection.name} ({options.way})",
        collection=collection.name,
    )
    drawn = scatter(collection, learned.model.space, evaluation.kept, progress)
    return save(
        collection,
        options,
        card,
        evaluation,
        files=learned.model.files(),
        learned_from=lesson.ids if lesson.parts is None else lesson.ids[lesson.parts != "test"],
        notes=lesson.notes,
        page=paged(collection, lesson.ids, room.render, evaluation, scatter=drawn),
    )
