"""Which tags may be one, and which say nothing about the picture: for a person to decide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from impasto.curate.tags.coherence import Coherence, Likeness
from impasto.curate.tags.decisions import TagDecision
from impasto.curate.tags.spelling import plain, slips, stem
from impasto.curate.tags.table import TagTable

TOGETHER = 0.8
"""Share of the images with either of two tags that have both, from which they may be one."""

SHARED = 5
"""Images that they must share: fewer come from one hand in one go."""

FAR = 2.0
"""Standard deviations from random groups within which pictures have nothing in common."""

USUAL = 3.0
"""Standard deviations at which a tag must have shown what half of the tags show, to be judged."""

_MACHINE = re.compile(r"0x[0-9a-f]{4,}|^[^a-z]*$|^[0-9a-f]{8,}$|^(img|dsc|dscn|imgp)[_-]?\d+$")


def machine_made(tag: str) -> bool:
    r"""Tell whether a tag looks like the trace of a program or camera, not like a word.

    Examples
    --------
    >>> [machine_made(tag) for tag in ("hash(0x8a0cec4)", "11", "DSC_0042", "sea", "日本")]
    [True, True, True, False, False]
    """
    folded = tag.casefold()
    return folded.isascii() and bool(_MACHINE.search(folded))


def suggest_merges(
    table: TagTable,
    likenesses: Mapping[tuple[int, int], Likeness],
    decided: Iterable[TagDecision] = (),
) -> list[TagDecision]:
    """Suggest tags to merge, the surest first; each into one that is more frequent.

    Parameters
    ----------
    table : TagTable
    likenesses : mapping of (int, int) to Likeness
        From `impasto.curate.tags.likenesses`; empty without vectors.
    decided : iterable of TagDecision
        What was rejected is not suggested again.

    Returns
    -------
    list of TagDecision
        With ``accept=None`` and the reasons: the same letters, one is the plural, a slip of
        the hand, mostly on the same images, pictures as alike as those of one tag.
    """
    why: defaultdict[tuple[int, int], list[tuple[float, str]]] = defaultdict(list)
    named = [i for i, name in enumerate(table.names) if not machine_made(name)]
    for a, b in _same([plain(table.names[i]) for i in named]):
        why[named[a], named[b]].append((3, "the same letters"))
    for a, b in _same([stem(table.names[i]) for i in named]):
        if (named[a], named[b]) not in why:
            why[named[a], named[b]].append((2.5, "singular and plural"))
    for a, b, distance in slips([table.names[i] for i in named]):
        pair = named[a], named[b]
        length = min(len(table.names[i]) for i in pair)
        if pair not in why and length > 5:
            letters = "letter" if distance == 1 else "letters"
            why[pair].append((1 + (1 - distance / length), f"{distance} {letters} differ"))
    place = {name: i for i, name in enumerate(table.names)}
    for both in table.pairs(at_least=SHARED):
        if both.overlap >= TOGETHER:
            score = both.overlap + min(both.together, 20) / 40
            reason = f"{both.overlap:.0%} of the images with either have both ({both.together:,})"
            why[place[both.first], place[both.second]].append((score, reason))
    for pair, like in likenesses.items():
        if like.alike >= 1:
            reason = (
                f"pictures of the two are as alike as those of one (cosine of the means "
                f"{like.cosine:.2f}, chance up to {like.chance:.2f})"
            )
            why[pair].append((min(like.alike, 1.5), reason))
    ranked = sorted(why.items(), key=lambda entry: (-sum(s for s, _ in entry[1]), entry[0]))
    rejected = _rejected(decided)
    best: dict[int, TagDecision] = {}  # a tag is merged into one other at most
    for (a, b), reasons in ranked:
        counts = f"{table.counts[b]:,} and {table.counts[a]:,} images"
        because = (*(reason for _, reason in reasons), counts)
        one = TagDecision("merge", table.names[b], table.names[a], accept=None, why=because)
        if one.key not in rejected:
            best.setdefault(b, one)
    return list(best.values())


def suggest_junk(
    table: TagTable,
    coherences: Sequence[Coherence],
    properties: Mapping[str, str],
    decided: Iterable[TagDecision] = (),
) -> list[TagDecision]:
    """Suggest tags to drop, those on the most images first.

    Parameters
    ----------
    table : TagTable
    coherences : sequence of Coherence, n_tags long
        Empty without vectors.
    properties : mapping of str to str
        Values of properties, such as users, in small letters, to the name of the property.
    decided : iterable of TagDecision
        What was rejected is not suggested again.

    Returns
    -------
    list of TagDecision
        Traces of programs; values of a property; tags whose pictures are no more alike than
        random ones, where a group of that size would have shown what half of the tags show.
    """
    found: list[tuple[int, TagDecision]] = []
    seen = [one for one in coherences if one.images >= 10 and one.excess > 0]
    usual = median(one.excess for one in seen) if seen else 0.0
    for i, name in enumerate(table.names):
        why = []
        if machine_made(name):
            why = ["looks like the trace of a program or camera"]
        elif name.casefold() in properties:
            why = [f"is a value of the property {properties[name.casefold()]}"]
        one = coherences[i] if coherences else None
        if one is not None and one.z < FAR and usual > 0:
            deviation = (one.value - one.chance) / one.z if one.z else 0
            if deviation > 0 and usual * (1 - one.chance) / deviation >= USUAL:
                why.append(
                    f"its pictures are no more alike than random ones (cosine {one.value:.2f}, "
                    f"chance {one.chance:.2f}, z {one.z:.1f})"
                )
        if why:
            images = f"{table.counts[i]:,} {'image' if table.counts[i] == 1 else 'images'}"
            decision = TagDecision("drop", name, accept=None, why=(*why, images))
            found.append((int(table.counts[i]), decision))
    rejected = _rejected(decided)
    ordered = sorted(found, key=lambda entry: (-entry[0], entry[1].of))
    return [one for _, one in ordered if one.key not in rejected]


def _rejected(decided: Iterable[TagDecision]) -> set[tuple[str, str, str]]:
    return {one.key for one in decided if one.accept is False}


def _same(forms: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of the same form: each with the most frequent one of its kind."""
    first: dict[str, int] = {}
    return [(first[form], i) for i, form in enumerate(forms) if first.setdefault(form, i) != i]
