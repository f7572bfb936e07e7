"""What was decided about tags: as lines of a file, and what it comes to for a collection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput

Kind = Literal["merge", "drop", "only", "min-images", "bare"]
BARE = ("keep", "hide")


@dataclass(frozen=True, slots=True)
class TagDecision:
    """One decision about the vocabulary.

    Parameters
    ----------
    kind : {"merge", "drop", "only", "min-images", "bare"}
        Merge a tag into another; drop a tag; keep only tags like a pattern; drop tags with fewer
        images; what becomes of images that lose all their tags.
    of : str
        The tag; the pattern; the number; "keep" or "hide".
    into : str
        What a tag is merged into; "" for the other kinds.
    accept : bool or None
        None while nobody decided.
    why : tuple of str
        Reasons for a suggestion.
    step : int
        At least 1. Decisions of one step are carried out together, and steps one after another:
        what several edits decided comes out the same when it is replayed as one.
    """

    kind: Kind
    of: str
    into: str = ""
    accept: bool | None = True
    why: tuple[str, ...] = ()
    step: int = 1

    def __post_init__(self) -> None:
        """Check that it says something that can be done."""
        if self.kind not in get_args(Kind):
            raise InvalidInput(f"One can decide {', '.join(get_args(Kind))}, not {self.kind!r}.")
        if not self.of.strip() or (self.kind == "merge") != bool(self.into.strip()):
            raise InvalidInput(
                f"A merge names two tags, fall = autumn; {self.kind} says {self.of!r} and "
                f"{self.into!r}."
            )
        if self.kind == "merge" and self.of == self.into:
            raise InvalidInput(f"The tag {self.of!r} can't be merged into itself.")
        if self.kind == "min-images" and not self.of.isdecimal():
            raise InvalidInput(f"The fewest images of a tag are a number, not {self.of!r}.")
        if self.kind == "bare" and self.of not in BARE:
            raise InvalidInput(f"Images without tags are {' or '.join(BARE)}, not {self.of!r}.")
        if self.step < 1:
            raise InvalidInput(f"Steps are counted from 1; there is no step {self.step}.")

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about, however it was decided."""
        return self.kind, self.of, self.into

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data, a line of the file."""
        data: dict[str, Any] = {"decide": self.kind, "of": self.of}
        if self.into:
            data["into"] = self.into
        if self.step > 1:
            data["step"] = self.step
        return data | {"accept": self.accept, "why": list(self.why)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TagDecision:
        """Read a decision; raise InvalidInput when it is none."""
        kind, of = data.get("decide"), data.get("of")
        into, accept, why = data.get("into", ""), data.get("accept"), data.get("why", [])
        step = data.get("step", 1)
        if (
            not all(isinstance(text, str) for text in (kind, of, into))
            or accept not in (True, False, None)
            or not isinstance(why, list)
            or type(step) is not int
        ):
            raise InvalidInput(
                'A decision is written {"decide": "merge", "of": "fall", "into": "autumn", '
                f'"accept": true}}, not {json.dumps(data)[:120]}.'
            )
        return cls(str(kind), str(of), str(into), accept, tuple(map(str, why)), step)  # type: ignore[arg-type]  # checked above


def parse_map(text: str) -> list[TagDecision]:
    """Read lines ``fall = autumn``; ``#`` begins a remark.

    Examples
    --------
    >>> [(one.of, one.into) for one in parse_map("fall = autumn  # both are said")]
    [('fall', 'autumn')]
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.split(" #")[0].strip() if not line.lstrip().startswith("#") else ""
        if not said:
            continue
        of, sign, into = (part.strip() for part in said.partition("="))
        if not sign or not of or not into:
            raise InvalidInput(
                f"Line {number} of the map is written `fall = autumn`, not {said[:80]!r}."
            )
        found.append(TagDecision("merge", of, into))
    return found


def in_steps(*parts: Iterable[TagDecision]) -> list[TagDecision]:
    """Put lists of decisions one behind another: the steps of each follow those before.

    Examples
    --------
    >>> first, second = parse_map("fall = autumn"), [TagDecision("min-images", "5")]
    >>> [(one.of, one.step) for one in in_steps(first, second)]
    [('fall', 1), ('5', 2)]
    """
    found: list[TagDecision] = []
    for part in parts:
        last = found[-1].step if found else 0
        held = sorted(part, key=lambda one: one.step)
        number = {step: last + i for i, step in enumerate(dict.fromkeys(o.step for o in held), 1)}
        found += [replace(one, step=number[one.step]) for one in held]
    return found


