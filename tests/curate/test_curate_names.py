"""From names to classes: words, compounds, ambiguities, how well they are known, replay."""

from __future__ import annotations

import numpy as np
import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.intervals import wilson
from impasto.curate.names import (
    ClassAudit,
    ImageDecision,
    known_classes,
    labels_of,
    map_names,
    read_words,
    tokens,
)

WORDS = read_words(["crane", "hot dog", "dog", "teapot, tea-pot", "crane", "# a remark", "zebra"])


def fits(name: str, **options: object) -> list[str]:
    mapped = map_names([name], WORDS, **options)  # type: ignore[arg-type]  # as tests give them
    return [mapped.words[code].name for code in mapped.candidates[0]]


def test_words_of_names() -> None:
    assert tokens("dog-running") == ("dog", "running")
    assert tokens("ambulance-1") == ("ambulance",)
    assert tokens("TheLadyOfTheLakes_02") == ("lady", "lake")
    assert tokens("HTMLFile") == ("html", "file")
    assert tokens("Café's été") == ("cafe", "ete")
    assert tokens("007") == ()


def test_a_list_of_words() -> None:
    assert [(word.name, word.lines) for word in WORDS] == [
        *(("crane", (0, 4)), ("hot dog", (1,)), ("dog", (2,)), ("teapot", (3,)), ("zebra", (5,)))
    ]
    assert WORDS[3].synonyms == ()  # tea-pot is the same key
    assert read_words(["car, automobile"])[0].synonyms == ("automobile",)
    with pytest.raises(InvalidInput, match="no word in the list"):
        read_words(["", "# nothing", "1"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dog-1", ["dog"]),
        ("Dogs_eating", ["dog"]),
        ("hot-dog", ["hot dog"]),
        ("hotdogs", ["hot dog"]),
        ("hot_cranes_and_dogs", ["crane", "dog"]),
        ("tea pot", ["teapot"]),
        ("doghouse", []),
        ("cat", []),
    ],
)
def test_all_words_of_a_class_side_by_side(name: str, found: list[str]) -> None:
    assert fits(name) == found


def test_any_word_as_published() -> None:
    """dog-1.png could be copied in the class hot-dog (Lagunas & Garces, section 4.2)."""
    words = read_words(["hot dog", "tea pot"])
    mapped = map_names(["dog-1", "hot pot", "tea pot", "cat"], words, rule="any")
    assert mapped.candidates == ((0,), (0, 1), (1,), ())
    assert mapped.compound == {0: 2, 1: 1}
    assert map_names(["dog-1"], words).candidates == ((),)
    with pytest.raises(InvalidInput, match="whole or any"):
        map_names(["x"], words, rule="some")  # type: ignore[arg-type]  # what callers may do


def test_phrases_say_what_words_mean() -> None:
    assert fits("hot-dog", phrases={"hot dog": ""}) == []
    assert fits("hot-dog", phrases={"hot dogs": "dog"}) == ["dog"]
    assert fits("crane-bird with dog", phrases={"crane bird": ""}) == ["dog"]
    with pytest.raises(NotFound, match="No class 'dgo'"):
        fits("x", phrases={"x": "dgo"})


def test_companions_and_what_is_left() -> None:
    mapped = map_names(["crane bird", "crane-bird-2", "crane truck", "cat nap", "cat"], WORDS)
    assert mapped.companions == {0: (("bird", 2), ("truck", 1))}
    assert mapped.left == (("cat", 2), ("nap", 1))
    assert mapped.counts() == {0: 3}


def test_how_well_a_network_knows_classes_by_hand() -> None:
    logits = np.zeros((4, 6), np.float32)
    logits[0, [2, 3]] = 5, 4  # right
    logits[1, [3, 2]] = 5, 4  # second
    logits[2, [5, 1, 0]] = 9, 8, 7  # first among the outputs asked for
    logits[3] = np.nan
    known = known_classes(logits, np.array([0, 0, 1, 1]), {0: (2,), 1: (0, 1), 7: (4,)})
    assert set(known) == {0, 1}
    assert (known[0].top1.value, known[0].top5.value, known[0].among.value) == (0.5, 1, 1)
    assert (known[0].top1.low, known[0].top1.high) == wilson(0.5, 2)
    assert (known[0].top1.chance, known[0].among.chance) == (1 / 6, 1 / 3)
    assert (known[1].images, known[1].top1.value, known[1].among.value) == (1, 0, 1)
    assert (known[1].top5.chance, known[1].among.chance) == (1, 2 / 3)
    assert known[0].answers == ((2, 1), (3, 1))
    with pytest.raises(InvalidInput, match="no output 6"):
        known_classes(logits, np.zeros(4, int), {0: (6,)})


def test_an_audit_gives_the_same_labels_again() -> None:
    audit = ClassAudit(
        source="list",
        names=("dog", "cat, kitten", "crane"),
        classes={"dog": True, "cat": True, "crane": False, "new": None},
        why={"crane": ("two meanings",)},
        phrases={"hot dog": ""},
        images=(ImageDecision("e.png", b"e".hex(), ""), ImageDecision("f.png", "", "cat")),
    )
    again = ClassAudit.from_lines(audit.lines())
    assert again.lines() == audit.lines()
    names = ["dog", "hot dog", "kittens", "dog crane", "dog 2", "odd", "cat dog"]
    paths = ["a.png", "b.png", "c.png", "d.png", "moved.png", "f.png", "g.png"]
    hashes = [b"a", b"b", None, b"d", b"e", None, b"g"]
    for one in (audit, again):
        mapped = map_names(names, read_words(one.names), phrases=one.phrases)
        assert labels_of(mapped, one, paths, hashes) == [
            *("dog", None, "cat", "dog", None, "cat", None)
        ]


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"decide": "class", "of": "a"},
        {"decide": "class", "of": "a", "accept": "yes"},
        {"decide": "class", "of": 3, "accept": True},
        {"decide": "words", "source": "list"},
        {"decide": "phrase", "of": "a"},
        {"decide": "image", "of": "a", "into": "b"},
    ],
)
def test_lines_that_are_no_decisions(line: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="A decision about classes is written"):
        ClassAudit.from_lines([line])
