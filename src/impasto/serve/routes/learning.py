"""What can be learned or looked for, told for a form; what is in the way as one fills it in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import TypeAdapter, ValidationError

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import (
    EvaluateJobIn,
    LearnabilityJobIn,
    LearningIn,
    LearningOut,
    LearnJobIn,
    NoiseJobIn,
    OutlookOut,
    ProblemOut,
    TuneJobIn,
)

router = APIRouter(prefix="/learning", tags=["learning"])

_Job = LearnJobIn | TuneJobIn | LearnabilityJobIn | NoiseJobIn | EvaluateJobIn
_JOBS: dict[flow.Task, type[_Job]] = {
    "learn": LearnJobIn,
    "tune": TuneJobIn,
    "learnability": LearnabilityJobIn,
    "noise": NoiseJobIn,
    "evaluate": EvaluateJobIn,
}


@router.get("")
def learning(
    studio: StudioIn,
    kind: Annotated[flow.Task, Query(description="The kind of work.")] = "learn",
) -> LearningOut:
    """List what a kind of work can be about, its methods, all options with what they mean."""
    recipes = flow.recipes() if kind == "learn" else {}
    return present.learning(flow.form(studio.collection, kind), recipes)


@router.post("/outlook")
def outlook(studio: StudioIn, asked: LearningIn) -> OutlookOut:
    """Say what would be done with some options, or what is in the way, option by option."""
    try:
        wanted = _read(asked.kind, asked.options)
    except ValidationError as error:
        found = [
            ProblemOut(option=".".join(map(str, each["loc"][1:])), message=f"{each['msg']}.")
            for each in error.errors()
        ]
        return OutlookOut(sentence="", problems=found, taken={})
    except (InvalidInput, NotFound) as error:
        blamed = _blamed(asked.kind, asked.options, str(error))
        return OutlookOut(sentence="", problems=[blamed], taken={})
    return present.outlook(flow.look_ahead(studio.collection, wanted))


def _read(kind: flow.Task, options: dict[str, Any]) -> Any:
    job = TypeAdapter(_JOBS[kind]).validate_python({"kind": kind, "options": options})
    return job.options


def _blamed(kind: flow.Task, options: dict[str, Any], message: str) -> ProblemOut:
    """Find the option that by itself makes the same problem."""
    for option, alone in _each(options):
        try:
            _read(kind, alone)
        except (InvalidInput, NotFound) as problem:
            if str(problem) == message:
                return ProblemOut(option=option, message=message)
        except ValidationError:
            continue
    return ProblemOut(option="", message=message)


def _each(options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every option with options that hold nothing else."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", {name: {inner: one}}) for inner, one in value.items())
        else:
            yield name, {name: value}
