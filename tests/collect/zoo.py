"""Bad and unusual files, made on the spot: what each is, and what must become of it."""

from __future__ import annotations

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 64, 48


@dataclass(frozen=True)
class Expected:
    """What reading a file of the zoo must give.

    Parameters
    ----------
    flags : frozenset of str
        Kinds of flags, exactly these.
    format : str
    size : tuple of int
        Upright; (0, 0) where there is no picture.
    corner : tuple of int or None
        Colour of the upright picture near its upper left corner, to within 12 of 255.
    """

    flags: frozenset[str]
    format: str = ""
    size: tuple[int, int] = (0, 0)
    corner: tuple[int, int, int] | None = None


RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (30, 40, 220), (230, 220, 40)


def quarters(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Return red, green / blue, yellow quarters: shows every turn and mirroring."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = YELLOW
    return Image.fromarray(pixels)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a picture file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int, rows: bytes, *, colours: int = 2, bits: int = 8) -> bytes:
    """Write a PNG by hand, so that its header can say anything."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def rotated_jpeg(orientation: int) -> bytes:
    """Return a JPEG that is `quarters` once its EXIF orientation is obeyed."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    picture = quarters() if undo is None else quarters().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, "JPEG", quality=95, subsampling=0, exif=exif)


def _good(
    kind: str, *flags: str, size: tuple[int, int] = (WIDTH, HEIGHT), corner: Any = RED
) -> Expected:
    return Expected(frozenset(flags), kind, size, corner)


def _bad(flag: str, kind: str = "", size: tuple[int, int] = (0, 0)) -> Expected:
    return Expected(frozenset([flag]), kind, size)


