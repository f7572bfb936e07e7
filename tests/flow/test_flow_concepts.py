"""Suspected tags and learnability on a collection: found, kept, answered, remembered."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fixtures import Gallery
from kit import impasto

from impasto import flow
from impasto.core.errors import InvalidInput, MissingExtra, NotFound
from impasto.core.space import Space
from impasto.store import Collection

LOOK = flow.ConceptOptions(min_images=5, folds=3, repeats=1)


@pytest.fixture
def mine(gallery: Gallery, tmp_path: Path) -> Iterator[Collection]:
    """Return pictures that are tagged with their labels, two of them wrongly."""
    with Collection.open(gallery.copy(tmp_path).path) as collection:
        for tag, _ in collection.facets().tags:
            collection.remove_tags(collection.ids_with(tag=tag).tolist(), [tag])
        ids, labels = collection.labelled()
        for label in sorted(set(labels.tolist())):
            collection.add_tags(ids[labels == label].tolist(), [f"a {label}"])
        collection.add_tags(ids.tolist(), ["picture"])
        forgotten, mistaken = wrong(collection)
        collection.remove_tags([forgotten], ["a stripes"])
        collection.add_tags([mistaken], ["a stripes"])
        yield collection


def wrong(collection: Collection) -> tuple[int, int]:
    """Return a picture of stripes that lost its tag, and one of discs that was given it."""
    return (
        int(collection.ids_with(label="stripes")[2]),
        int(collection.ids_with(label="discs")[2]),
    )


def test_several_spaces_stand_side_by_side(mine: Collection) -> None:
    flow.embed(mine, flow.EmbedOptions(layers=("stage1",)))
    names = tuple(info.space.name for info in mine.spaces())
    both = replace(LOOK, space=names)
    found = flow.find_noise(mine, both)
    told = {(each.id, each.tag) for each in found.suspects}
    assert {(one, "a stripes") for one in wrong(mine)} <= told
    report = mine.report("noise")
    assert report is not None and report["space"] == " + ".join(names)
    alone = flow.find_noise(mine, replace(LOOK, space=names[0]))
    assert [each.probability for each in found.suspects] != [
        each.probability for each in alone.suspects
    ]
    flow.learnability(mine, both)
    page = flow.learnability_page(mine).decode()
    assert all(name in unescape(page) for name in names)
    with pytest.raises(InvalidInput, match="beside another one, not itself"):
        flow.find_noise(mine, replace(LOOK, space=(names[0], names[0])))


def test_a_tuned_network_knows_the_tags_by_heart(mine: Collection) -> None:
    ids = mine.order().tolist()
    values = np.random.default_rng(0).normal(size=(len(ids), 8)).astype(np.float32)
    with mine.writing(Space("model:mine", "pool", 8, "0" * 64)) as writing:
        writing.save(ids=ids, values=[values])
    flow.find_noise(mine, replace(LOOK, space=("model:mine",)))
    report = mine.report("noise")
    assert report is not None
    assert any(note.startswith("model:mine was tuned on images") for note in report["notes"])


def test_suspects_are_found_corrected_and_left(mine: Collection) -> None:
    forgotten, mistaken = wrong(mine)
    assert flow.review(mine) is None
    found = flow.find_noise(mine, LOOK)
    assert [each.tag for each in found.tags] == ["a checks", "a discs", "a stripes"]
    first = flow.review(mine)
    assert first is not None
    named = {(each.id, each.tag, each.wrong) for each in first.open}
    assert (forgotten, "a stripes", "missing") in named
    assert (mistaken, "a stripes", "superfluous") in named
    assert first.answered == 0

    mine.add_tags([forgotten], ["a stripes"])  # accept
    flow.answer(mine, mistaken, "a stripes", "superfluous", right=True)  # reject
    second = flow.review(mine)
    assert second is not None
    assert second.answered == 2
    assert len(second.open) == len(first.open) - 2
    flow.find_noise(mine, LOOK)  # looked for anew: what was rejected is not asked again
    third = flow.review(mine)
    assert third is not None
    assert (mistaken, "a stripes") not in {(each.id, each.tag) for each in third.open}

    flow.answer(mine, mistaken, "a stripes", "superfluous", right=False)
    mine.undo()
    fourth = flow.review(mine)
    assert fourth is not None
    again = {(each.id, each.tag) for each in fourth.open}
    assert (mistaken, "a stripes") in again


def test_what_was_left_lives_in_a_plain_file(mine: Collection) -> None:
    one, two = mine.order()[:2].tolist()
    mine.leave_tag(one, "b", True)
    mine.leave_tag(two, "a", False)
    assert mine.reviewed() == {(one, "b", True), (two, "a", False)}
    mine.leave_tag(one, "b", True, keep=False)
    assert mine.reviewed() == {(two, "a", False)}
    with pytest.raises(NotFound):
        mine.leave_tag(10_000, "a", True)
    with pytest.raises(InvalidInput, match="missing or superfluous"):
        flow.answer(mine, one, "a", "odd", right=True)


def test_learnability_is_kept_with_its_pages(mine: Collection) -> None:
    with pytest.raises(NotFound, match="impasto learnability"):
        flow.learnability_page(mine)
    found = flow.learnability(mine, LOOK)
    assert {each.tag for each in found.concepts} == {"a checks", "a discs", "a stripes"}
    kept = mine.report(flow.LEARNABILITY)
    assert kept is not None
    assert kept["sentence"] == found.sentence
    page = flow.learnability_page(mine).decode()
    assert found.sentence in unescape(page)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in page
    assert flow.learnability_page(mine, "svg").startswith(b"<svg")


def test_without_cleanlab_the_way_is_shown(
    mine: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, package: str | None = None) -> ModuleType | None:
        return None

    monkeypatch.setattr("impasto.learn.concepts.noise.find_spec", missing)
    assert importlib.util.find_spec("cleanlab") is not None
    with pytest.raises(MissingExtra, match=r"pip install \"impasto\[noise\]\""):
        flow.find_noise(mine, LOOK)


def test_the_command_line_says_it(mine: Collection) -> None:
    mine.close()
    words = (mine.path, "--min-images", 5, "--folds", 3, "--quiet")
    data = impasto("noise", *words, "--json").data
    assert data["suspects"]
    said = impasto("noise", *words)
    assert "suspects. Look at them: impasto open" in said.out
    told = impasto("learnability", *words, "--repeats", 1, "--json").data
    assert Path(told["report"]).is_file()
    assert {each["verdict"] for each in told["tags"]} <= {"learned", "needs more", "not seen"}
    assert "Of 3 tags, " in impasto("learnability", *words, "--repeats", 1).out
    bare = impasto("noise", mine.path, "--min-images", 5000)
    assert "Lower --min-images" in bare.sentence
