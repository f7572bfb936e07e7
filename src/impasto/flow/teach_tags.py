"""From tagged vectors to a model that tells tags, and its report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition_tags
from impasto.core.progress import Progress
from impasto.core.space import Space
from impasto.flow.by_class import scatter
from impasto.flow.material import grouped, material, recipe_notes
from impasto.flow.teaching import (
    LearnOptions,
    TagOptions,
    Taught,
    checked_parts,
    given_parts,
    matches,
    paged,
    save,
)
from impasto.flow.tuning import CURVES, FIGURE

if TYPE_CHECKING:
    from impasto.learn import Steps, TagConfig
    from impasto.store import Collection

VALIDATION = 0.2
"""Share of the images not tested in which thresholds are chosen (64/16/20, as work 4 divides)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lesson:
    """Vectors with their tags, and how the images are divided."""

    spaces: tuple[Space, ...]
    ids: NDArray[np.int64]
    values: NDArray[np.floating[Any]]
    names: tuple[str, ...]
    tags: NDArray[np.bool_]
    groups: NDArray[np.int64]
    parts: NDArray[np.str_] | None
    folds: NDArray[np.int64] | None
    notes: tuple[str, ...]


def learn_tags(collection: Collection, options: LearnOptions, progress: Progress) -> Taught:
    """Learn the tags of a collection; see `impasto.flow.learn`."""
    from impasto import learn as room

    config = _config(options)
    lesson = tag_lesson(collection, options, progress)
    learned = room.learn_tags(
        lesson.values,
        lesson.tags,
        lesson.names,
        space=lesson.spaces,
        ids=lesson.ids,
        groups=lesson.groups,
        parts=None if lesson.parts is None else lesson.parts.tolist(),
        folds=lesson.folds,
        config=config,
        progress=progress,
    )
    progress.stage("report", unit="pages")
    evaluation = learned.evaluation
    card = room.tag_card(
        learned.model,
        evaluation,
        title=f"Tags of {collection.name} ({options.way})",
        collection=collection.name,
    )
    files = dict(learned.model.files())
    if evaluation.losses is not None:
        files[CURVES] = json.dumps(evaluation.losses.curves(), indent=1).encode()
        files[FIGURE] = room.draw_losses(evaluation.losses, ground=True).encode()
    drawn = scatter(collection, learned.model.space, evaluation.kept, progress)
    return save(
        collection,
        options,
        card,
        evaluation,
        files=files,
        learned_from=lesson.ids if lesson.parts is None else lesson.ids[lesson.parts != "test"],
        notes=lesson.notes,
        page=paged(collection, lesson.ids, room.render_tags, evaluation, scatter=drawn),
    )


def _config(options: LearnOptions) -> TagConfig:
    """Check the options of tags by building what they configure, before any work begins."""
    from impasto import learn as room

    asked: TagOptions = options.tagging
    room.LOSSES[asked.loss], room.SAMPLERS[asked.sampler]  # unknown names are said now
    return room.TagConfig(
        method=options.way,  # type: ignore[arg-type]  # checked by the configuration
        steps=tag_steps(asked),
        wanted=room.Wanted(asked.aim, asked.level),
        calibrate=asked.calibrate,
        seed=options.seed,
    )


def tag_steps(asked: TagOptions) -> Steps:
    """Return loss, sampler and steps as the room `learn` takes them."""
    from impasto import learn as room

    return room.Steps(
        sampling=room.Sampling(
            asked.sampler,
            batch=asked.batch,
            candidates=asked.candidates,
            replacement=asked.replacement,
            threshold=asked.repeat_below,
        ),
        costs=room.Costs(
            asked.loss,
            reading=asked.reading,
            smoothing=asked.smoothing,
            balance=asked.balance,
            cap=asked.cap,
            power=asked.power,
            focus=asked.focus,
            focus_present=asked.focus_present,
            focus_absent=asked.focus_absent,
            margin=asked.margin,
        ),
        steps=asked.steps,
        rate=asked.rate,
        decay=asked.decay,
        optimiser=asked.optimiser,
        prior=asked.prior,
    )