def distinct_steps(decisions: Iterable[TagDecision]) -> list[TagDecision]:
    """Leave out every step that says what an earlier one said: what is carried out again.

    Examples
    --------
    >>> twice = in_steps(parse_map("fall = autumn"), parse_map("fall = autumn"))
    >>> len(distinct_steps(twice))
    1
    """
    held = sorted(decisions, key=lambda one: one.step)
    said: dict[tuple[Any, ...], list[TagDecision]] = {}
    for _, step in groupby(held, lambda one: one.step):
        together = list(step)
        said.setdefault(tuple((one.key, one.accept) for one in together), together)
    return in_steps(*said.values())


@dataclass(frozen=True, slots=True, eq=False)
class TagPlan:
    """What decisions come to for the tags of a collection.

    Parameters
    ----------
    add, remove : dict of str to ndarray of int64
        The images that gain and lose each tag.
    counts : dict of str to int
        The vocabulary that is left: images of each tag, the most frequent first.
    bare : ndarray of shape (n_images,), int64
        Images that had tags and lose all of them.
    hide : ndarray of shape (n_hidden,), int64
        Those of them that are to be hidden.
    unknown : tuple of str
        Tags that decisions name and no image has.
    """

    add: dict[str, NDArray[np.int64]]
    remove: dict[str, NDArray[np.int64]]
    counts: dict[str, int]
    bare: NDArray[np.int64]
    hide: NDArray[np.int64]
    unknown: tuple[str, ...] = ()


_Images = dict[str, NDArray[np.int64]]  # of each tag, rising


def plan_tags(
    names: Sequence[str],
    ids: NDArray[np.int64],
    codes: NDArray[np.int64],
    decisions: Iterable[TagDecision],
) -> TagPlan:
    """Work out what accepted decisions change, step by step.

    In each step first the merges, then drops, then patterns, then the minimum; of the minimum and
    of what becomes of bare images, the last word counts.

    Parameters
    ----------
    names : sequence of str, n_tags long
    ids : ndarray of shape (n_memberships,), int64
        Images; one with several tags is there several times.
    codes : ndarray of shape (n_memberships,), int64
        Places in `names`.
    decisions : iterable of TagDecision
        What was not accepted counts for nothing.

    Raises
    ------
    InvalidInput
        When merges of one step go round in a circle, or merge a tag into two.
    """
    held = sorted((one for one in decisions if one.accept), key=lambda one: one.step)
    before: _Images = {name: np.unique(ids[codes == code]) for code, name in enumerate(names)}
    after, unknown, hide = before, dict[str, None](), ids[:0]
    for _, step in groupby(held, lambda one: one.step):
        together = list(step)
        named = (one.of for one in together if one.kind in ("merge", "drop"))
        unknown |= dict.fromkeys(tag for tag in named if tag not in after)
        had, after = after, _step(after, together)
        if next((one.of == "hide" for one in reversed(together) if one.kind == "bare"), False):
            hide = np.union1d(hide, np.setdiff1d(_all(had), _all(after)))
    left = _all(after)
    return TagPlan(
        _less(after, before),
        _less(before, after),
        dict(sorted(((n, len(i)) for n, i in after.items()), key=lambda x: (-x[1], x[0]))),
        np.setdiff1d(ids, left),
        np.setdiff1d(hide, left),
        tuple(unknown),
    )


def _step(images_of: _Images, held: Sequence[TagDecision]) -> _Images:
    """Carry out decisions that belong together."""
    into = _targets(one for one in held if one.kind == "merge")
    dropped = {one.of for one in held if one.kind == "drop"}
    only = [one.of for one in held if one.kind == "only"]
    least = next((int(one.of) for one in reversed(held) if one.kind == "min-images"), 0)
    made: _Images = {}
    for name, images in images_of.items():
        final = into.get(name, name)
        if name not in dropped and final not in dropped:
            made[final] = np.union1d(made.get(final, images), images)
    return {
        name: images
        for name, images in made.items()
        if len(images) >= least and (not only or any(fnmatchcase(name, each) for each in only))
    }


def _less(images_of: _Images, others: _Images) -> _Images:
    """Return the images of each tag without those that others have of it."""
    less = {
        name: np.setdiff1d(images, others.get(name, images[:0]))
        for name, images in images_of.items()
    }
    return {name: images for name, images in less.items() if len(images)}


def _all(images_of: _Images) -> NDArray[np.int64]:
    """Return the images that have a tag at all."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *images_of.values()]))


def _targets(merges: Iterable[TagDecision]) -> dict[str, str]:
    """Follow merges to their ends: what every merged tag becomes."""
    step: dict[str, str] = {}
    for one in merges:
        if step.setdefault(one.of, one.into) != one.into:
            raise InvalidInput(
                f"The tag {one.of!r} is merged into {step[one.of]!r} and into {one.into!r}; "
                "accept one of the two."
            )
    ends = {}
    for start in step:
        seen, tag = [start], step[start]
        while tag in step:
            if tag in seen:
                raise InvalidInput(f"Merges go round in a circle: {' = '.join([*seen, tag])}.")
            seen.append(tag)
            tag = step[tag]
        ends[start] = tag
    return ends
