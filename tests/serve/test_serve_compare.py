"""Comparisons through the app, against plain NumPy; kept, and written as files."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.serve.compared import Compared
from impasto.serve.schemas import CompareIn, CompareQuery

if TYPE_CHECKING:
    from tests.serve.conftest import Room

TWO = {"queries": [{"terms": ["label:red"]}, {"terms": ["label:green"], "title": "leaves"}], "k": 9}


def ask(room: Room, path: str = "", **more: Any) -> Any:
    answer = room.client.post(f"/api/compare{path}", json={**TWO, **more})
    assert answer.status_code == 200, answer.text
    return answer


def similarities(room: Room) -> NDArray[np.float64]:
    """Cosine of every usable image to the mean directions of red and of green."""
    rows = room.vectors.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    means = []
    for label in ("red", "green"):
        ids = room.collection.ids_with(label=label).tolist()
        mean = rows[[room.usable.index(i) for i in ids if i in room.usable]].mean(axis=0)
        means.append(mean / np.linalg.norm(mean))
    return np.array(means) @ rows.T


def test_comparison_of_queries(room: Room) -> None:
    queries = [
        {"terms": ["label:red"]},
        {"terms": ["label:green"], "title": "leaves"},
        {"terms": ["tag:warm"]},
    ]
    answer = room.client.post("/api/compare", json={"queries": queries, "bins": 40})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["titles"] == ["red", "leaves", "warm"]
    assert len(said["edges"]) == 41
    assert [sum(counts) for counts in said["counts"]] == [34, 34, 34]
    for name, itself in (
        ("ks", 0),
        ("wasserstein", 0),
        ("spearman", 1),
        ("overlap", 1),
        ("rbo", 1),
    ):
        matrix = np.array(said[name])
        assert matrix == pytest.approx(matrix.T)
        assert np.diag(matrix) == pytest.approx(itself)
    assert said["spearman"][0][2] > 0.9 > said["spearman"][0][1]


@pytest.mark.parametrize(
    "body",
    [
        {"queries": [{"terms": ["label:red"]}]},
        {"queries": [{"terms": []}, {"terms": ["label:red"]}]},
        {"queries": [{"terms": ["label:red"]}] * 2, "bin": 5},
        {},
    ],
)
def test_a_comparison_needs_its_parts(room: Room, body: dict[str, Any]) -> None:
    assert room.client.post("/api/compare", json=body).status_code == 422


def test_chance_and_cuts_stand_beside(room: Room) -> None:
    said = ask(room).json()
    assert said["images"] == 34
    assert said["overlap_chance"] == 9 / 34
    assert 0 < said["rbo_chance"] < said["overlap_chance"]
    expected = np.sort(similarities(room), axis=1)[:, -9]
    assert said["cuts"] == pytest.approx(expected, abs=1e-5)
    assert [line[-1] for line in said["cumulative"]] == [1, 1]
    for counts, total in zip(said["backgrounds"], said["background_totals"], strict=True):
        assert sum(counts) == total > 0


def test_the_scatter_holds_every_image(room: Room) -> None:
    said = ask(room, "/scatter", cells=20).json()
    x, y = similarities(room)
    assert said["points"]["ids"] == room.usable
    assert said["points"]["x"] == pytest.approx(x, abs=1e-5)
    assert said["points"]["y"] == pytest.approx(y, abs=1e-5)
    cells = said["cells"]
    assert sum(cells["count"]) == 34
    turned = ask(room, "/scatter", cells=20, first=1, second=0, points=10).json()
    assert turned["points"] is None
    assert sorted(zip(*turned["cells"].values(), strict=True)) == sorted(
        zip(cells["row"], cells["column"], cells["count"], strict=True)
    )


def test_brushes_and_corners(room: Room) -> None:
    x, y = similarities(room)
    box = {"low": 0.2, "high": 1, "bottom": -1, "top": 0.25}
    got = np.frombuffer(ask(room, "/images", box=box).content, "<i4").tolist()
    inside = np.flatnonzero((x >= 0.2) & (y < 0.25))
    assert got == [room.usable[row] for row in inside[np.argsort(-(x - y)[inside])]]
    near = np.argsort(-x)[:9], np.argsort(-y)[:9]
    only = {room.usable[row] for row in np.setdiff1d(*near)}
    answer = ask(room, "/images", corner="first")
    assert set(np.frombuffer(answer.content, "<i4").tolist()) == only
    assert int(answer.headers["X-Total"]) == len(only)


def test_rank_changes(room: Room) -> None:
    x, y = similarities(room)
    before, after = ((-line).argsort().argsort() + 1 for line in (x, y))
    said = ask(room, "/changes", count=3).json()
    best = np.lexsort((np.minimum(before, after), after - before))[:3]
    assert [one["id"] for one in said["gains"]] == [room.usable[row] for row in best]
    assert [one["before"] for one in said["gains"]] == before[best].tolist()
    assert all(one["after"] > one["before"] for one in said["losses"])


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/images", {}, 422),
        ("/images", {"corner": "first", "box": {"low": 0, "high": 1, "bottom": 0, "top": 1}}, 422),
        ("/images", {"box": {"low": 1, "high": 0, "bottom": 0, "top": 1}}, 400),
        ("/scatter", {"first": 1}, 400),
        ("/changes", {"second": 5}, 400),
        ("/file", {"kind": "pdf"}, 422),
        ("", {"queries": [{"terms": ["label:red"], "slot": 1}, {"terms": ["tag:warm"]}]}, 422),
        ("", {"queries": [{"terms": ["label:rde"]}, {"terms": ["tag:warm"]}]}, 404),
    ],
)
def test_what_can_not_be_asked(room: Room, path: str, more: dict[str, Any], status: int) -> None:
    assert room.client.post(f"/api/compare{path}", json={**TWO, **more}).status_code == status


def test_files_are_those_of_the_library(room: Room) -> None:
    svg = ask(room, "/file", title="Colours", date="2026-01-02")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.headers["content-disposition"] == 'attachment; filename="comparison.svg"'
    assert b"Colours" in svg.content
    assert b"leaves" in svg.content
    data = ask(room, "/file", kind="zip", title="Colours", date="2026-01-02").content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("figure.svg") == svg.content
        said = json.loads(archive.read("comparison.json"))
        assert archive.read("images.csv").count(b"\n") == 35
    plain = ask(room).json()
    assert {name: said[name] for name in plain} == plain
    assert ask(room, "/file", kind="png").content.startswith(b"\x89PNG")


def test_comparisons_are_kept(room: Room) -> None:
    kept = {"name": "a/b ?", "space": room.other.name, **TWO}
    assert room.client.post("/api/comparisons", json=kept).status_code == 201
    (said,) = room.client.get("/api/comparisons").json()
    assert said["queries"][1] == {"title": "leaves", "terms": ["label:green"], "slot": 1}
    assert (said["name"], said["space"], said["k"]) == ("a/b ?", room.other.name, 9)
    address = "/api/comparisons/a%2Fb%20%3F"
    assert room.client.get(address).json() == said
    assert room.client.patch(address, json={"name": "c"}).status_code == 204
    assert room.client.get(address).status_code == 404
    upload = {**kept, "queries": [{"terms": ["upload:1"]}, {"terms": ["label:red"]}]}
    refused = room.client.post("/api/comparisons", json=upload)
    assert "from outside" in refused.json()["error"]["message"]
    assert room.client.delete("/api/comparisons/c").status_code == 204
    assert room.client.get("/api/comparisons").json() == []


def test_one_comparison_is_computed_once_until_what_it_means_changes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["impasto.explore.compare"]  # the package has a function of that name
    made = []
    real = module.compare

    def counted(*given: Any, **more: Any) -> Any:
        made.append(1)
        return real(*given, **more)

    monkeypatch.setattr(module, "compare", counted)
    asked = CompareIn(queries=[CompareQuery(terms=["tag:warm"]), CompareQuery(terms=["tag:cold"])])
    compared = Compared(room.studio.answers)
    compared.get(asked)
    asked.queries[0].title = "hot"
    assert compared.get(asked).titles == ("hot", "cold")
    assert len(made) == 1
    id_ = room.ids["large.webp"]
    room.collection.add_tags([id_], ["warm"])
    try:
        compared.get(asked)
        assert len(made) == 2
    finally:
        room.collection.remove_tags([id_], ["warm"])
