"""Sheets of thumbnails against the thumbnails themselves, decoded one by one and in full."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from impasto import flow
from impasto.core.records import Facts
from impasto.serve import sprites
from impasto.serve.sprites import COLUMNS, PER_SHEET, Sprites, pack
from impasto.store import Collection, Sheets

if TYPE_CHECKING:
    from tests.serve.conftest import Room


def pixels(data: bytes) -> NDArray[np.float64]:
    with Pillow.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), np.float64)


def slow(thumbnail: bytes, side: int) -> NDArray[np.float64]:
    """Decode all pixels, average those below each pixel of the sprite."""
    with Pillow.open(io.BytesIO(thumbnail)) as picture:
        whole = picture.convert("RGB").resize((side * 16, side * 16), Pillow.Resampling.BICUBIC)
    blocks = np.asarray(whole, np.float64).reshape(side, 16, side, 16, 3)
    return np.asarray(blocks.mean((1, 3)))


def cell(sheet: NDArray[np.float64], number: int, side: int, columns: int) -> NDArray[np.float64]:
    row, column = divmod(number, columns)
    return sheet[row * side : (row + 1) * side, column * side : (column + 1) * side]


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_a_sheet_holds_every_thumbnail_in_the_cell_of_its_id(room: Room, side: int) -> None:
    answer = room.client.get(f"/api/sprites/{side}/0")
    assert answer.headers["content-type"] == "image/jpeg"
    sheet = pixels(answer.content)
    assert sheet.shape == (COLUMNS * side, COLUMNS * side, 3)
    for path, id_ in room.ids.items():
        thumbnail = room.collection.thumbnail(id_)
        got = cell(sheet, id_ % PER_SHEET, side, COLUMNS)
        wanted = np.full_like(got, 128) if thumbnail is None else slow(thumbnail, side)
        assert np.abs((got - wanted).mean((0, 1))).max() < 4, path  # the pictures are noise


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_no_sprite_is_taken_for_another(side: int) -> None:
    random = np.random.default_rng(0)
    thumbnails = []
    for _ in range(40):
        blocks = Pillow.fromarray(random.integers(0, 256, (4, 4, 3), np.uint8))
        out = io.BytesIO()
        blocks.resize((256, 192), Pillow.Resampling.NEAREST).save(out, "JPEG", quality=90)
        thumbnails.append(out.getvalue())
    sheet = pixels(pack(thumbnails, 40, side, 7))
    wanted = np.stack([slow(each, side) for each in thumbnails])
    for number in range(40):
        off = np.abs(wanted - cell(sheet, number, side, 7)).mean((1, 2, 3))
        assert off.argmin() == number
        assert off[number] < np.partition(off, 1)[1] / 3


def test_chosen_sprites_come_in_the_order_asked(room: Room) -> None:
    ids = [*room.usable[5:25][::-1], 999, room.ids["broken.png"]]
    answer = room.client.get("/api/sprites/32", params={"ids": ",".join(map(str, ids))})
    sheet = pixels(answer.content)
    assert sheet.shape == (2 * 32, 16 * 32, 3)
    for number, id_ in enumerate(ids):
        thumbnail = room.collection.thumbnail(id_)
        wanted = np.full((32, 32, 3), 128.0) if thumbnail is None else slow(thumbnail, 32)
        assert np.abs((cell(sheet, number, 32, 16) - wanted).mean((0, 1))).max() < 4


def test_a_damaged_thumbnail_leaves_its_cell_grey() -> None:
    out = io.BytesIO()
    Pillow.new("RGB", (40, 30), "teal").save(out, "JPEG")
    sheet = pixels(pack([b"no picture", out.getvalue(), None], 3, 16, 2))
    assert sheet.shape == (32, 32, 3)
    assert np.abs(cell(sheet, 0, 16, 2) - 128).max() < 3
    assert np.abs(cell(sheet, 1, 16, 2) - (0, 128, 128)).max() < 6
    assert np.abs(cell(sheet, 2, 16, 2) - 128).max() < 3


def test_shapes_are_those_of_the_pictures(room: Room) -> None:
    answer = room.client.get("/api/shapes")
    rows = np.frombuffer(answer.content, [("id", "<i4"), ("ratio", "<f4")])
    images = room.collection.images(room.collection.order())
    wanted = {one.id: one.width / one.height for one in images if one.width}
    assert rows["id"].tolist() == sorted(wanted)
    assert rows["ratio"] == pytest.approx([wanted[id_] for id_ in sorted(wanted)])
    again = room.client.get("/api/shapes", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_sheet_is_made_once_and_kept(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    first = room.client.get("/api/sprites/16/0")
    kept = list((room.collection.path / "sheets").glob("16-000000-*.jpg"))
    assert [file.read_bytes() for file in kept] == [first.content]
    tag = {"If-None-Match": first.headers["ETag"]}
    assert room.client.get("/api/sprites/16/0", headers=tag).status_code == 304

    def made_again(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(sprites, "pack", made_again)
    fresh = Sprites(room.collection)  # as after a new start: nothing in memory
    assert fresh.sheet(fresh.name(16, 0)) == first.content


def some_jpeg(colour: str) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (24, 24), colour).save(out, "JPEG")
    return out.getvalue()


def test_a_changed_image_makes_a_new_sheet(room: Room, tmp_path: Path) -> None:
    held = Sprites(room.collection)
    held._sheets = Sheets(tmp_path)
    before = held.name(8, 0)
    old = held.sheet(before)
    id_ = room.ids["red/00.png"]
    facts, data = room.collection.image(id_), room.collection.thumbnail(id_)
    assert facts.sha256 is not None
    try:
        changed = Facts(b"\1" * 32, 100, facts.width, facts.height, "PNG")
        room.collection.save_readings([(id_, changed, some_jpeg("blue"))])
        after = held.name(8, 0)
        assert after.version != before.version
        sheet = pixels(held.sheet(after))
        assert np.abs(cell(sheet, id_, 8, COLUMNS) - (0, 0, 255)).mean() < 6
        beside = [cell(one, id_ + 1, 8, COLUMNS) for one in (sheet, pixels(old))]
        assert np.abs(beside[0] - beside[1]).max() < 3
        assert [file.name for file in tmp_path.iterdir()] == [after.file]
    finally:
        same = Facts(facts.sha256, facts.size, facts.width, facts.height, facts.format)
        room.collection.save_readings([(id_, same, data)])


def test_a_reader_keeps_sheets_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    with Collection.create(tmp_path / "one.impasto") as collection:
        assert flow.sheets_folder(collection) == tmp_path / "one.impasto" / "sheets"
    with Collection.open(tmp_path / "one.impasto", writable=False) as collection:
        assert flow.sheets_folder(collection).parent == tmp_path / "cache" / "sheets"


def test_where_nothing_can_be_kept_sheets_are_made_all_the_same(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = Sprites(room.collection)
    (tmp_path / "file").touch()
    held._sheets = Sheets(tmp_path / "file")  # a folder of this name can't be made
    assert pixels(held.sheet(held.name(8, 0))).shape == (256, 256, 3)
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("sprites/12/0", 400, "8, 16, 32 or 64"),
        ("sprites/16/1", 404, "1024 to 2047"),
        ("sprites/16/-1", 422, "page"),
        ("sprites/16?ids=", 400, "1 to 256"),
        ("sprites/16?ids=" + "1," * 257, 400, "1 to 256"),
        ("sprites/8?ids=1", 400, "16, 32, 64 or 128"),
        ("sprites/x?ids=1", 422, "side"),
    ],
)
def test_what_can_not_be_had_is_said(room: Room, path: str, status: int, says: str) -> None:
    answer = room.client.get(f"/api/{path}")
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
