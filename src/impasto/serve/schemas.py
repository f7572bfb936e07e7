"""What the HTTP API takes and gives; the front end's types are generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from impasto.core.records import FlagKind, Split
from impasto.core.space import Flip, Pooling, Precision
from impasto.export import Files, Metadata
from impasto.flow import (
    ConceptOptions,
    JudgeOptions,
    LearnOptions,
    SplitOptions,
    Task,
    TuneOptions,
    settle,
)

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Answer = Literal["yes", "partly", "no"]
PropertyType = Literal["str", "int", "float", "bool"]


class Out(BaseModel):
    """What the server says: every field is always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class In(BaseModel):
    """What the browser says: a misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(Out):
    """One clear sentence, and its kind for programs."""

    kind: str
    message: str


class ErrorOut(Out):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class HealthOut(Out):
    """The server is up."""

    status: Literal["ok"]
    version: str


class EstimateOut(Out):
    """A number with its 95 % interval, beside what chance gives."""

    value: float
    low: float
    high: float
    chance: float


class RecallOut(EstimateOut):
    """Share of the k nearest that an index finds."""

    k: int


class IndexOut(Out):
    """An approximate index, and how much it was measured to find."""

    rows: int = Field(description="Vectors that it covers; later ones are always compared.")
    bytes: int
    recall: list[RecallOut]
    sentence: str


class SpaceOut(Out):
    """A space of the collection, and how many images have a vector in it."""

    name: str
    title: str
    network: str
    layer: str
    dimension: int
    rows: int
    bytes: int
    words: bool = Field(description="Whether words can be asked in it: `text:a red bird`.")
    index: IndexOut | None = Field(description="Its approximate index, if it has one.")


class ModelOut(Out):
    """A learned model in short."""

    name: str
    title: str
    target: str
    method: str
    space: str = Field(description="Name of the space its vectors come from.")
    space_title: str
    created: str | None = Field(description="ISO 8601.")
    labels: list[str]
    images: int | None = Field(description="That it learned from and was tested on.")
    metrics: dict[str, EstimateOut] = Field(description="`top1`, `macro_f1` and so on.")
    notes: list[str] = Field(description="What a reader of the scores must know.")
    recipe: str | None = Field(description="Name of the published recipe that it follows.")
    tested: bool = Field(description="Whether its answers to the tested images are kept.")


class CollectionOut(Out):
    """What the collection holds."""

    name: str
    images: int = Field(description="All images, also those without a picture.")
    usable: int = Field(description="Images read, with a picture.")
    unread: int = Field(description="Images found but not read yet.")
    spaces: list[SpaceOut]
    default_space: str | None
    models: list[ModelOut]
    version: str = Field(description="Version of impasto.")
    writable: bool
    roots: list[str] = Field(description="Folders that hold the originals.")
    state: int = Field(description="Another number after each change, by whichever program.")


class Count(Out):
    """A value and the number of images that have it."""

    name: str
    count: int


class PropertyOut(Out):
    """A further column."""

    name: str
    type: PropertyType


class FacetsOut(Out):
    """What one can filter by, the most frequent first."""

    total: int
    unlabelled: int
    labels: list[Count]
    tags: list[Count]
    splits: list[Count]
    flags: list[Count]
    properties: list[PropertyOut]


class FlagOut(Out):
    """Something to know about an image."""

    kind: FlagKind
    reason: str
    blocking: bool = Field(description="True when there is no picture to look at.")


class ImageOut(Out):
    """One image."""

    id: int
    name: str
    path: str
    version: str = Field(
        description="Changes with the file's content, empty until it was read; "
        "thumbnails and pictures asked for with ?v=VERSION may be kept for ever."
    )
    width: int
    height: int
    size: int = Field(description="Bytes.")
    format: str
    label: str | None
    split: Split | None
    tags: list[str]
    flags: list[FlagOut]
    properties: dict[str, str | int | float | bool | None]


class ImagesOut(Out):
    """A page of images."""

    images: list[ImageOut]
    next: str | None = Field(description="Give it as `after` to go on; null at the end.")
    total: int


def _several(given: object) -> object:
    """Take one name for a list of one, and none for an empty one."""
    return [given] if isinstance(given, str) else given or []


Several = BeforeValidator(_several)


class FilterFields(BaseModel):
    """Which images are meant: those that meet every condition given."""

    label: Annotated[list[str], Several] = Field(
        default=[], max_length=100, description="Any of them."
    )
    unlabelled: bool = Field(
        default=False, description="Images without a label; with labels, those too."
    )
    tag: Annotated[list[str], Several] = Field(
        default=[], max_length=100, description="All of them, unless `any_tag`."
    )
    any_tag: bool = Field(default=False, description="One of the tags is enough.")
    split: Annotated[list[Split], Several] = Field(default=[], description="Any of them.")
    flag: Annotated[list[FlagKind], Several] = Field(default=[], description="Any of them.")
    text: str = Field(
        default="", max_length=1000, description="Beginnings of words of names, labels, tags."
    )
    selection: str | None = Field(default=None, description="Only images of that selection.")
    value: list[str] = Field(
        default=[],
        max_length=100,
        description="NAME=VALUE of properties; in NAME, `=` is written `%3D` and `%` is `%25`. "
        "Of several values of one property any will do.",
        examples=[["medium=oil"]],
    )
    range: list[str] = Field(
        default=[],
        max_length=100,
        description="NUMBER=LOW..HIGH, both included, either may be missing; size, width, height, "
        "aspect, pixels, property:NAME, or what a model said when it was tested on the image: "
        "model:NAME:score, confidence, margin, error (1 for wrong answers), of tags missing, "
        "superfluous, error (how many) and tag:TAG.",
        examples=[["property:year=1900..1950", "model:label-linear-svm:error=1.."]],
    )
    answer: list[str] = Field(
        default=[],
        max_length=100,
        description="MODEL=ANSWER: the label that the model gave first, or a tag that it gave.",
        examples=[["label-linear-svm=heron"]],
    )


class WantedIn(FilterFields):
    """The same in a body, where a misspelt name is an error."""

    model_config = ConfigDict(extra="forbid")


class ImagesIn(In):
    """A set of images: those of a list, or all that pass a filter."""

    ids: list[int] | None = Field(default=None, examples=[[1, 2, 3]])
    filter: WantedIn | None = Field(default=None, examples=[{"label": "cats"}])

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Give either `ids` or `filter`; the filter {} is all images.")
        return self


class SetTagsIn(In):
    """Give or take away tags."""

    kind: Literal["tag", "untag"]
    tags: list[str] = Field(min_length=1, max_length=100)


class SetLabelIn(In):
    """Set the label; null takes it away."""

    kind: Literal["label"]
    label: str | None


class SetSplitIn(In):
    """Set the split; null takes it away."""

    kind: Literal["split"]
    split: Split | None


class SetFlagIn(In):
    """Flag with a note, which may be empty; null takes the flag away."""

    kind: Literal["flag"]
    note: str | None = Field(max_length=10_000)


class SetHiddenIn(In):
    """Hide, or show again."""

    kind: Literal["hide"]
    hidden: bool


class ChangeIn(In):
    """One change of a set of images."""

    images: ImagesIn
    edit: Annotated[
        SetTagsIn | SetLabelIn | SetSplitIn | SetFlagIn | SetHiddenIn, Field(discriminator="kind")
    ]


class ActionOut(Out):
    """One edit of any number of images."""

    id: int
    at: datetime
    title: str = Field(description="What was done, in words.")
    images: int = Field(description="How many it changed.")


class HistoryOut(Out):
    """What can be undone and done again, after a change."""

    changed: int = Field(description="Images that were changed just now.")
    undo: ActionOut | None
    redo: ActionOut | None


class BinOut(Out):
    """One bar of a histogram; a range from `low` to `high` holds just its images."""

    start: float
    end: float
    count: int
    low: float
    high: float


class FacetOut(Out):
    """How images divide by one property or number."""

    by: str
    values: list[Count] = Field(description="Of words, the most frequent first, at most 500.")
    bins: list[BinOut] = Field(description="Of numbers.")
    distinct: int
    images: int


class SessionIn(In):
    """What a page shows, for the notebook beside it."""

    selected: ImagesIn
    view: str = Field(max_length=100_000, description="The place, as the address has it after #/.")
    version: int = Field(description="Of the latest event `session` that the page followed.")


class ShownOut(Out):
    """Sent as event `session`, where a notebook listens: what it wants to be shown."""

    selected: list[int]
    view: str = Field(description="The place, as the address has it after #/; empty: any.")
    version: int


class SelectionOut(Out):
    """A named set of images."""

    name: str
    images: int
    saved: datetime


class SelectionIn(In):
    """Keep a set of images under a name, instead of those that had it."""

    name: str
    images: ImagesIn


class NameIn(In):
    """A new name."""

    name: str


class UploadOut(Out):
    """A picture held in the server's memory, to be used in a term `upload:ID`."""

    id: str
    width: int
    height: int
    thumbnail: str = Field(description="Relative to the API.")


