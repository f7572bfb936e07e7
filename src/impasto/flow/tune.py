"""From a network and labelled or tagged pictures to a tuned network, its report, its vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition, partition_tags
from impasto.core.progress import Progress, Quiet
from impasto.core.space import Preprocessing, Space
from impasto.flow import gather
from impasto.flow.ask import newest
from impasto.flow.gather import EmbedOptions
from impasto.flow.own_networks import PARTS, Division, find_tuned, seen_by
from impasto.flow.places import cache_folder
from impasto.flow.teach import learn
from impasto.flow.teach_label import label_lesson
from impasto.flow.teach_tags import tag_lesson, tag_steps
from impasto.flow.teaching import Taught, save
from impasto.flow.tuning import (
    CURVES,
    FIGURE,
    VALIDATION,
    TunedNetwork,
    TuneOptions,
)

if TYPE_CHECKING:
    from impasto.learn.tune import (
        Course,
        Judged,
        LabelTask,
        Lesson,
        Pictures,
        TagTask,
        Team,
        Tuned,
        Watch,
    )
    from impasto.networks import Network
    from impasto.store import Collection
    from impasto.store.runs import Run


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """The images that take part: who they are, what they show, and their part."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.floating[Any]]
    truth: NDArray[Any]
    names: tuple[str, ...]
    groups: NDArray[np.int64]
    parts: NDArray[np.str_]
    notes: tuple[str, ...]
    beside: str  # title of the space of the vectors, whose nearest images it is judged beside

    def kept(self, keep: NDArray[np.bool_], note: str) -> _Class:
        """Return those images only."""
        return replace(
            self,
            ids=self.ids[keep],
            vectors=self.vectors[keep],
            truth=self.truth[keep],
            groups=self.groups[keep],
            parts=self.parts[keep],
            notes=(*self.notes, note),
        )

    def rows(self, part: str) -> NDArray[np.int64]:
        """Return the rows of a part."""
        return np.flatnonzero(self.parts == part)


def tune(
    collection: Collection,
    options: TuneOptions | None = None,
    *,
    progress: Progress | None = None,
    watch: Watch | None = None,
    team: Team | None = None,
) -> TunedNetwork | None:
    """Tune a network on the pictures of a collection, judge it, store it, and embed with it.

    Safe to run again: an unfinished run of the same options goes on from its last checkpoint.

    Parameters
    ----------
    collection : Collection
        Open for reading only in all processes of a team but the leading one.
    options : TuneOptions, optional
    progress : Progress, optional
    watch : callable, optional
        Given the curves after every epoch.
    team : Team, optional
        The processes that share the work.

    Returns
    -------
    TunedNetwork or None
        None in processes that do not lead.

    Raises
    ------
    InvalidInput
        When there is too little to learn from, or the plan does not fit the network.
    """
    from impasto.learn import tune as room

    options, progress = options or TuneOptions(), progress or Quiet()
    team = team or room.Team()
    plan = room.open_plan(options.plan)
    course = room.chosen_course(plan.course, options.settings)
    name, weights = find_tuned(collection, options.network, options.weights)
    progress.stage("network", unit="networks")
    network = _network(options, name, weights)
    room.treat(plan, room.units_of(network), course.rate)  # a plan that does not fit is said now
    device = _device(options.device, team)
    team.begin(device)
    try:
        if team.leads:
            _embedded(collection, options, progress)
        team.share(None)  # until the vectors are there
        pupils = _divided(_pupils(collection, options, name, progress), options)
        _check_present(options, pupils)  # before anything is written
        run = collection.run(options.model_name)
        if team.leads:
            pictures, pupils = _pictures(collection, run, pupils, network, progress)
        left = team.share(pupils.ids.tolist())
        if not team.leads:  # the pictures are there by now
            pupils = pupils.kept(np.isin(pupils.ids, left), "")
            pictures, _ = _pictures(collection, run, pupils, network, progress)
        lesson = room.Lesson(
            network=network,
            task=_task(options, course, pupils),
            pictures=pictures,
            train=pupils.rows("train"),
            validation=pupils.rows("validation"),
            plan=plan,
            course=course,
            seed=options.seed,
        )
        tuned = room.tune(
            lesson, device=device, keeper=run, team=team, progress=progress, watch=watch
        )
    finally:
        team.end()
    if not team.leads:
        return None
    progress.stage("report", unit="pages")
    taught, space = _stored(collection, options, lesson, tuned, pupils)
    del lesson, pictures  # before their files go
    run.remove()
    return _used(collection, options, taught, space, progress)


