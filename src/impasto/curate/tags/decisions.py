"""What was decided about tags: as lines of a file, and what it comes to for a collection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
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
    """

    kind: Kind
    of: str
    into: str = ""
    accept: bool | None = True
    why: tuple[str, ...] = ()

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

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is about, however it was decided."""
        return self.kind, self.of, self.into

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data, a line of the file."""
        data: dict[str, Any] = {"decide": self.kind, "of": self.of}
        if self.into:
            data["into"] = self.into
        return data | {"accept": self.accept, "why": list(self.why)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TagDecision:
        """Read a decision; raise InvalidInput when it is none."""
        kind, of = data.get("decide"), data.get("of")
        into, accept, why = data.get("into", ""), data.get("accept"), data.get("why", [])
        if (
            not all(isinstance(text, str) for text in (kind, of, into))
            or accept not in (True, False, None)
            or not isinstance(why, list)
        ):
            raise InvalidInput(
                'A decision is written {"decide": "merge", "of": "fall", "into": "autumn", '
                f'"accept": true}}, not {json.dumps(data)[:120]}.'
            )
        return cls(str(kind), str(of), str(into), accept, tuple(map(str, why)))  # type: ignore[arg-type]  # checked above


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
    hide : bool
        Whether those are to be hidden.
    unknown : tuple of str
        Tags that decisions name and no image has.
    """

    add: dict[str, NDArray[np.int64]]
    remove: dict[str, NDArray[np.int64]]
    counts: dict[str, int]
    bare: NDArray[np.int64]
    hide: bool
    unknown: tuple[str, ...] = field(default=())


def plan_tags(
    names: Sequence[str],
    ids: NDArray[np.int64],
    codes: NDArray[np.int64],
    decisions: Iterable[TagDecision],
) -> TagPlan:
    """Work out what accepted decisions change: merges, then drops, then patterns, then the minimum.

    Parameters
    ----------
    names : sequence of str, n_tags long
    ids : ndarray of shape (n_memberships,), int64
        Images; one with several tags is there several times.
    codes : ndarray of shape (n_memberships,), int64
        Places in `names`.
    decisions : iterable of TagDecision
        What was not accepted counts for nothing; of the minimum and of what becomes of bare
        images, the last word counts.

    Raises
    ------
    InvalidInput
        When merges go round in a circle, or a tag is merged into two.
    """
    held = [one for one in decisions if one.accept]
    into = _targets(one for one in held if one.kind == "merge")
    dropped = {one.of for one in held if one.kind == "drop"}
    only = [one.of for one in held if one.kind == "only"]
    least = next((int(one.of) for one in reversed(held) if one.kind == "min-images"), 0)
    hide = next((one.of == "hide" for one in reversed(held) if one.kind == "bare"), False)

    images_of = {name: np.unique(ids[codes == code]) for code, name in enumerate(names)}
    merged: dict[str, NDArray[np.int64]] = {}
    end: dict[str, str | None] = {}
    for name, images in images_of.items():
        final = into.get(name, name)
        end[name] = None if name in dropped or final in dropped else final
        if end[name]:
            merged[final] = np.union1d(merged.get(final, images), images)
    for name in list(merged):
        unlike = bool(only) and not any(fnmatchcase(name, pattern) for pattern in only)
        if unlike or len(merged[name]) < least:
            del merged[name]
    remove = {
        name: images
        for name, images in images_of.items()
        if end[name] != name or name not in merged
    }
    add = {}
    for name, images in merged.items():
        new = np.setdiff1d(images, images_of.get(name, images[:0]))
        if len(new):
            add[name] = new
    left = np.unique(np.concatenate([ids[:0], *merged.values()]))
    named = [tag for one in held if one.kind in ("merge", "drop") for tag in (one.of,)]
    return TagPlan(
        add,
        remove,
        dict(sorted(((n, len(i)) for n, i in merged.items()), key=lambda x: (-x[1], x[0]))),
        np.setdiff1d(ids, left),
        hide,
        tuple(dict.fromkeys(tag for tag in named if tag not in images_of)),
    )


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
