"""The words of file names and of classes, made comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from impasto.core.errors import InvalidInput
from impasto.curate.tags import singular

STOP = frozenset(
    (
        *("a", "an", "and", "as", "at", "be", "by", "de", "for", "from", "in", "into", "is", "it"),
        *("its", "la", "le", "no", "not", "of", "off", "on", "or", "out", "over", "per", "the"),
        *("to", "up", "via", "with", "without"),
    )
)
"""Words that name nothing; they count neither in file names nor in classes."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


def tokens(text: str) -> tuple[str, ...]:
    """Split a name into its words: small letters, singular, without digits and stop words.

    Examples
    --------
    >>> tokens("Hot_Dogs-1"), tokens("teaPot_ofTheKing.v2")
    (('hot', 'dog'), ('tea', 'pot', 'king', 'v'))
    """
    plain = "".join(
        c
        for c in unicodedata.normalize("NFKD", text.replace("'", ""))
        if not unicodedata.combining(c)
    )
    words = (word.casefold() for word in _WORD.findall(plain))
    return tuple(singular(word) for word in words if word not in STOP)


@dataclass(frozen=True, slots=True)
class Word:
    """A class that images may belong to, as its list names it.

    Parameters
    ----------
    name : str
        The first spelling; it becomes the label.
    key : str
        Its words run together, in the singular: "hotdog".
    tokens : tuple of str
    lines : tuple of int
        Places in the list, from 0. A word with several has several meanings there (crane), or
        is listed in singular and plural (sunglass).
    synonyms : tuple of str
        Keys of further spellings.
    """

    name: str
    key: str
    tokens: tuple[str, ...]
    lines: tuple[int, ...]
    synonyms: tuple[str, ...] = ()


def read_words(lines: Iterable[str]) -> tuple[Word, ...]:
    """Read a list of classes: one a line, further spellings behind commas; ``#`` for remarks.

    Raises
    ------
    InvalidInput
        When there is no word in it.

    Examples
    --------
    >>> [(w.name, w.lines) for w in read_words(["crane", "hot dog, frankfurter", "cranes"])]
    [('crane', (0, 2)), ('hot dog', (1,))]
    """
    found: dict[str, Word] = {}
    place = -1
    for line in lines:
        said = line.split("#")[0].strip()
        if not said:
            continue
        place += 1
        name, *more = (part.strip() for part in said.split(","))
        words = tokens(name)
        key = "".join(words)
        if not key:
            continue
        synonyms = tuple(k for k in ("".join(tokens(other)) for other in more) if k and k != key)
        old = found.get(key)
        if old is None:
            found[key] = Word(name, key, words, (place,), synonyms)
        else:
            both = tuple(dict.fromkeys((*old.synonyms, *synonyms)))
            found[key] = Word(old.name, key, old.tokens, (*old.lines, place), both)
    if not found:
        raise InvalidInput("There is no word in the list; write one class a line.")
    return tuple(found.values())