class Background(Out):
    """What is not related: random pairs of images, or random queries of the same make."""

    mean: float
    std: float
    of: str = Field(description="What was paired at random.")


class NeighbourOut(Out):
    """A near image."""

    id: int
    similarity: float
    percentile: float = Field(description="Share of the background less similar, 0 to 100.")
    z: float = Field(description="Standard deviations above the mean of the background.")


class NeighboursOut(Out):
    """The nearest images of a query, best first."""

    space: str
    title: str
    total: int = Field(description="Images that were compared, or that the index chose from.")
    exact: bool = Field(description="False when the approximate index was asked.")
    recall: float = Field(description="Expected share of the true nearest; 1 when exact.")
    background: Background
    neighbours: list[NeighbourOut]


class MarkOut(Out):
    """Who is near whom: a neighbour and the query, a neighbour and all other images."""

    id: int
    back: int | None = Field(
        description="Rank of the query among the neighbours of this image, from 1; null for a "
        "query of several images."
    )
    mutual: bool | None = Field(description="Whether that rank is at most k.")
    occurrence: EstimateOut | None = Field(
        description="Images that have this one among their k nearest; chance is the usual number."
    )
    hub: bool | None = Field(description="Whether it is near at least `hub_from` images.")


class MarksOut(Out):
    """Mutual neighbours and hubs among some images."""

    k: int
    hub_from: int
    source: Literal["graph", "all", "sample", "none"]
    sentence: str = Field(description="How hubs were counted, or why they are not known.")
    marks: list[MarkOut]


