"""What is learned from what, how it is judged, and what is stored of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.records import About, Found
from impasto.learn import Evaluation, NumberEvaluation, NumberPrediction, Prediction, TagEvaluation
from impasto.store import Collection


@pytest.fixture
def mine(gallery: Gallery, tmp_path: Path) -> Iterator[Collection]:
    with Collection.open(gallery.copy(tmp_path).path) as collection:
        yield collection


def say(collection: Collection, about: dict[int, About]) -> None:
    """Let a source say something about images."""
    images = collection.images(about)
    found = []
    for image in images:
        state = image.file.stat()
        entry = about[image.id]
        found.append(Found(image.root, image.path, state.st_size, state.st_mtime_ns, entry))
    collection.record(found, root=images[0].root, prune=False, hash_file=lambda _: b"")


def test_a_model_with_its_report(mine: Collection) -> None:
    taught = flow.learn(mine, flow.LearnOptions(method="logistic", folds=4, name="by-hand"))
    assert taught.name == "by-hand"
    top1 = taught.metrics["top1"]
    assert top1["value"] > 0.8 > top1["chance"]
    record = mine.model("by-hand")
    assert taught.report == record.folder / flow.REPORT
    assert "shapes" in taught.report.read_text(encoding="utf-8")
    data = json.loads(taught.report.with_suffix(".json").read_text(encoding="utf-8"))
    assert data["card"] == json.loads(json.dumps(record.card))
    assert data["card"]["options"]["folds"] == 4
    assert not list(record.folder.glob("*.pkl"))
    assert taught.to_json()["metrics"] == taught.metrics


def test_answers_are_kept_with_the_model(mine: Collection) -> None:
    for name, folds in (("split", None), ("folds", 3)):
        taught = flow.learn(mine, flow.LearnOptions(method="logistic", folds=folds, name=name))
        kept, told = mine.tested(name), taught.evaluation.kept
        assert kept.names == taught.evaluation.labels
        np.testing.assert_array_equal(kept.ids, told.ids)
        np.testing.assert_array_equal(kept.scores, told.scores)
        assert isinstance(taught.evaluation, Evaluation)
        np.testing.assert_array_equal(kept.answers, taught.evaluation.answers.order[:, 0])
        right = 1 - kept.values("error").mean()
        assert right == pytest.approx(taught.evaluation.top1.value)
        assert kept.nearest is not None and kept.prior is not None
        nearest = taught.evaluation.baselines[0].top1.value
        assert (kept.nearest.argmax(axis=1) == kept.truth).mean() == pytest.approx(nearest)
        np.testing.assert_allclose(kept.prior.sum(axis=1), 1, atol=1e-6)
        assert len(np.unique(kept.fold)) == (folds or 1)


def test_shuffled_labels_are_not_learned(mine: Collection) -> None:
    ids, labels = mine.labelled()
    for label in set(labels.tolist()):
        shuffled = np.random.default_rng(3).permutation(labels)
        mine.set_label(ids[shuffled == label].tolist(), label)
    taught = flow.learn(mine, flow.LearnOptions(folds=4))
    assert taught.metrics["top1"]["low"] < 0.45
    page = taught.report.read_text(encoding="utf-8")
    assert "data:image/jpeg;base64," in page  # failures are shown, and the page carries them
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_the_same_seed_gives_the_same_scores(mine: Collection) -> None:
    first, again = (
        flow.learn(mine, flow.LearnOptions(seed=5, name=name)) for name in ("one", "two")
    )
    assert first.metrics == again.metrics
    told = [flow.predict(mine, name, ["3"]).prediction for name in ("one", "two")]
    assert told[0].top(3) == told[1].top(3)


def test_splits_of_the_collection_are_kept(mine: Collection) -> None:
    ids = mine.order().tolist()
    test = set(ids[::3])
    about = {i: About(split="test" if i in test else "train") for i in ids[:-2]}
    say(mine, about)
    taught = flow.learn(mine)
    notes = taught.card["notes"]
    assert "Judged on the test split of the collection." in notes
    assert any(note.startswith("2 images are in no split") for note in notes)
    account = taught.evaluation
    assert isinstance(account, Evaluation)
    tested = {one.id for one in account.failures}
    assert tested <= test
    assert sum(score.tested for score in account.classes) == len(test - set(ids[-2:]))


def test_a_class_without_a_test(mine: Collection) -> None:
    """Its scores are not known: null in the files, not NaN, which is no JSON."""
    ids = mine.order().tolist()
    discs = set(mine.ids_with(label="discs").tolist())
    test = {i for i in ids[::3] if i not in discs}
    say(mine, {i: About(split="test" if i in test else "train") for i in ids})
    taught = flow.learn(mine, flow.LearnOptions(name="untested"))
    assert isinstance(taught.evaluation, Evaluation)
    (score,) = (one for one in taught.evaluation.classes if one.label == "discs")
    assert score.tested == 0
    for file in (taught.report.with_suffix(".json"), mine.model("untested").folder / "card.json"):
        json.loads(file.read_text(encoding="utf-8"), parse_constant=lambda _: pytest.fail("NaN"))


def test_labels_by_pattern_and_rare_ones(mine: Collection) -> None:
    taught = flow.learn(mine, flow.LearnOptions(only=("d*", "str*"), folds=4))
    assert taught.evaluation.labels == ("discs", "stripes")
    ids = mine.ids_with(label="checks").tolist()
    mine.set_label(ids[:3], "rare")
    taught = flow.learn(mine, flow.LearnOptions(min_images=4, folds=4))
    assert taught.evaluation.labels == ("checks", "discs", "stripes")
    assert "Left out, with fewer than 4 images: rare." in taught.card["notes"]


def test_copies_stay_on_one_side(gallery: Gallery, tmp_path: Path, own: Own) -> None:
    """Every picture three times: a model that may look at the copies would always be right."""
    import shutil

    mine = gallery.copy(tmp_path)
    for file in list(mine.pictures.rglob("*.png")):
        for n in (1, 2):
            shutil.copy(file, file.with_name(f"{file.stem}-{n}.png"))
    with Collection.open(mine.path) as collection:
        flow.add(collection, mine.pictures)
        flow.embed(collection, flow.EmbedOptions(own.network, weights=own.file))
        assert len(collection.order()) == 72
        taught = flow.learn(collection, flow.LearnOptions(folds=4))
        assert any(note.startswith("48 of 72 images") for note in taught.card["notes"])
        flattered = flow.learn(collection, flow.LearnOptions(folds=4, group_duplicates=False))
        assert any("may flatter" in note for note in flattered.card["notes"])
        honest, flattering = (
            learned.metrics["baselines"]["nearest-neighbour"]["top1"]["value"]
            for learned in (taught, flattered)
        )
        assert honest < flattering > 0.9  # it finds the copy, unless all copies are tested


def test_what_is_said_before_the_work_begins(mine: Collection) -> None:
    with pytest.raises(NotFound, match="No method"):
        flow.learn(mine, flow.LearnOptions(method="svm"))
    for options in (
        {"target": ""},
        {"min_images": 0},
        {"test": 0.0},
        {"folds": 1},
        {"name": "../x"},
        {"name": ""},
        {"name": "two words"},
        {"name": "x."},
        {"name": "x" * 101},
        {"seed": 2**32},
    ):
        with pytest.raises(InvalidInput):
            flow.LearnOptions(**options)


def test_no_labels(mine: Collection) -> None:
    mine.set_label(mine.order().tolist(), None)
    with pytest.raises(InvalidInput, match="has no labels"):
        flow.learn(mine)
    assert len(mine.models()) == 1  # the one that was there


def test_labels_without_vectors(mine: Collection) -> None:
    mine.remove_space(mine.space_names()[0])
    with pytest.raises(NotFound, match="has no vectors"):
        flow.learn(mine)
    with pytest.raises(NotFound, match="space"):
        flow.predict(mine, flow.choose_model(mine), ["1"])


def test_choosing_a_model(mine: Collection) -> None:
    only = flow.choose_model(mine)
    assert flow.choose_model(mine, only) == only
    flow.learn(mine, flow.LearnOptions(name="second"))
    with pytest.raises(InvalidInput, match=r"several models.*second.*--model"):
        flow.choose_model(mine)
    assert flow.choose_model(mine, "second") == "second"
    folder = mine.path / "models" / "second"
    assert flow.model_place(folder, None) == (mine.path, "second")
    assert flow.model_place(mine.path, None) == (mine.path, None)
    assert flow.model_place(folder, "other") == (folder, "other")


def test_learning_again_replaces_the_model(mine: Collection) -> None:
    first = flow.learn(mine, flow.LearnOptions(name="mine", seed=1))
    again = flow.learn(mine, flow.LearnOptions(name="mine", seed=2))
    assert first.report == again.report
    assert mine.model("mine").card["options"]["seed"] == 2
    assert len(mine.models()) == 2


def test_predictions_of_files_and_of_images_agree(mine: Collection) -> None:
    model = flow.choose_model(mine)
    image = mine.image(10)
    told = flow.predict(mine, model, ["10", str(image.file)], k=3)
    assert told.names == (image.name, image.name)
    by_number, by_file = told.prediction.top(3)
    assert [label for label, _ in by_number] == [label for label, _ in by_file]
    for (_, ours), (_, theirs) in zip(by_number, by_file, strict=True):
        assert ours == pytest.approx(theirs, abs=2e-3)
    assert all(len(near) == 3 for near in told.neighbours)
    assert told.neighbours[1].ids[0] == 10  # the file is near its image,
    assert 10 not in told.neighbours[0].ids  # which is no neighbour of itself
    nearest = int(told.neighbours[0].ids[0])
    labelled = set(mine.labelled()[0].tolist())
    mine.set_label([nearest], None)
    further = flow.predict(mine, model, ["10"], k=24).neighbours[0]
    assert set(further.ids) == labelled - {10, nearest}


def without_tags(collection: Collection) -> None:
    for tag, _ in collection.facets().tags:
        collection.remove_tags(collection.ids_with(tag=tag).tolist(), [tag])


def tag_by_folder(collection: Collection) -> None:
    """Tag images by what they show, and a third of them with nothing to see."""
    without_tags(collection)
    ids, labels = collection.labelled()
    for label in sorted(set(labels.tolist())):
        collection.add_tags(ids[labels == label].tolist(), [label])
    collection.add_tags(ids[::3].tolist(), ["unseen"])
    collection.add_tags(ids[:2].tolist(), ["rare"])


TAGS = flow.LearnOptions(target="tags", folds=3, min_images=5)


def test_a_tagger_with_its_report(mine: Collection) -> None:
    tag_by_folder(mine)
    taught = flow.learn(mine, TAGS)
    assert taught.name == "tags-logistic"
    assert isinstance(taught.evaluation, TagEvaluation)
    assert "rare" not in taught.evaluation.tags and "unseen" in taught.evaluation.tags
    found = {one["tag"]: one for one in taught.metrics["tags"]}
    for tag, one in found.items():
        ranked = one["average_precision"]
        assert (ranked["low"] > 2 * ranked["chance"]) == (tag != "unseen"), tag
    assert any("Left out: 1 tags" in note for note in taught.card["notes"])
    record = mine.model(taught.name)
    assert "unseen" in taught.report.read_text(encoding="utf-8")
    data = json.loads(taught.report.with_suffix(".json").read_text(encoding="utf-8"))
    assert data["card"] == json.loads(json.dumps(record.card))
    assert data["card"]["target"] == "tags" and data["card"]["options"]["min_images"] == 5
    with pytest.raises(InvalidInput, match="not 'predicted'"):
        flow.values(mine, f"model:{taught.name}", mine.order())


def test_a_tagger_tells_pictures(mine: Collection) -> None:
    tag_by_folder(mine)
    name = flow.learn(mine, TAGS).name
    ids, labels = mine.labelled()
    told = flow.predict(mine, name, [str(ids[0])])
    assert labels[0] in {tag for tag, _ in told.prediction.top(2)[0]}
    assert ids[0] not in told.neighbours[0].ids
    by_steps = flow.learn(
        mine,
        flow.LearnOptions(
            target="tags",
            method="steps",
            min_images=5,
            tagging=flow.TagOptions(sampler="entropy", loss="weighted", steps=60, keep_bare=False),
        ),
    )
    assert by_steps.card["parameters"]["sampler"] == "entropy"
    assert by_steps.metrics["how"] == "split"
    folder = mine.model(by_steps.name).folder
    course = json.loads((folder / flow.CURVES).read_bytes())
    assert (course["unit"], course["total"], len(course["epochs"])) == ("step", 60, 60)
    assert (folder / flow.FIGURE).read_bytes().startswith(b"<svg")
    assert json.loads((folder / "report.json").read_bytes())["losses"]["steps"] == [*range(1, 61)]
    assert "Cost of a batch" in (folder / flow.REPORT).read_text(encoding="utf-8")


def test_a_tagger_of_two_spaces_tells_pictures(mine: Collection) -> None:
    tag_by_folder(mine)
    flow.embed(mine, flow.EmbedOptions(layers=("stage1",)))
    names = tuple(info.space.name for info in mine.spaces())
    taught = flow.learn(mine, replace(TAGS, space=names, name="both"))
    assert [space["layer"] for space in taught.card["spaces"]] == ["pool", "stage1"]
    ids, labels = mine.labelled()
    told = flow.predict(mine, "both", [str(ids[0])])
    assert labels[0] in {tag for tag, _ in told.prediction.top(2)[0]}


def test_tags_that_can_not_be_learned(mine: Collection) -> None:
    without_tags(mine)
    with pytest.raises(InvalidInput, match="has no tags"):
        flow.learn(mine, TAGS)
    mine.add_tags(mine.labelled()[0].tolist(), ["everywhere"])
    with pytest.raises(InvalidInput, match="have the same tags"):
        flow.learn(mine, TAGS)
    tag_by_folder(mine)
    for options, says in (
        ({"min_images": 1000}, "No tag has 1000 images"),
        ({"only": ("nothing*",)}, "No tag is like"),
        ({"method": "rbf-svm"}, "logistic or steps"),
    ):
        with pytest.raises(InvalidInput, match=says):
            flow.learn(mine, replace(TAGS, **options))
    with pytest.raises(NotFound, match="sampler"):
        flow.learn(mine, replace(TAGS, tagging=flow.TagOptions(sampler="entropyy")))
    assert len(mine.models()) == 1  # the one that was there


def test_a_recipe_says_what_it_read(mine: Collection) -> None:
    with pytest.raises(InvalidInput, match="reads fc7 of vgg19, which"):
        flow.learn(mine, flow.from_recipe("lagunas2017-svm"))
    space = mine.spaces()[0].space.name
    taught = flow.learn(mine, flow.from_recipe("lagunas2017-svm", {"space": (space,)}))
    assert taught.name == taught.card["recipe"] == "lagunas2017-svm"
    assert taught.card["parameters"] == {"kernel": "sigmoid", "C": 10.0, "gamma": 1e-4}
    assert taught.card["method_title"].endswith("one against the rest")
    assert any(note.startswith("The work reads fc7 of vgg19;") for note in taught.card["notes"])
    page = taught.report.read_text(encoding="utf-8")
    assert "Published: 86.61" in page
    assert "Not as published:" in page
    told = flow.predict(mine, taught.name, ["3"]).prediction
    assert isinstance(told, Prediction)
    assert told.probabilities.sum() == pytest.approx(1)


def test_heads_are_asked_for_what_they_have(mine: Collection) -> None:
    before = [(record.name, record.card) for record in mine.models()]
    for heads, method, message in (
        (flow.HeadOptions(against="rest"), "logistic", "no machines"),
        (flow.HeadOptions(rows="raw"), "rbf-svm", "gamma must be named"),
        (flow.HeadOptions(gamma=(1.0,)), "linear-svm", "has no gamma"),
        (flow.HeadOptions(flips=True), "linear-svm", "--flip both"),
    ):
        with pytest.raises(InvalidInput, match=message):
            flow.learn(mine, flow.LearnOptions(method=method, heads=heads))
    space = mine.spaces()[0].space.name
    with pytest.raises(InvalidInput, match="beside another one, not itself"):
        flow.learn(mine, flow.LearnOptions(space=(space, space)))
    assert [(record.name, record.card) for record in mine.models()] == before


def numbered(mine: Collection) -> list[int]:
    """Give the pictures likes that follow from their label, some of them none or no number."""
    ids: list[int] = mine.order().tolist()
    known = dict(zip(*(array.tolist() for array in mine.labelled()), strict=True))
    base = {"checks": 10.0, "discs": 50.0, "stripes": 90.0}
    rng = np.random.default_rng(0)
    likes = {i: base[known[i]] + float(rng.normal(0, 4)) for i in ids[2:]}
    likes[ids[2]] = float("nan")
    about = {i: About(properties={"likes": one, "camera": "old"}) for i, one in likes.items()}
    say(mine, about)
    return ids


def test_a_number_is_learned(mine: Collection) -> None:
    numbered(mine)
    taught = flow.learn(mine, flow.LearnOptions(target="likes", folds=4))
    account = taught.evaluation
    assert isinstance(account, NumberEvaluation)
    assert account.model.r2.low > 0.3
    assert account.model.mae.high < account.model.mae.chance
    assert taught.name == "likes-kernel-ridge"
    assert taught.card["target"] == "likes"
    assert taught.card["metrics"]["spearman"]["value"] > 0.7
    assert any("likes" in note for note in taught.card["notes"])
    page = taught.report.read_text(encoding="utf-8")
    assert "Told highest" in page
    assert 'src="http' not in page
    told = flow.predict(mine, taught.name, ["3", "4"])
    assert isinstance(told.prediction, NumberPrediction)
    assert told.prediction.numbers.shape == (2,)
    assert told.prediction.error > 0
    assert len(told.neighbours[0].ids)


def test_a_number_is_cut_at_the_median_of_what_is_learned_from(mine: Collection) -> None:
    numbered(mine)
    asked = flow.LearnOptions(target="likes", read_as="median", folds=4, method="logistic")
    taught = flow.learn(mine, asked)
    account = taught.evaluation
    assert isinstance(account, Evaluation)
    assert account.labels == ("high", "low")
    assert account.top1.low > account.top1.chance
    assert 30 < taught.card["cut"] < 70
    told = flow.predict(mine, taught.name, ["3"]).prediction
    assert isinstance(told, Prediction)
    assert told.labels == ("high", "low")
    space = (mine.spaces()[0].space.name,)
    with pytest.raises(InvalidInput, match="needs --target PROPERTY"):
        flow.from_recipe("bhaskar2015-linear", {"space": space})
    by_recipe = flow.from_recipe("bhaskar2015-linear", {"space": space, "target": "likes"})
    with pytest.raises(InvalidInput, match="no mirror images"):
        flow.learn(mine, by_recipe)


def test_properties_that_can_not_be_learned_are_told_in_a_sentence(mine: Collection) -> None:
    ids = numbered(mine)
    for target, options, error, message in (
        ("liks", {}, NotFound, "no property 'liks'.*hold numbers are likes"),
        ("camera", {}, InvalidInput, "holds words, not numbers"),
        ("likes", {"only": ("a*",)}, InvalidInput, "Leave --only out"),
        ("likes", {"method": "rbf-svm"}, InvalidInput, "--as median"),
        (
            "likes",
            {"method": "ridge", "heads": flow.HeadOptions(gamma=(1.0,))},
            InvalidInput,
            "no gamma",
        ),
        ("likes", {"heads": flow.HeadOptions(rows="raw")}, InvalidInput, "are for classes"),
    ):
        with pytest.raises(error, match=message):
            flow.learn(mine, flow.LearnOptions(target=target, **options))
    say(mine, {i: About(properties={"same": 3, "mostly": 7 if i > ids[9] else 1}) for i in ids})
    with pytest.raises(InvalidInput, match="is 3: nothing tells them apart"):
        flow.learn(mine, flow.LearnOptions(target="same"))
    with pytest.raises(InvalidInput, match="share the greatest number, 7"):
        flow.learn(mine, flow.LearnOptions(target="mostly", read_as="median"))
    say(mine, {i: About(properties={"few": float(i)}) for i in ids[:4]})
    with pytest.raises(InvalidInput, match="4 images have both"):
        flow.learn(mine, flow.LearnOptions(target="few"))
