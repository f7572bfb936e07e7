"""What can be learned and how, told by the options themselves: forms are drawn from this."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from inspect import getdoc
from types import MappingProxyType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from impasto.core.errors import ImpastoError, InvalidInput
from impasto.flow.ask import choose_space
from impasto.flow.plain_words import HELPS, METHODS
from impasto.flow.plain_words import TITLES as OPTION_TITLES
from impasto.flow.recipes import recipes
from impasto.flow.teaching import LEAST, OF_PROPERTIES, TARGETS, LearnOptions, matches

if TYPE_CHECKING:
    from impasto.store import Collection

OptionKind = Literal[
    "choice", "switch", "whole", "number", "text", "words", "numbers", "space", "spaces"
]
Values = tuple[str, ...]

FIRST = ("target", "read_as", "recipe", "method", "space", "folds", "test", "name")
"""Options that are seen at once; the others wait until they are asked for."""

TITLES = {"label": "The label of a picture", "tags": "Its tags", "property": "A number or word"}
"""Targets for people, where the bare name says too little."""

BOUNDS: Mapping[str, tuple[float | None, float | None]] = {
    "folds": (2, 50),
    "test": (0.01, 0.99),
    "min_images": (1, None),
    "seed": (0, 2**32 - 1),
    "heads.inner_folds": (2, None),
    "tagging.level": (0, 1),
    "tagging.candidates": (1, None),
    "tagging.steps": (1, None),
    "tagging.batch": (1, None),
    "tagging.rate": (0, None),
}
"""Least and greatest of numbers that a form takes."""

NUMBERS = "#numbers"
"""Stands for every property that holds numbers; no option has that value."""

_MACHINES = ("linear-svm", "rbf-svm", "sigmoid-svm", "poly-svm", "kernel-grid")

NEEDS: Mapping[str, Mapping[str, Values]] = {
    "test": {"folds": ("",)},
    "read_as": {"target": (NUMBERS,)},
    "min_images": {"target": ("label", "tags")},
    "only": {"target": ("label", "tags")},
    "heads.against": {"method": _MACHINES},
    "heads.gamma": {"method": ("rbf-svm", "sigmoid-svm", "kernel-grid", "kernel-ridge")},
    "heads.c": {
        "method": (*_MACHINES, "logistic", "linear-path", "mlp", "ridge", "kernel-ridge"),
        "target": ("label", NUMBERS),
    },
    "heads.inner_folds": {"target": ("label", NUMBERS)},
    "tagging.level": {"tagging.aim": ("precision", "recall", "fixed")},
    "tagging.loss": {"method": ("steps",)},
    "tagging.sampler": {"method": ("steps",)},
    "tagging.candidates": {"tagging.sampler": ("entropy",)},
    "tagging.replacement": {"tagging.sampler": ("entropy",)},
    "tagging.steps": {"method": ("steps",)},
    "tagging.batch": {"method": ("steps",)},
    "tagging.rate": {"method": ("steps",)},
    "tagging.optimiser": {"method": ("steps",)},
    "tagging.decay": {"method": ("steps",)},
    "tagging.prior": {"method": ("steps",)},
    "tagging.repeat_below": {"tagging.sampler": ("repeat-factor",)},
    "tagging.reading": {"tagging.loss": ("weighted",)},
    "tagging.smoothing": {"tagging.loss": ("weighted",)},
    "tagging.balance": {"tagging.loss": ("weighted",)},
    "tagging.cap": {"tagging.loss": ("pos-weight",)},
    "tagging.power": {"tagging.loss": ("pos-weight",)},
    "tagging.focus": {"tagging.loss": ("focal",)},
    "tagging.focus_present": {"tagging.loss": ("asymmetric",)},
    "tagging.focus_absent": {"tagging.loss": ("asymmetric",)},
    "tagging.margin": {"tagging.loss": ("asymmetric",)},
}
"""What other options must be for one to mean anything; "" is an option left out.

