"""Images, facets, order, thumbnails, pictures, originals, uploads through the app."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow

from impasto._version import __version__

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def ids_of(content: bytes) -> list[int]:
    return [int(id_) for id_ in np.frombuffer(content, "<i4")]


def opened(content: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content))


def test_health(room: Room) -> None:
    assert room.client.get("/api/health").json() == {"status": "ok", "version": __version__}


def test_collection_says_what_there_is(room: Room) -> None:
    said = room.client.get("/api/collection").json()
    assert (said["name"], said["images"], said["writable"]) == ("pictures", 35, True)
    assert (said["usable"], said["unread"], said["models"]) == (34, 0, [])
    assert [space["title"] for space in said["spaces"]] == ["drawn other", "drawn by-hand"]
    assert said["spaces"][1]["rows"] == 34
    assert said["spaces"][1]["dimension"] == 16
    assert said["default_space"] == said["spaces"][1]["name"]


def test_facets_count(room: Room) -> None:
    said = room.client.get("/api/facets").json()
    assert (said["total"], said["unlabelled"]) == (35, 7)
    assert said["labels"] == [
        {"name": "red", "count": 10},
        {"name": "blue", "count": 9},
        {"name": "green", "count": 9},
    ]
    assert {"name": "cold", "count": 18} in said["tags"]
    assert {"name": "truncated", "count": 1} in said["flags"]
    assert said["properties"] == [{"name": "note", "type": "str"}, {"name": "year", "type": "int"}]
    some = room.client.get("/api/facets", params={"tag": ["warm", "bright"]}).json()
    assert some["labels"] == [{"name": "red", "count": 9}]


def test_pages_go_through_everything_once(room: Room) -> None:
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        params = {"limit": "7", "sort": "name", "descending": "true"}
        page = room.client.get("/api/images", params=params | ({"after": after} if after else {}))
        seen += page.json()["images"]
        assert page.json()["total"] == 35
        after = page.json()["next"]
        if after is None:
            break
    assert [image["path"] for image in seen] == sorted(room.ids, reverse=True)


@pytest.mark.parametrize("sort", ["similarity", "typicality", "outlyingness"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_in_the_order_of_a_score(room: Room, sort: str, descending: bool) -> None:
    params = {
        "sort": sort,
        "descending": str(descending).lower(),
        "term": f"image:{room.ids['red/00.png']}",
    }
    wanted = ids_of(room.client.get("/api/order", params=params).content)
    seen: list[int] = []
    after: dict[str, str] = {}
    while True:
        page = room.client.get("/api/images", params=params | {"limit": "8"} | after).json()
        seen += [image["id"] for image in page["images"]]
        assert page["total"] == len(wanted)
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == wanted
    gone = room.client.get("/api/images", params=params | {"after": "8-999999"}).json()
    assert [image["id"] for image in gone["images"]] == wanted[8:], "its last image is gone"
    wrong = room.client.get("/api/images", params=params | {"after": "nonsense"})
    assert "`after`" in wrong.json()["error"]["message"]


def test_any_of_the_values_of_a_property(room: Room) -> None:
    params = {"value": ["note=n° 1", "note=n° 4", "year=1904"]}
    (only,) = ids_of(room.client.get("/api/order", params=params).content)
    assert only == room.ids["green/04.png"]
    both = ids_of(room.client.get("/api/order", params={"value": params["value"][:2]}).content)
    assert both == [room.ids["green/01.jpg"], only]


def test_an_image_is_told_in_full(room: Room) -> None:
    said = room.client.get(f"/api/images/{room.ids['green/07.jpg']}").json()
    image = room.collection.image(said["id"])
    assert said["name"] == "07.jpg"
    assert said["path"] == "green/07.jpg"
    assert (said["width"], said["height"], said["format"]) == (60, 47, "JPEG")
    assert (said["label"], said["tags"], said["split"]) == ("green", ["cold"], "test")
    assert said["properties"] == {"year": 1907, "note": "n° 7"}
    assert image.sha256 is not None
    assert said["version"] == image.sha256.hex()[:16]
    turned = room.client.get(f"/api/images/{room.ids['turned.jpg']}").json()
    assert (turned["width"], turned["height"]) == (32, 64)
    broken = room.client.get(f"/api/images/{room.ids['broken.png']}").json()
    assert broken["flags"][0]["blocking"] is True
    assert broken["flags"][0]["reason"]


def test_cards_come_in_the_order_asked(room: Room) -> None:
    ids = [room.ids["turned.jpg"], room.ids["red/00.png"], room.ids["blue/02.png"]]
    cards = room.client.get("/api/cards", params={"ids": ",".join(map(str, ids))}).json()
    assert [card["id"] for card in cards] == ids
    assert room.client.get("/api/cards", params={"ids": ""}).json() == []


@pytest.mark.parametrize(
    ("params", "paths"),
    [
        (
            {"label": "blue", "split": "train"},
            ["blue/05.jpg", "blue/08.png", "blue/20.png", "blue/23.jpg"],
        ),
        ({"flag": "truncated"}, ["broken.png"]),
        (
            {"label": ["blue", "nobody"], "split": ["train", "validation"], "text": "blue/0"},
            ["blue/05.jpg", "blue/08.png"],
        ),
        ({"flag": ["truncated", "gone"]}, ["broken.png"]),
        ({"text": "turn"}, ["turned.jpg"]),
        ({"text": '"(*:^ OR'}, []),
        ({"label": "nobody"}, []),
        ({"unlabelled": "true", "text": "large"}, ["large.webp"]),
    ],
)
def test_filters_reach_the_store(
    room: Room, params: dict[str, str | list[str]], paths: list[str]
) -> None:
    answer = room.client.get("/api/order", params=params | {"sort": "name"})
    assert [image.path for image in room.collection.images(ids_of(answer.content))] == paths
    assert answer.headers["X-Total"] == str(len(paths))
    listed = room.client.get("/api/images", params=params | {"sort": "name"}).json()
    assert [image["path"] for image in listed["images"]] == paths
    assert listed["total"] == len(paths)


def test_order_is_sent_once(room: Room) -> None:
    first = room.client.get("/api/order", params={"sort": "property:year", "descending": "true"})
    assert first.headers["content-type"] == "application/octet-stream"
    assert ids_of(first.content)[0] == room.ids["blue/26.png"]
    assert len(first.content) == 35 * 4
    again = room.client.get(
        "/api/order",
        params={"sort": "property:year", "descending": "true"},
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-Total"] == "35"


@pytest.mark.parametrize(
    ("path", "status", "kind", "says"),
    [
        ("images/999", 404, "not_found", "999"),
        ("images/x", 422, "invalid_input", "id: "),
        ("cards?ids=1,x", 400, "invalid_input", "whole numbers"),
        ("cards?ids=" + "1," * 501, 400, "invalid_input", "500"),
        ("cards?ids=999", 404, "not_found", "999"),
        ("images?limit=501", 422, "invalid_input", "limit"),
        ("images?sort=colour", 422, "invalid_input", "sort"),
        ("images?after=nonsense", 400, "invalid_input", "after"),
        ("images?split=half", 422, "invalid_input", "split"),
        ("order?flag=tiny&flag=tny", 422, "invalid_input", "flag"),
        ("thumbnails/999", 404, "not_found", "999"),
        ("pictures/999", 404, "not_found", "999"),
        ("pictures/1?side=9000", 422, "invalid_input", "side"),
        ("originals/999", 404, "not_found", "999"),
        ("images/99999999999999999999", 404, "not_found", "image"),
        ("nothing/here", 404, "not_found", "nothing/here"),
    ],
)
def test_errors_are_one_sentence_of_json(
    room: Room, path: str, status: int, kind: str, says: str
) -> None:
    answer = room.client.get(f"/api/{path}")
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["kind"] == kind
    assert says in error["message"]


def test_a_method_that_is_not_there(room: Room) -> None:
    assert room.client.delete("/api/images/1").status_code == 405


def test_thumbnails_are_small_jpegs_that_can_be_kept(room: Room) -> None:
    id_ = room.ids["red/03.jpg"]
    version = room.client.get(f"/api/images/{id_}").json()["version"]
    plain = room.client.get(f"/api/thumbnails/{id_}")
    assert plain.headers["content-type"] == "image/jpeg"
    assert opened(plain.content).size == (60, 43)
    assert plain.headers["cache-control"] == "private, no-cache"
    kept = room.client.get(f"/api/thumbnails/{id_}", params={"v": version})
    assert "immutable" in kept.headers["cache-control"]
    stale = room.client.get(f"/api/thumbnails/{id_}", params={"v": "0" * 16})
    assert "immutable" not in stale.headers["cache-control"]
    etag = {"If-None-Match": plain.headers["etag"]}
    assert room.client.get(f"/api/thumbnails/{id_}", headers=etag).status_code == 304


def test_an_image_without_a_thumbnail_says_why(room: Room) -> None:
    answer = room.client.get(f"/api/thumbnails/{room.ids['broken.png']}")
    assert answer.status_code == 404
    assert room.collection.image(room.ids["broken.png"]).flags[0].reason in answer.text


def test_pictures_are_upright_and_fit_the_screen(room: Room) -> None:
    turned = room.client.get(f"/api/pictures/{room.ids['turned.jpg']}")
    assert turned.headers["content-type"] == "image/jpeg"
    assert opened(turned.content).size == (32, 64)
    large = room.client.get(f"/api/pictures/{room.ids['large.webp']}", params={"side": "300"})
    assert large.headers["content-type"] == "image/webp"
    picture = opened(large.content)
    assert picture.size == (300, 200)
    red, green, blue = picture.convert("RGB").getpixel((150, 100))  # type: ignore[misc]
    assert (red, green) == pytest.approx((127, 127), abs=6)
    assert blue > 245
    etag = {"If-None-Match": large.headers["etag"]}
    path = f"/api/pictures/{room.ids['large.webp']}"
    assert room.client.get(path, params={"side": "300"}, headers=etag).status_code == 304
    assert room.client.get(path, params={"side": "301"}, headers=etag).status_code == 200


def test_a_broken_picture_says_why(room: Room) -> None:
    answer = room.client.get(f"/api/pictures/{room.ids['broken.png']}")
    assert answer.status_code == 400
    assert "broken.png can't be shown. " in answer.json()["error"]["message"]


def test_originals_are_saved_not_shown(room: Room) -> None:
    image = room.collection.image(room.ids["red/03.jpg"])
    answer = room.client.get(f"/api/originals/{image.id}")
    assert answer.content == image.file.read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="03.jpg"'
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("what", ["pictures", "originals"])
def test_nothing_outside_of_the_folders_is_handed_out(room: Room, what: str) -> None:
    escape = room.client.get(f"/api/{what}/{room.ids['escape.png']}")
    assert escape.status_code == 403
    assert escape.json()["error"]["kind"] == "forbidden"
    gone = room.client.get(f"/api/{what}/{room.ids['lost.png']}")
    assert gone.status_code == 404
    assert "lost.png" in gone.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/%2e%2e/%2e%2e/app.py",
        "/..%2fapp.py",
        "/assets/../../app.py",
        "//etc/passwd",
    ],
)
def test_static_files_stay_inside_their_folder(room: Room, path: str) -> None:
    answer = room.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["kind"] == "not_found"


def test_uploads_are_decoded_and_forgotten_in_turn(room: Room) -> None:
    sent = room.collection.image(room.ids["turned.jpg"]).file.read_bytes()
    answer = room.client.post("/api/uploads", files={"file": ("a.jpg", sent)})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["width"], said["height"]) == (32, 64)
    thumbnail = room.client.get(f"/api/{said['thumbnail']}")
    assert opened(thumbnail.content).size == (32, 64)
    assert room.client.post("/api/uploads", files={"file": ("b", sent)}).json() == said
    for number in range(64):
        out = io.BytesIO()
        Pillow.new("RGB", (40, 40), (number, 0, 0)).save(out, "PNG")
        room.client.post("/api/uploads", files={"file": ("c.png", out.getvalue())})
    assert len(room.studio.uploads) == 64
    forgotten = room.client.get(f"/api/{said['thumbnail']}")
    assert forgotten.status_code == 404
    assert "Drop the picture again" in forgotten.json()["error"]["message"]


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7 not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 99]
)
def test_what_is_no_picture_is_refused_with_the_reason(room: Room, data: bytes) -> None:
    answer = room.client.post("/api/uploads", files={"file": ("a.jpg", data)})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("This is not a picture that can be used. ")


def test_a_bomb_is_refused_before_it_is_decoded(room: Room) -> None:
    out = io.BytesIO()
    Pillow.new("1", (20_000, 10_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    answer = room.client.post("/api/uploads", files={"file": ("a.png", out.getvalue())})
    assert answer.status_code == 400
    assert "pixels" in answer.json()["error"]["message"]


def test_an_upload_needs_a_file(room: Room) -> None:
    assert room.client.post("/api/uploads").status_code == 422
    assert room.client.post("/api/uploads", data={"file": "text"}).status_code == 422
