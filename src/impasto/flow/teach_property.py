"""From vectors and a property that holds numbers to a model that tells them, and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress
from impasto.flow.material import (
    Material,
    divided,
    grouped,
    material,
    mirror_images,
    recipe_notes,
)
from impasto.flow.teach_label import Lesson, head_config, learn_classes
from impasto.flow.teaching import LearnOptions, Taught, paged, save

if TYPE_CHECKING:
    from impasto.store import Collection

FEWEST = 10
"""Images with a number that learning takes at least."""

_STRATA = 10  # equal shares of the sorted numbers, which are alike on all sides of a division


def learn_property(collection: Collection, options: LearnOptions, progress: Progress) -> Taught:
    """Learn a property of a collection; see `impasto.flow.learn`."""
    learn = _learn_halves if options.read_as == "median" else _learn_number
    return learn(collection, options, progress)


def _learn_halves(collection: Collection, options: LearnOptions, progress: Progress) -> Taught:
    from impasto.embed import cores
    from impasto.learn import Halves

    config = head_config(options, cores())
    lesson, numbers = property_lesson(collection, options, progress)
    return learn_classes(collection, options, lesson, Halves(numbers), config, progress)


def _learn_number(collection: Collection, options: LearnOptions, progress: Progress) -> Taught:
    from impasto import learn as room

    asked = options.heads
    if options.way not in room.REGRESSORS:
        raise InvalidInput(
            f"A number is learned with {', '.join(room.REGRESSORS)}, not {options.way!r}. Other "
            "methods tell classes: --as median makes two of it."
        )
    if asked.against == "rest" or asked.rows == "raw":
        raise InvalidInput(
            "--against rest and --rows raw are for classes; leave them out, or cut the number in "
            "two with --as median."
        )
    lesson, numbers = property_lesson(collection, options, progress)
    learned = room.learn_number(
        lesson.values,
        numbers,
        space=lesson.spaces,
        ids=lesson.ids,
        target=options.target,
        groups=lesson.groups,
        parts=None if lesson.parts is None else lesson.parts.tolist(),
        folds=lesson.folds,
        method=options.way,
        mirrored=lesson.mirrored,
        c=asked.c,
        gamma=asked.gamma,
        inner_folds=asked.inner_folds,
        seed=options.seed,
        progress=progress,
    )
    progress.stage("report", unit="pages")
    card = room.number_card(
        learned.model,
        learned.evaluation,
        title=f"{lesson.title} of {collection.name} ({options.way})",
        collection=collection.name,
    )
    return save(
        collection,
        options,
        card,
        learned.evaluation,
        files=learned.model.files(),
        learned_from=lesson.ids if lesson.parts is None else lesson.ids[lesson.parts != "test"],
        notes=lesson.notes,
        page=paged(collection, lesson.ids, room.render_number, learned.evaluation),
    )


def property_lesson(
    collection: Collection, options: LearnOptions, progress: Progress
) -> tuple[Lesson, NDArray[np.float64]]:
    """Gather what is to be learned and divide it: near-duplicates on one side.

    Returns
    -------
    Lesson
        Its labels are shares of the sorted numbers, which only divide the images.
    numbers : ndarray of shape (n_images,), float64
    """
    stuff = material(collection, options)
    ids, numbers, notes = _numbered(collection, stuff, options)
    notes = [*recipe_notes(options, stuff.spaces), *notes]
    values = stuff.values(ids)
    groups, seen = grouped(collection, stuff, ids, values, options, notes, progress)
    rank = np.argsort(np.argsort(numbers, kind="stable"), kind="stable")
    strata = rank * min(_STRATA, len(ids) // 5) // len(ids)
    parts, folds = divided(collection, stuff, ids, strata, groups, seen, options, notes)
    mirrored = mirror_images(stuff, ids, options, notes)
    lesson = Lesson(
        stuff.spaces,
        ids,
        values,
        mirrored,
        strata.astype(np.str_),
        groups,
        parts,
        folds,
        tuple(notes),
        f"{options.target}, high or low," if options.read_as == "median" else options.target,
    )
    return lesson, numbers


def _numbered(
    collection: Collection, stuff: Material, options: LearnOptions
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Return the images to learn from, their numbers, and what was left out."""
    name, kinds = options.target, collection.properties()
    fitting = [each for each, kind in kinds.items() if kind in ("int", "float")]
    told = (
        f"its properties that hold numbers are {', '.join(fitting)}"
        if fitting
        else ("none of its properties holds numbers; a table with a column of them brings one")
    )
    if name not in kinds:
        raise NotFound(
            f"{collection.name} has no property {name!r}. The target is label, tags or a property: "
            f"{told}."
        )
    if name not in fitting:
        raise InvalidInput(
            f"The property {name} holds {'yes or no' if kinds[name] == 'bool' else 'words'}, not "
            f"numbers; {told}."
        )
    if options.only:
        raise InvalidInput("Patterns choose labels or tags; a property has none. Leave --only out.")
    known, found = collection.property_values(name)
    every = np.array(found, np.float64)
    notes = []
    finite = np.isfinite(every)
    if not finite.all():
        notes.append(f"{int((~finite).sum()):,} images are left out: their {name} is no number.")
    here = np.isin(known, stuff.ids)
    if not here[finite].all():
        lost = int((finite & ~here).sum())
        notes.append(f"{lost:,} images with a {name} have no vector here.")
    keep = finite & here
    ids, numbers = known[keep], every[keep]
    if len(ids) < FEWEST:
        raise InvalidInput(
            f"{len(ids)} images have both a number as their {name} and a vector; learning takes "
            f"{FEWEST}."
        )
    if numbers.min() == numbers.max():
        raise InvalidInput(
            f"The {name} of all {len(ids):,} images is {numbers[0]:g}: nothing tells them apart."
        )
    without = len(stuff.ids) - int(here.sum())
    if without:
        notes.append(f"{without:,} images with vectors have no {name}; they take no part.")
    order = np.argsort(ids)
    return ids[order], numbers[order], notes
