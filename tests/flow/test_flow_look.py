"""Several spaces, marks, sets and labels through the recipes, the library and the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own, impasto

import impasto as package
from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.library import Collection


@pytest.fixture(scope="module")
def two(gallery: Gallery, own: Own, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """A gallery whose second space is that of a tiny network."""
    copy = gallery.copy(tmp_path_factory.mktemp("two"))
    said = impasto("embed", copy.path, *own.words)
    assert said.code == 0, said.err
    return copy


@pytest.fixture
def c(two: Gallery) -> Iterator[Collection]:
    with package.open(two.path, writable=False) as opened:
        yield opened


def test_a_query_in_all_spaces(c: Collection) -> None:
    found = c.beside(5, k=8)
    assert [answer.space.name for answer in found.answers] == c.spaces
    (agreed,) = found.agreements
    tops = [set(c.neighbours(5, 8, space=space).ids.tolist()) for space in c.spaces]
    assert set(agreed.shared.tolist()) == tops[0] & tops[1]
    assert (agreed.images, agreed.k) == (23, 8)
    assert agreed.overlap_chance == pytest.approx(8 / 23)
    assert all(len(ranking) == 23 for ranking in found.rankings)


def test_a_picture_from_outside_is_embedded_in_each_space(c: Collection, two: Gallery) -> None:
    image = c.images([11])[0]
    found = c.beside(image.file, k=3)
    for ranking in found.rankings:
        assert ranking.ids[0] == 11
        assert ranking.similarities[0] == pytest.approx(1, abs=1e-3)


def test_one_space_is_not_several(gallery: Gallery, c: Collection) -> None:
    with (
        package.open(gallery.path, writable=False) as single,
        pytest.raises(InvalidInput, match="at least two different spaces"),
    ):
        single.beside(5)
    with pytest.raises(InvalidInput, match="at least two different spaces"):
        c.beside(5, spaces=[c.spaces[0], c.spaces[0]])


def test_marks(c: Collection) -> None:
    answer = c.ask(5)
    near = answer.neighbours(6)
    told = c.marks(answer, near.ids, k=4)
    for mark in told:
        others = c.neighbours(mark.image, 23).ids.tolist()
        back = others.index(5) + 1
        assert mark.back == back
        assert mark.mutual == (back <= 4)
        often = sum(mark.image in c.neighbours(i, 4).ids for i in range(1, 25) if i != mark.image)
        assert mark.occurrence is not None
        assert (mark.occurrence.value, mark.occurrence.chance) == (often, 4)
    assert c.marks(c.ask("label:discs"), [1])[0].back is None


def test_hubs_come_from_the_graph_when_there_is_one(two: Gallery) -> None:
    with package.open(two.path) as opened:
        before = flow.hubs(opened.stored, k=3)
        opened.graph(k=5)
        after = flow.hubs(opened.stored, k=3)
        assert (before.source, after.source) == ("all", "graph")
        assert before.occurrence is not None
        assert after.occurrence is not None
        np.testing.assert_array_equal(before.occurrence.counts, after.occurrence.counts)
        assert flow.hubs(opened.stored, k=9).source == "all"  # the graph holds 5


def test_inside_and_groups(c: Collection) -> None:
    answer = c.ask("label:discs")
    inside = c.contrast(answer, "label:discs")
    assert inside.inside.total == 8
    assert inside.auc.value > 0.8
    with pytest.raises(NotFound, match="Did you mean"):
        c.contrast(answer, "label:disc")
    with pytest.raises(InvalidInput, match="set of images"):
        c.contrast(answer, "image:3")
    groups = c.groups(answer)
    assert groups.names[0] == "discs"
    assert groups.sizes.tolist() == [8, 8, 8]
    tags = c.groups(answer, "tag", most=2)
    assert set(tags.names) == {"angular", "drawn"}  # the two most frequent
    assert flow.groups(c.stored, answer, "tag", most=2).left_out == 1


def test_the_cut_of_an_answer(c: Collection) -> None:
    curve = c.ask("tag:round").curve(bins=50)
    assert len(curve.similarities) == 51
    assert curve.counts[0] == 24


def test_the_terminal_says_it_too(two: Gallery, tmp_path: Path) -> None:
    said = impasto("find", two.path, 5, "-k", 3, "--marks", "--inside", "tag:round", "--by", "tag")
    assert said.code == 0, said.err
    for words in ("query's rank there", "10 is usual", "Inside tag:round", "By tag", "angular"):
        assert words in said.out
    marked = impasto("find", two.path, 5, "-k", 3, "--marks", "--by", "label", "--json")
    told = json.loads(marked.out)
    assert {"back", "mutual", "occurrence", "hub"} <= told["neighbours"][0].keys()
    assert {group["name"] for group in told["labels"]} == {"discs", "stripes", "checks"}
    assert "sentence" in told["cut"]
    with package.open(two.path, writable=False) as opened:
        names = opened.spaces
    spaces = [word for name in names for word in ("--space", name)]
    beside = impasto("find", two.path, 5, "-k", 3, *spaces)
    assert "overlap" in beside.out
    assert "chance" in beside.out
    data = json.loads(impasto("find", two.path, 5, *spaces, "--json").out)
    assert [column["space"] for column in data["columns"]] == names
    for at, column in enumerate(data["columns"]):
        assert [one["ranks"][at] for one in column["neighbours"]] == list(range(1, 11))
    both = impasto("find", two.path, 5, *spaces, "--marks")
    assert both.code == 1
    assert "one space at a time" in both.err
