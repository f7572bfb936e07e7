"""The kinds of jobs: what the browser asked for → a recipe that runs in the background."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve import preparing
from impasto.serve.errors import Forbidden
from impasto.serve.exporting import wish
from impasto.serve.exports import tell
from impasto.serve.schemas import (
    AddJobIn,
    AddOptions,
    EmbedJobIn,
    EmbedOptions,
    EvaluateJobIn,
    ExportJobIn,
    ExportOptions,
    GraphJobIn,
    GraphOptions,
    IndexJobIn,
    IndexOptions,
    JobIn,
    LearnabilityJobIn,
    LearnJobIn,
    MapJobIn,
    MapOptions,
    NoiseJobIn,
    RetrievalJobIn,
    RetrievalOptions,
    SplitJobIn,
    TuneJobIn,
    WritingJobIn,
)

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.serve.jobs import Job, JobProgress, Work
    from impasto.serve.studio import Studio
    from impasto.store import Collection

REMEMBERED = 10_000
"""Images that an export may name and be started again; of more no list is kept."""


def start(studio: Studio, asked: JobIn) -> Job:
    """Queue a job.

    Raises
    ------
    InvalidInput
        When the collection is open for reading only (what is exported, reading alone allows).
    Forbidden
        When a source lies outside of the collection's folders.
    """
    collection = studio.collection
    if isinstance(asked, ExportJobIn):
        return _export(studio, asked.options)
    if not collection.writable:
        raise InvalidInput(
            f"{collection.name} is open for reading only, because its folder can't be written or "
            "another impasto writes it; nothing can be added, embedded, learned or mapped here."
        )
    title, work = _planned(studio, asked)
    given = asked.model_dump(mode="json")["options"]
    if isinstance(asked, LearnJobIn | TuneJobIn):
        given["name"] = asked.options.model_name  # so that everybody knows what will come of it
    return studio.jobs.submit(asked.kind, title, work, given)


def again(studio: Studio, id_: str) -> Job:
    """Queue a job as it was asked for before.

    Raises
    ------
    NotFound
        When there is no such job.
    InvalidInput
        When it is under way, came to its end, or was not asked for in the app.
    """
    job = studio.jobs[id_]
    if not job.again:
        raise InvalidInput(
            f"“{job.title}” can't be started again here: only what the app started and what did "
            "not come to its end can."
        )
    asked: JobIn = TypeAdapter(JobIn).validate_python({"kind": job.kind, "options": job.options})
    return start(studio, asked)


def _export(studio: Studio, options: ExportOptions) -> Job:
    """Queue an export, which reading alone allows; the job then says which file it made."""
    collection, id_ = studio.collection, secrets.token_hex(8)
    wanted = wish(collection, options)
    there = None if options.folder is None else flow.new_beside(collection, options.folder)

    def fetched(progress: Progress) -> None:
        file, gone = studio.exports.make(id_, wanted, progress)
        studio.jobs.report(id_, file=file.name)
        for old in gone:
            studio.jobs.report(old, file=None)

    def beside(progress: Progress) -> None:
        assert there is not None
        tell(wanted.write(there, progress), progress)
        progress.note(f"It is in {there}.")

    work = fetched if there is None else beside
    named = len(options.images.ids or ())
    kept = options.model_dump() if named <= REMEMBERED else {}
    return studio.jobs.submit("export", wanted.title, work, kept, id_=id_)


def _planned(studio: Studio, asked: WritingJobIn) -> tuple[str, Work]:
    """Check what can be checked now; return what the job is called, and what it does."""
    collection = studio.collection
    if isinstance(asked, RetrievalJobIn):
        return _retrieval(studio, asked.options)
    if isinstance(asked, AddJobIn):
        return _add(collection, asked.options)
    if isinstance(asked, EmbedJobIn):
        return _embed(collection, asked.options)
    if isinstance(asked, IndexJobIn):
        return _index(collection, asked.options)
    if isinstance(asked, GraphJobIn):
        return _graph(collection, asked.options)
    if isinstance(asked, MapJobIn):
        return _map(collection, asked.options)
    if isinstance(asked, TuneJobIn):
        return _tune(collection, asked.options)
    if isinstance(asked, EvaluateJobIn):
        return _evaluate(collection, asked.options)
    if isinstance(asked, SplitJobIn):
        return _split(collection, asked.options)
    if isinstance(asked, NoiseJobIn):
        return _noise(collection, asked.options)
    if isinstance(asked, LearnabilityJobIn):
        return _learnability(collection, asked.options)
    return _learn(collection, asked.options)


def _add(collection: Collection, options: AddOptions) -> tuple[str, Work]:
    sources = [_inside(source, collection.roots()) for source in options.sources]

    def work(progress: Progress) -> None:
        for source in sources:
            added = flow.add(collection, source, progress=progress)
            for reason, number in added.skipped.most_common():
                progress.note(f"Left out {number:,}: {reason}")
        flow.read(collection, progress=progress)

    return f"Look for pictures in {', '.join(source.name for source in sources)}", work


def _inside(text: str, roots: list[Path]) -> Path:
    """Return a source as a path, if the collection may look there."""
    source = Path(text).expanduser().resolve()
    if not any(source.is_relative_to(root.resolve()) for root in roots):
        raise Forbidden(
            f"{text} lies outside of the collection's folders, so the app may not add it. "
            "Add it with `impasto add` on the command line."
        )
    return source


def _embed(collection: Collection, options: EmbedOptions) -> tuple[str, Work]:
    _no_path(options.network)
    wanted = flow.EmbedOptions(**{**options.model_dump(), "layers": tuple(options.layers)})

    def work(progress: Progress) -> None:
        done = flow.embed(collection, wanted, progress=progress)
        progress.note(
            f"{done.embedded:,} images embedded at {done.rate:.0f} a second. {done.engine}"
        )

    return f"Embed with {' '.join([options.network, *options.layers])}", work


def _learn(collection: Collection, wanted: flow.LearnOptions) -> tuple[str, Work]:
    for name in wanted.spaces:
        flow.choose_space(collection, name)
    for problem in flow.problems(collection, wanted):
        raise InvalidInput(problem.message)

    def work(progress: Progress) -> None:
        taught = flow.learn(collection, wanted, progress=progress)
        for note in taught.card["notes"]:
            progress.note(note)

    return f"Learn {wanted.target} with {wanted.way}", work


def _split(collection: Collection, options: flow.SplitOptions) -> tuple[str, Work]:
    wanted = preparing.looked_over(collection, options)

    def work(progress: Progress) -> None:
        made = flow.split(collection, wanted, progress=progress)
        for note in made.notes:
            progress.note(note)

    return wanted.title, work


def _tune(collection: Collection, wanted: flow.TuneOptions) -> tuple[str, Work]:
    from impasto.learn.tune import plan_text

    plan_text(wanted.plan)  # a preset: the app opens no file that the browser names
    if wanted.weights is not None:
        raise Forbidden("Weights of your own are for the command line: impasto tune --weights")
    _no_path(wanted.network)
    _nothing_in_the_way(flow.look_ahead(collection, wanted))

    def work(progress: JobProgress) -> None:
        tuned = flow.tune(
            collection,
            wanted,
            progress=progress,
            watch=lambda curves: progress.watch(curves.to_json()),
        )
        assert tuned is not None  # one process leads
        for note in tuned.taught.card["notes"]:
            progress.note(note)
        progress.note(f"The network is {tuned.network}; its vectors are {tuned.space.name}.")

    return f"Tune {wanted.network} on the {wanted.target} by {wanted.plan}", work


def _evaluate(collection: Collection, options: flow.JudgeOptions) -> tuple[str, Work]:
    place = flow.check_place(collection, options.on)
    _nothing_in_the_way(flow.look_ahead(collection, options))
    wanted = replace(options, on=str(place))

    def work(progress: Progress) -> None:
        found = flow.judge_and_keep(collection, wanted, progress=progress)
        for note in found.data["notes"]:
            progress.note(note)

    return f"Judge {options.model} on {place.name}", work


def _nothing_in_the_way(outlook: flow.Outlook) -> None:
    for problem in outlook.problems:
        raise InvalidInput(problem.message)


def _no_path(network: str) -> None:
    """Refuse a folder as a network: the browser names no files."""
    if Path(network).expanduser().is_dir():
        raise Forbidden(
            f"{network} is a folder. Networks from outside of the collection are for the command "
            "line: impasto embed COLLECTION --network FOLDER"
        )


def _titles(collection: Collection, wanted: flow.ConceptOptions) -> str:
    """Return what the spaces are called, or raise NotFound."""
    spaces = wanted.as_learning().spaces
    return " + ".join(flow.choose_space(collection, name).title for name in spaces)


def _noise(collection: Collection, wanted: flow.ConceptOptions) -> tuple[str, Work]:
    title = _titles(collection, wanted)

    def work(progress: Progress) -> None:
        found = flow.find_noise(collection, wanted, progress=progress)
        progress.note(f"{len(found.suspects):,} suspects among {len(found.tags)} tags.")

    return f"Look for wrong tags in {title}", work


def _learnability(collection: Collection, wanted: flow.ConceptOptions) -> tuple[str, Work]:
    title = _titles(collection, wanted)

    def work(progress: Progress) -> None:
        progress.note(flow.learnability(collection, wanted, progress=progress).sentence)

    return f"Which tags can be learned in {title}?", work


def _graph(collection: Collection, options: GraphOptions) -> tuple[str, Work]:
    space = flow.choose_space(collection, options.space)

    def work(progress: Progress) -> None:
        found = flow.graph(collection, space.name, k=options.k, progress=progress)
        sure = "" if found.exact else f" They hold {found.recall:.1%} of the true nearest."
        progress.note(f"Found the {found.k} nearest of {len(found):,} images.{sure}")

    return f"Find the nearest images in {space.title}", work


def _index(collection: Collection, options: IndexOptions) -> tuple[str, Work]:
    space = flow.choose_space(collection, options.space)

    def work(progress: Progress) -> None:
        made = flow.index(collection, space.name, seed=options.seed, progress=progress)
        progress.note(made.sentence)

    return f"Build the approximate index of {space.title}", work


def _map(collection: Collection, options: MapOptions) -> tuple[str, Work]:
    from impasto.explore.maps import METHODS, Settings

    given = options.model_dump()
    place = {key: given.pop(key) for key in ("space", "name", "again")}
    settings = Settings(**given)
    space = flow.choose_space(collection, options.space)

    def work(progress: Progress) -> None:
        done = flow.make_map(collection, settings, **place, progress=progress)
        progress.note(done.sentence)

    return f"Map {space.title} with {METHODS[settings.method]}", work


def _retrieval(studio: Studio, options: RetrievalOptions) -> tuple[str, Work]:
    if options.by is not None:
        by = options.by

        def all_of_them(progress: Progress) -> None:
            flow.overview(studio.collection, by, progress=progress)

        return f"Which spaces retrieve which {by}s?", all_of_them
    named = {"label": options.label, "tag": options.tag, "selection": options.selection}
    x = flow.X.parse(next(f"{kind}:{name}" for kind, name in named.items() if name is not None))
    x.ids(studio.collection)
    spaces = flow.filled(studio.collection)

    def work(progress: Progress) -> None:
        for space in spaces:
            try:
                found = studio.answers.retrieval(space.name, x, progress=progress)
            except InvalidInput as problem:  # the other spaces may have enough images
                progress.note(str(problem))
            else:
                assert found is not None  # it was measured
                progress.note(f"{space.title}. {found.sentence}")

    return f"Do deep features retrieve {x.name}?", work