class PlacedOut(NeighbourOut):
    """A near image and its rank in each of the spaces."""

    ranks: list[int | None] = Field(description="From 1, per space; null without a vector there.")


class ColumnOut(Out):
    """The nearest images of the query in one space."""

    space: str
    title: str
    total: int = Field(description="Images that were compared.")
    background: Background | None = Field(description="None where nothing was asked.")
    neighbours: list[PlacedOut]
    unable: str | None = Field(
        default=None, description="Why the space could not be asked: it knows no words."
    )


class AgreementOut(Out):
    """How alike two spaces rank the images that have a vector in both."""

    first: int = Field(description="Place among the columns.")
    second: int
    images: int
    k: int
    shared: list[int] = Field(description="Ids among the k nearest in both.")
    overlap: float = Field(description="Share of the k nearest that is shared, 0 to 1.")
    overlap_chance: float = Field(description="k / images.")
    rbo: float = Field(description="Rank-biased overlap: the same, the first ranks weigh most.")
    rbo_chance: float
    spearman: float = Field(description="Rank correlation over all images, -1 to 1; chance: 0.")


class SideBySideOut(Out):
    """One query in several spaces."""

    title: str
    columns: list[ColumnOut]
    agreements: list[AgreementOut] = Field(description="Of every two columns.")


class Quantile(Out):
    """A share of the images, and the similarity it stays below."""

    q: float
    value: float


class CutOut(Out):
    """A similarity to cut at, and what to expect above it."""

    similarity: float
    count: int = Field(description="Images at or above it.")
    expected: float = Field(description="Of these, how many background alone would put there.")
    share: float = Field(description="expected / count, at most 1: the false discovery rate.")


class DistributionOut(Out):
    """All similarities of a query as a histogram, beside that of the background."""

    space: str
    title: str
    edges: list[float] = Field(description="One more than counts.")
    counts: list[int]
    background: list[float] = Field(description="The background, scaled to the same total.")
    mean: float
    std: float
    background_mean: float
    background_std: float
    background_of: str = Field(description="What was paired at random.")
    quantiles: list[Quantile]
    total: int
    parts: list[int] = Field(
        description="How many images each part of the query is the mean of, below 0 for a part it "
        "moves away from: the background is random pairs for [1], else random queries like it."
    )
    above: list[int] = Field(description="Images at or above each edge.")
    expected: list[float] = Field(
        description="Of these, how many background alone would put there."
    )
    shares: list[float | None] = Field(
        description="expected / above, at most 1; null where nothing is above."
    )
    unrelated: float = Field(description="Estimated share of all images that is unrelated.")
    cut: CutOut | None = Field(description="The suggested cut, if there is one.")
    cut_sentence: str = Field(description="What the cut takes, or why there is none.")


class ContrastOut(Out):
    """The similarities of a query inside a set of images, and outside of it."""

    inside_title: str
    edges: list[float] = Field(description="One more than counts.")
    inside: list[int]
    outside: list[int]
    inside_total: int
    outside_total: int
    inside_mean: float
    outside_mean: float
    auc: EstimateOut = Field(description="Chance that one inside is nearer than one outside.")
    ks: float = Field(description="Greatest distance of the two distribution functions, 0 to 1.")
    asked: bool = Field(description="Whether the query itself was made of this set.")


class GroupOut(Out):
    """The similarities of a query to the images of one label or tag."""

    name: str
    counts: list[int]
    size: int
    mean: float
    auc: EstimateOut


class GroupsOut(Out):
    """The similarities of a query to every label or tag, the surest to be near first."""

    by: Literal["label", "tag"]
    edges: list[float] = Field(description="One more than counts.")
    mean: float = Field(description="Of all images.")
    groups: list[GroupOut]
    left_out: int = Field(description="Labels or tags that are less frequent than these.")


class CompareQuery(In):
    """One query of a comparison."""

    title: str = Field(default="", max_length=200, description="Empty: what its terms say.")
    terms: list[str] = Field(min_length=1, max_length=500)
    slot: int | None = Field(
        default=None, ge=0, le=7, description="Its letter and colour, 0 for A; absent: in order."
    )


