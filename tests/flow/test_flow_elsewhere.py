"""A model judged on another collection: the same numbers as by hand, and what may not count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import impasto

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.learn import Evaluation, TagEvaluation, load_any
from impasto.store import Collection


@pytest.fixture(scope="module")
def two(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Collection]]:
    """Two copies of the gallery; the first learned from half of the images, labels and tags."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "here").mkdir()
    (folder / "there").mkdir()
    here = Collection.open(gallery.copy(folder / "here").path)
    there = Collection.open(gallery.copy(folder / "there").path)
    ids = here.order().tolist()
    test = ids[1::2]
    here.set_split(test, "test")
    here.set_split(ids[::2], "train")
    flow.learn(here, flow.LearnOptions(method="logistic", name="m", group_duplicates=False))
    tags = flow.LearnOptions(target="tags", name="t", min_images=4, group_duplicates=False)
    flow.learn(here, tags)
    pair = [here, there]
    yield pair
    for collection in pair:
        collection.close()


def test_labels_elsewhere(two: list[Collection], tmp_path: Path) -> None:
    here, there = two
    found = flow.evaluate_elsewhere(here, "m", there)
    assert found.copies == 12 and found.leaks >= 12  # those learned from, and what is like them
    assert any("Left out" in note and "learned from" in note for note in found.notes)
    every = flow.evaluate_elsewhere(here, "m", there, flow.ElsewhereOptions(keep_leaks=True))
    assert isinstance(every.evaluation, Evaluation)
    assert every.evaluation.tested == 24
    assert any("flatter" in note for note in every.notes)
    model = load_any(here.model("m").folder)
    vectors = there.vectors(model.space)
    told = model.predict(np.asarray(vectors.values), model.spaces)
    known, labels = there.labelled()
    truth = dict(zip(known.tolist(), labels.tolist(), strict=True))
    right = [
        best[0][0] == truth[image]
        for image, best in zip(vectors.ids.tolist(), told.top(1), strict=True)
    ]
    assert every.evaluation.top1.value == pytest.approx(np.mean(right))
    assert {row.name for row in every.evaluation.baselines} >= {"majority", "chance"}
    assert every.at_home["top1"]["value"] == here.model("m").card["metrics"]["top1"]["value"]
    assert "of another collection" in every.page
    written = found.write(tmp_path / "there.json")
    assert json.loads(written.read_text(encoding="utf-8"))["leaks"] == found.leaks
    with pytest.raises(InvalidInput, match=r"written as \.html or \.json"):
        found.write(tmp_path / "there.txt")


def test_tags_elsewhere(two: list[Collection]) -> None:
    here, there = two
    found = flow.evaluate_elsewhere(here, "t", there, flow.ElsewhereOptions(keep_leaks=True))
    assert isinstance(found.evaluation, TagEvaluation)
    assert found.evaluation.tested == 24
    assert set(found.evaluation.tags) == {"round", "angular"}
    assert dict(found.unknown) == {"drawn": 24}  # all images have it, so it was not learned


def test_names_that_differ(two: list[Collection], tmp_path: Path) -> None:
    here, there = two
    discs = there.ids_with(label="discs").tolist()
    there.set_label(discs, "circles")
    found = flow.evaluate_elsewhere(here, "m", there)
    assert dict(found.unknown) == {"circles": 8}
    assert any("8 images of labels that the model does not tell: circles" in n for n in found.notes)
    names = flow.ElsewhereOptions(names={"circles": "discs"}, keep_leaks=True)
    again = flow.evaluate_elsewhere(here, "m", there, names)
    assert not again.unknown and again.evaluation.tested == 24
    file = tmp_path / "names.txt"
    file.write_text("circles = discs\n", encoding="utf-8")
    there.set_label(discs, "discs")
    paths = here.path, there.path
    here.close()
    there.close()
    said = impasto("evaluate", paths[0], "m", "--on", paths[1], "--names", file)
    assert said.code == 0, said.err
    for words in ("top-1 on", "Nearest neighbour", "in its own test", "Left out"):
        assert words in said.out
    assert impasto("evaluate", paths[0], "m", "--keep-leaks").code == 2
    two[:] = [Collection.open(path) for path in paths]


def test_what_can_not_be_judged(two: list[Collection], tmp_path: Path) -> None:
    here, there = two
    with Collection.create(tmp_path / "empty.impasto") as empty:
        with pytest.raises(InvalidInput, match="has no labels"):
            flow.evaluate_elsewhere(here, "m", empty)
        with pytest.raises(NotFound, match="No model 'x'"):
            flow.evaluate_elsewhere(here, "x", there)
    ids = there.order().tolist()
    before = dict(zip(*(a.tolist() for a in there.labelled()), strict=True))
    there.set_label(ids, "cows")
    with pytest.raises(
        InvalidInput, match=r"none of the labels that the model tells .*it has cows"
    ):
        flow.evaluate_elsewhere(here, "m", there)
    for image, label in before.items():
        there.set_label([image], label)
    there.remove_space(there.space_names()[0])
    with pytest.raises(NotFound, match=r"has no vectors in .*impasto embed"):
        flow.evaluate_elsewhere(here, "m", there)
