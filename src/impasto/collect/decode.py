"""One read and one decode of a file: facts, an upright sRGB picture, a thumbnail, flags."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PcxImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    QoiImagePlugin,
    SgiImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from simplejpeg import decode_jpeg, encode_jpeg

from impasto.collect import colour, formats, vector
from impasto.core.errors import InvalidInput, MissingExtra
from impasto.core.pixels import in_place, resample
from impasto.core.records import Facts, Flag, FlagKind

TINY = 32
"""A picture whose short side has fewer pixels gets the flag "tiny"."""

_CHUNK = 1 << 20
_QUALITY = 85
_Opener = Callable[[IO[bytes]], ImageFile.ImageFile]

_OPENERS: dict[str, _Opener] = {
    "AVIF": AvifImagePlugin.AvifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "ICO": IcoImagePlugin.IcoImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "JPEG2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
    "PCX": PcxImagePlugin.PcxImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "PPM": PpmImagePlugin.PpmImageFile,
    "PSD": PsdImagePlugin.PsdImageFile,
    "QOI": QoiImagePlugin.QoiImageFile,
    "SGI": SgiImagePlugin.SgiImageFile,
    "TGA": TgaImagePlugin.TgaImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
# The decoders are named one by one, and called without `Image.open`: it would also try formats
# that start other programs (EPS), and its limit for huge pictures is one for the whole process.

_core: Any = vars(Image)["core"]
if _core.get_blocks_max() == 0:
    # Keep freed pixel memory (at most 64 MiB) for the next picture: giving it back to the
    # system each time costs 15 % of a 640 x 480 JPEG. The user's PILLOW_BLOCKS_MAX wins.
    _core.set_blocks_max(64)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too large to decode, checked before anything is decoded.

    Parameters
    ----------
    pixels : int
        Width times height; the default is where Pillow itself stops.
    bytes : int
        Of the file.
    """

    pixels: int = 178_956_970
    bytes: int = 1 << 30

    def __post_init__(self) -> None:
        """Check that something can pass."""
        if self.pixels < 1 or self.bytes < 1:
            raise InvalidInput(
                f"Limits must be at least 1, not {self.pixels} pixels and {self.bytes} bytes."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that one look into a file gives.

    Parameters
    ----------
    facts : Facts
        With a `sha256` of 32 zero bytes where the file could not be read.
    picture : PIL.Image.Image or None
        Mode "RGB" (sRGB, upright, over white); None exactly when a flag of `facts` is blocking.
        A JPEG much larger than asked for comes scaled down by 2, 4 or 8.
    thumbnail : bytes or None
        A JPEG whose long side has the pixels asked for (fewer only where the picture has no
        more); None without a picture or when none was asked for.
    """

    facts: Facts
    picture: Image.Image | None
    thumbnail: bytes | None

    def __post_init__(self) -> None:
        """Check that there is a picture exactly when the facts say so."""
        if (self.picture is not None) != self.facts.usable:
            raise InvalidInput("A reading has a picture exactly when no flag is blocking.")


class _Refused(Exception):
    """Why a file has no picture."""

    def __init__(self, kind: FlagKind, reason: str, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(reason)
        self.flag = Flag(kind, reason)
        self.size = size


@dataclass(frozen=True, slots=True)
class _Decoded:
    picture: Image.Image
    size: tuple[int, int]
    animated: str = ""


def read(
    file: Path, *, short_side: int = 512, thumbnail: int | None = 256, limits: Limits | None = None
) -> Reading:
    """Read and decode a file once; never raise because of what the file is.

    Parameters
    ----------
    file : Path
    short_side : int
        Short side, in pixels, that the picture must keep where the file has it: twice what the
        network takes, so that scaled decoding of JPEG does not show in the vectors. SVG is
        drawn at half of it: a drawing made at the right size needs no pixels to spare.
    thumbnail : int or None
        Long side of the thumbnail, pixels; None makes none.
    limits : Limits or None
        None: the defaults.

    Returns
    -------
    Reading

    Examples
    --------
    >>> read(Path("no such file.png")).facts.flags[0].kind
    'unreadable'
    """
    limits = limits or Limits()
    try:
        data, size, digest = _load(file, limits)
    except OSError as error:
        return _refusal(Facts(bytes(32), 0, 0, 0, ""), Flag("unreadable", _why_unreadable(error)))
    if data is None:
        reason = f"The file has {size:,} bytes; the limit is {limits.bytes:,}."
        return _refusal(Facts(digest, size, 0, 0, ""), Flag("too-large", reason))
    return _read(data, digest, file.name, short_side, thumbnail, limits)


def read_bytes(
    data: bytes,
    *,
    name: str = "",
    short_side: int = 512,
    thumbnail: int | None = 256,
    limits: Limits | None = None,
) -> Reading:
    """Decode bytes that are already here (an upload), like `read`.

    Parameters
    ----------
    data : bytes
    name : str
        File name; its ending is compared with the format. "" when there is none.
    short_side, thumbnail, limits
        As in `read`.

    Returns
    -------
    Reading

    Examples
    --------
    >>> read_bytes(b"").facts.flags
    (Flag(kind='empty', reason='The file has no bytes.'),)
    """
    limits = limits or Limits()
    digest = hashlib.sha256(data).digest()
    if len(data) > limits.bytes:
        reason = f"The picture has {len(data):,} bytes; the limit is {limits.bytes:,}."
        return _refusal(Facts(digest, len(data), 0, 0, ""), Flag("too-large", reason))
    return _read(data, digest, name, short_side, thumbnail, limits)


def _load(file: Path, limits: Limits) -> tuple[bytes | None, int, bytes]:
    """Return content (None above the limit), size and SHA-256 of a regular file."""
    if not stat.S_ISREG(file.stat().st_mode):  # before opening: a pipe would wait for ever
        raise OSError(errno.EINVAL, "not a regular file")
    with file.open("rb", buffering=0) as source:
        if os.fstat(source.fileno()).st_size <= limits.bytes:
            data = source.readall()
            return data, len(data), hashlib.sha256(data).digest()
        size, digest = 0, hashlib.sha256()
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            digest.update(chunk)
        return None, size, digest.digest()


def _read(
    data: bytes, digest: bytes, name: str, short_side: int, thumbnail: int | None, limits: Limits
) -> Reading:
    if short_side < 1 or (thumbnail is not None and thumbnail < 1):
        raise InvalidInput(
            f"Sizes must be at least 1 pixel, not {short_side} (short side) and {thumbnail}."
        )
    if not data:
        return _refusal(Facts(digest, 0, 0, 0, ""), Flag("empty", "The file has no bytes."))
    head = data[: formats.SNIFF_BYTES]
    kind = formats.sniff(head) or _by_name_only(head, name)
    if kind is None:
        flag = Flag("not-an-image", f"The file is {formats.describe(head)}.")
        return _refusal(Facts(digest, len(data), 0, 0, ""), flag)
    flags = _misnamed(name, kind)
    try:
        decoded = _decode(data, kind, short_side, limits)
    except _Refused as refused:
        width, height = refused.size
        facts = Facts(digest, len(data), width, height, kind, (*flags, refused.flag))
        return Reading(facts, None, None)
    if decoded.animated:
        flags = (*flags, Flag("animated", decoded.animated))
    if min(decoded.size) < TINY and kind != "SVG":
        reason = f"The short side has {min(decoded.size)} pixels; below {TINY} little can be seen."
        flags = (*flags, Flag("tiny", reason))
    facts = Facts(digest, len(data), *decoded.size, kind, flags)
    small = None if thumbnail is None else _thumbnail(decoded.picture, thumbnail, kind)
    return Reading(facts, decoded.picture, small)


def _refusal(facts: Facts, flag: Flag) -> Reading:
    return Reading(
        Facts(facts.sha256, facts.size, facts.width, facts.height, facts.format, (flag,)),
        None,
        None,
    )


def _by_name_only(head: bytes, name: str) -> str | None:
    """Return the formats that no first bytes give away: TGA, gzipped SVG."""
    promised = formats.format_of_name(name)
    if promised == "TGA" and head[1:2] in (b"\0", b"\1") and b"\0" in head[:18]:
        return "TGA"
    if promised == "SVG" and head.startswith(b"\x1f\x8b"):
        return "SVG"
    return None


def _misnamed(name: str, kind: str) -> tuple[Flag, ...]:
    promised = formats.format_of_name(name)
    if promised is None or promised == kind:
        return ()
    ending = Path(name).suffix
    return (Flag("mislabelled", f"The name ends in {ending}, but the bytes are {kind}."),)


def _decode(data: bytes, kind: str, short_side: int, limits: Limits) -> _Decoded:
    """Decode, turning whatever a decoder says about hostile bytes into one refusal."""
    try:
        if kind == "SVG":
            return _decode_svg(data, short_side, limits)
        return _decode_pixels(data, kind, short_side, limits)
    except (_Refused, MemoryError):
        raise
    except (vector.HugeDrawing, Image.DecompressionBombError) as error:
        raise _Refused("too-large", f"The {kind} picture is too large: {error}.") from error
    except MissingExtra as error:
        raise _Refused("unsupported", str(error)) from error
    except Exception as error:
        # Decoders raise anything at damaged files: OSError, SyntaxError, struct.error ...
        detail = str(error).strip().rstrip(".") or type(error).__name__
        if _means_truncated(detail) or formats.ends_early(data, kind):
            raise _Refused("truncated", f"The {kind} file ends before its picture does.") from error
        raise _Refused("broken", f"The {kind} data are damaged ({detail}).") from error


def _means_truncated(detail: str) -> bool:
    detail = detail.lower()
    return "truncated" in detail or "not enough image data" in detail or "unexpected end" in detail


def _decode_svg(data: bytes, short_side: int, limits: Limits) -> _Decoded:
    def size_of(embedded: bytes) -> tuple[int, int] | None:
        kind = formats.sniff(embedded[: formats.SNIFF_BYTES])
        if kind is None or kind not in _OPENERS:
            return None
        try:
            return _OPENERS[kind](io.BytesIO(embedded)).size
        except Exception:  # noqa: BLE001 - damaged: the drawing goes without it
            return None

    picture, size = vector.draw(
        data, short_side=(short_side + 1) // 2, pixels=limits.pixels, size_of=size_of
    )
    return _Decoded(picture, size)


def _decode_pixels(data: bytes, kind: str, short_side: int, limits: Limits) -> _Decoded:
    picture = _opener(kind)(io.BytesIO(data))
    width, height = picture.size
    if width * height > limits.pixels:
        reason = (
            f"The picture has {width:,} × {height:,} pixels, more than {limits.pixels:,}: "
            "too much memory, or a file made to use it up."
        )
        raise _Refused("too-large", reason, (width, height))
    animated = _animation(picture, data, kind)
    if kind == "JPEG":
        if _zero_tail(data):
            raise _Refused("truncated", "The end of the JPEG file is nothing but zero bytes.")
        picture.draft("RGB", (short_side, short_side))
    loaded = _fast_jpeg(picture, data) if kind == "JPEG" else None
    if loaded is None:
        picture.load()
    turned = colour.orientation(picture)
    if kind != "JPEG":  # some decoders turn the picture themselves
        width, height = picture.size
    flat = colour.upright(colour.to_rgb(loaded or picture), turned)
    flat.info = {}
    return _Decoded(flat, (height, width) if turned >= 5 else (width, height), animated)


def _fast_jpeg(picture: ImageFile.ImageFile, data: bytes) -> Image.Image | None:
    """Decode straight into Pillow's memory: the same pixels, a quarter faster for small pictures.

    None where Pillow has to do it: other colours, damaged data (it says what is wrong with them),
    and pictures so large that they lie in several pieces.
    """
    if picture.mode != "RGB":
        return None
    loaded = Image.new("RGB", picture.size, None)
    width, height = picture.size
    try:
        memory = in_place(loaded)
        decoded = decode_jpeg(
            data, colorspace="RGBX", min_width=width, min_height=height, buffer=memory
        )
    except ValueError:
        return None
    loaded.info = picture.info
    return loaded if decoded.shape == memory.shape else None


def _opener(kind: str) -> _Opener:
    if kind != "HEIF":
        return _OPENERS[kind]
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise MissingExtra(
            'HEIC pictures need one more package: pip install "impasto[heic]".'
        ) from None
    opener: _Opener = HeifImageFile
    return opener


def _animation(picture: ImageFile.ImageFile, data: bytes, kind: str) -> str:
    """Say what the first frame stands for; "" for a single picture."""
    if kind in ("PNG", "WEBP", "AVIF"):
        frames = getattr(picture, "n_frames", 1)
        return f"The first of {frames:,} frames stands for all." if frames > 1 else ""
    if kind not in ("GIF", "TIFF"):
        return ""
    try:  # on a second object, since looking ahead disturbs the first frame
        several = bool(getattr(_OPENERS[kind](io.BytesIO(data)), "is_animated", False))
    except Exception:  # noqa: BLE001 - a damaged second frame must not cost the first
        several = True
    if not several:
        return ""
    return f"The first {'frame' if kind == 'GIF' else 'page'} stands for all."


def _zero_tail(data: bytes) -> bool:
    """Tell whether a download was reserved on disk but never filled to its end."""
    if any(data[-512:]):
        return False
    return not data.rstrip(b"\0").endswith(b"\xff\xd9")


def _thumbnail(picture: Image.Image, side: int, kind: str) -> bytes:
    """Shrink by averaging whole blocks as long as twice the size remains, then resample."""
    small = picture.reduce(max(1, max(picture.size) // (2 * side)))
    scale = min(1, side / max(small.size))
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    # Colour at half resolution is invisible in photographs, not in drawings. Pillow would make
    # the same bytes, but keep all other threads waiting.
    encoded: bytes = encode_jpeg(
        resample(small, size, "bilinear"),
        quality=_QUALITY,
        colorspace="RGBX",
        colorsubsampling="420" if kind == "JPEG" else "444",
    )
    return encoded


def _why_unreadable(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "The operating system does not allow reading this file."
    if isinstance(error, FileNotFoundError):
        return "The file is not there."
    if isinstance(error, IsADirectoryError):
        return "This is a folder."
    return f"The operating system could not read this file ({error.strerror or error})."