class CompareIn(In):
    """Several queries, compared in one space."""

    space: str | None = None
    queries: list[CompareQuery] = Field(min_length=2, max_length=8)
    k: int = Field(default=100, ge=1, le=100_000, description="Nearest images compared.")
    bins: int | None = Field(
        default=None, ge=2, le=2000, description="Absent: bins of a round width."
    )

    @model_validator(mode="after")
    def _letters(self) -> Self:
        if len(set(self.slots)) < len(self.queries):
            raise ValueError("Each query needs a slot of its own.")
        return self

    @property
    def slots(self) -> tuple[int, ...]:
        """The letter and colour of each query."""
        return tuple(
            place if query.slot is None else query.slot for place, query in enumerate(self.queries)
        )


class CompareOut(Out):
    """Distributions of several queries and how far they are apart, query by query."""

    space: str
    images: int
    titles: list[str]
    edges: list[float] = Field(description="One more than counts.")
    counts: list[list[int]]
    cumulative: list[list[float]] = Field(description="Share of the images below each edge.")
    backgrounds: list[list[int]] = Field(
        description="What random queries made in the same way give, in the same bins."
    )
    background_totals: list[int]
    ks: list[list[float]] = Field(description="Kolmogorov-Smirnov distances, 0 to 1.")
    wasserstein: list[list[float]]
    spearman: list[list[float]] = Field(description="Rank correlation, -1 to 1; chance gives 0.")
    overlap: list[list[float]] = Field(description="Common share of the k nearest, 0 to 1.")
    overlap_chance: float = Field(description="What two unrelated queries give.")
    rbo: list[list[float]] = Field(description="The same, the first ranks weigh most.")
    rbo_chance: float
    k: int
    cuts: list[float] = Field(description="Similarity of each query's k-th nearest image.")


class PairIn(CompareIn):
    """Two queries of a comparison, by place."""

    first: int = Field(default=0, ge=0, le=7)
    second: int = Field(default=1, ge=0, le=7)


class ScatterIn(PairIn):
    """How to draw the similarities to two queries."""

    cells: int = Field(default=100, ge=2, le=400, description="Bins in each direction.")
    points: int = Field(
        default=3000, ge=0, le=10_000, description="Up to so many images are given one by one."
    )


class CellsOut(Out):
    """The cells that hold an image: column (first query), row (second), how many."""

    column: list[int]
    row: list[int]
    count: list[int]


class PointsOut(Out):
    """Images one by one: similarity to the first query and to the second."""

    ids: list[int]
    x: list[float]
    y: list[float]


class ScatterOut(Out):
    """All images by their similarities to two queries."""

    edges: list[float] = Field(description="Of the cells, the same in both directions.")
    cells: CellsOut
    points: PointsOut | None = Field(description="Null when there are too many.")


Corner = Literal["first", "second", "both", "neither"]


class BoxIn(In):
    """A range of similarities to the first query and one to the second, each [from, to)."""

    low: float = Field(ge=-2, le=2)
    high: float = Field(ge=-2, le=2)
    bottom: float = Field(ge=-2, le=2)
    top: float = Field(ge=-2, le=2)


