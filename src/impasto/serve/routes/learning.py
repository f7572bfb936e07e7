"""What can be learned, told for a form; whether it can be learned as somebody fills it in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import (
    LearningIn,
    LearningOut,
    LearnJobIn,
    OutlookOut,
    ProblemOut,
)

router = APIRouter(prefix="/learning", tags=["learning"])


@router.get("")
def learning(studio: StudioIn) -> LearningOut:
    """List what can be learned: targets, their methods, all options with what they mean."""
    return present.learning(flow.targets(studio.collection), flow.options(), flow.recipes())


@router.post("/outlook")
def outlook(studio: StudioIn, asked: LearningIn) -> OutlookOut:
    """Say what would be learned with some options, or what is in the way, option by option."""
    try:
        wanted = _read(asked.options)
    except ValidationError as error:
        found = [
            ProblemOut(option=".".join(map(str, each["loc"][1:])), message=f"{each['msg']}.")
            for each in error.errors()
        ]
        return OutlookOut(sentence="", problems=found)
    except (InvalidInput, NotFound) as error:
        return OutlookOut(sentence="", problems=[_blamed(asked.options, str(error))])
    problems = [
        ProblemOut(option=each.option, message=each.message)
        for each in flow.problems(studio.collection, wanted)
    ]
    sentence = "" if problems else flow.outlook(studio.collection, wanted)
    return OutlookOut(sentence=sentence, problems=problems)


def _read(options: dict[str, Any]) -> flow.LearnOptions:
    return LearnJobIn.model_validate({"kind": "learn", "options": options}).options


def _blamed(options: dict[str, Any], message: str) -> ProblemOut:
    """Find the option that by itself makes the same problem."""
    for option, alone in _each(options):
        try:
            _read(alone)
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