Options inside of others that are not named here go by `INSIDE`.
"""

INSIDE: Mapping[str, Mapping[str, Values]] = {
    "tagging.": {"target": ("tags",)},
    "heads.": {"target": ("label", NUMBERS)},
}
"""What the target must be for options that lie inside of another one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that an option can have.

    Parameters
    ----------
    name : str
    title : str
        For people.
    about : str
        When to take it, in a sentence; "" where the title says enough.
    """

    name: str
    title: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of learning, as a form shows it.

    Parameters
    ----------
    name : str
        As `LearnOptions` names it; ``tagging.aim`` is ``aim`` inside of ``tagging``.
    help : str
        What its docstring says.
    kind : {"choice", "switch", "whole", "number", "text", "words", "numbers", "space", "spaces"}
        "words" and "numbers" are several; "space" is the name of a space, "spaces" of several.
    default : Any
        JSON data; None where something is chosen for the user.
    choices : tuple of Choice
        Empty where any value goes; those of the method are with the target.
    low, high : float or None
        Bounds of a number, both included.
    needs : mapping of str to tuple of str
        Shown only when each of these options has one of these values; "" is one left out.
    first : bool
        Seen at once.
    """

    name: str
    help: str
    kind: OptionKind
    default: Any
    choices: tuple[Choice, ...] = ()
    low: float | None = None
    high: float | None = None
    needs: Mapping[str, Values] = field(default_factory=lambda: MappingProxyType({}))
    first: bool = False

    @property
    def title(self) -> str:
        """The name for people."""
        if self.name in OPTION_TITLES:
            return OPTION_TITLES[self.name]
        words = self.name.rpartition(".")[2].replace("_", " ")
        return words[0].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be learned.

    Parameters
    ----------
    name, title : str
    method : str
        The one that is taken when none is named.
    methods : tuple of Choice
    least : int
        Fewest images of a label or tag, when no number is given.
    halves : Target or None
        Of a number: the same, told as high or low.
    """

    name: str
    title: str
    method: str
    methods: tuple[Choice, ...]
    least: int
    halves: Target | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something can't be learned as asked.

    Parameters
    ----------
    option : str
        The option to change; "" when it is none by itself.
    message : str
    """

    option: str
    message: str


def targets(collection: Collection) -> tuple[Target, ...]:
    """Tell what can be learned, and by which methods: also each property that holds numbers."""
    numbers = [name for name, kind in collection.properties().items() if kind in ("int", "float")]
    return (
        *(
            Target(name, TITLES.get(name, name), method, _methods(name), LEAST.get(name, 1))
            for name, method in TARGETS.items()
        ),
        *(
            Target(
                name,
                f"{name}, a number",
                OF_PROPERTIES["number"],
                _methods(name),
                1,
                Target(
                    name,
                    f"{name}, high or low",
                    OF_PROPERTIES["median"],
                    _methods(name, "median"),
                    1,
                ),
            )
            for name in numbers
        ),
    )


def options(kind: type = LearnOptions, inside: str = "") -> tuple[Option, ...]:
    """Tell the options of learning, in the order in which they are declared.

    Parameters
    ----------
    kind : type
        A dataclass of options whose docstring names its parameters.
    inside : str
        What its options begin with, when it is an option itself.
    """
    said, types = helps(getdoc(kind) or ""), get_type_hints(kind)
    found: list[Option] = []
    for each in fields(kind):
        name, type_ = f"{inside}{each.name}", types[each.name]
        if is_dataclass(type_):
            found += options(type_, f"{name}.")  # type: ignore[arg-type]  # a class, no instance
            continue
        default = each.default if each.default is not MISSING else None
        low, high = BOUNDS.get(name, (None, None))
        kind_, choices = _kind(name, type_)
        found.append(
            Option(
                name,
                HELPS.get(name) or said.get(each.name, ""),
                kind_,
                list(default) if isinstance(default, tuple) else default,
                choices,
                low,
                high,
                NEEDS.get(name, INSIDE.get(inside, {})),
                name in FIRST,
            )
        )
    return tuple(found)


def helps(docstring: str) -> dict[str, str]:
    """Read what a NumPy docstring says of each parameter, on one line, for people."""
    found: dict[str, str] = {}
    _, _, section = docstring.partition("Parameters\n----------\n")
    section = re.split(r"\n\n\w+\n-{3,}\n", section.replace("\\\n", ""))[0]
    for entry in re.split(r"\n(?=\S)", section):
        head, *body = entry.split("\n")
        told = " ".join(line.strip() for line in body).replace("`", "")
        told = re.sub(r",? a name in impasto[.\w]+|; impasto\.\w+[^.]*\.\w+ [^.]*", "", told)
        told = told if told.endswith((".", ")")) else f"{told}."
        told = re.sub(r"; (None|empty): ", "; left out: ", told).replace("None: ", "Left out: ")
        found.update({name.strip(): told for name in head.partition(" : ")[0].split(",")})
    return found


def problems(collection: Collection, asked: LearnOptions) -> tuple[Problem, ...]:
    """Tell what is in the way of learning, as far as it shows before the work begins."""
    wrong = _target(collection, asked)
    if wrong is not None:
        return (wrong,)
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("method", lambda: _known(asked)),
        *(("space", lambda name=name: choose_space(collection, name)) for name in asked.spaces),
        *((one.name, lambda one=one: _within(one, asked)) for one in options()),
    )
    found = []
    for option, check in checks:
        try:
            check()
        except ImpastoError as problem:
            found.append(Problem(option, str(problem)))
    lesson = _lesson(collection, asked)
    return (*found, lesson) if isinstance(lesson, Problem) else tuple(found)