class WithinIn(PairIn):
    """Which images of a scatter are wanted: those in a box, or in a corner."""

    box: BoxIn | None = None
    corner: Corner | None = Field(
        default=None,
        description="Among the k nearest of the first only, the second only, both, neither.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.box is None) == (self.corner is None):
            raise ValueError("Give either `box` or `corner`.")
        return self


class ChangesIn(PairIn):
    """How many changes of rank are wanted."""

    count: int = Field(default=20, ge=1, le=500)


class ChangeOut(Out):
    """An image and its rank by the first query and by the second, from 1."""

    id: int
    before: int
    after: int


class ChangesOut(Out):
    """The images that gain and lose most ranks from the first query to the second."""

    gains: list[ChangeOut]
    losses: list[ChangeOut]


class WrittenIn(PairIn):
    """What to write of a comparison."""

    kind: Literal["svg", "png", "json", "csv", "zip"] = "svg"
    title: str = Field(default="", max_length=300, description="Empty: the titles of the queries.")
    date: str = Field(default="", max_length=40, description="Empty: today.")


class KeptQueryOut(Out):
    """One query of a comparison that is kept."""

    title: str
    terms: list[str]
    slot: int


class ComparisonOut(Out):
    """A comparison that is kept: its queries, not its numbers."""

    name: str
    space: str
    queries: list[KeptQueryOut]
    k: int
    saved: datetime


class ComparisonIn(CompareIn):
    """Keep a comparison under a name, instead of the one that had it."""

    name: str


class PrecisionOut(EstimateOut):
    """Share of relevant images among the k nearest."""

    k: int


class RetrievalResult(Out):
    """How well one space retrieves X."""

    space: str
    title: str
    precision: list[PrecisionOut]
    average_precision: EstimateOut
    auc: EstimateOut
    answer: Answer
    sentence: str
    best: list[int] = Field(description="Images that find their like best, as queries.")
    worst: list[int]
    relevant: int
    images: int
    queries: int = Field(description="Images of X that asked.")
    depth: int = Field(description="The k that the answer goes by.")


class DifferenceOut(Out):
    """How much better one space retrieves X than another, over the same queries; chance is 0."""

    first: str
    second: str
    queries: int
    depth: int
    precision: EstimateOut = Field(description="Among the nearest `depth`.")
    average_precision: EstimateOut
    auc: EstimateOut


class RetrievalOut(Out):
    """Do this collection's spaces retrieve X, one result per space."""

    x: str
    verdict: str = Field(description="Yes, partly or no, and why; empty while not measured.")
    results: list[RetrievalResult]
    differences: list[DifferenceOut] = Field(description="The best space beside each other one.")
    missing: list[str] = Field(
        description="Spaces left to be measured by a job, because it takes long."
    )
    impossible: list[str] = Field(description="Why a space can't be asked, a sentence each.")


By = Literal["label", "tag"]


class CellOut(Out):
    """How well one space retrieves one label or tag, in short."""

    space: str
    average_precision: EstimateOut
    precision: EstimateOut = Field(description="Among the nearest `depth`.")
    depth: int
    queries: int
    relevant: int
    answer: Answer
    gain: float = Field(description="Average precision corrected for chance, at most 1.")


class OverviewRow(Out):
    """A label or tag, in all spaces."""

    name: str
    relevant: int
    cells: list[CellOut]


class OverviewOut(Out):
    """How well every space retrieves every label or tag, as it was last measured."""

    by: By
    made: datetime
    spaces: list[str]
    titles: list[str]
    rows: list[OverviewRow]
    queries: int = Field(description="Images of each that asked, at most.")
    left_out: list[Count]
    stale: bool = Field(description="Vectors came or went since.")


class BaselineOut(Out):
    """What needs no learning, tested on the same images."""

    name: str
    title: str
    metrics: dict[str, EstimateOut]


class ScoredOut(Out):
    """How well a model tells one label or tag; null where nothing was tested or answered."""

    name: str
    tested: int
    estimates: dict[str, EstimateOut | None] = Field(description="`top1`, `precision` and so on.")
    numbers: dict[str, float | None] = Field(description="Without an interval: `lift` and so on.")


class MistakeOut(Out):
    """How many images of one label a model took for another."""

    truth: str
    answer: str
    images: int


class ModelDetail(ModelOut):
    """A model with its scores beside baselines, label by label or tag by tag, and its card."""

    baselines: list[BaselineOut]
    scores: list[ScoredOut]
    mistakes: list[MistakeOut] = Field(description="Of labels, the most frequent first.")
    has_curves: bool = Field(description="Whether `curves` says how it was tuned.")
    has_report: bool
    card: dict[str, Any]


class ChoiceOut(Out):
    """A value that an option can have."""

    name: str
    title: str
    about: str = Field(description="When to take it; empty where the title says enough.")


class OptionOut(Out):
    """An option of learning, as a form shows it."""

    name: str = Field(description="`tagging.aim` is `aim` inside of `tagging`.")
    title: str
    help: str
    kind: Literal[
        "choice", "switch", "whole", "number", "text", "words", "numbers", "space", "spaces"
    ]
    default: Any = Field(description="Null where something is chosen for the user.")
    choices: list[ChoiceOut] = Field(description="Those of the method are with the target.")
    low: float | None
    high: float | None
    needs: dict[str, list[str]] = Field(
        description='What other options must be for it to mean anything; "" is one left out.'
    )
    first: bool = Field(description="Seen at once; the others wait until they are asked for.")


class TargetOut(Out):
    """Something that can be learned, and how."""

    name: str
    title: str
    method: str = Field(description="The one that is taken when none is named.")
    methods: list[ChoiceOut]
    least: int = Field(description="Fewest images of a label or tag, when no number is given.")
    halves: TargetOut | None = Field(description="Of a number: the same, told as high or low.")


class RecipeOut(Out):
    """What a published work did, by name."""

    name: str
    title: str
    work: str
    settles: dict[str, str] = Field(description="Options and their values, as text.")
    published: str = Field(description="What came out there.")
    deviations: list[str] = Field(description="What is not as published, and why.")
    space: str | None = Field(description="How the names of its spaces begin; null for any.")
    needs: str = Field(description="What only the user can say; empty for most.")


class LearningOut(Out):
    """What can be learned or looked for, and everything that can be chosen."""

    targets: list[TargetOut]
    recipes: list[RecipeOut]
    options: list[OptionOut]


class LearningIn(In):
    """Options of a kind of work, as somebody is filling them in."""

    kind: Task = "learn"
    options: dict[str, Any]


class ProblemOut(Out):
    """Why something can't be learned as asked."""

    option: str = Field(description="The option to change; empty when it is none by itself.")
    message: str


class OutlookOut(Out):
    """What would be learned, or what is in the way."""

    sentence: str
    problems: list[ProblemOut]
    taken: dict[str, str] = Field(description="What is taken for options that are left out.")


class ElsewhereOut(Out):
    """How a model did on another collection."""

    key: str = Field(description="Names it among those of the model.")
    other: str
    made: datetime
    images: int
    metrics: dict[str, EstimateOut]
    at_home: dict[str, EstimateOut] = Field(description="The same in the model's own test.")
    leaks: int = Field(description="Images there that it learned from, or near-duplicates.")
    unknown: dict[str, int] = Field(description="Labels or tags there that it does not tell.")
    notes: list[str]


class ComparedRow(Out):
    """A model, or something that learned nothing, and its measures."""

    name: str = Field(
        description="Of the model, or nearest:MODEL, majority, always, chance, median, mean."
    )
    title: str
    kind: Literal["model", "baseline"]
    measures: dict[str, EstimateOut | None]
    classes: list[dict[str, EstimateOut | None]] = Field(
        description="In the order of `names`: precision, recall, f1, average_precision. None of a "
        "number."
    )


class ComparedPair(Out):
    """How far two models are apart in one measure: first minus second."""

    first: str
    second: str
    measure: str
    difference: EstimateOut | None
    test: Literal["mcnemar", "exchange", "bootstrap"]
    p: float = Field(description="Two-sided.")
    corrected: float = Field(description="For the number of pairs (Holm).")
    first_alone: int | None = Field(
        description="Of McNemar's test: only the first is right. Of numbers: it is closer."
    )
    second_alone: int | None


class ComparedGap(Out):
    """How far a model is from the first one on one label or tag."""

    model: str
    name: str
    f1: EstimateOut | None
    average_precision: EstimateOut | None


class ModelsComparedOut(Out):
    """Models side by side on the images that all of them were tested on."""

    target: Literal["label", "tags", "number"]
    models: list[str]
    images: int
    distinct: int = Field(description="Near-duplicates count as one.")
    names: list[str] = Field(description="Labels or tags.")
    tested: list[int] = Field(description="Images of each of them.")
    rows: list[ComparedRow]
    pairs: list[ComparedPair]
    gaps: list[ComparedGap]
    resamples: int
    notes: list[str]


Method = Literal["pca", "tsne", "umap"]


class MapSettings(Out):
    """How a map was made; `perplexity` is of t-SNE, `neighbours` and `min_dist` are of UMAP."""

    method: Method
    seed: int
    perplexity: float
    neighbours: int
    min_dist: float
    fit_on: int | None = Field(default=None, description="Images laid out: null as usual, 0 all.")


class FaithfulnessOut(Out):
    """How much of the neighbourhoods of its space a map keeps, beside a shuffled map (chance)."""

    k: int = Field(description="Neighbours that were looked at.")
    asked: int = Field(description="Images whose neighbourhoods were compared.")
    exact: bool = Field(description="All images were asked: the intervals have no width.")
    trustworthiness: EstimateOut
    continuity: EstimateOut
    kept: EstimateOut = Field(description="Share of the k nearest images among the k nearest.")
    label_hit: EstimateOut | None = Field(
        description="Share of the k nearest on the map that have the same label."
    )
    label_hit_space: EstimateOut | None = Field(description="The same in the space itself.")


class MapOut(Out):
    """A map of a space."""

    name: str
    title: str
    settings: MapSettings
    space: str = Field(description="Name of the space it shows.")
    space_title: str
    created: str = Field(description="ISO 8601.")
    images: int = Field(description="Points on it, also of images that are gone or hidden now.")
    placed: int = Field(
        description="Of these, images put beside those they resemble: not drawn, or came later."
    )
    placing: str = Field(description="A sentence about them; empty when there are none.")
    columns: int = Field(description="Of the grid.")
    rows: int = Field(description="Of the grid.")
    faithfulness: FaithfulnessOut | None = Field(description="Null with too few images to say.")


class ValuesOut(Out):
    """What images can be coloured by: categories with names, or numbers with a range."""

    by: str
    title: str
    kind: Literal["category", "number"]
    categories: list[Count] = Field(description="The most frequent first; empty with numbers.")
    low: float | None = Field(description="Least number; null with categories.")
    high: float | None
    missing: int = Field(description="Images without a value.")
    total: int


class TermIn(In):
    """The picture to predict from: `image:12` or `upload:ID`."""

    term: str


class PredictionOut(Out):
    """A label and its probability."""

    label: str
    probability: float


class LabelledNeighbour(Out):
    """A near image that the model learned from."""

    id: int
    label: str | None
    similarity: float


class NumberOut(Out):
    """A number that was told, and how far off such numbers are."""

    name: str = Field(description="The property.")
    value: float
    error: float = Field(description="Mean distance from the truth on images not learned from.")


class PredictOut(Out):
    """The model's answer, most probable first, and the images that explain it."""

    predictions: list[PredictionOut] = Field(description="Empty when a number is told.")
    number: NumberOut | None = None
    neighbours: list[LabelledNeighbour]


class JobOut(Out):
    """Long work, past or present."""

    id: str
    kind: str = Field(
        description="add, embed, export, graph, index, learn, map, retrieval, tune, or what the "
        "command line started."
    )
    title: str
    state: JobState
    stage: str
    done: int
    total: int | None
    unit: str
    rate: float | None = Field(description="Units a second.")
    seconds_left: float | None
    started: datetime | None
    ended: datetime | None
    error: str | None
    notes: list[str]
    again: bool = Field(description="Whether it can be started again: it did not come to its end.")
    file: str | None = Field(
        default=None, description="Name of the file that it made: `exports/{id}` gives it."
    )
    options: dict[str, Any] = Field(description="As it was asked for; empty outside of the app.")
    epochs: int | None = Field(
        default=None, description="Epochs so far, of a job whose curves `jobs/{id}/curves` gives."
    )


class EpochOut(Out):
    """What one pass over the training part came to; epoch 0 is before the first step.

    Of a head that learned by steps: what some steps came to, which have a cost alone.
    """

    epoch: int = Field(description="Its number, or that of the step.")
    rate: float | None = Field(description="What the schedule multiplies the learning rates by.")
    loss: float | None = Field(description="Mean cost of a step; null for epoch 0.")
    value: float | None = Field(description="The measure, on the validation part.")
    validation_loss: float | None
    labels: list[float | None] = Field(description="In the order of the curves' labels.")


class CurvesOut(Out):
    """How tuning a network, or learning by steps, goes or went."""

    unit: Literal["epoch", "step"] = Field(
        default="epoch", description="Steps have a cost; the measure and the labels are empty."
    )
    measure: str = Field(description="top-1 for labels, mAP for tags.")
    per_label: str = Field(description="recall for labels, average precision for tags.")
    labels: list[str]
    total: int = Field(description="Epochs, or steps, there are at most.")
    best: int = Field(description="The epoch whose network is kept, as far as it has come.")
    epochs: list[EpochOut]


class CountsOut(Out):
    """Sent as event `collection` when the collection changes."""

    images: int
    usable: int
    unread: int
    rows: dict[str, int] = Field(description="Vectors of each space.")
    state: int = Field(description="Another number after each change, by whichever program.")


class AddOptions(In):
    """Look again at the collection's folders."""

    sources: list[str] = Field(
        min_length=1, max_length=100, description="Among or inside the collection's roots."
    )


class EmbedOptions(In):
    """Which vectors to compute."""

    network: str = "efficientnet-lite0"
    layers: list[str] = Field(
        default=[], max_length=50, description="Empty: the network's default layer."
    )
    pooling: Pooling = "mean"
    flip: Flip = "none"
    precision: Precision = "f32"
    device: str = "auto"


class GraphOptions(In):
    """The nearest images of every image, which maps and hubs are made of."""

    space: str | None = None
    k: int = Field(default=15, ge=1, le=200, description="Neighbours of each image.")


class MapOptions(In):
    """Which map to make, of which vectors."""

    method: Method = "tsne"
    space: str | None = None
    name: str | None = None
    seed: int = Field(default=0, ge=0, lt=2**32)
    perplexity: float = Field(default=30, ge=1, le=1000, description="Of t-SNE.")
    neighbours: int = Field(default=15, ge=2, le=1000, description="Of UMAP.")
    min_dist: float = Field(default=0.1, ge=0, lt=1, description="Of UMAP.")
    fit_on: int | None = Field(
        default=None,
        ge=0,
        description="Images that t-SNE and UMAP lay out; 0: all; null: all up to 200,000.",
    )
    again: bool = Field(
        default=False, description="Make a map anew that is there; else only new images are put on."
    )


class RetrievalOptions(In):
    """What to look for: one label, tag or selection in all spaces, or all labels or tags."""

    label: str | None = None
    tag: str | None = None
    selection: str | None = None
    by: By | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.label, self.tag, self.selection, self.by)) != 1:
            raise ValueError("Give one of `label`, `tag`, `selection` and `by`.")
        return self


