"""What the API takes and gives about preparing labels: tags, classes of names, parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from fastapi import Response
from pydantic import Field

from impasto import flow
from impasto.curate.tags import TagDecision, parse_map
from impasto.flow import ClassOptions, SplitOptions
from impasto.serve import present
from impasto.serve.schemas import Count, EstimateOut, In, Out

if TYPE_CHECKING:
    from impasto.curate.names import ClassSeen
    from impasto.curate.tags import Pair
    from impasto.store import Collection

PAIRS = 200
"""Pairs of tags that are told."""

PICTURES = 6
"""Pictures that stand for a tag."""

SHOWN = 12
"""Pictures that stand for a class."""

LARGE = 20_000
"""Images from which on dividing takes so long that it is a job."""

NAMES = 200
"""Labels, tags or words that are told with their counts."""

LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "JSON, one decision a line.", "content": {"application/x-ndjson": {}}}
}
"""How the API describes a file of decisions."""


Decide = Literal["merge", "drop", "only", "min-images", "bare"]


class DecisionIn(In):
    """One decision about tags, as a line of the file of decisions."""

    decide: Decide
    of: str = Field(max_length=2000)
    into: str = Field(default="", max_length=2000)
    accept: bool | None = True
    step: int = Field(default=1, ge=1)
    why: list[str] = Field(default_factory=list)


class DecisionsIn(In):
    """Decisions about tags; `strict`: a tag that nobody has is an error."""

    decisions: list[DecisionIn] = Field(default_factory=list, max_length=100_000)
    map: str = Field(
        default="", max_length=1_000_000, description="Lines `fall = autumn`, of the first step."
    )
    strict: bool = False

    def read(self) -> list[TagDecision]:
        """Read them."""
        listed = [TagDecision.from_json(one.model_dump()) for one in self.decisions]
        return [*parse_map(self.map), *listed]


class DecisionOut(Out):
    """One decision about tags, as a line of the file of decisions."""

    decide: Decide
    of: str
    into: str
    accept: bool | None
    step: int
    why: list[str]


class SuggestionOut(DecisionOut):
    """A merge or a drop that is suggested, with pictures of both tags."""

    images: int
    images_into: int
    pictures: list[int] = Field(description="Ids of pictures with the tag.")
    pictures_into: list[int] = Field(description="Ids of pictures with the tag it goes into.")


class TagSeenOut(Out):
    """A tag, and what its pictures have in common."""

    name: str
    images: int
    share: float
    alike: float | None = Field(description="Mean cosine, from chance (0) to identity (1).")
    z: float | None = Field(description="Standard deviations from groups drawn at random.")


class TagPairOut(Out):
    """Two tags on the same pictures."""

    first: str
    second: str
    together: int
    lift: float
    pmi: float = Field(description="Bits.")


class VocabularyOut(Out):
    """The tags of the collection, what might be merged or dropped, what was decided."""

    images: int
    tagged: int
    mean: float = Field(description="Tags of a tagged picture.")
    per_image: list[int] = Field(description="Pictures with 0, 1, 2 … tags.")
    space: str = Field(description="Where pictures were compared; empty for nowhere.")
    tags: list[TagSeenOut]
    pairs: list[TagPairOut]
    merges: list[SuggestionOut]
    junk: list[SuggestionOut]
    decided: list[DecisionOut]
    notes: list[str]


class CuratedOut(Out):
    """What decisions about tags come to."""

    before: int
    after: int
    changed: int = Field(description="Pictures that change.")
    bare: int = Field(description="Pictures that lose all their tags.")
    hidden: int
    tags: list[Count] = Field(description="Those that are left, the most frequent first.")
    notes: list[str]


class CuratedOutlookOut(Out):
    """What decisions about tags would come to, or what is in the way."""

    problem: str = Field(description="Empty when nothing is.")
    made: CuratedOut | None


class DivisionIn(In):
    """How to divide the collection."""

    train: float = Field(default=80, ge=0, allow_inf_nan=False)
    validation: float = Field(default=0, ge=0, allow_inf_nan=False)
    test: float = Field(default=20, ge=0, allow_inf_nan=False)
    by: Literal["label", "tags", "nothing"] = "label"
    group: list[str] = Field(default_factory=list)
    missing: Literal["refuse", "alone", "together"] = "refuse"
    group_duplicates: bool = True
    space: str | None = None
    against: list[str] = Field(default=[], description="Collections beside this one.")
    on_leaks: Literal["tell", "train", "leave-out"] = "tell"
    seed: int = 0

    def read(self) -> SplitOptions:
        """Read the options."""
        plain = self.model_dump(exclude={"train", "validation", "test", "against", "group"})
        shares = (self.train, self.validation, self.test)
        return SplitOptions(shares, group=tuple(self.group), against=tuple(self.against), **plain)


class PartOut(Out):
    """A part, and how much of the collection it was to get."""

    name: str
    images: int
    wanted: float


class SharedOut(Out):
    """A label or tag, and its pictures in train, validation and test."""

    name: str
    train: int
    validation: int
    test: int


class LeakPairOut(Out):
    """A picture that is held back, and its like in a set that was learned from."""

    image: int
    path: str
    other: str
    similarity: float | None
    exact: bool


class LeakOut(Out):
    """What of the parts that are tested on another set was learned from."""

    source: str
    known: int
    images: int
    exact: int
    pairs: list[LeakPairOut]


class DivisionOut(Out):
    """How the collection is divided, or would be."""

    images: int
    groups: int
    changed: int
    parts: list[PartOut]
    counts: list[SharedOut]
    names: int = Field(description="Labels or tags there are; the first ones are told.")
    leaks: list[LeakOut]
    notes: list[str]


class DivisionOutlookOut(Out):
    """What a division would come to, or what is in the way."""

    problem: str = Field(description="Empty when nothing is.")
    made: DivisionOut | None


class DividedByOut(Out):
    """What the collection can be divided by."""

    labels: int
    tags: int
    groups: list[str] = Field(description="Properties, `folder` and `root`.")
    large: bool = Field(
        description="Whether it has so many images that dividing it is a job of kind `split`."
    )
    latest: DivisionOut | None = Field(description="As it was divided last.")


class NamesIn(In):
    """How to get from the names of files to classes."""

    words: Literal["imagenet", "wordnet", "list"] = "imagenet"
    lines: list[str] = Field(default=[], max_length=200_000)
    rule: Literal["whole", "any"] = "whole"
    folders: bool = False
    others: Literal["clear", "keep"] = "clear"
    min_images: int = 2
    min_known: float | None = None
    measure: Literal["top1", "top5", "among"] = "top1"
    reference: str | None = None
    phrases: dict[str, str] = Field(default_factory=dict)

    def read(self) -> ClassOptions:
        """Read the options."""
        plain = self.model_dump(exclude={"words", "lines"})
        if self.words == "list":
            return ClassOptions(lines=tuple(self.lines) or ("",), **plain)
        return ClassOptions(words=self.words, **plain)


class NamedOut(Out):
    """A picture of a class, as the file of decisions knows it."""

    id: int
    path: str
    sha256: str


class KnownOut(Out):
    """How often a reference network gives a class to its pictures."""

    images: int
    top1: EstimateOut
    top5: EstimateOut
    among: EstimateOut


class ClassSeenOut(Out):
    """A class, and what is known of it before anyone decides."""

    name: str
    images: int
    accept: bool | None
    doubts: list[str]
    companions: list[Count]
    meanings: list[str]
    known: KnownOut | None
    pictures: list[NamedOut]


class ClassesOut(Out):
    """Classes that names fit, and what is proposed."""

    images: int
    several: int = Field(description="Pictures whose names fit several classes.")
    none: int = Field(description="Pictures whose names fit none.")
    reference: str
    classes: list[ClassSeenOut]
    left: list[Count] = Field(description="Words that fit no class.")
    lines: list[dict[str, Any]] = Field(description="The proposal, as a file of decisions.")
    decided: bool = Field(description="Whether labels came from names before.")
    notes: list[str]


class AuditIn(In):
    """Decisions about classes, as lines of their file."""

    lines: list[dict[str, Any]] = Field(max_length=1_000_000)


class ClassedOut(Out):
    """What decisions about classes come to."""

    classes: list[Count]
    labelled: int
    changed: int
    without: int
    notes: list[str]


class ClassedOutlookOut(Out):
    """What decisions about classes would come to, or what is in the way."""

    problem: str = Field(description="Empty when nothing is.")
    made: ClassedOut | None


def decision(one: TagDecision) -> DecisionOut:
    """Tell one decision."""
    return DecisionOut(**_decision(one))


def vocabulary(
    collection: Collection, seen: flow.TagsSeen, decided: Sequence[TagDecision]
) -> VocabularyOut:
    """Tell what the tags are like."""
    table = seen.table
    code = {name: i for i, name in enumerate(table.names)}
    ids_of: dict[str, list[int]] = {}

    def pictures(tag: str) -> list[int]:
        if tag and tag not in ids_of:
            ids_of[tag] = collection.ids_with(tag=tag)[:PICTURES].tolist()
        return ids_of.get(tag, [])

    def suggestion(one: TagDecision) -> SuggestionOut:
        return SuggestionOut(
            **_decision(one),
            images=int(table.counts[code[one.of]]),
            images_into=int(table.counts[code[one.into]]) if one.into in code else 0,
            pictures=pictures(one.of),
            pictures_into=pictures(one.into),
        )

    coherences = seen.coherences or [None] * len(table.names)
    return VocabularyOut(
        images=table.images,
        tagged=table.tagged,
        mean=table.mean if table.tagged else 0,
        per_image=table.per_image.tolist(),
        space=seen.space,
        tags=[
            TagSeenOut(
                name=name,
                images=int(table.counts[i]),
                share=table.share(i),
                alike=one.excess if one and one.images > 1 else None,
                z=one.z if one and one.images > 1 else None,
            )
            for i, (name, one) in enumerate(zip(table.names, coherences, strict=True))
        ],
        pairs=[_pair(pair) for pair in table.pairs()[:PAIRS]],
        merges=[suggestion(one) for one in seen.merges],
        junk=[suggestion(one) for one in seen.junk],
        decided=[decision(one) for one in decided],
        notes=list(seen.notes),
    )


def curated(made: flow.Curated) -> CuratedOut:
    """Tell what decisions about tags come to."""
    return CuratedOut(
        before=made.before,
        after=made.after,
        changed=made.changed,
        bare=made.bare,
        hidden=made.hidden,
        tags=_counts(list(made.counts.items())),
        notes=list(made.notes),
    )


def divided_by(collection: Collection) -> DividedByOut:
    """Tell what a collection can be divided by, and how it was."""
    kept = collection.report(flow.SPLIT)
    return DividedByOut(
        labels=len(collection.memberships("label").names),
        tags=len(collection.memberships("tag").names),
        groups=[*collection.properties(), "folder", "root"],
        large=collection.counts().images > LARGE,
        latest=None if kept is None else division(kept),
    )


def looked_over(collection: Collection, options: SplitOptions) -> SplitOptions:
    """Return the options with whole paths, if the app may look there; else raise InvalidInput."""
    command = f"impasto split {collection.path} --against OTHER"
    places = (flow.check_place(collection, each, command) for each in options.against)
    return replace(options, against=tuple(map(str, places)))


def division(told: Mapping[str, Any]) -> DivisionOut:
    """Tell how a collection is divided, from what `impasto split --json` says."""
    return DivisionOut(
        images=told["images"],
        groups=told["groups"],
        changed=told["changed"],
        parts=[
            PartOut(name=name, images=images, wanted=told["wanted"][name])
            for name, images in told["parts"].items()
        ],
        counts=[SharedOut(**row) for row in told["counts"][:NAMES]],
        names=len(told["counts"]),
        leaks=[
            LeakOut(**{name: one.get(name, []) for name in LeakOut.model_fields})
            for one in told["leaks"]
        ],
        notes=told["notes"],
    )


def classes(collection: Collection, seen: flow.ClassesSeen) -> ClassesOut:
    """Tell which classes names fit."""
    found = seen.pictures(SHOWN)
    named = {
        image.id: NamedOut(
            id=image.id,
            path=image.path,
            sha256="" if image.sha256 is None else image.sha256.hex(),
        )
        for image in collection.images(sorted({i for ids in found.values() for i in ids}))
    }
    return ClassesOut(
        images=len(seen.ids),
        several=seen.several,
        none=seen.none,
        reference=seen.reference,
        classes=[
            _class_seen(one, [named[i] for i in found[one.name] if i in named])
            for one in seen.classes
        ],
        left=_counts(seen.mapped.left),
        lines=seen.audit.lines(),
        decided=collection.report(flow.CLASSES) is not None,
        notes=list(seen.notes),
    )


def classed(made: flow.Classed) -> ClassedOut:
    """Tell what decisions about classes come to."""
    return ClassedOut(
        classes=_counts(list(made.counts.items())),
        labelled=sum(made.counts.values()),
        changed=made.changed,
        without=made.without,
        notes=list(made.notes),
    )


def lines(decisions: Iterable[Mapping[str, Any]], name: str) -> Response:
    """Give decisions as a file to keep, one JSON object a line."""
    body = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in decisions)
    said = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(body, media_type="application/x-ndjson", headers={"Content-Disposition": said})


def _decision(one: TagDecision) -> dict[str, Any]:
    return {
        "decide": one.kind,
        "of": one.of,
        "into": one.into,
        "accept": one.accept,
        "step": one.step,
        "why": list(one.why),
    }


def _pair(pair: Pair) -> TagPairOut:
    return TagPairOut(
        first=pair.first,
        second=pair.second,
        together=pair.together,
        lift=pair.lift,
        pmi=pair.pmi,
    )


def _class_seen(one: ClassSeen, pictures: list[NamedOut]) -> ClassSeenOut:
    return ClassSeenOut(
        name=one.name,
        images=one.images,
        accept=one.accept,
        doubts=list(one.doubts),
        companions=_counts(one.companions),
        meanings=list(one.meanings),
        known=None
        if one.known is None
        else KnownOut(
            images=one.known.images,
            top1=present.estimate(one.known.top1),
            top5=present.estimate(one.known.top5),
            among=present.estimate(one.known.among),
        ),
        pictures=pictures,
    )


def _counts(pairs: Sequence[tuple[str, int]]) -> list[Count]:
    return [Count(name=name, count=count) for name, count in pairs[:NAMES]]
