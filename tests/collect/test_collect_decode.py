from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from zoo import BLUE, HEIGHT, RED, WIDTH, contents, encoded, quarters

from impasto.collect.decode import Limits, Reading, read, read_bytes
from impasto.core.errors import InvalidInput
from impasto.core.records import BLOCKING

# Outside the tests Pillow's warnings about damaged files go to stderr and change nothing.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def pixels(reading: Reading) -> np.ndarray[Any, np.dtype[np.int16]]:
    assert reading.picture is not None
    return np.asarray(reading.picture, np.int16)


def distance(first: Any, second: Any) -> int:
    return int(np.abs(np.asarray(first, np.int16) - np.asarray(second, np.int16)).max())


def kinds(reading: Reading) -> set[str]:
    return {flag.kind for flag in reading.facts.flags}


def photograph(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 120 * np.sin(x / (7 + 3 * c) + y / (11 + 5 * c)) for c in range(3)]
    return Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))


@pytest.mark.parametrize("name", contents())
def test_every_animal_of_the_zoo(name: str, zoo: tuple[Path, dict[str, Any]]) -> None:
    folder, animals = zoo
    expected = animals[name]
    data = (folder / name).read_bytes()

    reading = read(folder / name)

    facts = reading.facts
    assert kinds(reading) == expected.flags, facts.flags
    assert all(flag.reason.endswith(".") for flag in facts.flags)
    assert facts.sha256 == hashlib.sha256(data).digest()
    assert facts.size == len(data)
    assert facts.format == expected.format
    assert (facts.width, facts.height) == expected.size
    if expected.flags & BLOCKING:
        assert reading.picture is None
        assert reading.thumbnail is None
        return
    assert reading.picture is not None
    assert reading.picture.mode == "RGB"
    assert reading.picture.info == {}
    if expected.corner:
        corner = reading.picture.getpixel((reading.picture.width // 16, 0))
        assert distance(corner, expected.corner) <= 12
    assert reading.thumbnail is not None
    thumbnail = Image.open(io.BytesIO(reading.thumbnail))
    assert (thumbnail.format, thumbnail.mode) == ("JPEG", "RGB")
    assert max(thumbnail.size) <= 256


def test_all_quarters_of_turned_pictures_are_where_they_belong(
    zoo: tuple[Path, dict[str, Any]],
) -> None:
    folder, _ = zoo
    for turn in range(1, 9):
        assert (
            distance(
                pixels(read(folder / f"turned_{turn}.jpg"))[::5, ::5],
                np.asarray(quarters())[::5, ::5],
            )
            <= 12
        )


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_of_other_formats_agrees_with_pillow(kind: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(quarters(), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        oracle = ImageOps.exif_transpose(picture)

    reading = read_bytes(data)

    assert (reading.facts.width, reading.facts.height) == oracle.size
    assert distance(pixels(reading), oracle.convert("RGB")) == 0


def test_a_plain_jpeg_decodes_to_what_pillow_gives() -> None:
    data = encoded(photograph(640, 480), "JPEG", quality=90)
    assert distance(pixels(read_bytes(data)), Image.open(io.BytesIO(data)).convert("RGB")) == 0


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("size", [(641, 479), (1031, 1601)])
def test_every_jpeg_decodes_to_what_pillow_gives(
    size: tuple[int, int], subsampling: int, progressive: bool
) -> None:
    data = encoded(
        photograph(*size), "JPEG", quality=90, subsampling=subsampling, progressive=progressive
    )
    oracle = Image.open(io.BytesIO(data))
    oracle.draft("RGB", (512, 512))
    assert distance(pixels(read_bytes(data, short_side=512)), oracle) == 0


@pytest.mark.parametrize(
    ("size", "decoded"),
    [
        ((640, 480), (640, 480)),
        ((1024, 1023), (1024, 1023)),
        ((1030, 1024), (515, 512)),
        ((2600, 2048), (650, 512)),
    ],
)
def test_large_jpegs_come_scaled_but_not_below_the_short_side(
    size: tuple[int, int], decoded: tuple[int, int]
) -> None:
    picture = photograph(*size)
    reading = read_bytes(encoded(picture, "JPEG", quality=95), short_side=512)

    assert reading.picture is not None
    assert reading.picture.size == decoded
    assert (reading.facts.width, reading.facts.height) == size
    oracle = np.asarray(picture.resize(decoded, Image.Resampling.BOX), np.int16)
    assert np.abs(pixels(reading) - oracle).mean() < 3


def test_a_scaled_and_turned_jpeg_reports_its_upright_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    reading = read_bytes(encoded(photograph(2000, 1200), "JPEG", exif=exif))
    assert reading.picture is not None
    assert (reading.facts.width, reading.facts.height) == (1200, 2000)
    assert reading.picture.size == (600, 1000)


def test_16_bit_grey_is_divided_by_257_not_clipped() -> None:
    values = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    for kind in ("PNG", "TIFF"):
        got = pixels(read_bytes(encoded(Image.fromarray(values), kind)))
        assert distance(got[..., 0], np.round(values / 257)) == 0
        assert distance(got[..., 0], got[..., 2]) == 0


def test_floating_point_and_32_bit_pictures_keep_their_range() -> None:
    unit = np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)
    unit[0, 1] = np.nan
    got = pixels(read_bytes(encoded(Image.fromarray(unit), "TIFF")))
    assert got.max() == 255
    assert distance(got[1:, :, 0], np.round(unit[1:] * 255)) == 0
    large = (np.arange(4096, dtype=np.int32) * 10_000).reshape(64, 64)
    got = pixels(read_bytes(encoded(Image.fromarray(large), "TIFF")))
    assert got.max() == 255
    assert abs(int(got[32, 0, 0]) - 127.5) <= 1


@given(st.integers(0, 255), st.tuples(*[st.integers(0, 255)] * 3))
def test_alpha_is_composited_over_white(alpha: int, colour: tuple[int, int, int]) -> None:
    picture = Image.new("RGBA", (40, 40), (*colour, alpha))
    got = pixels(read_bytes(encoded(picture, "PNG")))[0, 0]
    exact = [c * alpha / 255 + 255 * (255 - alpha) / 255 for c in colour]
    assert distance(got, np.round(exact)) <= 1


def test_grey_with_a_clear_16_bit_value_shows_white_there() -> None:
    values = np.full((40, 40), 1000, np.uint16)
    values[:20] = 40_000
    data = encoded(Image.fromarray(values), "PNG")
    spot = data.index(b"IDAT") - 4
    body = b"tRNS" + (1000).to_bytes(2, "big")
    chunk = (2).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    got = pixels(read_bytes(data[:spot] + chunk + data[spot:]))
    assert got[30, 5, 0] == 255
    assert got[5, 5, 0] == round(40_000 / 257)


def test_cmyk_jpeg_without_adobes_mark_means_what_it_says() -> None:
    cmyk = quarters().convert("CMYK")
    marked = encoded(cmyk, "JPEG", quality=95, subsampling=0)
    start = marked.index(b"\xff\xee")
    length = int.from_bytes(marked[start + 2 : start + 4], "big") + 2
    assert b"Adobe" in marked[start : start + length]
    plain = read_bytes(marked[:start] + marked[start + length :])
    assert distance(pixels(plain)[2, 2], 255 - np.asarray(cmyk.convert("RGB"), np.int16)[2, 2]) > 60
    with_mark = pixels(read_bytes(marked))
    assert distance(with_mark[2, 2], RED) <= 12


def wide_profile() -> bytes:
    """Return an RGB profile far from sRGB: sRGB with red and blue exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    spots = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    data[spots[b"rXYZ"] : spots[b"rXYZ"] + 4], data[spots[b"bXYZ"] : spots[b"bXYZ"] + 4] = (
        b"bXYZ",
        b"rXYZ",
    )
    return bytes(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colour_profiles_are_obeyed(mode: str) -> None:
    picture = quarters().convert(mode)
    got = pixels(read_bytes(encoded(picture, "PNG", icc_profile=wide_profile())))
    red, green, blue = np.moveaxis(np.asarray(quarters()), -1, 0)
    assert distance(got, np.stack([blue, green, red], axis=-1)) <= 2


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        b"rubbish" * 30,
        wide_profile()[:200],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
    ids=["sRGB", "rubbish", "truncated", "of another mode"],
)
def test_profiles_that_change_nothing_or_are_damaged_leave_the_pixels(profile: bytes) -> None:
    got = read_bytes(encoded(quarters(), "PNG", icc_profile=profile))
    assert kinds(got) == set()
    assert distance(pixels(got), quarters()) == 0


def test_damaged_exif_does_not_cost_the_picture() -> None:
    data = encoded(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x00rubbish")
    assert kinds(read_bytes(data)) == set()


def test_thumbnails_look_like_the_picture_and_have_the_size_promised() -> None:
    for width, height in (640, 480), (480, 640), (256, 200), (385, 300), (511, 511), (2000, 900):
        size = (width, height)
        picture = photograph(300, 300).resize(size, Image.Resampling.BICUBIC)
        reading = read_bytes(encoded(picture, "PNG"), thumbnail=256)
        assert reading.thumbnail is not None
        thumbnail = Image.open(io.BytesIO(reading.thumbnail))
        assert max(thumbnail.size) == 256
        assert abs(thumbnail.width / thumbnail.height - size[0] / size[1]) < 0.02
        oracle = picture.resize(thumbnail.size, Image.Resampling.BOX)
        assert np.abs(np.asarray(thumbnail, np.int16) - np.asarray(oracle, np.int16)).mean() < 8
    small = read_bytes(encoded(photograph(100, 50), "PNG"), thumbnail=256).thumbnail
    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (100, 50)
    assert read_bytes(encoded(photograph(100, 50), "PNG"), thumbnail=None).thumbnail is None


def test_limits_hold_before_decoding(tmp_path: Path) -> None:
    data = encoded(quarters(), "PNG")
    (tmp_path / "a.png").write_bytes(data)
    few = read(tmp_path / "a.png", limits=Limits(pixels=WIDTH * HEIGHT - 1))
    assert kinds(few) == {"too-large"}
    assert (few.facts.width, few.facts.height) == (WIDTH, HEIGHT)
    small = read(tmp_path / "a.png", limits=Limits(bytes=len(data) - 1))
    assert kinds(small) == {"too-large"}
    assert small.facts.sha256 == hashlib.sha256(data).digest()
    assert kinds(read_bytes(data, limits=Limits(bytes=10))) == {"too-large"}
    assert (
        kinds(read(tmp_path / "a.png", limits=Limits(pixels=WIDTH * HEIGHT, bytes=len(data))))
        == set()
    )
    with pytest.raises(InvalidInput, match="at least 1"):
        Limits(pixels=0)


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_pillows_own_limit_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert kinds(read_bytes(encoded(quarters(), "PNG"))) == set()


def test_files_that_are_not_there_or_no_files(tmp_path: Path) -> None:
    assert kinds(read(tmp_path / "none.png")) == {"unreadable"}
    assert kinds(read(tmp_path)) == {"unreadable"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert kinds(read(tmp_path / "pipe.png")) == {"unreadable"}


def test_sizes_below_one_are_the_callers_mistake() -> None:
    with pytest.raises(InvalidInput, match="at least 1 pixel"):
        read_bytes(b"x", short_side=0)


# SVG


def test_svg_is_drawn_at_half_the_short_side_and_reports_its_own_size() -> None:
    page = b'<rect width="100%%" height="100%%" fill="#1e28dc"/>'
    text = b'<svg xmlns="http://www.w3.org/2000/svg" %s>' + page + b"</svg>"
    for attributes, size, drawn in (
        (b'viewBox="0 0 72 36"', (72, 36), (512, 256)),
        (b'width="30" height="60" viewBox="0 0 3 6"', (30, 60), (256, 512)),
        (b'width="1in" height="48pt"', (96, 64), (384, 256)),
        (b'height="50" viewBox="0,0,10,10"', (50, 50), (256, 256)),
    ):
        reading = read_bytes(text % attributes, name="a.svg", short_side=512)
        assert (reading.facts.width, reading.facts.height) == size
        assert reading.picture is not None
        assert reading.picture.size == drawn
        assert distance(pixels(reading)[5, 5], BLUE) <= 2
    zipped = read_bytes(gzip.compress(text % b'viewBox="0 0 9 9"'), name="a.svgz")
    assert distance(pixels(zipped)[5, 5], BLUE) <= 2


def test_svg_with_a_prologue_longer_than_what_is_sniffed() -> None:
    comment = b"<!-- " + b"made by a drawing program " * 40 + b"-->"
    data = (
        b'<?xml version="1.0"?>'
        + comment
        + b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    )
    assert read_bytes(data).facts.format == "SVG"
    page = b'<?xml version="1.0"?>' + comment + b"<html><body>" + bytes(40)
    assert read_bytes(page).picture is None


@pytest.mark.parametrize(
    "link",
    [
        "{file}",
        "file://{file}",
        "&#x2f;{relative}",
        "../../../../../../../../../..{file}",
        "data:image/svg+xml;base64,{nested}",
        "{entity}",
    ],
)
def test_svg_can_not_show_files_of_this_machine(link: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded(Image.new("RGB", (8, 8), RED), "PNG"))
    image = '<image width="8" height="8" href="{}" xlink:href="{}"/>'
    frame = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 8 8">{}</svg>'
    )
    prologue = ""
    if link == "{entity}":
        hidden = "".join(f"&#{ord(c)};" for c in image.format(secret, secret))
        prologue = f'<!DOCTYPE svg [<!ENTITY x "{hidden}">]>'
        body = frame.format("&x;")
    else:
        nested = base64.b64encode(frame.format(image.format(secret, secret)).encode()).decode()
        target = link.format(file=secret, relative=str(secret)[1:], nested=nested)
        body = frame.format(image.format(target, target))
    got = pixels(read_bytes((prologue + body).encode()))
    assert got.min() == 255


def test_svg_shows_pictures_inside_it_within_the_limit() -> None:
    inside = base64.b64encode(encoded(Image.new("RGB", (80, 80), RED), "PNG")).decode()
    data = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
        f'<image width="8" height="8" href="data:image/png;base64,{inside}"/></svg>'
    ).encode()
    assert distance(pixels(read_bytes(data))[50, 50], RED) <= 2
    assert kinds(read_bytes(data, limits=Limits(pixels=6399))) == {"too-large"}


def test_gzipped_svg_bombs_are_refused() -> None:
    data = gzip.compress(b"<svg>" + b" " * 5_000_000)
    assert kinds(read_bytes(data, name="a.svgz", limits=Limits(pixels=1_000_000))) == {"too-large"}


@pytest.mark.parametrize(
    ("module", "data", "extra"),
    [
        ("resvg_py", b"<svg/>", "svg"),
        ("pillow_heif", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "heic"),
    ],
)
def test_a_missing_extra_is_named(
    module: str, data: bytes, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    reading = read_bytes(data)
    assert kinds(reading) == {"unsupported"}
    assert f'pip install "impasto[{extra}]"' in reading.facts.flags[0].reason


def test_heic_is_decoded_upright() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_pillow(quarters(128, 96)).save(out, quality=95)
    reading = read_bytes(out.getvalue(), name="a.HEIC")
    assert kinds(reading) == set()
    assert (reading.facts.format, reading.facts.width, reading.facts.height) == ("HEIF", 128, 96)
    assert distance(pixels(reading)[5, 5], RED) <= 12


# Hostile bytes


SEEDS = {
    name: data
    for name, (data, _) in contents().items()
    if not name.startswith(("bomb", "entities", "deep")) and 40 < len(data) < 60_000
}


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(SEEDS)),
    spots=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    keep=st.floats(0.1, 1),
)
def test_no_bytes_make_it_raise(name: str, spots: list[tuple[float, int]], keep: float) -> None:
    data = bytearray(SEEDS[name])
    for where, value in spots:
        data[min(len(data) - 1, int(where**3 * len(data)))] = value  # most of them in the header
    reading = read_bytes(
        bytes(data[: max(1, int(keep * len(data)))]), name=name, limits=Limits(pixels=4_000_000)
    )
    assert (reading.picture is None) == (not reading.facts.usable)
    assert (reading.picture is None) == (reading.thumbnail is None)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["", "a.tga", "a.svgz", "a.jpg"]))
def test_random_bytes_never_raise(data: bytes, name: str) -> None:
    reading = read_bytes(data, name=name, limits=Limits(pixels=1_000_000))
    assert (reading.picture is None) == (not reading.facts.usable)


def test_threads_get_the_same_as_one_thread(zoo: tuple[Path, dict[str, Any]]) -> None:
    folder, animals = zoo
    names = [name for name in animals if not name.startswith(("bomb", "deep"))]

    def digest(name: str) -> tuple[Any, ...]:
        reading = read(folder / name)
        return reading.facts, reading.thumbnail, reading.picture and reading.picture.tobytes()

    alone = {name: digest(name) for name in names}
    together: list[dict[str, Any]] = [{}, {}]

    def work(result: dict[str, Any]) -> None:
        for name in names:
            result[name] = digest(name)

    threads = [threading.Thread(target=work, args=(result,)) for result in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone, alone]