class FormatOut(Out):
    """A format that other programs read."""

    name: str
    title: str
    files: list[Files] = Field(
        description="What can be done with image files; the first is usual for the format."
    )
    vectors: Literal["never", "possible", "always"]
    maps: bool = Field(description="Whether it holds places on a map.")
    metadata: bool = Field(description="Whether its table can be of several kinds.")


class ExportOptions(In):
    """How images go out, which, and where to."""

    format: str = Field(
        max_length=40, examples=["csv"], description="`app`: a site to look at without Python."
    )
    folder: str | None = Field(
        default=None,
        max_length=200,
        description="Name of a new folder beside the collection; without, a file to be fetched. "
        "Links need one.",
    )
    images: ImagesIn = Field(default=ImagesIn(filter=WantedIn()), description="Default: all.")
    space: str | None = Field(
        default=None, description="Of the vectors; the newest where they belong to the format."
    )
    map: str | None = Field(
        default=None,
        description="With places on this map; without, all maps with `app` and the first of the "
        "space with `embedding-atlas`.",
    )
    files: Files | None = Field(default=None, description="Default: as usual for the format.")
    splits: bool = Field(default=True, description="Whether train, validation, test go apart.")
    metadata: Metadata = "parquet"
    keep_formats: bool = Field(
        default=False, description="Leave SVG, HEIC and others, which few programs open."
    )
    k: int = Field(default=50, ge=1, le=1000, description="Neighbours of each image, with `app`.")
    comparisons: list[str] = Field(
        default=[], max_length=100, description="Kept comparisons, with `app`."
    )
    title: str | None = Field(
        default=None, max_length=200, description="What visitors read, with `app`."
    )


