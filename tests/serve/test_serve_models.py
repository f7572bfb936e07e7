"""Models through the app: cards, reports, answers; the learning is real."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.answered import Answered
from impasto.serve.headers import REPORT_POLICY
from impasto.store import SCORES_FILE, scores_to_bytes

if TYPE_CHECKING:
    from tests.serve.conftest import Room

    from impasto.learn import Model


@pytest.fixture(scope="module")
def model(room: Room) -> Model:
    from impasto.learn import Config, card, learn

    ids, labels = room.collection.labelled()
    rows = [row for row, id_ in enumerate(room.usable) if id_ in set(ids.tolist())]
    learned = learn(
        room.vectors[rows],
        [str(labels[ids.tolist().index(room.usable[row])]) for row in rows],
        space=room.space,
        ids=np.array([room.usable[row] for row in rows]),
        folds=np.arange(len(rows)) // 3 % 3,
        config=Config("logistic"),
    )
    told = card(learned.model, learned.evaluation, title="Colours")
    told["created"] = "2026-01-02T03:04:05+00:00"
    files = {
        **learned.model.files(),
        "report.html": b"<!doctype html><title>Report</title>",
        SCORES_FILE: scores_to_bytes(learned.evaluation.kept),
    }
    room.collection.save_model("colours", files, told)
    room.collection.save_model("bare", learned.model.files(), learned.model.to_json())
    return learned.model


def test_models_are_listed_with_their_scores(room: Room, model: Model) -> None:
    bare, said = room.client.get("/api/models").json()
    assert (said["name"], said["target"], said["method"]) == ("colours", "label", "logistic")
    assert said["title"] == "Colours"
    assert bare["title"] == "label, logistic, drawn by-hand"
    assert said["space"] == room.space.name
    assert said["labels"] == ["blue", "green", "red"]
    assert said["created"] == "2026-01-02T03:04:05+00:00"
    top1 = said["metrics"]["top1"]
    assert top1["low"] <= top1["value"] <= top1["high"]
    assert top1["value"] > 0.8 > top1["chance"]
    assert bare["metrics"] == {}
    assert room.client.get("/api/collection").json()["models"] == [bare, said]


def test_a_model_is_told_in_full(room: Room, model: Model) -> None:
    said = room.client.get("/api/models/colours").json()
    assert [one["name"] for one in said["baselines"]] == ["nearest-neighbour", "majority", "chance"]
    assert [one["name"] for one in said["scores"]] == ["blue", "green", "red"]
    assert sum(one["tested"] for one in said["scores"]) == 27
    assert said["card"]["parameters"]["C"] > 0
    assert said["has_report"] is True
    assert room.client.get("/api/models/bare").json()["has_report"] is False


def test_a_report_can_load_and_run_nothing(room: Room, model: Model) -> None:
    answer = room.client.get("/api/models/colours/report")
    assert answer.text == "<!doctype html><title>Report</title>"
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"] == REPORT_POLICY
    assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert "sandbox" in REPORT_POLICY
    assert "allow-scripts" not in REPORT_POLICY
    missing = room.client.get("/api/models/bare/report")
    assert missing.status_code == 404
    assert "learn it again" in missing.json()["error"]["message"]


def test_images_by_what_a_model_said(room: Room, model: Model) -> None:
    kept = room.collection.tested("colours")
    right = kept.ids[kept.values("error") == 0]
    asked = "sort=model:colours:score&range=model:colours:error=..0&limit=500"
    page = room.client.get(f"/api/images?{asked}").json()
    assert page["total"] == len(right)
    place = {image: row for row, image in enumerate(kept.ids.tolist())}
    scores = kept.values("score")[[place[image["id"]] for image in page["images"]]]
    assert (np.diff(scores) >= 0).all()
    order = room.client.get("/api/order", params={"sort": "model:colours:margin"}).content
    assert set(kept.ids) == set(np.frombuffer(order, "<i4")[: len(kept)].tolist())
    name = kept.names[0]
    given = room.client.get("/api/images", params={"answer": f"colours={name}"}).json()
    assert {image["id"] for image in given["images"]} == set(kept.ids[kept.gave(name)])
    bars = room.client.get("/api/facet", params={"by": "model:colours:score"}).json()["bins"]
    assert sum(bar["count"] for bar in bars) == len(kept)
    wrong = room.client.get("/api/values", params={"by": "model:colours:why"})
    assert wrong.status_code == 400 and "asked for predicted" in wrong.text
    assert room.client.get("/api/images", params={"sort": "model:bare:score"}).status_code == 404


def test_models_side_by_side(room: Room, model: Model) -> None:
    card = {**room.collection.model("colours").card, "title": "Another"}
    kept = room.collection.tested("colours")
    worse = replace(kept, scores=np.roll(kept.scores, 1, axis=0))
    files = {**model.files(), SCORES_FILE: scores_to_bytes(worse)}
    room.collection.save_model("another", files, card)
    told = room.client.get("/api/models-compared?names=colours,another").json()
    assert told["models"] == ["colours", "another"] and told["images"] == len(kept)
    rows = {row["name"]: row for row in told["rows"]}
    right = 1 - kept.values("error").mean()
    assert rows["colours"]["measures"]["top1"]["value"] == pytest.approx(right)
    assert {"chance", "majority", "nearest:colours"} <= rows.keys()
    top1 = told["pairs"][0]
    asked = "names=colours,another&first=colours&second=another"
    alone = room.client.get(f"/api/models-compared/images?{asked}&cell=first").content
    ids = np.frombuffer(alone, "<i4")
    mine, theirs = kept.values("error") == 0, worse.values("error") == 0
    assert set(ids.tolist()) == set(kept.ids[mine & ~theirs].tolist())
    assert top1["first_alone"] == len(ids)  # no near-duplicates here
    for wrong in ("names=colours", "names=colours,bare", "names=colours,nobody"):
        answer = room.client.get(f"/api/models-compared?{wrong}")
        assert answer.status_code in (400, 404), answer.text


def test_models_of_numbers_side_by_side(room: Room, model: Model) -> None:
    n = len(room.usable)
    truth = np.arange(n, dtype=np.float32)
    for name, off in (("near", 1.0), ("far", 3.0)):
        told = Answered(
            (),
            np.array(room.usable),
            truth[:, None] + np.float32(off),
            truth,
            np.zeros(n, np.int16),
            np.arange(n),
        )
        card = {**model.to_json(), "target": "year", "title": name, "space_name": "x"}
        files = {**model.files(), SCORES_FILE: scores_to_bytes(told)}
        room.collection.save_model(name, files, card)
    told = room.client.get("/api/models-compared?names=near,far").json()
    assert (told["target"], told["names"], told["gaps"]) == ("number", [], [])
    rows = {row["name"]: row["measures"] for row in told["rows"]}
    assert rows["near"]["mae"]["value"] == pytest.approx(1)
    assert rows["far"]["rmse"]["value"] == pytest.approx(3)
    assert rows["median"]["mae"]["value"] == pytest.approx(np.abs(truth - np.median(truth)).mean())
    assert told["pairs"][0]["first_alone"] == n
    asked = "names=near,far&first=near&second=far&cell=first"
    closer = room.client.get(f"/api/models-compared/images?{asked}").content
    assert set(np.frombuffer(closer, "<i4").tolist()) == set(room.usable)
    mixed = room.client.get("/api/models-compared?names=near,colours")
    assert mixed.status_code == 400
    assert "near tells numbers, colours tells labels" in mixed.text


def test_a_model_answers_about_an_image(room: Room, model: Model) -> None:
    id_ = room.ids["turned.jpg"]
    answer = room.client.post("/api/models/colours/predict", json={"term": f"image:{id_}"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    row = room.vectors[room.usable.index(id_)][None]
    expected = model.predict(row, room.space).top(5)[0]
    assert [(one["label"], one["probability"]) for one in said["predictions"]] == [
        (label, pytest.approx(probability)) for label, probability in expected
    ]
    assert sum(one["probability"] for one in said["predictions"]) == pytest.approx(1)
    near = said["neighbours"]
    assert len(near) == 12
    assert all(one["label"] in model.labels and one["id"] != id_ for one in near)
    similarities = [one["similarity"] for one in near]
    assert similarities == sorted(similarities, reverse=True)


@pytest.mark.parametrize(
    ("term", "status"),
    [
        ("label:red", 400),
        ("-image:1", 400),
        ("image:999", 404),
        ("upload:00", 404),
        ("nonsense", 400),
    ],
)
def test_a_model_is_asked_about_one_picture(
    room: Room, model: Model, term: str, status: int
) -> None:
    answer = room.client.post("/api/models/colours/predict", json={"term": term})
    assert answer.status_code == status


def test_predictions_need_a_body_that_makes_sense(room: Room, model: Model) -> None:
    path = "/api/models/colours/predict"
    for answer in (
        room.client.post(path),
        room.client.post(path, json={"image": 1}),
        room.client.post(path, content=b"{", headers={"Content-Type": "application/json"}),
        room.client.post(path, data={"file": "text"}, files={"other": b""}),
        room.client.post(path, files={"file": ("a.png", b"no picture")}),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["kind"] == "invalid_input"


@pytest.mark.parametrize("name", ["colour", "..", "%2e%2e", "..%2f..", ".new-colours"])
def test_a_model_that_is_not_there(room: Room, model: Model, name: str) -> None:
    for path in (f"models/{name}", f"models/{name}/report"):
        assert room.client.get(f"/api/{path}").status_code == 404


def test_a_model_learned_anew_is_loaded_anew(room: Room, model: Model) -> None:
    first = room.studio.models.load("colours")
    assert room.studio.models.load("colours") is first
    record = room.collection.model("colours")
    files = {name: (record.folder / name).read_bytes() for name in model.files()}
    room.collection.save_model("again", files, record.card)
    again = room.studio.models.load("again")
    room.collection.save_model("again", files, record.card)
    assert room.studio.models.load("again") is not again


def test_a_model_is_learned_as_a_job(room: Room, model: Model) -> None:
    options = {"method": "logistic", "space": room.space.name, "folds": 3, "name": "taught"}
    said = room.client.post("/api/jobs", json={"kind": "learn", "options": options}).json()
    assert said["title"] == "Learn label with logistic"
    over = room.studio.jobs.wait(said["id"], 60)
    assert (over.state, over.error) == ("done", None)
    assert over.notes
    assert len(over.notes) == len(set(over.notes))
    taught = room.client.get("/api/models/taught").json()
    assert taught["metrics"]["top1"]["value"] > 0.8
    assert taught["has_report"] is True
    report = room.client.get("/api/models/taught/report")
    assert "<svg" in report.text or "<table" in report.text
    assert "<script" not in report.text


@pytest.mark.parametrize(
    ("options", "status"),
    [({"target": "nothing"}, 400), ({"name": "../x"}, 400), ({"space": "nowhere"}, 404)],
)
def test_learning_that_can_not_work_is_refused_at_once(
    room: Room, model: Model, options: dict[str, str], status: int
) -> None:
    answer = room.client.post("/api/jobs", json={"kind": "learn", "options": options})
    assert answer.status_code == status
