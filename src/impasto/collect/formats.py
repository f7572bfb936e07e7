"""Which bytes are a picture of which format: by name, by first bytes, by how the file ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

SNIFF_BYTES = 512
"""How many first bytes `sniff` and `describe` want to see."""

_NAMES: dict[str, str] = {
    "JPEG": "jpg jpeg jpe jfif mpo",
    "PNG": "png apng",
    "GIF": "gif",
    "WEBP": "webp",
    "BMP": "bmp dib",
    "TIFF": "tif tiff",
    "SVG": "svg svgz",
    "AVIF": "avif avifs",
    "HEIF": "heic heif hif",
    "JPEG2000": "jp2 j2k jpf jpx jpc",
    "PSD": "psd",
    "ICO": "ico",
    "PPM": "ppm pgm pbm pnm",
    "QOI": "qoi",
    "TGA": "tga",
    "PCX": "pcx",
    "SGI": "sgi rgb bw",
}

EXTENSIONS: Mapping[str, str] = {
    f".{ending}": kind for kind, endings in _NAMES.items() for ending in endings.split()
}
"""Lower-case file name ending → format."""

_OTHERS: dict[str, str] = {
    "text": "txt md rst log tex srt",
    "a table or data file": "csv tsv json jsonl ndjson parquet xml yaml yml toml ini cfg xls xlsx "
    "ods npy npz h5 hdf5 mat pkl pickle arrow feather sqlite db lmdb bib ipynb xmp aae",
    "a document": "pdf doc docx odt rtf ppt pptx odp epub djvu",
    "a web page or program": "html htm css js ts py pyc ipy c h cpp rs go java sh bat exe dll so "
    "jar php rb wasm map",
    "an archive (unpack it first)": "zip tar gz tgz bz2 xz zst 7z rar cbz cbr iso deb rpm",
    "a video": "mp4 m4v mov avi mkv webm wmv flv mpg mpeg 3gp mts",
    "sound": "mp3 wav flac ogg opus m4a aac wma mid",
    "a camera's raw file (export it as JPEG or TIFF)": "dng cr2 cr3 nef arw raf rw2 orf pef srw",
    "a drawing program's own file (export it as PNG or SVG)": "ai eps ps cdr xcf kra clip sketch "
    "fig afdesign afphoto procreate indd blend",
    "a network's weights": "pt pth ckpt safetensors onnx caffemodel pb tflite gguf",
    "a font": "ttf otf woff woff2",
}

_KINDS: Mapping[str, str] = {
    f".{ending}": kind for kind, endings in _OTHERS.items() for ending in endings.split()
}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"8BPS\0\1", "PSD"),
    (b"qoif", "QOI"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\x01\xda\x00", "SGI"),
    (b"\x01\xda\x01", "SGI"),
)

_OTHER_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a document (PDF)"),
    (b"PK\3\4", "an archive (ZIP) or an office document"),
    (b"\x1f\x8b", "an archive (gzip)"),
    (b"Rar!", "an archive (RAR)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (b"ID3", "sound (MP3)"),
    (b"OggS", "sound (Ogg)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"%!PS", "a PostScript drawing (export it as PNG or SVG)"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file (run: git lfs pull)"),
)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_SVG_START = re.compile(
    rb"(<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>/]|<[a-z]+:svg[\s>/])", re.IGNORECASE
)
_SVG_TAG = re.compile(rb"<([a-z]+:)?svg[\s>/]|<!DOCTYPE\s+svg", re.IGNORECASE)


def format_of_name(name: str) -> str | None:
    """Return the format that the ending of a file name promises, or None.

    Examples
    --------
    >>> format_of_name("Cat.JPG"), format_of_name("notes.txt")
    ('JPEG', None)
    """
    return EXTENSIONS.get(PurePath(name).suffix.lower())


def other_kind(name: str) -> str | None:
    """Return what a file is by an ending that is known not to be a picture's, or None.

    Examples
    --------
    >>> other_kind("clip.mp4")
    'a video'
    """
    return _KINDS.get(PurePath(name).suffix.lower())


def sniff(head: bytes) -> str | None:
    """Return the format that the first bytes show, or None when they are no picture we know.

    Parameters
    ----------
    head : bytes
        The first `SNIFF_BYTES` of a file, or all of it.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _iso_format(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head[:4] == b"\0\0\1\0" and 0 < int.from_bytes(head[4:6], "little") < 256:
        return "ICO"
    if re.match(rb"P[1-6][\s#]", head):
        return "PPM"
    if len(head) >= 4 and head[0] == 10 and head[1] in (0, 2, 3, 5) and head[2:4] == b"\1\x08":
        return "PCX"
    return "SVG" if _looks_like_svg(head) else None


def describe(head: bytes) -> str:
    """Say in a few words what bytes are that are not a picture.

    Examples
    --------
    >>> describe(b"%PDF-1.7")
    'a document (PDF)'
    >>> describe("Grüße".encode())
    'text'
    """
    for magic, kind in _OTHER_MAGIC:
        if head.startswith(magic):
            return kind
    if head[4:8] == b"ftyp":
        return "a video"
    start = head[:SNIFF_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (perhaps an error message that was saved in place of the picture)"
    if not head.strip(b"\0"):
        return "nothing but zero bytes"
    return "text" if _is_text(head[:SNIFF_BYTES]) else "nothing that impasto can decode"


def ends_early(data: bytes, kind: str) -> bool:
    """Tell whether a file stops before its own structure says that it should.

    It is asked only about files that could not be decoded, to name the reason.
    """
    if kind == "JPEG":
        return b"\xff\xd9" not in data[-1024:]
    if kind == "PNG":
        return b"IEND" not in data[-1024:]
    if kind == "GIF":
        return not data.rstrip(b"\0").endswith(b";")
    if kind == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind == "TIFF":
        order = "little" if data[:1] == b"I" else "big"
        return int.from_bytes(data[4:8], order) + 2 > len(data)  # type: ignore[arg-type]
    if kind == "JPEG2000":
        return not data.endswith(b"\xff\xd9")
    if kind in ("AVIF", "HEIF"):
        return _iso_length(data) > len(data)
    if kind == "SVG":
        return b"svg>" not in data[-1024:]
    return False


def _iso_format(head: bytes) -> str | None:
    box = head[: int.from_bytes(head[:4], "big")]
    brands = {box[8:12]} | {box[i : i + 4] for i in range(16, len(box) - 3, 4)}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def _iso_length(data: bytes) -> int:
    """Return the length that the boxes of an ISO media file add up to."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return len(data)  # 0: to the end of the file
        at += size
    return at if at >= len(data) else len(data) + 1


def _looks_like_svg(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\0", b"")[2:]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not _SVG_START.match(start):
        return False
    if _SVG_TAG.search(start):
        return True
    # A long comment or document type can push the tag out of sight.
    return len(head) >= SNIFF_BYTES and b"<html" not in start.lower() and _only_prologue(start)


def _only_prologue(start: bytes) -> bool:
    """Tell whether no element begins yet: only declarations, comments and instructions."""
    rest = re.sub(rb"<!--.*?(-->|$)", b"", start, flags=re.DOTALL)
    return re.search(rb"<[A-Za-z]", rest) is None


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    for cut in range(4):  # the end may split a character
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