def tag_lesson(collection: Collection, options: LearnOptions, progress: Progress) -> _Lesson:
    """Gather what is to be learned and divide it: near-duplicates on one side."""
    stuff = material(collection, options)
    rows, names, tags, notes = tagged_rows(collection, stuff.ids, options)
    notes = [*recipe_notes(options, stuff.spaces), *notes]
    ids = stuff.ids[rows]
    values = stuff.values(ids)
    groups, seen = grouped(collection, stuff, ids, values, options, notes, progress)
    parts, folds = None, None
    if seen is not None:
        parts = checked_parts(seen.parts, options, stuff.spaces)
    elif options.folds is not None:
        shares = [1.0] * min(options.folds, len(np.unique(groups)))
        folds = partition_tags(tags, groups, shares, seed=options.seed)
    else:
        parts = given_parts(collection, ids, notes)
        if parts is None:
            rest = 1 - options.test
            asked = (rest * (1 - VALIDATION), rest * VALIDATION, options.test)
            where = partition_tags(tags, groups, asked, seed=options.seed)
            parts = np.array(["train", "validation", "test"])[where]
    return _Lesson(stuff.spaces, ids, values, names, tags, groups, parts, folds, tuple(notes))


def tagged_rows(
    collection: Collection, seen: NDArray[np.int64], options: LearnOptions
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.bool_], list[str]]:
    """Return the places in `seen` to learn from, the tags, who has which, and what was left out.

    Parameters
    ----------
    seen : ndarray of shape (n_images,), int64
        Images with vectors.
    """
    every = collection.memberships("tag")
    if not every.names:
        raise InvalidInput(
            f"{collection.name} has no tags. Gather .txt files beside the pictures or a table "
            "with a column `tags`, or tag images in the app."
        )
    order = np.argsort(seen, kind="stable")
    at = np.minimum(np.searchsorted(seen[order], every.ids), len(order) - 1)
    place = order[at]
    here = seen[place] == every.ids
    notes = []
    without = len(np.unique(every.ids[~here]))
    if without:
        notes.append(f"{without:,} tagged images have no vector to learn from.")
    rows, row = np.unique(place[here], return_inverse=True)
    codes = every.codes[here]
    emptied = np.flatnonzero(np.isin(seen, collection.without_tags()))
    if len(emptied) and options.tagging.keep_bare:
        notes.append(
            f"{len(emptied):,} images from which all tags were taken count as having none."
        )
        rows = np.concatenate((rows, emptied))
    counts = np.bincount(codes, minlength=len(every.names))
    like = np.array([not options.only or matches(name, options.only) for name in every.names])
    if not like.any():
        raise InvalidInput(f"No tag is like {', '.join(options.only)}.")
    wanted = np.flatnonzero(like & (counts >= options.least) & (counts < len(rows)))
    common = int((like & (counts == len(rows))).sum())
    rare = int(like.sum()) - len(wanted) - common
    if not len(wanted) and counts.max() >= options.least:
        raise InvalidInput(
            f"All {len(rows):,} tagged images have the same tags, so nothing tells them apart. Tag "
            "images that show something else, too: images without any tag take no part."
        )
    if not len(wanted):
        raise InvalidInput(
            f"No tag has {options.least} images with vectors; the commonest has {counts.max()}. "
            "Lower --min-images, or tag more images."
        )
    if rare:
        notes.append(f"Left out: {rare:,} tags with fewer than {options.least} images.")
    if common:
        notes.append(f"Left out: {common:,} tags that every one of these images has.")
    column = np.full(len(every.names), -1)
    column[wanted] = np.arange(len(wanted))
    tags = np.zeros((len(rows), len(wanted)), bool)
    chosen = column[codes] >= 0
    tags[row[chosen], column[codes[chosen]]] = True
    bare = ~tags.any(axis=1)
    if bare.any() and not options.tagging.keep_bare:
        notes.append(f"Left out: {bare.sum():,} images with none of these tags.")
        rows, tags = rows[~bare], tags[~bare]
    return rows, tuple(every.names[j] for j in wanted), tags, notes
