"""Tags: counted by hand, compared with brute force, merged, dropped, replayed."""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput
from impasto.curate.tags import (
    Likeness,
    TagDecision,
    distinct_steps,
    edit_distance,
    ground,
    in_steps,
    likenesses,
    machine_made,
    parse_map,
    plan_tags,
    singular,
    slips,
    stem,
    suggest_junk,
    suggest_merges,
    tag_table,
    tags_per_image,
)

# Five images: sea sky | sea sky | sea | sky boat | (none)
NAMES = ("sea", "sky", "boat")
IDS = np.array([1, 1, 2, 2, 3, 4, 4])
CODES = np.array([0, 1, 0, 1, 0, 1, 2])


def test_counts_and_cooccurrence_by_hand() -> None:
    table = tag_table(NAMES, IDS, CODES, images=5)
    assert table.counts.tolist() == [3, 3, 1]
    assert table.per_image.tolist() == [1, 1, 3]
    assert (table.tagged, table.mean) == (4, 7 / 4)
    assert table.share(0) == 0.6
    assert table.together.toarray().tolist() == [[3, 2, 0], [2, 3, 1], [0, 1, 1]]
    sky_boat, sea_sky = table.pairs(at_least=1)  # 1 * 0.74 bits before 2 * 0.15
    assert (sea_sky.first, sea_sky.second, sea_sky.together) == ("sea", "sky", 2)
    assert sea_sky.lift == pytest.approx((2 / 5) / (3 / 5 * 3 / 5))
    assert sea_sky.pmi == pytest.approx(math.log2(10 / 9))
    assert sea_sky.overlap == 2 / 4
    assert sky_boat.lift == pytest.approx((1 / 5) / (3 / 5 * 1 / 5))
    never = table.pair(2, 0)
    assert (never.first, never.together, never.pmi) == ("sea", 0, -math.inf)
    with pytest.raises(InvalidInput, match="no tags"):
        tag_table((), IDS[:0], CODES[:0], images=5)


