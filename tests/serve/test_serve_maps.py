"""Maps through the app: made by a job, given as points and as a grid, coloured, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tests.serve.conftest import Room

ROW = np.dtype([("id", "<i4"), ("x", "<f4"), ("y", "<f4")])


@pytest.fixture(scope="module")
def mapped(room: Room) -> Iterator[str]:
    """A PCA map, made through the app; its name."""
    asked = {"kind": "map", "options": {"method": "pca"}}
    job = room.client.post("/api/jobs", json=asked).json()
    assert job["title"] == "Map drawn by-hand with PCA"
    done = room.studio.jobs.wait(job["id"], 60)
    assert (done.state, done.error) == ("done", None)
    assert done.notes == (f"34 images are on the map pca-{room.space.name}.",)
    yield f"pca-{room.space.name}"


def rows(room: Room, path: str) -> NDArray[Any]:
    answer = room.client.get(path)
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, ROW)


def test_the_card(room: Room, mapped: str) -> None:
    (card,) = room.client.get("/api/maps").json()
    assert card == room.client.get(f"/api/maps/{mapped}").json()
    assert card["title"] == "PCA of drawn by-hand"
    assert card["images"] == 34
    assert card["placed"] == 0
    found = card["faithfulness"]
    assert found["exact"]
    assert 0.5 < found["trustworthiness"]["chance"] < 0.6 < found["trustworthiness"]["value"] < 1
    assert found["label_hit"]["chance"] < found["label_hit"]["value"]


def test_points_and_grid(room: Room, mapped: str) -> None:
    points, grid = rows(room, f"/api/maps/{mapped}/points"), rows(room, f"/api/maps/{mapped}/grid")
    assert points["id"].tolist() == room.usable == grid["id"].tolist()
    for places in (points, grid):
        assert min(places["x"].min(), places["y"].min()) >= 0
        assert max(places["x"].max(), places["y"].max()) <= 1
    wide, high = np.ptp(points["x"]), np.ptp(points["y"])
    assert max(wide, high) == pytest.approx(1)
    unit = room.vectors / np.linalg.norm(room.vectors, axis=1, keepdims=True)
    _, _, axes = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    spread = np.ptp((unit - unit.mean(axis=0)) @ axes[:2].T, axis=0)
    assert high / wide == pytest.approx(spread[1] / spread[0], rel=1e-3)  # the aspect is kept
    card = room.client.get(f"/api/maps/{mapped}").json()
    side = max(card["columns"], card["rows"])
    cells = np.stack([grid["x"] * side - 0.5, grid["y"] * side - 0.5], axis=1)
    cells -= cells.min(axis=0)
    np.testing.assert_allclose(cells, np.round(cells), atol=1e-4)
    assert len(np.unique(np.round(cells), axis=0)) == 34


def test_points_are_kept_by_the_browser(room: Room, mapped: str) -> None:
    first = room.client.get(f"/api/maps/{mapped}/points")
    again = room.client.get(
        f"/api/maps/{mapped}/points", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert first.headers["x-total"] == "34"


def coloured(room: Room, by: str, mapped: str | None) -> tuple[dict[str, Any], NDArray[Any]]:
    asked = {"by": by} | ({"map": mapped} if mapped else {})
    about = room.client.get("/api/values", params=asked).json()
    data = room.client.get("/api/values/data", params=asked).content
    return about, np.frombuffer(data, "<f4" if about["kind"] == "number" else "<i4")


@pytest.mark.parametrize("whole", [False, True])
def test_colours(room: Room, mapped: str, whole: bool) -> None:
    images = room.collection.images(room.collection.order() if whole else room.usable)
    where = None if whole else mapped

    def named(by: str) -> list[str | None]:
        about, codes = coloured(room, by, where)
        names = [one["name"] for one in about["categories"]]
        assert about["total"] == len(images)
        assert about["missing"] == np.count_nonzero(codes < 0)
        for code, one in enumerate(about["categories"]):
            assert one["count"] == np.count_nonzero(codes == code) > 0
        return [names[code] if code >= 0 else None for code in codes.tolist()]

    assert named("label") == [image.label for image in images]
    assert named("split") == [image.split for image in images]
    assert named("tag:warm") == [
        "warm" if "warm" in image.tags else "without warm" for image in images
    ]
    assert named("property:note") == [image.properties.get("note") for image in images]
    about, years = coloured(room, "property:year", where)
    assert (about["low"], about["high"]) == (1900, 1926)
    wanted = [image.properties.get("year", np.nan) for image in images]
    np.testing.assert_array_equal(years, np.array(wanted, np.float32))


def test_what_came_later(room: Room, mapped: str) -> None:
    about, codes = coloured(room, "placed", mapped)
    assert about["categories"] == [{"name": "laid out", "count": 34}]
    assert not codes.any()


def test_what_is_refused(room: Room, mapped: str) -> None:
    def said(path: str, status: int) -> str:
        answer = room.client.get(path)
        assert answer.status_code == status, answer.text
        return str(answer.json()["error"]["message"])

    assert "No map 'x'" in said("/api/maps/x", 404)
    assert "No map 'x'" in said("/api/maps/x/points", 404)
    assert "not by 'colour'" in said("/api/values?by=colour", 400)
    assert "not by 'placed'" in said("/api/values?by=placed", 400)
    assert "No tag 'wram'. Did you mean 'warm'?" in said("/api/values?by=tag:wram", 404)
    assert "No property 'when'" in said("/api/values/data?by=property:when", 404)
    assert "No model 'm'" in said("/api/values?by=model:m", 404)
    wrong = {"kind": "map", "options": {"method": "pca", "space": "nowhere"}}
    assert room.client.post("/api/jobs", json=wrong).status_code == 404


def test_deleting(room: Room, mapped: str) -> None:
    asked = {"kind": "map", "options": {"method": "pca", "name": "short-lived"}}
    job = room.client.post("/api/jobs", json=asked).json()
    room.studio.jobs.wait(job["id"], 60)
    assert room.client.get("/api/maps/short-lived").status_code == 200
    assert room.client.delete("/api/maps/short-lived").status_code == 204
    assert room.client.delete("/api/maps/short-lived").status_code == 404
    assert [one["name"] for one in room.client.get("/api/maps").json()] == [mapped]