def _network(options: TuneOptions, name: str, weights: Any) -> Network:
    """Load the network, with the size and fit that were asked for, and try it once."""
    import torch

    from impasto import networks

    network = networks.load(name, weights=weights, cache=cache_folder())
    wanted: dict[str, Any] = {}
    if options.size is not None:
        wanted["size"] = options.size
    if options.fit is not None:
        wanted["fit"] = options.fit
    network = replace(network, preprocessing=replace(network.preprocessing, **wanted))
    side = network.preprocessing.size
    try:
        with torch.inference_mode():
            network.module(torch.zeros(1, 3, side, side))
    except (RuntimeError, AssertionError, ValueError):
        raise InvalidInput(
            f"{network.name} can't read pictures of {side} × {side} pixels; leave --size out."
        ) from None
    return network


def _device(device: str, team: Team) -> str:
    from impasto.embed.engine import choose

    chosen = choose(device).device
    return f"cuda:{team.local}" if chosen == "cuda" and team.size > 1 else chosen


def _embedded(collection: Collection, options: TuneOptions, progress: Progress) -> None:
    """See to it that there are vectors by which near-duplicates are found."""
    if options.space is None and _before(collection) is None:
        network, weights = options.network, options.weights
        gather.embed(collection, EmbedOptions(network=network, weights=weights), progress=progress)


def _before(collection: Collection) -> str | None:
    """Return the newest space with vectors of a network that was not tuned here."""
    from impasto.networks import TUNED

    plain = [
        info
        for info in collection.spaces()
        if info.rows and not info.space.network.startswith(TUNED)
    ]
    return newest(plain).name if plain else None


def _pupils(
    collection: Collection, options: TuneOptions, network: str, progress: Progress
) -> _Class:
    """Gather who takes part and how they are divided: as when the network was tuned before."""
    pupils = _gathered(collection, options, progress)
    notes = list(pupils.notes)
    seen = seen_by(collection, network, pupils.ids, notes)
    if seen is None:
        return replace(pupils, notes=tuple(notes))
    return replace(pupils, parts=seen.parts, groups=seen.groups, notes=tuple(notes))


def _gathered(collection: Collection, options: TuneOptions, progress: Progress) -> _Class:
    """Gather who takes part and how they are divided, as learning on vectors does."""
    asked = replace(options.lesson, space=options.space or _before(collection))
    if options.target == "tags":
        tags = tag_lesson(collection, asked, progress)
        assert tags.parts is not None  # no folds were asked for
        return _Class(
            tags.ids,
            tags.values,
            tags.tags,
            tags.names,
            tags.groups,
            tags.parts,
            tags.notes,
            tags.spaces[0].title,
        )
    labels = label_lesson(collection, asked, progress)
    assert labels.parts is not None  # no folds were asked for
    names, codes = np.unique(labels.labels, return_inverse=True)
    return _Class(
        labels.ids,
        labels.values,
        codes.astype(np.int64),
        tuple(names.tolist()),
        labels.groups,
        labels.parts,
        labels.notes,
        labels.spaces[0].title,
    )