def outlook(collection: Collection, asked: LearnOptions) -> str:
    """Say in a sentence what will be learned, and whose place the model takes; "" for nothing."""
    lesson = _lesson(collection, asked)
    if lesson is None or isinstance(lesson, Problem):
        return ""
    named, images = lesson
    word = asked.target.removesuffix("s") + ("" if named == 1 else "s")
    given = f"on {images:,} pictures" if asked.target == "label" else f"given {images:,} times"
    there = any(record.name == asked.model_name for record in collection.models())
    instead = f" It takes the place of the model {asked.model_name}." if there else ""
    return f"{named:,} {word}, {given}.{instead}"


def _methods(target: str, read_as: str = "number") -> tuple[Choice, ...]:
    from impasto import learn as room

    if target == "tags":
        titles = {str(name): title for name, title in room.TAG_METHODS.items()}
    elif target != "label" and read_as == "number":
        titles = {name: method.title for name, method in room.REGRESSORS.items()}
    else:
        titles = {name: method.title for name, method in room.METHODS.items()}
    return tuple(Choice(name, title, METHODS.get(name, "")) for name, title in titles.items())


def _kind(name: str, type_: Any) -> tuple[OptionKind, tuple[Choice, ...]]:
    """Return what kind of field an option is, and what it can be."""
    from impasto import learn as room

    registries: dict[str, Mapping[str, Any]] = {
        "target": {name: TITLES.get(name, name) for name in TARGETS},
        "recipe": {name: recipe.title for name, recipe in recipes().items()},
        "tagging.loss": room.LOSSES,
        "tagging.sampler": room.SAMPLERS,
    }
    if name == "space":
        return (
            "spaces" if any(get_origin(each) is tuple for each in _parts(type_)) else "space"
        ), ()
    if name == "method":
        return "choice", ()
    if name in registries:
        return "choice", tuple(
            Choice(each, title if isinstance(title, str) else each)
            for each, title in registries[name].items()
        )
    kinds = [one for one in _parts(type_) if one is not type(None)]
    only = kinds[0] if len(kinds) == 1 else str
    if get_origin(only) is Literal:
        return "choice", tuple(Choice(str(each), str(each)) for each in get_args(only))
    if get_origin(only) is tuple:
        return ("numbers" if float in get_args(only) else "words"), ()
    simple: dict[Any, OptionKind] = {bool: "switch", int: "whole", float: "number"}
    return simple.get(only, "text"), ()


def _parts(type_: Any) -> tuple[Any, ...]:
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)


def _known(asked: LearnOptions) -> None:
    known = [each.name for each in _methods(asked.target, asked.read_as)]
    if asked.way not in known:
        raise InvalidInput(
            f"{asked.target} can be learned with {', '.join(known)}, not {asked.way!r}."
        )


def _target(collection: Collection, asked: LearnOptions) -> Problem | None:
    """Say what is wrong with a target that is neither label nor tags nor a number."""
    kinds = collection.properties()
    if asked.target in TARGETS or kinds.get(asked.target) in ("int", "float"):
        return None
    known = [*TARGETS, *(name for name, kind in kinds.items() if kind in ("int", "float"))]
    return Problem("target", f"It can be {', '.join(known)}, not {asked.target!r}.")


def _within(one: Option, asked: LearnOptions) -> None:
    value: Any = asked
    for name in one.name.split("."):
        value = getattr(value, name)
    if one.kind == "choice" and one.choices and value is not None and one.name != "target":
        known = [each.name for each in one.choices]
        if value not in known:
            raise InvalidInput(f"It can be {', '.join(known)}, not {value!r}.")
    if not isinstance(value, int | float) or one.kind == "switch":
        return
    if one.low is not None and value < one.low:
        raise InvalidInput(f"It is at least {one.low:g}, not {value:g}.")
    if one.high is not None and value > one.high:
        raise InvalidInput(f"It is at most {one.high:g}, not {value:g}.")


def _lesson(collection: Collection, asked: LearnOptions) -> tuple[int, int] | Problem | None:
    """Count the labels or tags that take part and how often they are given.

    None for other targets; a Problem when they are too few.
    """
    if asked.target not in ("label", "tags"):
        return None
    facets = collection.facets()
    every = facets.labels if asked.target == "label" else facets.tags
    if not every:
        told = "a label" if asked.target == "label" else "tags"
        return Problem("target", f"No picture has {told} yet. Give some in Browse.")
    like = [(name, n) for name, n in every if not asked.only or matches(name, asked.only)]
    if not like:
        return Problem("only", f"No {asked.target.removesuffix('s')} is like that.")
    counts = [n for _, n in like if n >= asked.least]
    needed = 2 if asked.target == "label" else 1
    if len(counts) < needed:
        most = max(n for _, n in like)
        return Problem(
            "min_images",
            f"{len(counts) or 'None'} of {len(like):,} has {asked.least} pictures, learning takes "
            f"{needed}; the commonest has {most:,}.",
        )
    return len(counts), sum(counts)
