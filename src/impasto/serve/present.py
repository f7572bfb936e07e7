"""Records of the rooms → schemas of the API. Nothing is computed here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from impasto import flow
from impasto.core.records import Estimate, Flag, Image, Value
from impasto.core.space import Space
from impasto.networks import takes_words
from impasto.serve.schemas import (
    ActionOut,
    BaselineOut,
    BinOut,
    CellOut,
    ChoiceOut,
    ComparisonOut,
    Count,
    CountsOut,
    DifferenceOut,
    ElsewhereOut,
    EstimateOut,
    FacetOut,
    FacetsOut,
    FlagOut,
    HistoryOut,
    ImageOut,
    IndexOut,
    JobOut,
    KeptQueryOut,
    LearningOut,
    MapOut,
    MistakeOut,
    ModelDetail,
    ModelOut,
    OptionOut,
    OutlookOut,
    OverviewOut,
    OverviewRow,
    PrecisionOut,
    ProblemOut,
    PropertyOut,
    RecallOut,
    RecipeOut,
    RetrievalOut,
    RetrievalResult,
    ReviewOut,
    ScoredOut,
    SelectionOut,
    ShownOut,
    SpaceOut,
    SuspicionOut,
    TagNoiseOut,
    TargetOut,
    ValuesOut,
)
from impasto.store import SCORES_FILE

if TYPE_CHECKING:
    from impasto.explore.retrieval import Retrieval
    from impasto.flow import Overview, Values, X
    from impasto.learn import Recipe
    from impasto.serve.jobs import Job
    from impasto.serve.shown import Shown
    from impasto.store import (
        Action,
        Collection,
        Facet,
        Facets,
        KeptComparison,
        MapRecord,
        ModelRecord,
        Selection,
        SpaceInfo,
    )


def counts(collection: Collection) -> CountsOut:
    """Say how much there is, for those who watch it grow."""
    state, known = collection.version, collection.counts()
    return CountsOut(
        images=known.images,
        usable=known.usable,
        unread=known.unread,
        rows={info.space.name: info.rows for info in collection.spaces()},
        state=state,
    )


def space(info: SpaceInfo) -> SpaceOut:
    """Present a space."""
    return SpaceOut(
        name=info.space.name,
        title=info.space.title,
        network=info.space.network,
        layer=info.space.layer,
        dimension=info.space.dimension,
        rows=info.rows,
        bytes=info.bytes,
        words=takes_words(info.space),
        index=None if info.index is None else index(flow.Indexed.of(info.index)),
    )


def index(made: flow.Indexed) -> IndexOut:
    """Present an approximate index."""
    return IndexOut(
        rows=made.rows,
        bytes=made.bytes,
        recall=[RecallOut(k=k, **one.to_json()) for k, one in made.recall.items()],
        sentence=made.sentence,
    )


def facets(found: Facets, properties: Mapping[str, Any]) -> FacetsOut:
    """Present facets and the properties there are."""
    return FacetsOut(
        total=found.total,
        unlabelled=found.unlabelled,
        labels=_counts(found.labels),
        tags=_counts(found.tags),
        splits=_counts(found.splits),
        flags=_counts(found.flags),
        properties=[PropertyOut(name=name, type=kind) for name, kind in properties.items()],
    )


def facet(found: Facet) -> FacetOut:
    """Present how images divide by one property or number."""
    return FacetOut(
        by=found.key,
        values=_counts(found.values),
        bins=[BinOut(**asdict(one)) for one in found.bins],
        distinct=found.distinct,
        images=found.images,
    )


def history(collection: Collection, changed: int = 0) -> HistoryOut:
    """Say what can be undone and done again."""
    undo, redo = collection.next_steps()
    return HistoryOut(changed=changed, undo=_action(undo), redo=_action(redo))


def _action(record: Action | None) -> ActionOut | None:
    if record is None:
        return None
    moment = datetime.fromisoformat(record.at)
    return ActionOut(id=record.id, at=moment, title=record.title, images=record.images)


def _counts(pairs: Iterable[tuple[str, int]]) -> list[Count]:
    return [Count(name=name, count=count) for name, count in pairs]


def image(record: Image) -> ImageOut:
    """Present an image."""
    return ImageOut(
        id=record.id,
        name=record.name,
        path=record.path,
        version=version(record.sha256),
        width=record.width,
        height=record.height,
        size=record.size,
        format=record.format,
        label=record.label,
        split=record.split,
        tags=list(record.tags),
        flags=[_flag(flag) for flag in record.flags],
        properties={name: _finite(value) for name, value in record.properties.items()},
    )


def selection(record: Selection) -> SelectionOut:
    """Present a selection."""
    return SelectionOut(
        name=record.name, images=record.images, saved=datetime.fromisoformat(record.saved)
    )


def comparison(record: KeptComparison) -> ComparisonOut:
    """Present a comparison that is kept."""
    return ComparisonOut(
        name=record.name,
        space=record.space,
        queries=[
            KeptQueryOut(title=each.title, terms=list(each.terms), slot=each.slot)
            for each in record.queries
        ],
        k=record.k,
        saved=datetime.fromisoformat(record.saved),
    )


def retrieval(
    x: X, found: Sequence[Retrieval], missing: Sequence[str], impossible: Sequence[str]
) -> RetrievalOut:
    """Present how well spaces retrieve X, the best beside the others."""
    from impasto.explore.retrieval import paired, verdict

    pairs = [paired(*pair) for pair in flow.best_spaces(found)] if found else []
    return RetrievalOut(
        x=str(x),
        verdict=verdict(found) if found and not missing else "",
        results=[_retrieval(one) for one in found],
        differences=[
            DifferenceOut(
                first=one.first.name,
                second=one.second.name,
                queries=one.queries,
                depth=one.depth,
                precision=estimate(one.precision),
                average_precision=estimate(one.average_precision),
                auc=estimate(one.auc),
            )
            for one in pairs
        ],
        missing=list(missing),
        impossible=list(impossible),
    )


def _retrieval(found: Retrieval) -> RetrievalResult:
    return RetrievalResult(
        space=found.space.name,
        title=found.space.title,
        precision=[
            PrecisionOut(k=k, **estimate.to_json()) for k, estimate in found.precision.items()
        ],
        average_precision=estimate(found.average_precision),
        auc=estimate(found.auc),
        answer=found.answer,
        sentence=found.sentence,
        best=list(found.best),
        worst=list(found.worst),
        relevant=found.n_relevant,
        images=found.n_images,
        queries=found.queries,
        depth=found.depth,
    )


def overview(found: Overview, collection: Collection) -> OverviewOut:
    """Present how well all spaces retrieve all labels or tags."""
    now = {info.space.name: info for info in collection.spaces() if info.rows}
    return OverviewOut(
        by=found.by,
        made=datetime.fromisoformat(found.made),
        spaces=list(found.spaces),
        titles=[now[name].space.title if name in now else name for name in found.spaces],
        rows=[
            OverviewRow(
                name=name,
                relevant=max(cell.relevant for cell in cells),
                cells=[CellOut(**asdict(cell)) for cell in cells],
            )
            for name, cells in found.rows.items()
        ],
        queries=found.queries,
        left_out=_counts(found.left_out.items()),
        stale=dict(found.spaces) != {name: info.rows for name, info in now.items()},
    )


def version(sha256: bytes | None) -> str:
    """Return what changes when the content of an image's file changed; "" for one never read."""
    return sha256.hex()[:16] if sha256 else ""


