"""What can be learned, told by the server; problems beside their options; models kept and gone."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest

from impasto import flow
from impasto.cli.teach import learn
from impasto.core.space import Space
from impasto.learn import LOSSES, METHODS, SAMPLERS, TAG_METHODS

if TYPE_CHECKING:
    from tests.serve.conftest import Room

Told = dict[str, Any]


@pytest.fixture
def told(room: Room) -> Told:
    found: Told = room.client.get("/api/learning").json()
    return found


def outlook(room: Room, **options: Any) -> Told:
    answer = room.client.post("/api/learning/outlook", json={"options": options})
    assert answer.status_code == 200, answer.text
    found: Told = answer.json()
    return found


def test_everything_is_told_by_the_registries(told: Told) -> None:
    label, tags = told["targets"][:2]
    assert [one["name"] for one in label["methods"]] == list(METHODS)
    assert label["method"] == "linear-svm"
    assert [one["name"] for one in tags["methods"]] == list(TAG_METHODS)
    assert tags["least"] == 20
    options = {one["name"]: one for one in told["options"]}
    for name, registry in (("tagging.loss", LOSSES), ("tagging.sampler", SAMPLERS)):
        assert [one["name"] for one in options[name]["choices"]] == list(registry)
    plain = {each.name for each in fields(flow.LearnOptions)} - {"tagging", "heads"}
    inner = {
        f"{name}.{each.name}"
        for name, kind in (("tagging", flow.TagOptions), ("heads", flow.HeadOptions))
        for each in fields(kind)
    }
    assert set(options) == plain | inner
    assert all(one["help"] and "`" not in one["help"] for one in options.values())
    assert options["tagging.aim"]["needs"] == {"target": ["tags"]}
    assert options["folds"]["kind"] == "whole" and options["folds"]["default"] is None
    assert options["group_duplicates"]["kind"] == "switch"


def test_a_form_asks_what_the_command_line_asks(told: Told) -> None:
    """Bounds and defaults of `impasto learn` are those of the form."""
    options = {one["name"]: one for one in told["options"]}
    for one in learn.params:
        mine = next(
            (
                options[each]
                for each in (one.name, f"tagging.{one.name}", f"heads.{one.name}")
                if each in options
            ),
            None,
        )
        if mine is None or not isinstance(one, click.Option):
            continue
        if isinstance(one.type, click.IntRange) and mine["low"] is not None:
            assert one.type.min == mine["low"], one.name
        if one.default is not None and not one.multiple and isinstance(one.default, int | float):
            assert one.default == mine["default"], one.name


def test_options_that_others_need_are_there(told: Told) -> None:
    options = {one["name"]: one for one in told["options"]}
    for one in told["options"]:
        for needed, values in one["needs"].items():
            known = [each["name"] for each in options[needed]["choices"]]
            if needed == "method":
                known = [each["name"] for target in told["targets"] for each in target["methods"]]
            assert set(values) - {""} <= set(known), one["name"]


def test_it_says_what_would_be_learned(room: Room) -> None:
    found = outlook(room, target="label", space=room.space.name)
    assert found == {
        "sentence": "3 labels, on 28 pictures.",
        "problems": [],
        "taken": {"name": "label-linear-svm", "min_images": "2"},
    }
    found = outlook(room, target="label", only=["r*", "b*"])
    assert found["sentence"] == "2 labels, on 19 pictures."
    found = outlook(room, target="tags", min_images=5, tagging={"aim": "recall"})
    assert found["sentence"] == "3 tags, given 36 times."


@pytest.mark.parametrize(
    ("options", "option", "word"),
    [
        ({"folds": "many"}, "folds", "valid integer"),
        ({"folds": 1}, "folds", "at least 2"),
        ({"folds": 200}, "folds", "at most 50"),
        ({"target": "moods"}, "target", "moods"),
        ({"method": "steps"}, "method", "linear-svm"),
        ({"target": "tags", "min_images": 3, "method": "rbf-svm"}, "method", "logistic"),
        ({"tagging": {"aim": "luck"}}, "tagging.aim", "recall"),
        ({"target": "tags", "min_images": 3, "tagging": {"loss": "none"}}, "tagging.loss", "focal"),
        (
            {"target": "tags", "min_images": 3, "tagging": {"steps": 0}},
            "tagging.steps",
            "at least 1",
        ),
        ({"name": "../up"}, "name", "can't be the name"),
        ({"space": "nowhere"}, "space", "nowhere"),
        ({"only": ["z*"]}, "only", "No label is like that"),
        ({"min_images": 25}, "min_images", "the commonest has"),
        ({"colour": "red"}, "colour", "Unexpected"),
        ({"recipe": "nobody1900"}, "recipe", "nobody1900"),
    ],
)
def test_what_is_in_the_way_stands_beside_its_option(
    room: Room, options: Told, option: str, word: str
) -> None:
    found = outlook(room, **options)
    assert found["sentence"] == ""
    assert [one["option"] for one in found["problems"]] == [option]
    assert word in found["problems"][0]["message"]


def test_a_recipe_settles_its_options(room: Room, told: Told) -> None:
    recipes = {one["name"]: one for one in told["recipes"]}
    recipe = recipes["lagunas2017-svm"]
    assert recipe["settles"]["method"] == "sigmoid-svm" and recipe["settles"]["heads.c"] == "10.0"
    names = {one["name"] for one in told["options"]}
    assert all(set(one["settles"]) <= names for one in told["recipes"])
    found = outlook(room, recipe="lagunas2017-svm", space=room.space.name)
    assert found["problems"] == [] and found["sentence"]
    against = outlook(room, recipe="lagunas2017-svm", space=room.space.name, method="logistic")
    assert "settles method" in against["problems"][0]["message"]
    options = {"recipe": "lagunas2017-svm", "space": room.space.name, "folds": 3}
    job = room.client.post("/api/jobs", json={"kind": "learn", "options": options}).json()
    over = room.studio.jobs.wait(job["id"], 60)
    assert (over.state, over.error) == ("done", None)
    said = room.client.get("/api/models/lagunas2017-svm").json()
    assert (said["method"], said["recipe"]) == ("sigmoid-svm", "lagunas2017-svm")
    room.collection.remove_model("lagunas2017-svm")


def test_a_job_with_a_problem_is_refused(room: Room) -> None:
    asked = {"kind": "learn", "options": {"only": ["z*"]}}
    answer = room.client.post("/api/jobs", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "No label is like that."


def test_a_model_is_learned_renamed_and_removed(room: Room) -> None:
    options = {"method": "logistic", "folds": 3, "space": room.space.name, "name": "mine"}
    job = room.client.post("/api/jobs", json={"kind": "learn", "options": options}).json()
    assert room.studio.jobs.wait(job["id"], 60).state == "done"
    assert job["options"]["name"] == "mine" and job["options"]["tagging"]["aim"] == "f1"
    said = room.client.get("/api/models/mine").json()
    assert said["tested"] and said["images"] == 27 and said["recipe"] is None
    assert said["metrics"]["top1"]["value"] > said["metrics"]["top1"]["chance"]
    assert {one["name"] for one in said["scores"]} == {"red", "green", "blue"}
    assert all(one["estimates"]["top1"]["chance"] >= 0 for one in said["scores"])
    tested = room.collection.tested("mine")
    wrong = int((tested.answers != tested.truth).sum())
    assert sum(one["images"] for one in said["mistakes"]) == wrong
    outlook_ = outlook(room, method="logistic", name="mine")
    assert "takes the place of the model mine" in outlook_["sentence"]

    taken = room.client.patch("/api/models/nobody", json={"name": "x"})
    assert taken.status_code == 404
    bad = room.client.patch("/api/models/mine", json={"name": "a b"})
    assert bad.status_code == 400
    assert room.client.patch("/api/models/mine", json={"name": "yours"}).status_code == 204
    assert [one["name"] for one in room.client.get("/api/models").json()] == ["yours"]
    assert room.client.delete("/api/models/yours").status_code == 204
    assert room.client.get("/api/models").json() == []
    assert room.client.delete("/api/models/yours").status_code == 404


def test_mistakes_are_counted_pair_by_pair(room: Room) -> None:
    """Against counting them one by one, with a model that is often wrong."""
    flow.learn(
        room.collection,
        flow.LearnOptions(space=room.other.name, folds=3, name="poor", method="logistic"),
    )
    tested = room.collection.tested("poor")
    pairs: dict[tuple[str, str], int] = {}
    for truth, answer in zip(tested.truth.tolist(), tested.answers.tolist(), strict=True):
        if truth != answer:
            pair = (tested.names[truth], tested.names[answer])
            pairs[pair] = pairs.get(pair, 0) + 1
    found = flow.mistakes(room.collection, "poor")
    assert {(one.truth, one.answer): one.images for one in found} == pairs
    counts = [one.images for one in found]
    assert counts == sorted(counts, reverse=True)
    ids = room.client.get("/api/images?answer=poor=red&label=blue").json()["images"]
    assert len(ids) == pairs.get(("blue", "red"), 0)
    room.collection.remove_model("poor")


def test_a_network_that_vectors_are_from_stays(room: Room) -> None:
    flow.learn(room.collection, flow.LearnOptions(space=room.space.name, folds=3, name="kept"))
    space = Space("model:kept", "pool", dimension=2, weights="1" * 64)
    with room.collection.writing(space) as writing:
        writing.save(ids=room.usable[:1], values=[np.array([[0.6, 0.8]], np.float32)])
    for answer in (
        room.client.patch("/api/models/kept", json={"name": "other"}),
        room.client.delete("/api/models/kept"),
    ):
        assert answer.status_code == 400
        assert "are from the network kept" in answer.json()["error"]["message"]
