"""From file names to classes: which words fit, where they are ambiguous, what fits nowhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from impasto.core.errors import InvalidInput, not_found
from impasto.curate.names.words import Word, tokens

Rule = Literal["whole", "any"]
RULES: tuple[Rule, ...] = ("whole", "any")

COMPANIONS = 8


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which classes the names of images fit.

    Parameters
    ----------
    words : tuple of Word
    candidates : tuple of tuple of int, n_images long
        Places in `words` of the classes that fit each name, in the order of the name.
    companions : mapping of int to tuple of (str, int)
        The words beside each class in the names, with counts, the most frequent first: they tell
        meanings apart (*hot* dog, crane *bird*).
    compound : mapping of int to int
        Images of each class whose name holds only a part of a class of several words.
    left : tuple of (str, int)
        Words that fit no class, with counts, the most frequent first.
    """

    words: tuple[Word, ...]
    candidates: tuple[tuple[int, ...], ...]
    companions: Mapping[int, tuple[tuple[str, int], ...]]
    compound: Mapping[int, int]
    left: tuple[tuple[str, int], ...]

    def counts(self) -> Counter[int]:
        """Count the images of each class, those that fit only it."""
        return Counter(fits[0] for fits in self.candidates if len(fits) == 1)


def map_names(
    names: Sequence[str],
    words: Sequence[Word],
    *,
    rule: Rule = "whole",
    phrases: Mapping[str, str] | None = None,
) -> Mapped:
    """Find the classes that names fit.

    Parameters
    ----------
    names : sequence of str, n_images long
        File names without their endings, or paths.
    words : sequence of Word
    rule : {"whole", "any"}
        "whole": all words of the class stand side by side in the name, also written as one
        (tea pot, teapot); of classes that overlap the longest counts (hot dog, not dog). "any",
        as Lagunas & Garces (CEIG 2017, section 4.1): any word of the name is any word of the class.
    phrases : mapping of str to str, optional
        What certain words mean wherever they stand side by side: the name of a class, or "" for
        none (``{"hot dog": ""}``). They come before classes of the same length.

    Returns
    -------
    Mapped
    """
    if rule not in RULES:
        raise InvalidInput(f"The rule can be {' or '.join(RULES)}, not {rule!r}.")
    meaning = _meanings(words, phrases or {})
    longest = max((len(each.tokens) for each in words), default=1)
    longest = max([longest, *(len(tokens(phrase)) for phrase in phrases or {})])
    parts: defaultdict[str, list[int]] = defaultdict(list)
    if rule == "any":
        for code, word in enumerate(words):
            for token in dict.fromkeys(word.tokens):
                parts[token].append(code)
    candidates, left = [], Counter[str]()
    companions: defaultdict[int, Counter[str]] = defaultdict(Counter)
    compound: Counter[int] = Counter()
    for name in names:
        said = tokens(name)
        spans = _spans(said, meaning, longest)
        covered = {at for start, end, _ in spans for at in range(start, end)}
        fits = list(dict.fromkeys(code for _, _, code in spans if code >= 0))
        if rule == "any" and not fits:
            rest = [token for at, token in enumerate(said) if at not in covered]
            fits = list(dict.fromkeys(code for token in rest for code in parts.get(token, ())))
            compound.update(code for code in fits if len(words[code].tokens) > 1)
            covered |= {at for at, token in enumerate(said) if token in parts}
        candidates.append(tuple(fits))
        others = [token for at, token in enumerate(said) if at not in covered]
        for code in fits:
            companions[code].update(others)
        if not fits:
            left.update(others)
    return Mapped(
        tuple(words),
        tuple(candidates),
        {code: tuple(_top(found, COMPANIONS)) for code, found in companions.items()},
        dict(compound),
        tuple(_top(left, 200)),
    )


def _meanings(words: Sequence[Word], phrases: Mapping[str, str]) -> dict[str, int]:
    """Return the class of every key; -1 for a phrase that means none."""
    meaning: dict[str, int] = {}
    for code, word in enumerate(words):
        for synonym in word.synonyms:
            meaning.setdefault(synonym, code)
    meaning |= {word.key: code for code, word in enumerate(words)}
    by_name = {word.name: code for code, word in enumerate(words)}
    for phrase, name in phrases.items():
        if name and name not in by_name:
            raise not_found("class", name, by_name)
        meaning["".join(tokens(phrase))] = by_name[name] if name else -1
    return meaning


def _spans(
    said: Sequence[str], meaning: Mapping[str, int], longest: int
) -> list[tuple[int, int, int]]:
    """Find what stands in a name, the longest first, none over another; in order of the name."""
    taken: set[int] = set()
    found = []
    for length in range(min(longest, len(said)), 0, -1):
        for start in range(len(said) - length + 1):
            place = range(start, start + length)
            code = meaning.get("".join(said[start : start + length]))
            if code is not None and taken.isdisjoint(place):
                taken.update(place)
                found.append((start, start + length, code))
    return sorted(found)


def _top(found: Counter[str], n: int) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))[:n]
