"""What can't be learned or judged is said in one sentence, and nothing is left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from fixtures import Gallery
from kit import Own, impasto

Words = tuple[str, ...]

LABELS: Words = ("learn", "--name", "n")
TAGS: Words = ("learn", "--target", "tags", "--min-images", "2", "--name", "n")
NOISE: Words = ("noise", "--min-images", "2")
LEARNABILITY: Words = ("learnability", "--min-images", "2")
TUNE: Words = ("tune", "--size", "32", "--epochs", "1", "--name", "n")
TUNE_TAGS: Words = (*TUNE, "--target", "tags", "--min-images", "2")

NO_LABELS: Sequence[Words] = (("label", "--all"),)
NO_TAGS: Sequence[Words] = (("untag", "round", "angular", "drawn", "--all"),)
ONE_LABEL: Sequence[Words] = (("label", "same", "--all"),)
SAME_TAGS: Sequence[Words] = (("untag", "round", "angular", "--all"),)
TESTED_ONLY: Sequence[Words] = (
    ("split", "train", "--all"),
    ("split", "test", "--label", "discs"),
)
"""Discs, the only pictures with the tag "round", are all in the test part."""

RARE: Sequence[Words] = (("tag", "rare", "--image", "1"),)
UNTESTED: Sequence[Words] = (("split", "train", "--all"), ("split", "test", "--image", "1"))
"""One tested image: no tag is on some of the tested images and missing on others."""

CASES: list[tuple[Sequence[Words], Words, str]] = [
    *((NO_LABELS, words, "has no labels") for words in (LABELS, TUNE)),
    *((NO_TAGS, words, "has no tags") for words in (TAGS, NOISE, LEARNABILITY, TUNE_TAGS)),
    *((ONE_LABEL, words, "learning takes two") for words in (LABELS, TUNE)),
    *((SAME_TAGS, words, "have the same tags") for words in (TAGS, NOISE, LEARNABILITY, TUNE_TAGS)),
    (TESTED_ONLY, LABELS, "No tested image has a label that is learned"),
    (UNTESTED, TAGS, "No tag is on some of the tested images and missing on others"),
    (TESTED_ONLY, TAGS, "No image with the tag 'round' is left to learn from"),
    (TESTED_ONLY, TUNE, "No image of 'discs' is left to learn from"),
    (TESTED_ONLY, TUNE_TAGS, "No image of 'round' is left to learn from"),
    *(
        ((), (*words, "--only", "ghost"), "is like ghost")
        for words in (LABELS, TAGS, NOISE, LEARNABILITY, TUNE, TUNE_TAGS)
    ),
    *(
        ((), (*words, "--space", "ghost"), "No space 'ghost'")
        for words in (LABELS, TAGS, NOISE, LEARNABILITY, TUNE)
    ),
    (NO_LABELS, ("split",), "has no labels"),
    (NO_LABELS, ("retrieve", "label"), "has no labels"),
    (NO_LABELS, ("find", "label:discs"), "'discs' has no images"),
    (NO_TAGS, ("retrieve", "tag"), "has no tags"),
    (RARE, (*TAGS, "--min-images", "1", "--folds", "3"), "No image with the tag 'rare' is left"),
    ((), ("learn", "--recipe", "ghost"), "No recipe 'ghost'"),
    ((), ("learn", "--recipe", "lagunas2017-svm"), "reads fc7 of vgg19"),
    ((), ("compare-models", "label-linear-svm"), "at least two models"),
    ((), ("compare-models", "label-linear-svm", "ghost"), "No model 'ghost'"),
    ((), ("evaluate", "ghost"), "No model 'ghost'"),
]


def files(folder: Path) -> set[str]:
    """Return all files of a collection but those of its databases, which come and go."""
    return {
        name
        for file in folder.rglob("*")
        if file.is_file() and "sqlite" not in (name := file.relative_to(folder).as_posix())
    }


@pytest.mark.parametrize(("edits", "words", "says"), CASES, ids=lambda value: str(value)[:60])
def test_one_sentence_and_nothing_half_written(
    gallery: Gallery,
    tmp_path: Path,
    own: Own,
    edits: Sequence[Words],
    words: Words,
    says: str,
) -> None:
    path = shutil.copytree(gallery.path, tmp_path / gallery.path.name)
    shutil.copytree(gallery.pictures, tmp_path / gallery.pictures.name)
    for edit in edits:
        assert impasto("edit", path, *edit).code == 0
    before = files(path)
    network = own.words if words[0] == "tune" else []
    assert says in impasto(words[0], path, *words[1:], *network).sentence
    assert files(path) == before


@pytest.mark.parametrize("words", [LABELS, TUNE], ids=["learn", "tune"])
def test_a_class_with_one_image_is_left_out_and_told(
    gallery: Gallery, tmp_path: Path, own: Own, words: Words
) -> None:
    mine = gallery.copy(tmp_path)
    assert impasto("edit", mine.path, "label", "single", "--image", 1).code == 0
    network = own.words if words is TUNE else []
    said = impasto(words[0], mine.path, *words[1:], *network)
    assert said.code == 0
    assert "Left out, with fewer than 2 images: single." in said.out


def test_tags_left_out_are_told_with_the_reason(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    assert impasto("edit", mine.path, "tag", "rare", "--image", 1).code == 0
    said = impasto("learn", mine.path, *TAGS[1:])
    assert "Left out: 1 tags with fewer than 2 images." in said.out
    assert "Left out: 1 tags that every one of these images has." in said.out  # "drawn"


@pytest.mark.parametrize("words", [TAGS, TUNE_TAGS], ids=["learn", "tune"])
def test_a_validation_part_without_a_tag_chooses_nothing_and_says_so(
    gallery: Gallery, tmp_path: Path, own: Own, words: Words
) -> None:
    mine = gallery.copy(tmp_path)
    checked = ("--label", "stripes"), ("--image", "2"), ("--image", "10")
    assert impasto("edit", mine.path, "split", "train", "--all").code == 0
    for part, which in zip(("validation", "test", "test"), checked, strict=True):
        assert impasto("edit", mine.path, "split", part, *which).code == 0
    network = own.words if words is TUNE_TAGS else []
    said = impasto(words[0], mine.path, *words[1:], *network)
    assert said.code == 0, said.err
    note = "No threshold could be chosen, nor a probability calibrated, for angular, round"
    assert note in said.out
    card = json.loads((mine.path / "models" / "n" / "card.json").read_text("utf-8"))
    assert list(card["thresholds"]) == [0.5, 0.5]


def test_numbers_that_can_not_be_learned(gallery: Gallery, tmp_path: Path) -> None:
    mine, table = gallery.copy(tmp_path), tmp_path / "numbers.csv"
    pictures = sorted(mine.pictures.glob("*/*.png"))
    lines = (f"{file},3,nan,{file.parent.name}\n" for file in pictures)
    table.write_text("path,same,unknown,label\n" + "".join(lines))
    assert impasto("add", mine.path, table).code == 0
    before = files(mine.path)
    for target, says in (
        ("same", "is 3: nothing tells them apart"),
        ("unknown", "holds words, not numbers"),
        ("ghost", "no property 'ghost'"),
    ):
        for how in ((), ("--as", "median")):
            words = ("learn", mine.path, "--target", target, *how, "--name", "n")
            assert says in impasto(*words).sentence
    assert files(mine.path) == before


def test_another_collection_in_another_space(gallery: Gallery, tmp_path: Path, own: Own) -> None:
    other = tmp_path / "other.impasto"
    assert impasto("add", other, gallery.pictures).code == 0
    asked = ("evaluate", gallery.path, "label-linear-svm", "--on", other)
    assert "it has none. Embed it alike" in impasto(*asked).sentence
    assert impasto("embed", other, *own.words).code == 0
    assert "has no vectors in efficientnet-lite0 pool" in impasto(*asked).sentence


def test_another_collection_without_what_is_asked(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    assert impasto("edit", mine.path, "label", "--all").code == 0
    said = impasto("evaluate", gallery.path, "label-linear-svm", "--on", mine.path)
    assert "has no labels" in said.sentence
