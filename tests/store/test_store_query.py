"""Filters, sorting, pages and facets against plain Python over all images."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About, Facts, Flag, Found, Image, Value
from impasto.store import Collection, Filter, Range, Sort
from impasto.store.collection import CATALOGUE

WORD = "a 'b' $.c"
WORDS = ["sun", "sea", "Été", "tree-house", "snow_man", "12", "x"]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """300 images of every kind, some read, some gone."""
    folder = tmp_path_factory.mktemp("query").resolve()
    chance = random.Random(7)

    def about() -> About:
        properties: dict[str, Value] = {}
        if chance.random() < 0.7:
            properties["year"] = chance.choice([1900, 1901.5, 1950])
        if chance.random() < 0.5:
            properties['a "b" $.c'] = chance.choice(["z", "y", "ä"])
        return About(
            chance.choice([None, "cat", "dog", "Ärger"]),
            tuple(chance.sample(WORDS, chance.randrange(4))),
            chance.choice([None, "train", "validation", "test"]),
            properties,
        )

    found = [
        Found(folder, f"{chance.choice(WORDS)}/{k:03}.png", chance.randrange(50), k, about())
        for k in range(300)
    ]
    chance.shuffle(found)
    with Collection.create(folder / "c.impasto") as made:
        made.record(found, root=folder, prune=True, hash_file=lambda file: bytes(32))
        readings = []
        for image in range(1, 250):
            flags = (Flag("broken", "no"),) if image % 7 == 0 else ()
            size = chance.randrange(1, 20)
            facts = Facts(image.to_bytes(32, "big"), 1, size, size % 3 + 1, "PNG", flags)
            readings.append((image, facts, None))
        made.save_readings(readings)
        made.set_hidden(range(5, 300, 23))
        made.set_flag([7, 8, 9, 28], "look again")
        made.record(found[20:], root=folder, prune=True, hash_file=lambda file: bytes(32))
        yield made


def everything(collection: Collection) -> list[Image]:
    ids = collection.order(Filter(gone=True, hidden=True)).tolist()
    assert ids == list(range(1, 301))
    return collection.images(ids)


def wanted(image: Image, filter_: Filter) -> bool:
    kinds = {flag.kind for flag in image.flags}
    text = " ".join([image.path, image.label or "", *image.tags]).casefold()
    flags: tuple[str, ...] = tuple(filter_.flag or ())
    labels: list[str | None] = [*(filter_.label or ()), *([None] if filter_.unlabelled else [])]
    having = [tag in image.tags for tag in filter_.tags]
    tagged = any(having) if filter_.any_tag else all(having)
    return (
        ("gone" not in kinds or filter_.gone or "gone" in flags)
        and ("hidden" not in kinds or filter_.hidden or "hidden" in flags)
        and (not flags or bool(kinds & set(flags)))
        and all(
            any(holds(measure(image, f"property:{name}"), value) for value in of(filter_, name))
            for name, _ in filter_.values
        )
        and all(inside(image, one) for one in filter_.ranges)
        and (image.label in labels or not labels)
        and (not filter_.tags or tagged)
        and (not filter_.split or image.split in filter_.split)
        and not (filter_.usable and (image.width == 0 or "broken" in kinds))
        and (not filter_.text or filter_.text.casefold() in text)
    )


def of(filter_: Filter, name: str) -> list[str]:
    return [value for property_, value in filter_.values if property_ == name]


def holds(value: Value | None, said: str) -> bool:
    return value is not None and (str(value) == said or said == "1900" == str(value)[:4])


def inside(image: Image, one: Range) -> bool:
    value = measure(image, one.key)
    if not isinstance(value, int | float) or (
        one.key not in ("size", "property:year") and not image.width
    ):
        return False
    return (one.low is None or one.low <= value) and (one.high is None or value <= one.high)


def measure(image: Image, key: str) -> Any:
    if key.startswith("property:"):
        return image.properties.get(key.removeprefix("property:").replace('"', "'"))
    if key == "aspect":
        return image.width / image.height if image.height else None
    if key == "pixels":
        return image.width * image.height
    return getattr(image, {"added": "id", "name": "path"}.get(key, key))


def key(image: Image, sort: Sort) -> Any:
    return measure(image, sort.key)


def ordered(images: list[Image], sort: Sort) -> list[int]:
    def rank(image: Image) -> Any:
        value = key(image, sort)
        return (value.encode() if isinstance(value, str) else value, image.id)

    having = [image for image in images if key(image, sort) is not None]
    without = [image for image in images if key(image, sort) is None]
    having.sort(key=rank, reverse=sort.descending)
    without.sort(key=lambda image: image.id, reverse=sort.descending)
    return [image.id for image in having + without]


FILTERS = st.builds(
    Filter,
    label=st.sampled_from([None, None, "cat", "Ärger", "nothing", ("cat", "Ärger"), ["cat"]]),
    unlabelled=st.sampled_from([False, False, True]),
    tags=st.lists(st.sampled_from([*WORDS, "nothing"]), max_size=2).map(tuple),
    any_tag=st.booleans(),
    split=st.sampled_from([None, None, "train", "test", ("train", "test")]),
    flag=st.one_of(
        st.none(),
        st.lists(st.sampled_from(["broken", "gone", "tiny", "hidden", "flagged"]), max_size=3),
    ),
    text=st.sampled_from(["", "", "sea", "cat", "ärg"]),
    values=st.lists(
        st.sampled_from([("year", "1900"), ("year", "1901.5"), ('a "b" $.c', "ä"), ("no", "z")]),
        max_size=3,
    ).map(tuple),
    ranges=st.lists(
        st.builds(
            Range,
            st.sampled_from(["size", "width", "aspect", "pixels", "property:year"]),
            st.sampled_from([None, 1, 1.5, 1901.5]),
            st.sampled_from([None, 2.5, 12, 1901.5]),
        ),
        max_size=1,
    ).map(tuple),
    usable=st.booleans(),
    gone=st.booleans(),
    hidden=st.booleans(),
) | st.builds(Filter, unlabelled=st.just(True), gone=st.booleans())
SORTS = st.builds(
    Sort,
    st.sampled_from(
        ["added", "name", "size", "width", "height", "label", "aspect", "pixels"]  # noqa: RUF005
        + ["property:year", 'property:a "b" $.c', "property:nothing"]
    ),
    st.booleans(),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filter_=FILTERS, sort=SORTS, limit=st.integers(1, 400))
def test_order_pages_count_and_facets(
    collection: Collection, filter_: Filter, sort: Sort, limit: int
) -> None:
    images = [image for image in everything(collection) if wanted(image, filter_)]
    want = ordered(images, sort)
    assert collection.order(filter_, sort).tolist() == want
    assert collection.count(filter_) == len(want)
    paged: list[int] = []
    after = None
    while True:
        page = collection.page(filter_, sort, after=after, limit=max(limit, 20))
        paged += [image.id for image in page.images]
        after = page.next
        if after is None:
            break
    assert paged == want
    facets = collection.facets(filter_)
    assert facets.total == len(want)
    assert facets.unlabelled == sum(image.label is None for image in images)
    assert dict(facets.labels) == Counter(i.label for i in images if i.label is not None)
    assert dict(facets.tags) == Counter(tag for image in images for tag in image.tags)
    assert dict(facets.splits) == Counter(i.split for i in images if i.split is not None)
    flags = Counter(flag.kind for image in images for flag in image.flags)
    if filter_ == Filter():
        flags["gone"] = collection.count(Filter(flag="gone"))
        flags["hidden"] = collection.count(Filter(flag="hidden"))
    assert dict(facets.flags) == flags


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filter_=FILTERS, bins=st.integers(1, 30))
def test_one_facet(collection: Collection, filter_: Filter, bins: int) -> None:
    images = [image for image in everything(collection) if wanted(image, filter_)]
    words = Counter(i.properties[WORD] for i in images if WORD in i.properties)
    facet = collection.facet(f"property:{WORD}", filter_)
    assert dict(facet.values) == words
    assert (facet.distinct, facet.images, facet.bins) == (len(words), words.total(), ())
    for key_ in ("property:year", "width", "aspect"):
        numbers = [
            n for i in images if i.width or "year" in key_ if (n := measure(i, key_)) is not None
        ]
        if key_ != "property:year" and (filter_.gone or "gone" in (filter_.flag or ())):
            continue  # measures are of the files that are there
        facet = collection.facet(key_, filter_, bins=bins)
        assert facet.images == len(numbers) == sum(one.count for one in facet.bins)
        assert facet.distinct == len(set(numbers))
        assert len(facet.bins) <= bins
        for one in facet.bins:
            last = one is facet.bins[-1]
            there = [n for n in numbers if one.start <= n and (n < one.end or last)]
            assert one.count == len(there)
            if there:
                assert (one.low, one.high) == (min(there), max(there))
        brushed = facet.bins[1:3]
        if sum(one.count for one in brushed) and not filter_.ranges:
            full = [one for one in brushed if one.count]
            within = Range(key_, full[0].low, full[-1].high)
            narrowed = replace(filter_, ranges=(within,))
            assert collection.count(narrowed) == sum(one.count for one in brushed)


def test_facets_come_most_frequent_first(collection: Collection) -> None:
    counts = [n for _, n in collection.facets().tags]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == len(WORDS)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text() | st.text('"*^():-+{}NEAR AND OR NOT col:a\0', max_size=12))
def test_no_text_is_a_syntax_error(collection: Collection, text: str) -> None:
    assert 0 <= collection.count(Filter(text=text)) <= 300


@pytest.mark.parametrize(
    ("text", "same"),
    [("ETE", "été"), ("sn", "snow"), ("tree house", "house tree"), ("sea cat", "CAT se")],
)
def test_search_ignores_case_accents_and_order(
    collection: Collection, text: str, same: str
) -> None:
    ids = collection.order(Filter(text=text)).tolist()
    assert ids and ids == collection.order(Filter(text=same)).tolist()


def test_search_needs_every_word(collection: Collection) -> None:
    assert collection.count(Filter(text="sea nothingofthekind")) == 0
    assert collection.count(Filter(text="   ")) == collection.count()
    assert collection.count(Filter(text="---")) == 0


def test_labelled_and_ids_with(collection: Collection) -> None:
    images = [image for image in everything(collection) if wanted(image, Filter())]
    ids, labels = collection.labelled()
    assert list(zip(ids.tolist(), labels.tolist(), strict=True)) == [
        (image.id, image.label) for image in images if image.label is not None
    ]
    both = [i.id for i in images if i.label == "cat" and "sea" in i.tags]
    assert collection.ids_with(label="cat", tag="sea").tolist() == both
    assert collection.ids_with(tag="sea").tolist() == [i.id for i in images if "sea" in i.tags]
    with pytest.raises(NotFound, match="Did you mean 'cat'"):
        collection.ids_with(label="cats")
    with pytest.raises(InvalidInput):
        collection.ids_with()


def test_images_and_hashes(collection: Collection) -> None:
    assert [image.id for image in collection.images([5, 3, 5])] == [5, 3, 5]
    with pytest.raises(NotFound, match="999"):
        collection.images([1, 999])
    hashes = collection.hashes(collection.order(Filter(gone=True, hidden=True)))
    assert hashes[4] == (5).to_bytes(32, "big")
    assert hashes[299] is None


def test_wrong_questions_are_explained(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match="property:NAME"):
        Sort("colour")
    with pytest.raises(InvalidInput, match="property:NAME and model:NAME:WHAT, not 'label'"):
        Range("label")
    with pytest.raises(InvalidInput, match="finite"):
        Range("width", float("nan"))
    with pytest.raises(NotFound, match="Did you mean 'year'"):
        collection.facet("property:yeat")
    with pytest.raises(InvalidInput, match="splits train, validation, test, not 'tset'"):
        Filter(split=("train", "tset"))
    with pytest.raises(InvalidInput, match="at least one"):
        collection.page(limit=0)
    cursor = collection.page(limit=3).next
    assert cursor is not None
    for wrong in ("", "abc", "!!!", cursor[:-4], "WzEsMiwzLDRd"):
        with pytest.raises(InvalidInput, match="next"):
            collection.page(after=wrong)
    with pytest.raises(InvalidInput, match="same sort"):
        collection.page(sort=Sort("name"), after=cursor)


@pytest.mark.parametrize("name", ["added", "name", "size", "width", "height", "label"])
@pytest.mark.parametrize("descending", [False, True])
def test_first_pages_come_from_an_index(
    collection: Collection, name: str, descending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sorting of the whole collection to show its first hundred images."""
    sort = Sort(name, descending)
    middle = collection.page(sort=sort, limit=20).next
    with collection._catalogue.reading() as db:
        plans: list[str] = []
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        from impasto.store import query

        query.page_ids(db, Filter(), sort, middle, 20)
        db.set_trace_callback(None)
        for statement in asked:
            plans += [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert plans
    assert not [plan for plan in plans if plan == "USE TEMP B-TREE FOR ORDER BY"], plans


def test_other_programs_can_read_the_view(collection: Collection) -> None:
    db = sqlite3.connect(Path(collection.path) / CATALOGUE)
    row = db.execute("SELECT path, label, sha256 FROM pictures WHERE id = 3").fetchone()
    db.close()
    image = collection.image(3)
    assert image.sha256 is not None
    assert row == (image.path, image.label, image.sha256.hex())


@pytest.mark.parametrize("by", ["label", "tag"])
def test_memberships_are_what_the_images_say(
    collection: Collection, by: Literal["label", "tag"]
) -> None:
    def truth() -> set[tuple[int, str]]:
        return {
            (image.id, name)
            for image in collection.images(collection.order())
            for name in (image.tags if by == "tag" else [image.label])
            if name is not None
        }

    found = collection.memberships(by)
    pairs = list(zip(found.ids.tolist(), (found.names[c] for c in found.codes), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == truth()
    sizes = np.bincount(found.codes).tolist()
    assert sizes == sorted(sizes, reverse=True)
    assert collection.memberships(by) is found  # kept, until something changes
    first = collection.order()[:1].tolist()
    collection.set_label(first, "another")
    collection.add_tags(first, ["another"])
    again = collection.memberships(by)
    assert (first[0], "another") in {
        (image, again.names[code])
        for image, code in zip(again.ids.tolist(), again.codes.tolist(), strict=True)
    }


def test_all_images_in_order_with_a_number_left_out(tmp_path: Path) -> None:
    found = [Found(tmp_path, f"{k}.png", 1, k, About(None, (), None, {})) for k in range(6)]
    with Collection.create(tmp_path / "c.impasto") as made:
        assert made.order().tolist() == []
        made.record(found, root=tmp_path, prune=True, hash_file=lambda file: bytes(32))
        made.set_hidden([2])
        assert made.order().tolist() == [1, 3, 4, 5, 6]
        with sqlite3.connect(made.path / CATALOGUE) as db:  # as when a moved file is found again
            db.execute("DELETE FROM images WHERE id = 4")
        db.close()
        assert made.order().tolist() == [1, 3, 5, 6]
        assert made.order(sort=Sort("added", True)).tolist() == [6, 5, 3, 1]


def test_shapes_are_read_once_until_something_changes(collection: Collection) -> None:
    ids, ratios = collection.shapes()
    assert collection.shapes()[0] is ids
    sizes = {
        image.id: image.width / image.height for image in everything(collection) if image.id in ids
    }
    assert ratios.tolist() == pytest.approx([sizes[image] for image in ids.tolist()])
    collection.set_split([1], "train")
    collection.set_split([1], None)
    assert collection.shapes()[0] is not ids
    assert collection.shapes()[0].tolist() == ids.tolist()