def _divided(pupils: _Class, options: TuneOptions) -> _Class:
    """Take a validation part out of the training part; no near-duplicate on two sides."""
    parts = pupils.parts.astype("<U10")
    if not (parts == "validation").any():
        train = np.flatnonzero(parts == "train")
        divide = partition_tags if options.target == "tags" else partition
        aside = divide(
            pupils.truth[train],
            pupils.groups[train],
            (1 - VALIDATION, VALIDATION),
            seed=options.seed,
        )
        parts[train[aside == 1]] = "validation"
    test, checked = (
        np.isin(pupils.groups, pupils.groups[parts == p]) for p in ("test", "validation")
    )
    lost = (test & (parts != "test")) | (checked & (parts == "train"))
    pupils = replace(pupils, parts=parts)
    if lost.any():
        pupils = pupils.kept(
            ~lost,
            f"{int(lost.sum()):,} images with a near-duplicate in the test or validation part are "
            "left out.",
        )
    return pupils


def _task(options: TuneOptions, course: Course, pupils: _Class) -> LabelTask | TagTask:
    from impasto.learn import tune as room

    _check_present(options, pupils)
    if options.target == "label":
        return room.LabelTask(pupils.truth, pupils.names, course.smoothing)
    how = tag_steps(options.tagging)
    return room.TagTask(pupils.truth, pupils.names, how.costs, how.sampling, pupils.rows("train"))


def _check_present(options: TuneOptions, pupils: _Class) -> None:
    """Raise InvalidInput unless there is something of everything to learn from."""
    learned = pupils.truth[pupils.rows("train")]
    present = (
        learned.any(axis=0)
        if options.target == "tags"
        else np.isin(np.arange(len(pupils.names)), learned)
    )
    if not present.all():
        missing = pupils.names[int(np.argmin(present))]
        raise InvalidInput(
            f"No image of {missing!r} is left to learn from; leave rare ones out with "
            "--min-images, or divide the collection otherwise."
        )


def _pictures(
    collection: Collection, run: Run, pupils: _Class, network: Network, progress: Progress
) -> tuple[Pictures, _Class]:
    """Read all pictures once, into files of the run; leave out those that can't be read."""
    from impasto.collect.decode import read as decode
    from impasto.embed import cores
    from impasto.learn import tune as room
    from impasto.networks import prepare

    how = network.preprocessing
    sides = {"exact": how.size, "wide": room.roomy(how).size}
    n = len(pupils.ids)
    known = [pupils.ids.tolist(), [h.hex() if h else "" for h in collection.hashes(pupils.ids)]]
    mark = hashlib.sha256(json.dumps([known, str(how)]).encode()).hexdigest()
    arrays, filled = run.arrays({name: (n, side, side, 3) for name, side in sides.items()}, mark)
    pictures = room.Pictures(**arrays)
    if filled:
        return pictures, pupils
    files = {image.id: image.file for image in collection.images(pupils.ids.tolist())}

    def read(image: int, wanted: Sequence[Preprocessing]) -> tuple[NDArray[np.uint8], ...] | None:
        side = 2 * max(each.short_side for each in wanted)
        picture = decode(files[image], short_side=side, thumbnail=None).picture
        return tuple(prepare(picture, each) for each in wanted) if picture else None

    progress.stage("pictures", n)
    good = np.zeros(n, bool)
    for row, fine in enumerate(
        room.fill(pictures, pupils.ids.tolist(), read, how, threads=cores())
    ):
        good[row] = fine
        progress.advance()
    if good.all():
        run.fill(mark)
        return pictures, pupils
    if not good.any():
        raise InvalidInput("None of the pictures can be read; are their folders there?")
    note = f"{int((~good).sum()):,} pictures could not be read and are left out."
    progress.note(note)
    return _pictures(collection, run, pupils.kept(good, note), network, progress)