class ExportJobIn(In):
    """Start an `export` job."""

    kind: Literal["export"]
    options: ExportOptions


class TagNoiseOut(Out):
    """How much of a tag may be noise."""

    tag: str
    given: int = Field(description="Images that have the tag.")
    noise: EstimateOut = Field(description="Share of all answers about the tag.")
    wrong: EstimateOut = Field(description="Share of the images with the tag.")
    missing: EstimateOut = Field(description="Share of the images that should have it.")
    open_wrong: int = Field(description="Suspects that wait for an answer.")
    open_missing: int


class SuspicionOut(Out):
    """An image whose tag is probably missing or superfluous."""

    id: int
    tag: str
    wrong: Literal["missing", "superfluous"]
    probability: float = Field(description="Of the tag, by a head that has not seen the image.")
    near: int | None = Field(description="The most similar image that speaks against it.")
    similarity: float | None


class ReviewOut(Out):
    """What was suspected when noise was last looked for, and what is still open."""

    made: str = Field(description="ISO 8601, UTC.")
    space: str
    space_title: str
    images: int
    notes: list[str]
    answered: int = Field(description="Suspects that were corrected, or left as they are.")
    tags: list[TagNoiseOut]
    suspects: list[SuspicionOut]


class LeftIn(In):
    """An answer to a suspicion that changes no tag."""

    id: int
    tag: str
    wrong: Literal["missing", "superfluous"]
    right: bool = Field(default=True, description="What is given is right; false: forget that.")


