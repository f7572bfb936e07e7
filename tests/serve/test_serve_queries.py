"""Neighbours, distributions, comparisons and retrieval through the app, against plain NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.serve.answers import Answers

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def cosines(room: Room, *towards: str, away: tuple[str, ...] = ()) -> NDArray[np.float64]:
    """Cosine of every usable image to a query by paths, the slow and obvious way."""
    rows = room.vectors.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def mean(paths: tuple[str, ...]) -> Any:
        return np.mean([rows[room.usable.index(room.ids[path])] for path in paths], axis=0)

    query = mean(towards)
    if away:
        query = query - 0.5 * mean(away)
    return np.asarray(rows @ query / np.linalg.norm(query))


def get(room: Room, path: str, **params: Any) -> Any:
    answer = room.client.get(f"/api/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_neighbours_are_the_nearest_images_beside_random_pairs(room: Room) -> None:
    id_ = room.ids["red/00.png"]
    said = get(room, "neighbours", term=f"image:{id_}", k=10, space=room.space.name)
    assert (said["space"], said["title"], said["total"]) == (room.space.name, "00.png", 33)
    expected = cosines(room, "red/00.png")
    expected[room.usable.index(id_)] = -2
    order = np.argsort(-expected, kind="stable")[:10]
    assert [one["id"] for one in said["neighbours"]] == [room.usable[row] for row in order]
    got = [one["similarity"] for one in said["neighbours"]]
    assert got == pytest.approx(expected[order], abs=1e-5)
    background = said["background"]
    for one in said["neighbours"]:
        z = (one["similarity"] - background["mean"]) / background["std"]
        assert one["z"] == pytest.approx(z, rel=1e-5)
        assert 0 <= one["percentile"] <= 100
    labels = [room.collection.image(one["id"]).label for one in said["neighbours"][:5]]
    assert labels == ["red"] * 5


def test_neighbours_come_in_parts(room: Room) -> None:
    term = f"image:{room.ids['blue/02.png']}"
    whole = get(room, "neighbours", term=term, k=33)["neighbours"]
    parts = [
        get(room, "neighbours", term=term, k=10, offset=n)["neighbours"] for n in (0, 10, 20, 30)
    ]
    assert [one for part in parts for one in part] == whole
    assert len(whole) == 33
    assert get(room, "neighbours", term=term, k=10, offset=40)["neighbours"] == []


def test_terms_move_towards_and_away(room: Room) -> None:
    towards, away = room.ids["red/00.png"], room.ids["green/01.jpg"]
    said = get(room, "neighbours", term=[f"image:{towards}", f"-image:{away}"], k=33)
    expected = cosines(room, "red/00.png", away=("green/01.jpg",))
    got = {one["id"]: one["similarity"] for one in said["neighbours"]}
    assert not {towards, away} & set(got)
    assert said["title"] == "00.png not 01.jpg"
    for id_, similarity in got.items():
        assert similarity == pytest.approx(expected[room.usable.index(id_)], abs=1e-5)
    by_label = get(room, "neighbours", term="label:blue", k=5)
    assert {room.collection.image(one["id"]).label for one in by_label["neighbours"]} == {"blue"}
    assert by_label["total"] == 34
    mixed = get(room, "neighbours", term=["tag:cold", "-label:blue"], k=5)
    assert {room.collection.image(one["id"]).label for one in mixed["neighbours"]} == {"green"}


def test_a_distribution_holds_every_image_and_its_bins_can_be_brushed(room: Room) -> None:
    term = f"image:{room.ids['green/04.png']}"
    said = get(room, "distribution", term=term, bins=50)
    values = np.delete(cosines(room, "green/04.png"), room.usable.index(room.ids["green/04.png"]))
    assert said["total"] == sum(said["counts"]) == 33
    assert said["counts"] == np.histogram(values, np.array(said["edges"]))[0].tolist()
    assert sum(said["background"]) == pytest.approx(33)
    assert said["mean"] == pytest.approx(values.mean(), abs=1e-5)
    assert said["std"] == pytest.approx(values.std(), abs=1e-5)
    quantiles = {one["q"]: one["value"] for one in said["quantiles"]}
    assert quantiles[0.5] == pytest.approx(np.median(values), abs=1e-5)

    seen: list[int] = []
    for low, high, count in zip(said["edges"], said["edges"][1:], said["counts"], strict=False):
        answer = room.client.get(
            "/api/distribution/images", params={"term": term, "low": low, "high": high}
        )
        ids = np.frombuffer(answer.content, "<i4")
        assert len(ids) == count == int(answer.headers["X-Total"])
        seen = ids.tolist() + seen
    whole = get(room, "neighbours", term=term, k=100)["neighbours"]
    assert seen == [one["id"] for one in whole]


def test_the_newest_space_is_the_default_and_others_can_be_named(room: Room) -> None:
    term = f"image:{room.ids['red/00.png']}"
    assert get(room, "distribution", term=term)["space"] == room.space.name
    assert get(room, "distribution", term=term, space=room.other.name)["space"] == room.other.name


@pytest.mark.parametrize(
    ("params", "status", "says"),
    [
        ({}, 422, "term"),
        ({"term": "image:999"}, 404, "999"),
        ({"term": "image:x"}, 400, "number"),
        ({"term": "nonsense"}, 400, "no term"),
        ({"term": "label:rde"}, 404, "Did you mean 'red'"),
        ({"term": "tag:nothing"}, 404, "tag"),
        ({"term": "upload:00"}, 404, "Drop the picture again"),
        ({"term": "-label:red"}, 400, "positive example"),
        ({"term": "label:red", "space": "nowhere"}, 404, "space"),
        ({"term": "label:red", "k": "0"}, 422, "k"),
        ({"term": "label:red", "k": "1001"}, 422, "k"),
    ],
)
def test_queries_that_can_not_be_answered_say_why(
    room: Room, params: dict[str, str], status: int, says: str
) -> None:
    answer = room.client.get("/api/neighbours", params=params)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


def test_an_image_without_a_vector_says_so(room: Room) -> None:
    answer = room.client.get("/api/neighbours", params={"term": f"image:{room.ids['broken.png']}"})
    assert answer.status_code == 404
    assert "no vector" in answer.json()["error"]["message"]


def test_a_brush_the_wrong_way_round(room: Room) -> None:
    params = {"term": "label:red", "low": "0.5", "high": "0.1"}
    assert room.client.get("/api/distribution/images", params=params).status_code == 400


def test_one_query_is_scanned_once_until_what_it_means_changes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.explore import similarity

    scans = []
    real = similarity.similarities_of

    def counted(*given: Any, **more: Any) -> Any:
        scans.append(1)
        return real(*given, **more)

    monkeypatch.setattr(similarity, "similarities_of", counted)
    params = {"term": ["label:green", f"-image:{room.ids['red/03.jpg']}"]}
    get(room, "neighbours", k=5, **params)
    get(room, "neighbours", k=7, offset=3, **params)
    get(room, "distribution", **params)
    room.client.get("/api/distribution/images", params={**params, "low": 0, "high": 1})
    assert len(scans) == 1
    id_ = room.ids["large.webp"]
    room.collection.set_label([id_], "green")
    try:
        get(room, "neighbours", k=5, **params)
        assert len(scans) == 2
    finally:
        room.collection.set_label([id_], None)
    get(room, "neighbours", k=5, **params)
    assert len(scans) == 2


def test_similarities_kept_are_bounded(room: Room) -> None:
    answers = Answers(room.collection, room.studio.uploads, most_bytes=34 * 4 * 3)
    for id_ in room.usable[:10]:
        answers.ask(None, [f"image:{id_}"])
    assert len(answers) == 3