def _stored(
    collection: Collection, options: TuneOptions, lesson: Lesson, tuned: Tuned, pupils: _Class
) -> tuple[Taught, Space]:
    """Judge the network on the test part, and write it with its report and its curves."""
    from impasto import learn as heads
    from impasto.learn import tune as room
    from impasto.networks.tuned import tuned_files

    plan = lesson.plan
    space = _space(lesson, tuned, options.model_name)
    exam = room.Exam(
        test=pupils.rows("test"),
        vectors=pupils.vectors,
        ids=pupils.ids,
        groups=pupils.groups,
        space=space,
        wanted=heads.Wanted(options.tagging.aim, options.tagging.level),
    )
    judged = room.judge(lesson, tuned, exam, notes=())
    about = f"{lesson.network.name} tuned on {collection.name} by the plan {plan.name}"
    what = "Labels" if options.target == "label" else "Tags"
    card = room.tuned_card(
        judged,
        title=f"{what} of {collection.name} ({lesson.network.name}, {plan.name})",
        collection=collection.name,
        network=lesson.network.name,
        about=plan.about,
        neighbours_in=pupils.beside,
    )
    figure = room.draw_curves(tuned.curves, f"{about}, epoch by epoch")
    files = {
        **judged.model.files(),
        **tuned_files(lesson.network, tuned.module, lesson.task.names, about),
        PARTS: Division(pupils.parts, pupils.groups).file(pupils.ids),
        CURVES: json.dumps(tuned.curves.to_json(), indent=1).encode(),
        FIGURE: figure.encode(),
    }
    taught = save(
        collection,
        options.lesson,
        card,
        judged.evaluation,
        files=files,
        learned_from=pupils.ids[pupils.parts != "test"],
        notes=pupils.notes,
        page=lambda finished: _page(collection, pupils, finished, judged, figure),
    )
    return taught, space


def _page(
    collection: Collection,
    pupils: _Class,
    card: Mapping[str, Any],
    judged: Judged,
    figure: str,
) -> str:
    from impasto import learn as room

    names = {image.id: image.name for image in collection.images(pupils.ids.tolist())}
    options: dict[str, Any] = {
        "pictures": collection.thumbnail,
        "names": lambda image: names[image],
        "figure": figure,
    }
    if isinstance(judged.evaluation, room.Evaluation):
        return room.render(card, judged.evaluation, **options)
    return room.render_tags(card, judged.evaluation, **options)


def _space(lesson: Lesson, tuned: Tuned, name: str) -> Space:
    """Describe the space of what goes into the last layer of the tuned network."""
    import torch

    from impasto.learn import tune as room
    from impasto.networks import TUNED, Tap
    from impasto.networks.taps import Tapped
    from impasto.networks.weights import digest

    network = replace(lesson.network, module=tuned.module, name=TUNED + name)
    last = network.canonical(room.classifier_path(network) + ":input")
    tapped = Tapped(network, [Tap(network.default_layer), Tap(last)])
    try:
        with torch.inference_mode():
            usual, wanted = tapped(torch.from_numpy(np.array(lesson.pictures.exact[:2])))
    finally:
        tapped.close()
    same = usual.shape == wanted.shape and bool(torch.equal(usual, wanted))
    return Space(
        network=network.name,
        layer=network.default_layer if same else last,  # fc7 rather than "what goes into fc8"
        dimension=wanted.shape[1],
        weights=digest(tuned.module),
        preprocessing=network.preprocessing,
    )


def _used(
    collection: Collection, options: TuneOptions, taught: Taught, space: Space, progress: Progress
) -> TunedNetwork:
    """Embed the collection with the tuned network, and learn on its vectors what was asked."""
    done = gather.embed(
        collection,
        EmbedOptions(network=space.network, layers=(space.layer,), device=options.device),
        progress=progress,
    )
    if options.then is None:
        return TunedNetwork(taught, done.spaces[0])
    asked = replace(
        options.lesson,
        method=options.then,
        space=space.name,
        name=f"{options.model_name}-{options.then}",
    )
    return TunedNetwork(taught, done.spaces[0], learn(collection, asked, progress=progress))
