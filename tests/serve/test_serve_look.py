"""Whole rankings, spaces side by side, marks, cuts and sets through the app, against NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from impasto.core.records import Neighbours
from impasto.explore.ranks import rank_biased_overlap
from impasto.flow import Answer
from impasto.flow.look import NEAR
from impasto.serve.answers import Answers

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def get(room: Room, path: str, **params: Any) -> Any:
    answer = room.client.get(f"/api/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(room: Room, path: str, **params: Any) -> str:
    answer = room.client.get(f"/api/{path}", params=params)
    assert answer.status_code in (400, 404, 422), answer.text
    return str(answer.json()["error"]["message"])


def whole(room: Room, **params: Any) -> dict[int, float]:
    """Every image and its similarity, in order, as pages give them."""
    told = get(room, "neighbours", k=1000, **params)["neighbours"]
    return {one["id"]: one["similarity"] for one in told}


def test_the_whole_ranking_and_any_place_in_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    term = f"image:{room.ids['red/00.png']}"
    picked = get(room, "neighbours", term=term, k=33)["neighbours"]
    answer = room.client.get("/api/neighbours/order", params={"term": term})
    order = np.frombuffer(answer.content, "<i4").tolist()
    assert order == [one["id"] for one in picked]
    assert answer.headers["X-Total"] == "33"
    monkeypatch.setattr("impasto.serve.routes.neighbours.FIRST", 1)  # as far down a long list
    sorts = []
    real = Answer.ranking

    def counted(one: Answer) -> Neighbours:
        sorts.append(1)
        return real(one)

    monkeypatch.setattr(Answer, "ranking", counted)
    assert get(room, "neighbours", term=term, k=5, offset=20)["neighbours"] == picked[20:25]
    assert get(room, "neighbours", term=term, k=9, offset=30)["neighbours"] == picked[30:]
    assert get(room, "neighbours", term=term, offset=33)["neighbours"] == []
    assert len(sorts) == 0  # the whole ranking was sorted once, for its order


def test_side_by_side(room: Room) -> None:
    term = f"image:{room.ids['green/04.png']}"
    names = [room.space.name, room.other.name]
    said = get(room, "side-by-side", term=term, space=names, k=8)
    assert [column["space"] for column in said["columns"]] == names
    assert said["title"] == "04.png"
    alone = [whole(room, term=term, space=name) for name in names]
    orders = [list(ranking) for ranking in alone]
    for at, column in enumerate(said["columns"]):
        assert [one["id"] for one in column["neighbours"]] == orders[at][:8]
        for one in column["neighbours"]:
            assert one["ranks"] == [order.index(one["id"]) + 1 for order in orders]
            assert one["similarity"] == alone[at][one["id"]]
        assert column["total"] == 33
    (pair,) = said["agreements"]
    tops = [set(order[:8]) for order in orders]
    assert (pair["first"], pair["second"], pair["images"], pair["k"]) == (0, 1, 33, 8)
    assert set(pair["shared"]) == tops[0] & tops[1]
    assert pair["overlap"] == len(tops[0] & tops[1]) / 8
    assert pair["overlap_chance"] == pytest.approx(8 / 33)
    firsts = [np.array(order[:8]) for order in orders]
    assert pair["rbo"] == pytest.approx(rank_biased_overlap(*firsts))
    assert pair["rbo_chance"] == pytest.approx((1 - 0.9**8) / (0.1 * 33))
    common = sorted(alone[0])
    rho = stats.spearmanr([[one[i] for one in alone] for i in common]).statistic
    assert pair["spearman"] == pytest.approx(rho)


def test_what_can_not_stand_side_by_side(room: Room) -> None:
    term = f"image:{room.ids['green/04.png']}"
    name = room.space.name
    assert "twice" in refused(room, "side-by-side", term=term, space=[name, name])
    assert "space" in refused(room, "side-by-side", term=term, space=name)
    assert "space" in refused(room, "side-by-side", term=term, space=[name, "nowhere"])


def test_marks_are_what_the_neighbours_say_themselves(room: Room) -> None:
    asked = room.ids["blue/05.jpg"]
    term = f"image:{asked}"
    order = list(whole(room, term=term))[:20]
    said = get(room, "neighbours/marks", term=term, ids=",".join(map(str, order)), k=5)
    assert (said["k"], said["hub_from"], said["source"]) == (5, 15, "all")
    assert "all images asked" in said["sentence"]
    near = {image: list(whole(room, term=f"image:{image}")) for image in room.usable}
    assert [mark["id"] for mark in said["marks"]] == order
    for mark in said["marks"]:
        back = near[mark["id"]].index(asked) + 1
        assert mark["back"] == back
        assert mark["mutual"] == (back <= 5)
        often = sum(mark["id"] in others[:5] for others in near.values())
        estimate = mark["occurrence"]
        assert (estimate["value"], estimate["low"], estimate["chance"]) == (often, often, 5)
        assert mark["hub"] == (often >= 15)
    assert len({mark["mutual"] for mark in said["marks"]}) == 2


def test_marks_of_a_mean_and_of_what_is_in_the_query(room: Room) -> None:
    first = room.ids["red/00.png"]
    said = get(room, "neighbours/marks", term="label:red", ids=str(first))
    (mark,) = said["marks"]
    assert (said["k"], mark["back"], mark["mutual"]) == (NEAR, None, None)
    assert mark["occurrence"] is not None
    assert get(room, "neighbours/marks", term=f"image:{first}", ids=f"{first},9999")["marks"] == []
    assert "whole numbers" in refused(room, "neighbours/marks", term="label:red", ids="1,x")


def test_the_cut_is_told_at_every_edge(room: Room) -> None:
    said = get(room, "distribution", term="label:green", bins=80)
    values = np.array(list(whole(room, term="label:green").values()))
    edges = np.array(said["edges"])
    assert said["parts"] == [9]
    assert said["above"] == [int(np.count_nonzero(values >= edge)) for edge in edges]
    assert said["expected"][0] == pytest.approx(said["unrelated"] * 34)
    for above, expected, share in zip(said["above"], said["expected"], said["shares"], strict=True):
        assert (share is None) == (above == 0)
        if share is not None:
            assert share == pytest.approx(min(1, expected / above))
    cut = said["cut"]
    fits = [i for i, share in enumerate(said["shares"]) if share is not None and share <= 0.1]
    if cut is None:
        assert not fits or said["above"][fits[0]] > 17
    else:
        assert cut["similarity"] == said["edges"][fits[0]]
    wider = get(room, "distribution", term="label:green", bins=80, share=0.4)
    assert wider["cut"] is not None
    assert f"{wider['cut']['count']} images are" in wider["cut_sentence"]
    nothing = get(room, "distribution", term="label:green", share=0.0001)
    assert nothing["cut"] is None
    assert "nothing stands out" in nothing["cut_sentence"]
    assert "share" in refused(room, "distribution", term="label:green", share=1)


def test_a_mean_stands_beside_means(room: Room) -> None:
    """Against pairs of images even a mean of anything would stand out."""
    said = get(room, "distribution", term="tag:cold")
    alone = get(room, "distribution", term=f"image:{room.usable[0]}")
    assert (said["parts"], alone["parts"]) == ([18], [1])
    assert said["background_mean"] > alone["background_mean"] + 0.1


def test_inside_against_outside(room: Room) -> None:
    term = f"image:{room.ids['red/03.jpg']}"
    said = get(room, "distribution/inside", term=term, of="label:red", bins=60)
    values = whole(room, term=term)
    red = set(room.collection.ids_with(label="red").tolist())
    inside = np.array([image in red for image in values])
    similarity = np.array(list(values.values()))
    assert (said["inside_title"], said["asked"]) == ("red", False)
    assert (said["inside_total"], said["outside_total"]) == (inside.sum(), (~inside).sum())
    edges = np.array(said["edges"])
    assert said["inside"] == np.histogram(similarity[inside], edges)[0].tolist()
    assert said["outside"] == np.histogram(similarity[~inside], edges)[0].tolist()
    assert said["auc"]["value"] == pytest.approx(roc_auc_score(inside, similarity))
    assert said["auc"]["low"] < said["auc"]["value"] <= said["auc"]["high"]
    assert said["ks"] == pytest.approx(
        stats.ks_2samp(similarity[inside], similarity[~inside]).statistic
    )
    assert get(room, "distribution/inside", term="tag:warm", of="tag:warm")["asked"]
    assert "set of images" in refused(room, "distribution/inside", term=term, of="image:3")
    assert "Did you mean 'red'" in refused(room, "distribution/inside", term=term, of="label:rde")


def test_every_label_and_tag(room: Room) -> None:
    term = f"image:{room.ids['green/01.jpg']}"
    said = get(room, "distribution/groups", term=term, bins=40)
    assert (said["by"], said["left_out"]) == ("label", 0)
    assert said["groups"][0]["name"] == "green"
    assert {group["name"] for group in said["groups"]} == {"red", "green", "blue"}
    for group in said["groups"]:
        inside = get(room, "distribution/inside", term=term, of=f"label:{group['name']}", bins=40)
        assert group["counts"] == inside["inside"]
        assert group["size"] == inside["inside_total"]
        assert group["auc"] == pytest.approx(inside["auc"])
        assert group["mean"] == pytest.approx(inside["inside_mean"])
    tags = get(room, "distribution/groups", term=term, by="tag", most=1)
    assert [group["name"] for group in tags["groups"]] == ["cold"]
    assert tags["left_out"] == 2


def test_hubs_that_would_take_long_are_a_job(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ",".join(map(str, room.usable[:4]))
    monkeypatch.setattr("impasto.flow.look._PAIRS", 34 * 10)
    fresh = Answers(room.collection, room.studio.uploads)
    monkeypatch.setattr(room.studio, "answers", fresh)
    sampled = get(room, "neighbours/marks", term="tag:warm", ids=ids, k=4)
    assert sampled["source"] == "sample"
    assert "10 of 34" in sampled["sentence"]
    estimate = sampled["marks"][0]["occurrence"]
    assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert estimate["high"] > estimate["low"]
    monkeypatch.setattr("impasto.flow.look._PAIRS", 34)
    none = get(room, "neighbours/marks", term="tag:warm", ids=ids, k=3)
    assert none["source"] == "none"
    assert "job" in none["sentence"]
    assert (none["marks"][0]["occurrence"], none["marks"][0]["hub"]) == (None, None)
    asked = {"kind": "graph", "options": {"space": room.space.name}}
    job = room.client.post("/api/jobs", json=asked).json()["id"]
    assert room.studio.jobs.wait(job, 60).state == "done"
    known = get(room, "neighbours/marks", term="tag:warm", ids=ids, k=3)
    assert known["source"] == "graph"
    assert known["marks"][0]["hub"] is not None
