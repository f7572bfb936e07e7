"""Tags of a collection: looked over, decided, remembered, undone, replayed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import impasto

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About, Facts, Found
from impasto.core.space import Space
from impasto.curate.tags import TagDecision, parse_map
from impasto.store import Collection, Filter


@pytest.fixture
def mine(gallery: Gallery, tmp_path: Path) -> Iterator[Collection]:
    with Collection.open(gallery.copy(tmp_path).path) as collection:
        collection.add_tags([1, 2, 3], ["angulars", "user7"])
        yield collection


def tags_of(collection: Collection) -> dict[int, tuple[str, ...]]:
    return {image.id: image.tags for image in collection.images(range(1, 25))}


def test_looking_changes_nothing(mine: Collection) -> None:
    before = mine.version
    seen = flow.look_at_tags(mine)
    assert mine.version == before
    assert seen.table.names[0] == "drawn"
    assert ("angulars", "angular") in {(one.of, one.into) for one in seen.merges}
    assert [one.images for one in seen.coherences[:1]] == [24]
    round_one = seen.coherences[seen.table.names.index("round")]
    assert round_one.z > 2  # discs look alike
    assert json.loads(json.dumps(seen.to_json(2)))["tags"][0]["images"] == 24
    mine.remove_space(mine.space_names()[0])
    blind = flow.look_at_tags(mine)
    assert blind.coherences == ()
    assert any("by their words only" in note for note in blind.notes)


def test_near_duplicates_make_no_tag_more_or_less_alike(tmp_path: Path) -> None:
    """A tag given by lot is no more alike than chance, though a third are copies of one drawing."""
    chance = np.random.default_rng(3)
    values = chance.normal(0.3, 1, (600, 24))
    values[:200] = values[0] + 1e-3 * chance.normal(size=(200, 24))
    with Collection.create(tmp_path / "copies.impasto") as made:
        tagged = chance.random(600) < 0.4
        found = [
            Found(tmp_path, f"{k:03}.png", 1, k, About(tags=("lot",) if tagged[k] else ("x",)))
            for k in range(600)
        ]
        made.record(found, root=tmp_path, prune=False, hash_file=lambda _: b"")
        ids = made.order()
        facts = [Facts(int(i).to_bytes(32, "big"), 1, 8, 8, "PNG") for i in ids]
        readings = [(int(i), one, b"t") for i, one in zip(ids, facts, strict=True)]
        with made.writing(Space("made", "up", 24, "00")) as writing:
            writing.save(readings, ids, [values.astype(np.float32)])
        seen = flow.look_at_tags(made)
        assert max(abs(one.z) for one in seen.coherences) < 3


def test_decisions_are_one_edit_remembered_while_it_holds(mine: Collection) -> None:
    before = tags_of(mine)
    decisions = [
        *parse_map("angulars = angular"),
        TagDecision("drop", "user7"),
        TagDecision("merge", "round", "drawn", accept=False),
    ]
    made = flow.decide_tags(mine, decisions, keep=False)
    assert (made.before, made.after, made.changed) == (5, 3, 3)
    assert tags_of(mine) == before
    made = flow.decide_tags(mine, decisions)
    assert (made.after, made.changed) == (3, 3)
    assert set(made.counts) == {"drawn", "angular", "round"}
    after = tags_of(mine)
    assert mine.history(1)[0].title == "Tags: 1 merged, 1 dropped"
    assert [one.key for one in flow.stored_decisions(mine)] == [one.key for one in decisions]
    mine.undo()
    assert tags_of(mine) == before
    assert flow.stored_decisions(mine) == []
    mine.redo()
    assert tags_of(mine) == after
    assert len(flow.stored_decisions(mine)) == 3
    mine.undo()
    mine.set_flag([1], "another edit, which takes the number of the one undone")
    assert flow.stored_decisions(mine) == []


def test_rejected_suggestions_do_not_come_back(mine: Collection) -> None:
    (plural,) = (one for one in flow.look_at_tags(mine).merges if one.of == "angulars")
    flow.decide_tags(mine, [TagDecision(plural.kind, plural.of, plural.into, accept=False)])
    assert plural.key not in {one.key for one in flow.look_at_tags(mine).suggestions}
    assert mine.history(1)[0].title.startswith("Tagged")  # rejecting is no edit


def test_replay_gives_the_same_tags_here_and_elsewhere(
    mine: Collection, gallery: Gallery, tmp_path: Path
) -> None:
    before = tags_of(mine)
    flow.decide_tags(mine, [*parse_map("angulars = angular"), TagDecision("min-images", "4")])
    flow.decide_tags(mine, [TagDecision("merge", "round", "curved")])
    audit = flow.write_decisions(tmp_path / "audit.jsonl", flow.stored_decisions(mine))
    after = tags_of(mine)
    mine.undo()
    mine.undo()
    assert tags_of(mine) == before
    flow.decide_tags(mine, flow.read_decisions(audit), strict=False)
    assert tags_of(mine) == after
    with Collection.open(gallery.copy(tmp_path / "twin").path) as twin:
        flow.decide_tags(twin, flow.read_decisions(audit), strict=False)
        assert tags_of(twin) == after


def test_several_edits_replay_in_their_order(mine: Collection, tmp_path: Path) -> None:
    few = mine.order()[:3].tolist()
    mine.add_tags(few, ["rare"])
    flow.decide_tags(mine, [TagDecision("min-images", "4")])  # rare goes
    flow.decide_tags(mine, [TagDecision("drop", "round")])
    flow.decide_tags(mine, parse_map("drawn = round"))  # and round comes back
    flow.decide_tags(mine, [TagDecision("min-images", "2")])
    after, held = tags_of(mine), flow.stored_decisions(mine)
    assert [one.step for one in held] == [1, 2, 3, 4]
    audit = flow.write_decisions(tmp_path / "audit.jsonl", held)
    for _ in range(3):
        mine.undo()
    assert tags_of(mine) != after
    flow.decide_tags(mine, flow.read_decisions(audit), strict=False)
    assert tags_of(mine) == after
    mine.add_tags(few, ["drawn"])
    for _ in range(2):  # what came since is treated alike, and a step is said once
        flow.decide_tags(mine, flow.decisions_again(mine), strict=False)
    assert not any("drawn" in tags for tags in tags_of(mine).values())
    assert len(flow.decisions_again(mine)) == 4


def test_images_without_tags_are_kept_or_hidden(mine: Collection) -> None:
    kept = flow.decide_tags(mine, [TagDecision("only", "round")], keep=False)
    assert (kept.bare, kept.hidden) == (16, 0)
    flow.decide_tags(mine, [TagDecision("only", "round"), TagDecision("bare", "hide")])
    assert mine.count() == 8
    assert mine.count(Filter(flag="hidden")) == 16
    mine.undo()
    assert mine.count() == 24


def test_learning_knows_that_kept_images_have_none_of_the_tags(mine: Collection) -> None:
    flow.decide_tags(mine, [TagDecision("only", "round")])
    assert len(mine.without_tags()) == 16
    options = flow.LearnOptions(target="tags", folds=2, min_images=5)
    taught = flow.learn(mine, options)
    assert "16 images from which all tags were taken count as having none." in taught.card["notes"]
    assert taught.card["images"] == 24
    with pytest.raises(InvalidInput, match="All 8 tagged images have the same tags"):
        flow.learn(mine, replace(options, tagging=flow.TagOptions(keep_bare=False)))
    mine.undo()
    assert len(mine.without_tags()) == 0


def test_tags_that_nobody_has_and_none_at_all(mine: Collection, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No tag 'angulr'"):
        flow.decide_tags(mine, parse_map("angulr = angular"))
    noted = flow.decide_tags(mine, parse_map("herbst = autumn"), strict=False)
    assert noted.notes == ("Named, but on no image: herbst.",)
    noted = flow.decide_tags(mine, parse_map("herbst = autumn\nmeer = sea"), strict=False)
    assert noted.notes == ("None of the 2 tags that are named is on an image here: herbst, meer.",)
    with pytest.raises(InvalidInput, match="None of the 5 tags would be left"):
        flow.decide_tags(mine, [TagDecision("min-images", "25")])
    for text, said in (("nonsense", "Line 1"), ('{"a": 1}', "A decision is written")):
        (tmp_path / "x.jsonl").write_text(text)
        with pytest.raises(InvalidInput, match=said):
            flow.read_decisions(tmp_path / "x.jsonl")
    with pytest.raises(InvalidInput, match="no file"):
        flow.read_decisions(tmp_path / "nowhere.jsonl")
    with pytest.raises(InvalidInput, match="no folder"):
        flow.write_decisions(tmp_path / "no" / "where.jsonl", [])
    mine.remove_tags(range(1, 25), ["drawn", "round", "angular", "angulars", "user7"])
    for ask in (flow.look_at_tags, lambda c: flow.decide_tags(c, [TagDecision("drop", "x")])):
        with pytest.raises(InvalidInput, match="has no tags"):
            ask(mine)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_the_command_line(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gallery.copy(tmp_path).path
    impasto("edit", path, "tag", "angulars", "--image", "1")
    said = impasto("tags", path, "--figure", tmp_path / "f.svg", "--suggest", tmp_path / "s.jsonl")
    assert "4 tags; 24 of 24 images have some" in said.out
    assert "angulars = angular   singular and plural" in said.out
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert lines[0] | {"why": []} == {
        "decide": "merge", "of": "angulars", "into": "angular", "accept": None, "why": []
    }  # fmt: skip
    assert "on a terminal" in impasto("tags", path, "--review").err
    monkeypatch.setattr("sys.stdin", Terminal("r\nq\n"))
    assert "1 of" in impasto("tags", path, "--review").out
    assert "angulars =" not in impasto("tags", path, "-q").out
    (tmp_path / "s.jsonl").write_text(json.dumps(lines[0] | {"accept": True}))
    done = impasto("tags", path, "--apply", tmp_path / "s.jsonl", "--json", "-q").data
    assert (done["decided"]["after"], done["stored"]) == (3, True)
    assert "1 merged" not in impasto("undo", path).out
    (tmp_path / "map.txt").write_text("angulars = angular\nfall = autumn\n")
    dry = impasto("tags", path, "--map", tmp_path / "map.txt", "--dry-run")
    assert "1 images would change" in dry.out
    assert "Named, but on no image: fall." in dry.out
    assert "No tag 'fall'" in impasto("tags", path, "--merge", "fall=autumn").sentence
    assert impasto("tags", path, "--drop", "angulars", "--audit", tmp_path / "a.jsonl").code == 0
    impasto("edit", path, "tag", "angulars", "--image", "2")
    assert "3 after; 1 images changed" in impasto("tags", path, "--again").out
    assert "svg or .png" in impasto("tags", path, "--figure", "f.pdf").sentence


def test_from_the_library(gallery: Gallery, tmp_path: Path) -> None:
    import impasto as package

    with package.open(gallery.copy(tmp_path).path) as c:
        assert "round" in c.look_at_tags().table.names
        made = c.decide_tags(merge={"round": "curved"}, drop=["drawn"], min_images=2)
        assert dict(made.counts) == {"angular": 16, "curved": 8}
        with pytest.raises(NotFound):
            c.decide_tags(drop=["drawn"])
