"""Tags as concepts: which may be missing or wrong, which can be learned at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Space
from impasto.flow.material import material
from impasto.flow.teach_tags import tagged_rows
from impasto.flow.teaching import LearnOptions, TagOptions

if TYPE_CHECKING:
    from impasto.learn.concepts import Learnability, Noise
    from impasto.learn.tag_evaluate import Tagged
    from impasto.store import Collection

NOISE, LEARNABILITY = "noise", "learnability"
"""Names of the reports."""


@dataclass(frozen=True, slots=True)
class ConceptOptions:
    """Which tags to look at, in which space, and how often to learn them.

    Parameters
    ----------
    space : str, tuple of str or None
        Name of a space, or the beginning of it; None: the newest. Several stand side by side.
    only : tuple of str
        Patterns of tags; empty: all.
    min_images : int
        Tags with fewer images are left out.
    keep_bare : bool
        Tagged images that have none of these tags take part.
    group_duplicates : bool
        Near-duplicates stay in one fold.
    folds : int
        Every image is judged by a head of the other folds.
    repeats : int
        Of learnability: times that all of it is done.
    seed : int
    """

    space: str | tuple[str, ...] | None = None
    only: tuple[str, ...] = ()
    min_images: int = 20
    keep_bare: bool = True
    group_duplicates: bool = True
    folds: int = 5
    repeats: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the collection."""
        for word, given, least in (("folds", self.folds, 3), ("repeats", self.repeats, 1)):
            if given < least:
                raise InvalidInput(f"{word} is at least {least}, not {given}.")
        _ = self.as_learning()  # checks the rest

    def as_learning(self) -> LearnOptions:
        """Return the same choice of images and tags as options of learning."""
        return LearnOptions(
            target="tags",
            space=self.space,
            only=self.only,
            min_images=self.min_images,
            group_duplicates=self.group_duplicates,
            seed=self.seed,
            tagging=TagOptions(keep_bare=self.keep_bare),
        )


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A suspected tag that waits for a person's answer.

    Parameters
    ----------
    id : int
    tag : str
    wrong : str
        "missing" or "superfluous".
    probability : float
        Of the tag.
    near : int or None
        The most similar image that speaks against what is given.
    similarity : float or None
        Of that image.
    """

    id: int
    tag: str
    wrong: str
    probability: float
    near: int | None
    similarity: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """What was suspected when noise was last looked for, and what is still open.

    Parameters
    ----------
    found : mapping
        The report as it was kept.
    open : tuple of Suspicion
        Neither corrected since nor left as they are, and not of images that are gone.
    answered : int
        The others.
    """

    found: Mapping[str, Any]
    open: tuple[Suspicion, ...]
    answered: int


def find_noise(
    collection: Collection,
    options: ConceptOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Noise:
    """Look for tags that are probably missing or wrong; the result is kept for the app.

    Raises
    ------
    MissingExtra
        When cleanlab is not installed.
    NotFound
        When there are no vectors.
    InvalidInput
        When there is too little to learn from.
    """
    from impasto.learn import concepts as room

    options, progress = options or ConceptOptions(), progress or Quiet()
    room.check_cleanlab()
    images, spaces, notes = _images(collection, options, progress)
    progress.stage("Learning", options.folds, "folds")
    told = room.out_of_sample(images, folds=options.folds, seed=options.seed, progress=progress)
    progress.stage("Comparing", unit="tags")
    found = room.find_noise(images, told.probabilities, seed=options.seed)
    collection.save_report(NOISE, _about(spaces, notes) | found.to_json())
    return found


def learnability(
    collection: Collection,
    options: ConceptOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Learnability:
    """Say which tags can be learned, which need more examples and which can't be seen.

    The result is kept, with a report and a figure; see `learnability_files`.

    Raises
    ------
    NotFound
        When there are no vectors.
    InvalidInput
        When there is too little to learn from.
    """
    from impasto.learn import concepts as room

    options, progress = options or ConceptOptions(), progress or Quiet()
    how = room.LearnOften(folds=options.folds, repeats=options.repeats, seed=options.seed)
    images, spaces, notes = _images(collection, options, progress)
    found = room.learnability(images, how, progress=progress)
    about = _about(spaces, notes)
    title = f"What can be learned from the tags of {collection.name}"
    pages = {
        "html": room.render_learnability(found, title=title, about=about).encode(),
        "svg": room.draw_learnability(found, ground=True).encode(),
    }
    collection.save_report(LEARNABILITY, about | found.to_json(), pages)
    return found


def review(collection: Collection) -> Review | None:
    """Return what was suspected and is still open; None when noise was never looked for."""
    found = collection.report(NOISE)
    if found is None:
        return None
    having = collection.memberships("tag")
    has = {
        (int(image), having.names[code])
        for image, code in zip(having.ids.tolist(), having.codes.tolist(), strict=True)
    }
    left, there = collection.reviewed(), set(collection.order().tolist())
    waiting = []
    for one in found["suspects"]:
        given = one["wrong"] == "superfluous"
        key = (one["id"], one["tag"])
        if one["id"] in there and (key in has) == given and (*key, given) not in left:
            near = one["near"] or {"id": None, "similarity": None}
            if near["id"] not in there:
                near = {"id": None, "similarity": None}
            waiting.append(
                Suspicion(*key, one["wrong"], one["probability"], near["id"], near["similarity"])
            )
    return Review(found, tuple(waiting), len(found["suspects"]) - len(waiting))


def answer(collection: Collection, image: int, tag: str, wrong: str, *, right: bool) -> None:
    """Remember that a suspicion was wrong, so that it is not asked again; or forget that.

    Parameters
    ----------
    collection : Collection
    image : int
    tag : str
    wrong : str
        "missing" or "superfluous".
    right : bool
        Whether what is given is right; False takes such an answer back.
    """
    if wrong not in ("missing", "superfluous"):
        raise InvalidInput(f"A tag is missing or superfluous, not {wrong!r}.")
    collection.leave_tag(image, tag, wrong == "superfluous", keep=right)


def learnability_page(collection: Collection, ending: str = "html") -> bytes:
    """Return the report of `learnability` as "html", or its figure as "svg".

    Raises
    ------
    NotFound
        When it was never computed.
    """
    page = collection.report_page(LEARNABILITY, ending)
    if page is None:
        raise NotFound(
            f"{collection.name} has no such report yet: impasto learnability {collection.path}"
        )
    return page


def _images(
    collection: Collection, options: ConceptOptions, progress: Progress
) -> tuple[Tagged, tuple[Space, ...], list[str]]:
    """Gather the vectors with their tags; near-duplicates share a group."""
    from impasto import curate
    from impasto.learn import concepts as room
    from impasto.learn.reading import Reading
    from impasto.networks import TUNED

    asked = options.as_learning()
    stuff = material(collection, asked)
    rows, names, tags, notes = tagged_rows(collection, stuff.ids, asked)
    ids = stuff.ids[rows]
    values = stuff.values(ids)
    groups = np.arange(len(ids))
    widths = [space.dimension for space in stuff.spaces]
    if options.group_duplicates:
        progress.stage("duplicates", unit="images")
        first = values[:, : widths[0]]
        groups = curate.find_duplicates(first, hashes=collection.hashes(ids)).groups
    else:
        notes.append("Near-duplicates were not kept together: the numbers may flatter.")
    notes.extend(
        f"{space.network} was tuned on images of these: it knows their tags by heart, so what is "
        "told here flatters. Take a space of a network that was not."
        for space in stuff.spaces
        if space.network.startswith(TUNED)
    )
    if len(widths) > 1:
        values = Reading.equal(widths).fitted(values).apply(values)
    return room.gathered(values, tags, names, ids=ids, groups=groups), stuff.spaces, notes


def _about(spaces: tuple[Space, ...], notes: list[str]) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "space": " + ".join(space.name for space in spaces),
        "space_title": " + ".join(space.title for space in spaces),
        "notes": notes,
    }
