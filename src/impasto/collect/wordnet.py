"""WordNet, where its data is on this machine: nouns and their meanings. Nothing is downloaded."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from impasto.core.errors import MissingExtra

HOW = (
    "WordNet is not on this machine. Install `nltk` and its data "
    "(`python -m nltk.downloader wordnet`), or `wn` and a lexicon "
    "(`python -m wn download oewn:2024`), or give a list of words: --words FILE."
)


@dataclass(frozen=True, slots=True)
class WordNet:
    """Nouns of WordNet.

    Parameters
    ----------
    source : str
        The package that reads it.
    nouns : callable
        Returns all nouns, compounds with spaces.
    meanings : callable
        From a noun to its meanings, the most usual first, each in words.
    """

    source: str
    nouns: Callable[[], list[str]]
    meanings: Callable[[str], tuple[str, ...]]


def open_wordnet() -> WordNet:
    """Open WordNet by `nltk` or `wn`; raise MissingExtra when neither has its data here."""
    for opener in (_by_nltk, _by_wn):
        found = opener()
        if found is not None:
            return found
    raise MissingExtra(HOW)


def _by_nltk() -> WordNet | None:
    try:
        wordnet = importlib.import_module("nltk.corpus").wordnet
        wordnet.ensure_loaded()
    except (ImportError, LookupError):
        return None
    return WordNet(
        "nltk",
        lambda: sorted({name.replace("_", " ") for name in wordnet.all_lemma_names(pos="n")}),
        lambda word: tuple(
            s.definition() for s in wordnet.synsets(word.replace(" ", "_"), pos="n")
        ),
    )


def _by_wn() -> WordNet | None:
    try:
        wn = importlib.import_module("wn")
    except ImportError:
        return None
    if not any(lexicon.language == "en" for lexicon in wn.lexicons()):
        return None
    return WordNet(
        "wn",
        lambda: sorted({word.lemma() for word in wn.words(pos="n", lang="en")}),
        lambda word: tuple(s.definition() or s.id for s in wn.synsets(word, pos="n", lang="en")),
    )
