"""Dividing a collection: groups, near-duplicates, leaks into other sets, and undo."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import impasto

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound, WrongCollection
from impasto.core.records import About, Found
from impasto.core.space import Space
from impasto.store import Collection


@pytest.fixture
def mine(gallery: Gallery, tmp_path: Path) -> Iterator[Collection]:
    with Collection.open(gallery.copy(tmp_path).path) as collection:
        yield collection


def say(collection: Collection, about: dict[int, About]) -> None:
    """Let a source say something about images."""
    found = []
    for image in collection.images(about):
        state = image.file.stat()
        entry = about[image.id]
        found.append(Found(image.root, image.path, state.st_size, state.st_mtime_ns, entry))
    root = collection.image(1).root
    collection.record(found, root=root, prune=False, hash_file=lambda _: b"")


def test_every_label_is_shared_out_and_undone(mine: Collection) -> None:
    made = flow.split(mine, flow.SplitOptions((50, 25, 25)))
    assert made.sizes == (12, 6, 6)
    assert made.counts.tolist() == [[4, 2, 2]] * 3
    assert made.changed == 24
    ids, codes = mine.splits()
    assert ids.tolist() == made.ids.tolist()
    assert [("train", "validation", "test")[code] for code in codes] == made.parts.tolist()
    again = flow.split(mine, flow.SplitOptions((50, 25, 25)))
    assert (again.changed, again.parts.tolist()) == (0, made.parts.tolist())
    kept = mine.report("split")
    assert kept is not None
    assert kept["options"]["shares"] == [50, 25, 25]
    assert mine.undo().title == "Split 50/25/25 by label, seed 0"
    assert len(mine.splits()[0]) == 0


def test_tags_are_shared_out_and_images_without_keep_theirs(mine: Collection) -> None:
    bare = mine.ids_with(label="checks").tolist()
    mine.remove_tags(bare, ["angular", "drawn"])
    mine.set_split(bare, "validation")
    made = flow.split(mine, flow.SplitOptions((0.5, 0, 0.5), by="tags"))
    assert dict(zip(made.names, made.counts.tolist(), strict=True)) == {
        "drawn": [8, 0, 8],
        "angular": [4, 0, 4],
        "round": [4, 0, 4],
    }
    assert made.notes[0] == "8 images without tags keep the split they have, if any."
    assert {mine.image(one).split for one in bare} == {"validation"}


def test_groups_by_property_folder_and_copies_stay_whole(mine: Collection) -> None:
    ids = mine.order().tolist()
    say(mine, {one: About(properties={"user": one % 8}) for one in ids})
    options = flow.SplitOptions((0.5, 0, 0.5), by="nothing", group=("user",))
    made = flow.split(mine, options, keep=False)
    assert made.groups == 8
    for user in range(8):
        assert len(set(made.parts[made.ids % 8 == user].tolist())) == 1
    assert made.changed == 24  # would change
    assert mine.report("split") is None
    folders = flow.split(mine, flow.SplitOptions(by="nothing", group=("folder",)))
    assert folders.groups == 3
    with pytest.raises(InvalidInput, match="one group"):
        flow.split(mine, flow.SplitOptions(by="nothing", group=("folder", "user")))


def test_images_without_the_property(mine: Collection) -> None:
    ids = mine.order().tolist()
    say(mine, {one: About(properties={"when": float("nan") if one < 5 else one}) for one in ids})
    with pytest.raises(InvalidInput, match="4 of 24 images have no when to be grouped by"):
        flow.split(mine, flow.SplitOptions(group=("when",)))
    assert len(mine.splits()[0]) == 0
    assert mine.history() == []
    alone = flow.split(mine, flow.SplitOptions(group=("when",), missing="alone"))
    together = flow.split(mine, flow.SplitOptions(group=("when",), missing="together"))
    assert (alone.groups, together.groups) == (24, 21)
    assert len(set(together.parts[:4].tolist())) == 1


def test_leaks_into_another_collection_are_told_and_moved(
    gallery: Gallery, mine: Collection, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "again").mkdir(parents=True)
    for label in ("discs", "checks"):
        shutil.copy(gallery.pictures / label / "00.png", other / "again" / f"{label}.png")
    assert impasto("add", tmp_path / "twin", other).code == 0
    options = flow.SplitOptions((0.1, 0, 0.9), against=(str(tmp_path / "twin"),), seed=2)
    told = flow.split(mine, options)
    leak = told.leaks[0]
    assert (leak.source, leak.known) == ("collection twin", 2)
    assert leak.images == leak.exact > 0
    assert all(pair.path.endswith("/00.png") for pair in leak.pairs)
    for pair in leak.pairs:
        assert pair.exact and pair.similarity == 1
        assert pair.other == f"again/{pair.path.removesuffix('/00.png')}.png"
    assert any("only exact copies were looked for" in note for note in told.notes)
    shared = {mine.ids_with(label=label)[0] for label in ("discs", "checks")}
    kept = flow.split(mine, replace(options, on_leaks="train"))
    assert shared <= set(kept.ids[kept.parts == "train"].tolist())
    out = flow.split(mine, replace(options, on_leaks="leave-out"))
    assert set(out.ids[out.parts == ""].tolist()) == {
        int(one) for one in shared if told.parts[told.ids == one][0] != "train"
    }
    assert impasto("embed", tmp_path / "twin").code == 0
    near = flow.split(mine, options)
    assert not any("exact copies" in note for note in near.notes)
    assert near.leaks[0].images >= leak.images
    assert all(pair.exact or 0 < pair.similarity < 1 for pair in near.leaks[0].pairs)


def test_a_part_that_would_be_empty_is_refused(mine: Collection, gallery: Gallery) -> None:
    twin = gallery.path  # holds every image of ours
    for on_leaks in ("leave-out", "train"):
        options = flow.SplitOptions(against=(str(twin),), on_leaks=on_leaks)
        with pytest.raises(InvalidInput, match="in the test part: all its images leak from"):
            flow.split(mine, options)
    users = ["one"] * 20 + ["other"] * 4
    say(mine, {i: About(properties={"user": user}) for i, user in enumerate(users, 1)})
    with pytest.raises(InvalidInput, match="stay whole, and the largest of 2 has 20 of 24 images"):
        flow.split(mine, flow.SplitOptions((64, 16, 20), by="nothing", group=("user",)))
    assert mine.splits()[0].tolist() == []
    told = flow.split(mine, flow.SplitOptions(by="nothing", shares=(50, 0, 50), group=("user",)))
    assert any(
        note.startswith("The parts are 83.3 / 16.7 % of the images and not 50 / 50: groups")
        for note in told.notes
    )


def test_a_model_says_what_it_learned_from(mine: Collection) -> None:
    assert flow.split(mine, keep=False).leaks == ()  # the division that learning makes itself
    old = flow.split(mine, flow.SplitOptions(seed=1), keep=False)
    assert old.leaks[0].source == "model label-linear-svm of this collection"
    assert old.leaks[0].images > 0
    for pair in old.leaks[0].pairs:  # learned from itself, or in one group with what was
        assert pair.exact == (pair.path == pair.other) == (pair.similarity == 1)
    flow.split(mine, flow.SplitOptions(seed=1))
    taught = flow.learn(mine, flow.LearnOptions(name="label-linear-svm"))
    learned = flow.learned_from(mine.model(taught.name))
    assert learned is not None
    ids, codes = mine.splits()
    assert learned.tolist() == ids[codes != 2].tolist()
    assert flow.split(mine, flow.SplitOptions(seed=1)).leaks == ()
    (mine.model(taught.name).folder / "images.safetensors").unlink()
    assert any("learn it anew" in note for note in flow.split(mine, keep=False).notes)
    folder = str(mine.model(taught.name).folder)
    with pytest.raises(InvalidInput, match="does not say which images"):
        flow.split(mine, flow.SplitOptions(against=(folder,)))


def test_a_network_that_was_tuned_elsewhere_is_named(mine: Collection) -> None:
    ids = mine.order()[:2].tolist()
    with mine.writing(Space("model:theirs", "pool", 4, "0" * 64)) as writing:
        writing.save(ids=ids, values=[np.eye(2, 4, dtype=np.float32)])
    made = flow.split(mine, flow.SplitOptions(group_duplicates=False), keep=False)
    assert any(note.startswith("model:theirs was tuned on another") for note in made.notes)


def test_duplicates_that_may_straddle_are_counted(gallery: Gallery, tmp_path: Path) -> None:
    pictures = gallery.copy(tmp_path).pictures
    for file in sorted(pictures.rglob("*.png")):
        shutil.copy(file, file.with_name(f"{file.stem}-copy.png"))
    assert impasto("add", tmp_path / "doubled", pictures).code == 0
    with Collection.open(tmp_path / "doubled.impasto") as doubled:
        whole = flow.split(doubled)
        assert whole.groups == 24
        assert any("only exact copies were kept together" in note for note in whole.notes)
        torn = flow.split(doubled, flow.SplitOptions(group_duplicates=False, seed=3))
        assert torn.leaks[0].source == "the train part itself"
        assert torn.leaks[0].exact > 0


def test_what_cannot_be_divided(mine: Collection, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No property 'usr'"):
        flow.split(mine, flow.SplitOptions(group=("usr",)))
    with pytest.raises(WrongCollection, match="not a collection"):
        flow.split(mine, flow.SplitOptions(against=(str(tmp_path / "nowhere"),)))
    with pytest.raises(InvalidInput, match="against itself"):
        flow.split(mine, flow.SplitOptions(against=(os.path.relpath(mine.path),)))
    ids = mine.order().tolist()
    mine.set_label(ids[:1], "rare")
    rare = flow.split(mine, flow.SplitOptions((64, 16, 20)))
    assert dict(zip(rare.names, rare.counts.tolist(), strict=True))["stripes"] == [5, 1, 2]
    assert "in every part: rare." in " ".join(rare.notes)
    mine.set_label(ids, "same")
    with pytest.raises(InvalidInput, match="have the label 'same'"):
        flow.split(mine)
    mine.set_label(ids, None)
    with pytest.raises(InvalidInput, match="has no labels"):
        flow.split(mine)
    mine.remove_tags(ids, ["round", "angular", "drawn"])
    with pytest.raises(InvalidInput, match="has no tags"):
        flow.split(mine, flow.SplitOptions(by="tags"))
    assert len(mine.splits()[0]) == 24  # as the one good division left them
    for wrong in ({"by": "user"}, {"missing": "x"}, {"on_leaks": "x"}, {"seed": -1}):
        with pytest.raises(InvalidInput):
            flow.SplitOptions(**wrong)
    none = Collection.create(tmp_path / "none.impasto")
    with none, pytest.raises(InvalidInput, match="no images"):
        flow.split(none)


def test_on_the_command_line(gallery: Gallery, tmp_path: Path) -> None:
    path = gallery.copy(tmp_path).path
    dry = impasto("split", path, "--parts", "train=1,test=1", "--dry-run", "--json", "-q").data
    assert (dry["parts"], dry["stored"]) == ({"train": 12, "validation": 0, "test": 12}, False)
    said = impasto("split", path, "--parts", "train=1,test=1", "--group", "folder")
    assert "24 images in 3 groups, none in two parts." in said.out
    assert "Too few images or groups to be in every part" in said.out
    assert impasto("undo", path).out.startswith("Undone: Split 50/50 by label")
    assert "train=64" in impasto("split", path, "--parts", "half").sentence


def test_from_the_library(gallery: Gallery, tmp_path: Path) -> None:
    import impasto as package

    with package.open(gallery.copy(tmp_path).path) as c:
        made = c.divide(64, 16, 20, by="tags", seed=1)
        assert made.parts.shape == (24,)
        assert np.isclose(sum(made.wanted), 1)