def shown(now: Shown) -> ShownOut:
    """Present what a notebook wants to be shown."""
    return ShownOut(selected=list(now.selected), view=now.view, version=now.version)


def _flag(flag: Flag) -> FlagOut:
    return FlagOut(kind=flag.kind, reason=flag.reason, blocking=flag.blocking)


def _finite(value: Value) -> Value | None:
    """Return a value that JSON can hold: no infinities, no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def estimate(measured: Estimate) -> EstimateOut:
    """Present a number with its interval and chance."""
    return EstimateOut(**measured.to_json())


def model(record: ModelRecord) -> ModelOut:
    """Present a model in short."""
    return ModelOut(**_model(record))


def model_detail(record: ModelRecord, mistakes: Iterable[flow.Mistake] = ()) -> ModelDetail:
    """Present a model with all its scores."""
    metrics = record.card.get("metrics", {})
    return ModelDetail(
        **_model(record),
        baselines=[
            BaselineOut(name=one["name"], title=one["title"], metrics=_estimates(one))
            for one in metrics.get("baselines", {}).values()
        ],
        scores=[_scored(one) for one in metrics.get("classes", metrics.get("tags", []))],
        mistakes=[MistakeOut(**asdict(one)) for one in mistakes],
        has_curves=(record.folder / flow.CURVES).is_file(),
        has_report=(record.folder / flow.REPORT).is_file(),
        card=dict(record.card),
    )


def _scored(one: Mapping[str, Any]) -> ScoredOut:
    """Present a label or tag of a card: whatever was measured of it."""
    told = {key: value for key, value in one.items() if key not in ("label", "tag", "tested")}
    return ScoredOut(
        name=one["label"] if "label" in one else one["tag"],
        tested=one["tested"],
        estimates={
            key: None if value is None else EstimateOut(**value)
            for key, value in told.items()
            if value is None or (isinstance(value, Mapping) and "chance" in value)
        },
        numbers={key: value for key, value in told.items() if isinstance(value, int | float)},
    )


def _estimates(metrics: Mapping[str, Any]) -> dict[str, EstimateOut]:
    """Return the numbers that have an interval and a chance."""
    return {
        name: EstimateOut(**one)
        for name, one in metrics.items()
        if isinstance(one, Mapping) and {"value", "low", "high", "chance"} == set(one)
    }


def _model(record: ModelRecord) -> dict[str, Any]:
    card = record.card
    space = Space.from_json(card["space"])
    return {
        "name": record.name,
        "title": card.get("title") or f"{card['target']}, {card['method']}, {space.title}",
        "target": card["target"],
        "method": card["method"],
        "space": space.name,
        "space_title": space.title,
        "created": card.get("created"),
        "labels": card["labels"],
        "images": card.get("images"),
        "metrics": _estimates(card.get("metrics", {})),
        "notes": card.get("notes", []),
        "recipe": card.get("recipe"),
        "tested": (record.folder / SCORES_FILE).is_file(),
    }


def learning(form: flow.Form, recipes: Mapping[str, Recipe]) -> LearningOut:
    """Present what can be chosen for a kind of work."""
    return LearningOut(
        targets=[TargetOut(**asdict(one)) for one in form.targets],
        recipes=[
            RecipeOut(
                name=name,
                title=one.title,
                work=one.work,
                settles=flow.settled_by(one),
                published=one.published,
                deviations=list(one.deviations),
                space=one.space,
                needs=one.needs,
            )
            for name, one in recipes.items()
        ],
        options=[
            OptionOut(
                name=one.name,
                title=one.title,
                help=one.help,
                kind=one.kind,
                default=one.default,
                choices=[ChoiceOut(**asdict(each)) for each in one.choices],
                low=one.low,
                high=one.high,
                needs={name: list(values) for name, values in one.needs.items()},
                first=one.first,
            )
            for one in form.options
        ],
    )


def outlook(found: flow.Outlook) -> OutlookOut:
    """Present what would be done, or what is in the way."""
    return OutlookOut(
        sentence=found.sentence,
        problems=[ProblemOut(option=one.option, message=one.message) for one in found.problems],
        taken=dict(found.taken),
    )


def judged(one: flow.Judged) -> ElsewhereOut:
    """Present how a model did on another collection."""
    data = one.data
    return ElsewhereOut(
        key=one.key,
        other=data["other"],
        made=data["made"],
        images=data["tested"],
        metrics=_estimates(data),
        at_home=_estimates(data["at_home"]),
        leaks=data["leaks"],
        unknown=data["unknown"],
        notes=data["notes"],
    )


def map_(record: MapRecord) -> MapOut:
    """Present a map."""
    from impasto.explore.maps import placing

    card = record.card
    space = Space.from_json(card["space"])
    return MapOut(
        name=record.name,
        title=card["title"],
        settings=card["settings"],
        space=space.name,
        space_title=space.title,
        created=card["created"],
        images=card["images"],
        placed=card["placed"],
        placing=placing(card["placed"], card.get("drawn", 0)),
        columns=card["columns"],
        rows=card["rows"],
        faithfulness=card["faithfulness"],
    )


def values(found: Values) -> ValuesOut:
    """Present what images can be coloured by."""
    low, high = found.range or (None, None)
    return ValuesOut(
        by=found.by,
        title=found.title,
        kind=found.kind,
        categories=_counts(zip(found.categories, found.counts, strict=True)),
        low=low,
        high=high,
        missing=found.missing,
        total=len(found.data),
    )


def job(record: Job) -> JobOut:
    """Present a job."""
    return JobOut(
        id=record.id,
        kind=record.kind,
        title=record.title,
        state=record.state,
        stage=record.stage,
        done=record.done,
        total=record.total,
        unit=record.unit,
        rate=record.rate,
        seconds_left=record.seconds_left,
        started=_moment(record.started),
        ended=_moment(record.ended),
        error=record.error,
        notes=list(record.notes),
        again=record.again,
        file=record.file,
        options=dict(record.options),
        epochs=None if record.curves is None else len(record.curves["epochs"]),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def review(found: flow.Review) -> ReviewOut:
    """Present what is suspected of the tags."""
    report = found.found
    waiting = Counter((one.tag, one.wrong) for one in found.open)
    return ReviewOut(
        made=report["made"],
        space=report["space"],
        space_title=report["space_title"],
        images=report["images"],
        notes=report["notes"],
        answered=found.answered,
        tags=[
            TagNoiseOut(
                tag=one["tag"],
                given=one["given"],
                noise=EstimateOut(**one["noise"]),
                wrong=EstimateOut(**one["wrong"]),
                missing=EstimateOut(**one["missing"]),
                open_wrong=waiting[one["tag"], "superfluous"],
                open_missing=waiting[one["tag"], "missing"],
            )
            for one in report["tags"]
        ],
        suspects=[SuspicionOut(**asdict(one)) for one in found.open],
    )
