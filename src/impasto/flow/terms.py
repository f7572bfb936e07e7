"""The terms of a query as text: ``image:12``, ``-image:15``, ``label:cats``, ``tag:red``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from impasto.core.errors import InvalidInput

TermKind = Literal["image", "upload", "label", "tag", "selection", "text"]


@dataclass(frozen=True, slots=True)
class Term:
    """Something a query moves towards, or away from.

    Parameters
    ----------
    kind : {"image", "upload", "label", "tag", "selection", "text"}
    value : str
        An image's or upload's id, a name, or words.
    away : bool
        Whether the query moves away from it.
    """

    kind: TermKind
    value: str
    away: bool = False

    @property
    def image(self) -> int:
        """The id of an image."""
        return int(self.value)

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return f"{'-' if self.away else ''}{self.kind}:{self.value}"


def parse(text: str) -> Term:
    """Read one term.

    Raises
    ------
    InvalidInput
        When it is none, or an image's id is no number.

    Examples
    --------
    >>> parse("-label:big cats")
    Term(kind='label', value='big cats', away=True)
    """
    away = text.startswith("-")
    kind, colon, value = text.removeprefix("-").partition(":")
    for known in get_args(TermKind):
        if kind == known and colon and value:
            if known == "image" and not (value.isascii() and value.isdigit() and len(value) < 19):
                raise InvalidInput(f"image: takes the number of an image, not {value[:80]!r}.")
            if known == "text" and not value.strip():
                raise InvalidInput("text: takes words to look for.")
            return Term(known, value, away)
    raise InvalidInput(
        f"{text[:80]!r} is no term. There are image:ID, upload:ID, label:NAME, tag:NAME, "
        "selection:NAME and text:WORDS; a '-' in front moves the query away."
    )