def test_the_figure_shows_the_counts() -> None:
    table = tag_table(NAMES, IDS, CODES, images=5)
    drawn = ET.fromstring(tags_per_image(table, "Tags <per> image"))
    titles = [bar.text for bar in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [
        "Tags <per> image",
        *("1 images with 0 tags", "1 images with 1 tags", "3 images with 2 tags"),
    ]
    bars = [float(bar.get("height", 0)) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert bars[2] == pytest.approx(bars[3] / 3, abs=0.1)
    many = tag_table([f"t{k}" for k in range(30)], np.ones(30, int), np.arange(30), images=1)
    assert ">20+<" in tags_per_image(many, "x")


def slow_distance(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    best = min(
        slow_distance(a[1:], b) + 1,
        slow_distance(a, b[1:]) + 1,
        slow_distance(a[1:], b[1:]) + (a[0] != b[0]),
    )
    if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
        best = min(best, slow_distance(a[2:], b[2:]) + 1)
    return best


@settings(max_examples=60, deadline=None)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_edit_distance_is_that_of_the_recursive_definition(a: str, b: str) -> None:
    assert edit_distance(a, b) == slow_distance(a, b) == edit_distance(b, a)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("ab1", min_size=1, max_size=9), max_size=12, unique=True))
def test_slips_are_found_without_comparing_all(tags: list[str]) -> None:
    oracle = set()
    for (i, a), (j, b) in itertools.combinations(enumerate(tags), 2):
        allowed = min(0 if len(t) < 5 else 1 if len(t) < 9 else 2 for t in (a, b))
        alike = a[0] == b[0] and a.count("1") == b.count("1")
        if alike and 0 < edit_distance(a, b) <= allowed:
            oracle.add((i, j, edit_distance(a, b)))
    assert set(slips(tags)) == oracle


def test_words_written_alike() -> None:
    assert [singular(w) for w in ("wolves", "potatoes", "lens", "gas", "series", "women")] == [
        *("wolf", "potato", "len", "gas", "sery", "woman"),
    ]
    assert stem("Hot-Dogs") == stem("hot dog") == stem("hotdog") == "hotdog"
    assert [machine_made(t) for t in ("0x8a0cec4", "123", "img_0042", "hash", "a1")] == [
        *(True, True, True, False, False),
    ]


def test_chance_is_that_of_all_groups_of_the_size() -> None:
    values = np.random.default_rng(0).normal(0.4, 1, (8, 5)).astype(np.float32)
    made = ground(values)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    for size in (2, 3, 4, 5, 8):
        inside = [
            np.mean([unit[a] @ unit[b] for a, b in itertools.combinations(group, 2)])
            for group in itertools.combinations(range(8), size)
        ]
        assert made.mean == pytest.approx(np.mean(inside), abs=1e-6)
        assert made.deviation(size) == pytest.approx(np.std(inside), abs=1e-5)
        one = made.of(np.arange(size))
        assert one.value == pytest.approx(inside[0], abs=1e-5)
        if size < 8:
            assert one.z == pytest.approx((inside[0] - made.mean) / np.std(inside), rel=1e-3)
    assert math.isnan(made.of(np.array([3])).value)
    assert math.isnan(made.deviation(9))
    for wrong in (values[:3], np.zeros((5, 2), np.float32)):
        with pytest.raises(InvalidInput, match="at least 4 images"):
            ground(wrong)


def crowd() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return vectors of two kinds and noise: kind 0, kind 0 again, kind 1, anything."""
    chance = np.random.default_rng(5)
    centres = 3 * chance.normal(size=(2, 40))
    values = chance.normal(size=(400, 40))
    values[:60] += centres[0]
    values[60:100] += centres[1]
    members = [np.arange(30), np.arange(30, 60), np.arange(60, 100), np.arange(300, 360)]
    return values.astype(np.float32), members


def test_alike_pictures_of_two_tags_and_junk() -> None:
    values, members = crowd()
    made = ground(values)
    found = likenesses(made, members)
    assert set(found) == {(0, 1)}
    assert found[0, 1].cosine > 0.9 > found[0, 1].chance
    assert found[0, 1].alike == pytest.approx(1, abs=0.1)
    names = ("autumn", "fall", "winter", "uploader")
    ids = np.concatenate(members)
    codes = np.repeat(np.arange(4), [len(rows) for rows in members])
    table = tag_table(names, ids, codes, images=400)
    merges = suggest_merges(table, {(0, 1): Likeness(0.95, 0.3, 1.02)})
    assert [(one.of, one.into) for one in merges] == [("fall", "autumn")]
    assert suggest_merges(table, {(0, 1): Likeness(0.95, 0.3, 0.9)}) == []
    junk = suggest_junk(table, [made.of(rows) for rows in members], {})
    assert [one.of for one in junk] == ["uploader"]
    assert "no more alike than random ones" in junk[0].why[0]
    assert junk[0].accept is None
    by_name = suggest_junk(table, [], {"winter": "user"})
    assert [one.of for one in by_name] == ["winter"]
    rejected = [TagDecision("drop", "winter", accept=False)]
    assert suggest_junk(table, [], {"winter": "user"}, rejected) == []


def test_the_level_of_chance_holds_for_random_groups() -> None:
    chance = np.random.default_rng(2)
    values = (chance.normal(size=(600, 30)) * np.linspace(1, 3, 30)).astype(np.float32)
    made = ground(values)
    hits = 0
    for _ in range(40):
        order = chance.permutation(600)
        hits += bool(likenesses(made, [order[i : i + 20] for i in range(0, 200, 20)]))
    assert hits <= 6  # 5 in 100 such comparisons, and some


def test_suggestions_by_words_and_by_company() -> None:
    names = ("trees", "tree", "clip-art", "clipart", "trombone", "trombonne", "left", "right")
    groups = [range(9), range(8), range(7), range(20, 26), range(30, 35), [40], [50], [60]]
    ids = np.array([image for group in groups for image in group])
    codes = np.repeat(np.arange(8), [len(group) for group in groups])
    table = tag_table(names, ids, codes, images=100)
    found = {(one.of, one.into): one for one in suggest_merges(table, {})}
    assert set(found) == {
        ("tree", "trees"),
        ("clip-art", "tree"),
        ("clipart", "clip-art"),
        ("trombonne", "trombone"),
    }
    assert found["tree", "trees"].why[0] == "singular and plural"
    assert found["tree", "trees"].why[1].startswith("89% of the images with either have both")
    assert found["clipart", "clip-art"].why[0] == "the same letters"
    rejected = [TagDecision("merge", "tree", "trees", accept=False)]
    assert ("tree", "trees") not in {(m.of, m.into) for m in suggest_merges(table, {}, rejected)}


def test_what_decisions_come_to() -> None:
    names = ("sea", "sky", "ocean", "user7", "rare")
    ids = np.array([1, 2, 3, 2, 4, 5, 6, 7])
    codes = np.array([0, 0, 1, 2, 2, 3, 4, 1])
    made = plan_tags(
        names,
        ids,
        codes,
        [
            *parse_map("# a map\nocean = main sea\nmain sea = sea  # in two steps\n\n"),
            TagDecision("drop", "user7"),
            TagDecision("drop", "sky", accept=False),
            TagDecision("drop", "sea", accept=None),
            TagDecision("min-images", "2"),
            TagDecision("bare", "hide"),
        ],
    )
    assert made.counts == {"sea": 3, "sky": 2}
    assert {name: images.tolist() for name, images in made.add.items()} == {"sea": [4]}
    assert {name: images.tolist() for name, images in made.remove.items()} == {
        "ocean": [2, 4],
        "user7": [5],
        "rare": [6],
    }
    assert (made.bare.tolist(), made.hide.tolist(), made.unknown) == ([5, 6], [5, 6], ("main sea",))
    only = plan_tags(names, ids, codes, [TagDecision("only", "s*")])
    assert only.counts == {"sea": 2, "sky": 2}


def test_steps_come_one_after_another() -> None:
    names, ids = ("a", "b", "c"), np.array([1, 2, 3, 4, 5, 6])
    codes = np.array([0, 0, 1, 2, 2, 2])
    drop, merge = TagDecision("drop", "a"), TagDecision("merge", "b", "a")
    assert plan_tags(names, ids, codes, [drop, merge]).counts == {"c": 3}  # pooled: b goes, too
    after = plan_tags(names, ids, codes, in_steps([drop], [merge]))
    assert after.counts == {"c": 3, "a": 1}
    assert {name: images.tolist() for name, images in after.add.items()} == {"a": [3]}
    assert {name: images.tolist() for name, images in after.remove.items()} == {
        "a": [1, 2],
        "b": [3],
    }
    falling = in_steps([TagDecision("min-images", "2")], [TagDecision("min-images", "1")])
    assert plan_tags(names, ids, codes, falling).counts == {"c": 3, "a": 2}
    there_and_back = in_steps(parse_map("a = b"), parse_map("b = a"))
    assert plan_tags(names, ids, codes, there_and_back).counts == {"a": 3, "c": 3}
    hiding = in_steps([drop, TagDecision("bare", "hide")], [TagDecision("drop", "b")])
    seen = plan_tags(names, ids, codes, hiding)
    assert (seen.bare.tolist(), seen.hide.tolist()) == ([1, 2, 3], [1, 2])
    assert [one.step for one in distinct_steps(in_steps(hiding, [merge], hiding))] == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("merges", "said"),
    [("a = b\nb = a", "circle: a = b = a"), ("a = b\na = c", "into 'b' and into 'c'")],
)
def test_merges_that_contradict_each_other(merges: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        plan_tags(("a", "b"), np.array([1, 2]), np.array([0, 1]), parse_map(merges))


def test_decisions_as_lines() -> None:
    for one in (
        TagDecision("merge", "fall", "autumn", None, ("plural",)),
        TagDecision("drop", "x"),
    ):
        assert TagDecision.from_json(one.to_json()) == one
    for text in ("fall", "= autumn", "fall ="):
        with pytest.raises(InvalidInput, match="Line 1 of the map"):
            parse_map(text)
    for wrong in (
        {},
        {"decide": "merge", "of": "a"},
        {"decide": "merge", "of": "a", "into": "a"},
        {"decide": "drop", "of": "a", "into": "b"},
        {"decide": "drop", "of": " "},
        {"decide": "drop", "of": "a", "accept": "yes"},
        {"decide": "burn", "of": "a"},
        {"decide": "min-images", "of": "few"},
        {"decide": "bare", "of": "burn"},
    ):
        with pytest.raises(InvalidInput):
            TagDecision.from_json(wrong)