class AddJobIn(In):
    """Start an `add` job."""

    kind: Literal["add"]
    options: AddOptions


class EmbedJobIn(In):
    """Start an `embed` job."""

    kind: Literal["embed"]
    options: EmbedOptions = EmbedOptions()


class LearnJobIn(In):
    """Start a `learn` job."""

    kind: Literal["learn"]
    options: LearnOptions = LearnOptions()

    @model_validator(mode="after")
    def _as_published(self) -> Self:
        self.options = settle(self.options)
        return self


class TuneJobIn(In):
    """Start a `tune` job; started again, one that was stopped goes on where it was."""

    kind: Literal["tune"]
    options: TuneOptions = TuneOptions()


class IndexOptions(In):
    """The approximate index, for more than a million images."""

    space: str | None = None
    seed: int = Field(default=0, ge=0, description="Of the images that ask when it is measured.")


class IndexJobIn(In):
    """Start an `index` job."""

    kind: Literal["index"]
    options: IndexOptions = IndexOptions()


class GraphJobIn(In):
    """Start a `graph` job."""

    kind: Literal["graph"]
    options: GraphOptions = GraphOptions()


class MapJobIn(In):
    """Start a `map` job."""

    kind: Literal["map"]
    options: MapOptions = MapOptions()


class NoiseJobIn(In):
    """Start a `noise` job: look for tags that are probably missing or wrong."""

    kind: Literal["noise"]
    options: ConceptOptions = ConceptOptions()


class LearnabilityJobIn(In):
    """Start a `learnability` job: which tags can be learned at all."""

    kind: Literal["learnability"]
    options: ConceptOptions = ConceptOptions()


class EvaluateJobIn(In):
    """Start an `evaluate` job: how a model does on another collection."""

    kind: Literal["evaluate"]
    options: JudgeOptions


class RetrievalJobIn(In):
    """Start a `retrieval` job."""

    kind: Literal["retrieval"]
    options: RetrievalOptions


class SplitJobIn(In):
    """Start a `split` job: divide the collection, as one edit."""

    kind: Literal["split"]
    options: SplitOptions = SplitOptions()


WritingJobIn = (
    AddJobIn
    | EmbedJobIn
    | EvaluateJobIn
    | GraphJobIn
    | IndexJobIn
    | LearnabilityJobIn
    | LearnJobIn
    | MapJobIn
    | NoiseJobIn
    | RetrievalJobIn
    | SplitJobIn
    | TuneJobIn
)
"""Jobs that change the collection."""

JobIn = Annotated[ExportJobIn | WritingJobIn, Field(discriminator="kind")]
