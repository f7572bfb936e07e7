"""WordNet by whichever package has its data, and a plain word where none has."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from impasto.collect.wordnet import open_wordnet
from impasto.core.errors import MissingExtra


class FakeCorpus:
    def __init__(self, *, there: bool) -> None:
        self.there = there

    def ensure_loaded(self) -> None:
        if not self.there:
            raise LookupError("Resource wordnet not found.")

    def all_lemma_names(self, pos: str) -> list[str]:
        return ["hot_dog", "crane"]

    def synsets(self, word: str, pos: str) -> list[SimpleNamespace]:
        said = {"crane": ["lifts things", "a bird"]}.get(word, [])
        return [SimpleNamespace(definition=lambda text=text: text) for text in said]


def pretend(patch: pytest.MonkeyPatch, *, nltk: FakeCorpus | None, wn: object | None) -> None:
    corpus = None
    if nltk is not None:
        corpus = ModuleType("nltk.corpus")
        corpus.wordnet = nltk  # type: ignore[attr-defined]  # a stand-in
    patch.setitem(sys.modules, "nltk", ModuleType("nltk") if nltk else None)
    patch.setitem(sys.modules, "nltk.corpus", corpus)
    patch.setitem(sys.modules, "wn", wn)


def test_nltk(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, nltk=FakeCorpus(there=True), wn=None)
    found = open_wordnet()
    assert (found.source, found.nouns()) == ("nltk", ["crane", "hot dog"])
    assert found.meanings("crane") == ("lifts things", "a bird")


def test_wn_where_nltk_has_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    word = SimpleNamespace(lemma=lambda: "crane")
    sense = SimpleNamespace(definition=lambda: None, id="crane-1")
    wn = SimpleNamespace(
        lexicons=lambda: [SimpleNamespace(language="en")],
        words=lambda pos, lang: [word],
        synsets=lambda text, pos, lang: [sense],
    )
    pretend(monkeypatch, nltk=FakeCorpus(there=False), wn=wn)
    found = open_wordnet()
    assert (found.source, found.nouns(), found.meanings("crane")) == ("wn", ["crane"], ("crane-1",))


def test_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = SimpleNamespace(lexicons=list)
    for nltk, wn in ((None, None), (FakeCorpus(there=False), empty)):
        pretend(monkeypatch, nltk=nltk, wn=wn)
        with pytest.raises(MissingExtra, match=r"not on this machine.*nltk.*--words FILE"):
            open_wordnet()