def contents() -> dict[str, tuple[bytes, Expected]]:
    """Return name → bytes and what they must become."""
    picture = quarters()
    noise = Image.fromarray(np.random.default_rng(7).integers(0, 256, (96, 128, 3), np.uint8))
    jpeg = encoded(picture, "JPEG", quality=95, subsampling=0)
    frames = [picture, picture.transpose(Image.Transpose.ROTATE_180)]
    more = {"save_all": True, "append_images": frames[1:], "duration": 50}
    clear = picture.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, WIDTH // 2, HEIGHT // 2))
    palette = Image.new("P", (WIDTH, HEIGHT), 0)
    palette.putpalette([255, 0, 255, *BLUE])
    palette.paste(1, (WIDTH // 2, 0, WIDTH, HEIGHT))
    ramp = np.linspace(30_000, 65_535, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint16)
    white = (255, 255, 255)
    grey = (117, 117, 117)
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 48">'
        b'<rect width="32" height="24" fill="rgb(220,30,30)"/></svg>'
    )
    zoo: dict[str, tuple[bytes, Expected]] = {
        "plain.jpg": (jpeg, _good("JPEG")),
        "UPPER.JPG": (jpeg, _good("JPEG")),
        "no_ending": (jpeg, _good("JPEG")),
        "größe 图片 🎨.png": (encoded(picture, "PNG"), _good("PNG")),
        "n" * 240 + ".png": (encoded(picture, "PNG"), _good("PNG")),
        "grey.jpg": (
            encoded(Image.new("L", (WIDTH, HEIGHT), 117), "JPEG"),
            _good("JPEG", corner=grey),
        ),
        "progressive.jpg": (
            encoded(picture, "JPEG", progressive=True, quality=95, subsampling=0),
            _good("JPEG"),
        ),
        "plain.webp": (encoded(picture, "WEBP", lossless=True), _good("WEBP")),
        "plain.bmp": (encoded(picture, "BMP"), _good("BMP")),
        "plain.tif": (encoded(picture, "TIFF", compression="tiff_lzw"), _good("TIFF")),
        "plain.gif": (encoded(picture, "GIF"), _good("GIF")),
        "plain.jp2": (encoded(picture, "JPEG2000"), _good("JPEG2000")),
        "plain.tga": (encoded(picture, "TGA"), _good("TGA")),
        "plain.qoi": (encoded(picture, "QOI"), _good("QOI")),
        "plain.ppm": (encoded(picture, "PPM"), _good("PPM")),
        "plain.pcx": (encoded(picture, "PCX"), _good("PCX")),
        "plain.ico": (
            encoded(quarters(48, 48), "ICO", sizes=[(48, 48)]),
            _good("ICO", size=(48, 48)),
        ),
        "plain.avif": (encoded(picture, "AVIF", quality=95), _good("AVIF")),
        "drawing.svg": (svg, _good("SVG")),
        "cmyk.jpg": (
            encoded(picture.convert("CMYK"), "JPEG", quality=95, subsampling=0),
            _good("JPEG"),
        ),
        "cmyk.tif": (encoded(picture.convert("CMYK"), "TIFF"), _good("TIFF")),
        "grey16.png": (encoded(Image.fromarray(ramp), "PNG"), _good("PNG", corner=grey)),
        "grey16.tif": (encoded(Image.fromarray(ramp), "TIFF"), _good("TIFF", corner=grey)),
        "rgb16.png": (
            png(
                WIDTH,
                HEIGHT,
                (b"\0" + struct.pack(">HHH", 30000, 30000, 30000) * WIDTH) * HEIGHT,
                bits=16,
            ),
            _good("PNG", corner=grey),
        ),
        "one_bit.png": (
            encoded(Image.new("1", (WIDTH, HEIGHT), 1), "PNG"),
            _good("PNG", corner=white),
        ),
        "transparent.png": (encoded(clear, "PNG"), _good("PNG", corner=white)),
        "grey_transparent.png": (
            encoded(Image.new("LA", (WIDTH, HEIGHT), (0, 0)), "PNG"),
            _good("PNG", corner=white),
        ),
        "palette.png": (
            encoded(picture.quantize(8), "PNG"),
            _good("PNG"),
        ),
        "palette_transparent.png": (
            encoded(palette, "PNG", transparency=0),
            _good("PNG", corner=white),
        ),
        "palette_transparent.gif": (
            encoded(palette, "GIF", transparency=0),
            _good("GIF", corner=white),
        ),
        "animated.gif": (encoded(picture, "GIF", **more), _good("GIF", "animated")),
        "animated.webp": (
            encoded(picture, "WEBP", lossless=True, **more),
            _good("WEBP", "animated"),
        ),
        "animated.png": (encoded(picture, "PNG", **more), _good("PNG", "animated")),
        "pages.tif": (
            encoded(picture, "TIFF", save_all=True, append_images=frames[1:]),
            _good("TIFF", "animated"),
        ),
        "png_named.jpg": (encoded(picture, "PNG"), _good("PNG", "mislabelled")),
        "pixel.png": (
            encoded(Image.new("RGB", (1, 1), RED), "PNG"),
            _good("PNG", "tiny", size=(1, 1)),
        ),
        "thin.png": (
            encoded(Image.new("RGB", (5000, 2), RED), "PNG"),
            _good("PNG", "tiny", size=(5000, 2)),
        ),
        "empty.jpg": (b"", _bad("empty")),
        "text.jpg": (b"This is no picture, it is a story.\n", _bad("not-an-image")),
        "page.png": (b"<!DOCTYPE html><html>404 Not Found</html>", _bad("not-an-image")),
        "document.jpeg": (b"%PDF-1.7\n" + bytes(99), _bad("not-an-image")),
        "zeros.png": (bytes(5000), _bad("not-an-image")),
        "truncated.jpg": (
            encoded(noise, "JPEG")[:3000],
            _bad("truncated", "JPEG"),
        ),
        "truncated_progressive.jpg": (
            encoded(noise, "JPEG", progressive=True)[:3000],
            _bad("truncated", "JPEG"),
        ),
        "unfilled.jpg": (
            encoded(noise, "JPEG")[:3000] + bytes(5000),
            _bad("truncated", "JPEG"),
        ),
        "header_only.jpg": (jpeg[:20], _bad("truncated", "JPEG")),
        "bomb.png": (
            png(60_000, 60_000, b"\0"),
            _bad("too-large", "PNG", (60_000, 60_000)),
        ),
        "bomb.gif": (
            b"GIF89a"
            + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0)
            + struct.pack("<cHHHHB", b",", 0, 0, 65535, 65535, 0)
            + b"\2\1\0\0;",
            _bad("too-large", "GIF", (65535, 65535)),
        ),
        "bomb.jpg": (
            jpeg.replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 65000, 65000), 1),
            _bad("too-large", "JPEG", (65000, 65000)),
        ),
        "bomb.svg": (_use_bomb(), _bad("too-large", "SVG")),
        "entities.svg": (_entity_bomb(), _bad("broken", "SVG")),
        "deep.svg": (
            b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 50_000,
            _bad("too-large", "SVG"),
        ),
        "not_xml.svg": (b"<svg><rect></svg>", _bad("broken", "SVG")),
        "broken.png": (_spoiled(encoded(noise, "PNG")), _bad("broken", "PNG")),
    }
    for kind in ("PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000", "AVIF", "QOI", "PPM"):
        data = encoded(noise, kind)
        ending = "jp2" if kind == "JPEG2000" else kind.lower()
        zoo[f"truncated.{ending}"] = (data[: len(data) // 2], _bad("truncated", kind))
    for turn in range(1, 9):
        zoo[f"turned_{turn}.jpg"] = (rotated_jpeg(turn), _good("JPEG"))
    return zoo


def build_zoo(folder: Path) -> dict[str, Expected]:
    """Write the zoo into a folder; return path → what must become of it.

    Beside the files of `contents` there are a loop of symbolic links and a link that leads
    nowhere (where the system has links); the scan skips both.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, (data, becomes) in contents().items():
        (folder / name).write_bytes(data)
        expected[name] = becomes
    if os.name == "posix":
        (folder / "loop").mkdir()
        (folder / "loop" / "back").symlink_to(folder)
        (folder / "lost.png").symlink_to(folder / "nowhere.png")
    return expected


def _spoiled(data: bytes) -> bytes:
    start, end = len(data) // 2, len(data) // 2 + 64
    return data[:start] + bytes(255 - byte for byte in data[start:end]) + data[end:]


def _use_bomb() -> bytes:
    layers = "".join(f'<g id="g{n}">' + f'<use href="#g{n + 1}"/>' * 10 + "</g>" for n in range(9))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{layers}'
        '<rect id="g9" width="9" height="9"/></svg>'
    ).encode()


def _entity_bomb() -> bytes:
    names = "".join(f'<!ENTITY e{n} "{f"&e{n + 1};" * 10}">' for n in range(12))
    return (
        f'<!DOCTYPE svg [{names}<!ENTITY e12 "boom boom boom boom">]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><desc>&e0;</desc></svg>'
    ).encode()
