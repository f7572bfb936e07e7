"""Tags that are written alike: the same letters, a plural, a slip of the hand."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "men": "man",
    "mice": "mouse",
    "people": "person",
    "teeth": "tooth",
    "women": "woman",
    "leaves": "leaf",
    "wolves": "wolf",
    "knives": "knife",
    "wives": "wife",
    "lives": "life",
    "shelves": "shelf",
    "loaves": "loaf",
    "halves": "half",
}


def edit_distance(first: str, second: str) -> int:
    """Count the letters to add, drop, change or swap with the next one to get from one to other.

    The optimal string alignment distance (Damerau 1964; each place is changed once).

    Examples
    --------
    >>> edit_distance("autumn", "autunm"), edit_distance("house", "horse")
    (1, 1)
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        further, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                best = min(best, further[j - 2] + 1)
            row.append(best)
    return row[-1]


def plain(tag: str) -> str:
    """Return a tag without what writing it differs in: case, accents, spaces, signs.

    Examples
    --------
    >>> plain("Clip-Art"), plain("café")
    ('clipart', 'cafe')
    """
    folded = unicodedata.normalize("NFKD", tag.casefold())
    kept = "".join(c for c in folded if c.isalnum())
    return kept or tag


def singular(word: str) -> str:
    """Return the singular of an English word, as far as its ending tells.

    Examples
    --------
    >>> [singular(word) for word in ("cherries", "boxes", "trees", "glass", "bus", "children")]
    ['cherry', 'box', 'tree', 'glass', 'bus', 'child']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and re.search(r"(ch|sh|x|ss|zz|[^aeiou]o)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not re.search(r"(ss|us|is)$", word):
        return word[:-1]
    return word


def stem(tag: str) -> str:
    """Return a tag with its last word in the singular, written plainly."""
    *front, last = re.split(r"[^\w]+|_", tag.casefold().strip(" _-.")) or [""]
    return plain("".join((*front, singular(last))))


def slips(tags: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Find tags that differ by a slip: one letter from 5 letters on, two from 9 on.

    Tags that differ in their digits mean different things, and so do those that begin otherwise.

    Yields
    ------
    (int, int, int)
        Places of two tags, the earlier first, and their distance.

    Notes
    -----
    Two words at distance k share a word that is left when at most k letters are dropped from
    each (Garbe's symmetric deletes), so only such pairs are measured, not all.
    """
    forms = [plain(tag) for tag in tags]
    by_rest: defaultdict[str, list[int]] = defaultdict(list)
    for place, form in enumerate(forms):
        for rest in _rests(form, _allowed(form)):
            by_rest[rest].append(place)
    seen = set()
    for places in by_rest.values():
        for i, a in enumerate(places):
            for b in places[i + 1 :]:
                if (a, b) in seen or forms[a] == forms[b]:
                    continue
                seen.add((a, b))
                allowed = min(_allowed(forms[a]), _allowed(forms[b]))
                if (
                    allowed
                    and forms[a][0] == forms[b][0]
                    and _digits(forms[a]) == _digits(forms[b])
                ):
                    distance = edit_distance(forms[a], forms[b])
                    if distance <= allowed:
                        yield a, b, distance


def _allowed(form: str) -> int:
    return 0 if len(form) < 5 else 1 if len(form) < 9 else 2


def _digits(form: str) -> str:
    return "".join(c for c in form if c.isdigit())


def _rests(form: str, drop: int) -> Iterable[str]:
    rests = {form}
    for _ in range(drop):
        rests |= {rest[:i] + rest[i + 1 :] for rest in rests for i in range(len(rest))}
    return rests
