"""All work that the Learn page starts: what its forms ask for, and what is in the way of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_type_hints

from impasto.core.errors import ImpastoError, InvalidInput
from impasto.flow import learning
from impasto.flow.concepts import ConceptOptions
from impasto.flow.judged import JudgeOptions, others
from impasto.flow.learning import NUMBERS, TITLES, Choice, Option, Problem, Target
from impasto.flow.places import cache_folder
from impasto.flow.plain_words import CONCEPTS, ELSEWHERE, PLANS, TUNING
from impasto.flow.teaching import LearnOptions
from impasto.flow.tuning import SETTINGS, TuneOptions

if TYPE_CHECKING:
    from impasto.store import Collection

Task = Literal["learn", "tune", "learnability", "noise", "evaluate"]
Asked = LearnOptions | TuneOptions | ConceptOptions | JudgeOptions

_TUNE_FIRST = ("target", "plan", "network", "size", "epochs", "then", "name")
_TUNE_LEFT = ("weights", "device", "space")
"""Options of tuning that no form asks for: the browser names no files."""
_TUNE_TAGGING = ("loss", "sampler", "candidates", "aim", "level")
_OF_TAGS = {"target": ("tags",)}
_BOUNDS: Mapping[str, tuple[float | None, float | None]] = {
    "size": (16, 2048),
    "epochs": (1, 1000),
    "batch": (2, 4096),
    "rate": (0, None),
    "momentum": (0, 1),
    "decay": (0, None),
    "warm_up": (0, None),
    "smoothing": (0, 1),
    "patience": (0, None),
    "repeats": (1, 20),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a form asks for.

    Parameters
    ----------
    targets : tuple of Target
        What can be learned; empty where nothing is.
    options : tuple of Option
    """

    targets: tuple[Target, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be done with some options.

    Parameters
    ----------
    sentence : str
        "" where something is in the way.
    problems : tuple of Problem
    taken : mapping of str to str
        What is taken for options that are left out, as far as it is known.
    """

    sentence: str
    problems: tuple[Problem, ...]
    taken: Mapping[str, str] = field(default_factory=dict)


def form(collection: Collection, task: Task) -> Form:
    """Tell what can be chosen for a kind of work, in this collection."""
    targets = learning.targets(collection)
    if task == "learn":
        return Form(targets, _of_learning(targets))
    if task == "tune":
        said = tuple(one for one in targets if one.name in ("label", "tags"))
        return Form(said, _of_tuning(collection))
    if task == "evaluate":
        return Form((), _of_judging(collection))
    left = () if task == "learnability" else ("repeats",)
    return Form((), tuple(_said(one, CONCEPTS, ()) for one in _options(ConceptOptions, left)))


def look_ahead(collection: Collection, asked: Asked) -> Outlook:
    """Tell what would be done, or what is in the way, as far as it shows before the work begins."""
    if isinstance(asked, LearnOptions):
        problems = learning.problems(collection, asked)
        sentence = "" if problems else learning.outlook(collection, asked)
        least = str(asked.least) if asked.target in ("label", "tags") else ""
        return Outlook(sentence, problems, {"name": asked.model_name, "min_images": least})
    if isinstance(asked, TuneOptions):
        return _before_tuning(collection, asked)
    if isinstance(asked, JudgeOptions):
        return _before_judging(collection, asked)
    problems = learning.problems(collection, asked.as_learning())
    sentence = "" if problems else learning.outlook(collection, asked.as_learning())
    return Outlook(sentence.partition(" It takes")[0], problems)


def check_place(collection: Collection, text: str, command: str = "") -> Path:
    """Return the path of another collection, if the app may look there.

    Parameters
    ----------
    collection : Collection
    text : str
        The path, from the collection's folder if it is relative.
    command : str
        What looks anywhere, to be named when the app may not.

    Raises
    ------
    InvalidInput
        When it lies neither beside the collection nor inside of its folders, or is none.
    """
    from impasto.store import is_collection

    path = Path(text).expanduser()
    path = (path if path.is_absolute() else collection.path.parent / path).resolve()
    allowed = [collection.path.parent, *collection.roots()]
    if not text or not any(path.is_relative_to(each.resolve()) for each in allowed):
        raise InvalidInput(
            "The app looks into collections beside this one or inside of its folders. For others: "
            + (command or f"impasto evaluate {collection.path} MODEL --on OTHER")
        )
    if not is_collection(path):
        raise InvalidInput(f"{path.name} is no collection.")
    return path


def _of_learning(targets: tuple[Target, ...]) -> tuple[Option, ...]:
    numbers = tuple(one.name for one in targets if one.halves is not None)
    options = []
    for one in learning.options():
        if one.name == "target":
            one = replace(one, choices=tuple(Choice(each.name, each.title) for each in targets))
        if one.name == "read_as":
            one = replace(one, choices=(Choice("number", "A number"),
                                        Choice("median", "High or low")))  # fmt: skip
        needs = {
            name: tuple(
                each for value in values for each in (numbers if value == NUMBERS else (value,))
            )
            for name, values in one.needs.items()
        }
        options.append(replace(one, needs=needs))
    return tuple(options)


def _of_tuning(collection: Collection) -> tuple[Option, ...]:
    options = []
    for one in _options(TuneOptions, _TUNE_LEFT):
        outer, _, inner = one.name.partition(".")
        if outer == "tagging":
            if inner not in _TUNE_TAGGING:
                continue
            needs = one.needs if inner in ("candidates", "level") else _OF_TAGS
            options.append(replace(one, needs={**needs, **_OF_TAGS}, first=False))
            continue
        choices = _tuning_choices(collection, one.name)
        if choices:
            one = replace(one, kind="choice", choices=choices)
        if one.name == "smoothing":
            one = replace(one, needs={"target": ("label",)})
        if one.name == "momentum":
            one = replace(one, needs={"optimiser": ("sgd",)})
        options.append(_said(one, TUNING, _TUNE_FIRST))
    return tuple(options)


def _tuning_choices(collection: Collection, name: str) -> tuple[Choice, ...]:
    from impasto.learn import METHODS, tune
    from impasto.networks import TUNED, catalogue
    from impasto.networks.tuned import tuned_tensors

    if name == "target":
        return tuple(Choice(each, TITLES[each]) for each in ("label", "tags"))
    if name == "plan":
        return tuple(Choice(each, each, PLANS[each]) for each in tune.PRESETS)
    if name == "network":
        known = catalogue(cache=cache_folder())
        own = [one.name for one in collection.models() if tuned_tensors(one.folder)]
        return (
            *(Choice(one.name, one.title) for one in known if one.weights_at_hand),
            *(Choice(TUNED + each, f"{each}, tuned here") for each in own),
        )
    if name == "then":
        return tuple(Choice(each, one.title) for each, one in METHODS.items())
    kind = get_type_hints(tune.Course).get(name)
    return tuple(Choice(each, each) for each in get_args(kind) if isinstance(each, str))


def _of_judging(collection: Collection) -> tuple[Option, ...]:
    models = tuple(
        Choice(one.name, one.name)
        for one in collection.models()
        if one.card.get("target") in ("label", "tags")
    )
    places = tuple(Choice(path.name, path.stem) for path in others(collection))
    choices = {"model": models, "on": places}
    return tuple(
        _said(
            replace(one, kind="choice" if one.name in choices else one.kind,
                    choices=choices.get(one.name, ())),
            ELSEWHERE,
            ("model", "on", "names"),
        )
        for one in _options(JudgeOptions)
    )  # fmt: skip


def _options(kind: type, left: tuple[str, ...] = ()) -> tuple[Option, ...]:
    """Return the options of a dataclass that are not left out, within their bounds."""
    found = []
    for one in learning.options(kind):
        if one.name in left:
            continue
        low, high = _BOUNDS.get(one.name, (one.low, one.high))
        found.append(replace(one, low=low, high=high, needs={}) if "." not in one.name else one)
    return tuple(found)


def _said(one: Option, words: Mapping[str, str], first: tuple[str, ...]) -> Option:
    """Return an option with its words; all are seen at once where none is named `first`."""
    shown = one.name in first if first else one.name not in ("seed", "group_duplicates", "only")
    return replace(one, help=words.get(one.name, one.help), first=shown)


def _before_tuning(collection: Collection, asked: TuneOptions) -> Outlook:
    from impasto.flow.own_networks import find_tuned
    from impasto.learn import tune
    from impasto.networks import catalogue

    problems = list(learning.problems(collection, asked.lesson))
    taken = {"name": asked.model_name, "min_images": str(asked.lesson.least)}

    def network() -> None:
        found, file = find_tuned(collection, asked.network, asked.weights)
        infos = {one.name: one for one in catalogue(cache=cache_folder())}
        if file is None and found in infos and not infos[found].weights_at_hand:
            raise InvalidInput(f"The weights of {found} are not here. {infos[found].where}")

    def course() -> None:
        plan = tune.parse_plan(tune.plan_text(asked.plan), asked.plan)
        settled = tune.chosen_course(plan.course, asked.settings)
        taken.update({each: str(getattr(settled, each)) for each in SETTINGS})

    problems += _wrong({"network": network, "plan": course})
    if problems:
        return Outlook("", tuple(problems), taken)
    sentence = learning.outlook(collection, asked.lesson)
    if collection.run(asked.model_name).read() is not None:
        sentence += (
            f" A run of {asked.model_name} was left unfinished: with the same options it goes on "
            "where it stopped, with others it begins anew."
        )
    return Outlook(sentence, (), taken)


def _before_judging(collection: Collection, asked: JudgeOptions) -> Outlook:
    if not asked.model:
        return Outlook("", (Problem("model", "Choose a model of labels or tags."),))
    if not asked.on:
        told = (
            "Choose a collection."
            if others(collection)
            else "No other collection lies beside this one. On the command line: impasto evaluate "
            f"{collection.path} {asked.model} --on OTHER"
        )
        return Outlook("", (Problem("on", told),))
    checks: dict[str, Callable[[], object]] = {
        "model": lambda: collection.model(asked.model),
        "on": lambda: check_place(collection, asked.on),
        "names": asked.as_elsewhere,
    }
    problems = _wrong(checks)
    where = Path(asked.on).name
    return Outlook("" if problems else f"{asked.model} is judged on {where}.", problems)


def _wrong(checks: Mapping[str, Callable[[], object]]) -> tuple[Problem, ...]:
    found = []
    for option, check in checks.items():
        try:
            check()
        except ImpastoError as problem:
            found.append(Problem(option, str(problem)))
    return tuple(found)
