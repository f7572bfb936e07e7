"""Conditions on properties and numbers as people write them: ``medium=oil``, ``width=100..500``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from impasto.core.errors import InvalidInput
from impasto.store import Filter, Range


def filter_from(
    *,
    label: Sequence[str] | None = (),
    unlabelled: bool = False,
    tags: Iterable[str] = (),
    any_tag: bool = False,
    part: Sequence[str] | None = (),
    flag: Sequence[str] | None = (),
    text: str = "",
    selection: str | None = None,
    values_: Iterable[str] = (),
    ranges: Iterable[str] = (),
    answers: Iterable[str] = (),
) -> Filter:
    """Make a filter of what people write, values and ranges as text.

    Raises
    ------
    InvalidInput
        For a flag or a split that there is none of, and what is no condition.
    """
    return Filter(
        label=label,
        unlabelled=unlabelled,
        tags=tuple(tags),
        any_tag=any_tag,
        split=part,
        flag=flag,
        text=text,
        selection=selection,
        values=tuple(parse_value(each) for each in values_),
        ranges=tuple(parse_range(each) for each in ranges),
        answers=tuple(parse_answer(each) for each in answers),
    )


def parse_value(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``; in the name, ``%3D`` stands for ``=`` and ``%25`` for ``%``.

    Examples
    --------
    >>> parse_value("medium=oil = canvas")
    ('medium', 'oil = canvas')
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InvalidInput(f"A property and its value are written NAME=VALUE, not {text[:80]!r}.")
    return name.replace("%3D", "=").replace("%25", "%"), value


def parse_answer(text: str) -> tuple[str, str]:
    """Read ``MODEL=ANSWER``: a label that the model gave first, or a tag that it gave.

    Examples
    --------
    >>> parse_answer("label-linear-svm=heron")
    ('label-linear-svm', 'heron')
    """
    model, sign, answer = text.partition("=")
    if not sign or not model:
        raise InvalidInput(f"A model and its answer are written MODEL=ANSWER, not {text[:80]!r}.")
    return model, answer


def parse_range(text: str) -> Range:
    """Read ``NUMBER=LOW..HIGH``, where either limit may be missing.

    Examples
    --------
    >>> parse_range("property:year=1900..1950")
    Range(key='property:year', low=1900.0, high=1950.0)
    >>> parse_range("width=..200").low is None
    True
    """
    key, sign, limits = text.rpartition("=")
    low, dots, high = limits.partition("..")
    try:
        found = [float(limit) if limit else None for limit in (low, high)]
    except ValueError:
        found = []
    if not sign or not dots or not found:
        raise InvalidInput(
            "A range is written NUMBER=LOW..HIGH, such as width=100..500 or "
            f"property:year=1900.., not {text[:80]!r}."
        )
    return Range(key, *found)
