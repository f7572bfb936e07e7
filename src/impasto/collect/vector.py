"""SVG drawings → pixels, with nothing read but the drawing itself."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

from PIL import Image

from impasto.core.errors import MissingExtra

_MAX_DEPTH = 120
_MAX_SHAPES = 500_000  # after <use> is written out
_MAX_STRETCH = 16  # the long side is drawn at most this many times as long as asked for
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
    "ex": 8.0,
}
_PAINT = re.compile(r"url\(\s*['\"]?#([^)'\"\s]+)")
_LENGTH = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*$")
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp)([^,]*),", re.IGNORECASE)


_Event = tuple[str, ET.Element]


class DamagedDrawing(Exception):
    """An SVG that can't be drawn; the message is the reason."""


class HugeDrawing(Exception):
    """An SVG that would take too much memory or time; the message is the reason."""


def draw(
    data: bytes, *, short_side: int, pixels: int, size_of: Callable[[bytes], tuple[int, int] | None]
) -> tuple[Image.Image, tuple[int, int]]:
    """Draw an SVG with a short side of `short_side` pixels.

    Parameters
    ----------
    data : bytes
        An SVG document, or a gzipped one.
    short_side : int
        A very long drawing gets fewer, so that its long side stays drawable.
    pixels : int
        Most pixels of the drawing, and of any picture embedded in it; also most bytes that a
        gzipped drawing may unfold to.
    size_of : callable
        Reads width and height from the header of an embedded picture; None if it can't.

    Returns
    -------
    picture : PIL.Image.Image
        Mode "RGB", over white.
    size : tuple of int
        Width and height that the drawing itself asks for, at least 1.

    Raises
    ------
    MissingExtra
        The package ``resvg-py`` is not installed.
    DamagedDrawing, HugeDrawing
        It can't, or shouldn't, be drawn.

    Notes
    -----
    Links to anything outside the document are cut before drawing: a drawing from a stranger
    must not be able to show files of this machine.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingExtra(
            'SVG drawings need one more package: pip install "impasto[svg]".'
        ) from None
    root = _parse(_unzipped(data, pixels))
    _check_shapes(root)
    _cut_links(root, pixels, size_of)
    natural = _natural_size(root)
    width, height = natural or (1.0, 1.0)
    zoom = min(short_side / min(width, height), _MAX_STRETCH * short_side / max(width, height))
    side = max(1, round(min(width, height) * zoom))
    png = _render(
        resvg_py.svg_to_bytes,
        ET.tostring(root, encoding="unicode"),
        {"width": side} if width <= height else {"height": side},
        fonts=any(_local(element) == "text" for element in root.iter()),
    )
    picture = Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")
    if natural is None:
        return picture, picture.size
    return picture, (max(1, round(width)), max(1, round(height)))


def _unzipped(data: bytes, most: int) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            text = file.read(most + 1)
    except (OSError, EOFError) as error:
        raise DamagedDrawing(f"its compressed data are damaged ({error})") from error
    except Exception as error:  # zlib.error has no public base class of its own
        if type(error).__name__ != "error":
            raise
        raise DamagedDrawing(f"its compressed data are damaged ({error})") from error
    if len(text) > most:
        raise HugeDrawing(f"it unfolds to more than {most:,} bytes")
    return text


def _parse(data: bytes) -> ET.Element:
    """Parse without loading anything external (expat never does) and within a depth."""
    parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end"))
    depth = 0
    root: ET.Element | None = None
    try:
        for start in range(0, len(data), 1 << 16):
            parser.feed(data[start : start + (1 << 16)])
            for event, element in cast("Iterator[_Event]", parser.read_events()):
                root = element if root is None else root
                depth += 1 if event == "start" else -1
                if depth > _MAX_DEPTH:
                    raise HugeDrawing(f"its elements are nested deeper than {_MAX_DEPTH}")
        parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise DamagedDrawing(f"its XML is damaged ({error})") from error
    if root is None or _local(root) != "svg":
        raise DamagedDrawing("it has no <svg> element")
    return root


def _local(element: ET.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _references(element: ET.Element) -> list[str]:
    """Return the ids that drawing this element draws as well: used, filled or clipped with."""
    names = [name for value in element.attrib.values() for name in _PAINT.findall(value)]
    if _local(element) == "use":
        names.append((element.get("href") or element.get(_XLINK_HREF) or "").strip()[1:])
    return names


def _check_shapes(root: ET.Element) -> None:
    """Refuse drawings that <use> each other into millions of shapes."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    known: dict[ET.Element, int] = {}

    def count(element: ET.Element, path: frozenset[ET.Element]) -> int:
        if element in known or element in path:
            return known.get(element, 0)
        if len(path) > 2 * _MAX_DEPTH:
            raise HugeDrawing("its <use> elements refer to each other too deeply")
        inside = path | {element}
        total = 1 + sum([count(child, inside) for child in element])
        for name in _references(element):
            if name in by_id:
                total += count(by_id[name], inside)
        known[element] = total
        return total

    if count(root, frozenset()) > _MAX_SHAPES:
        raise HugeDrawing(f"it unfolds to more than {_MAX_SHAPES:,} shapes")


def _cut_links(
    root: ET.Element, pixels: int, size_of: Callable[[bytes], tuple[int, int] | None]
) -> None:
    for element in root.iter():
        for name in [name for name in element.attrib if name.rsplit("}", 1)[-1] == "href"]:
            link = element.attrib[name].strip()
            if link.startswith("#"):
                continue
            size = _embedded_size(link, size_of)
            if size is None:
                del element.attrib[name]
            elif size[0] * size[1] > pixels:
                raise HugeDrawing(f"a picture inside it has {size[0]:,} × {size[1]:,} pixels")


def _embedded_size(
    link: str, size_of: Callable[[bytes], tuple[int, int] | None]
) -> tuple[int, int] | None:
    match = _DATA_IMAGE.match(link)
    if match is None:
        return None
    raw = unquote_to_bytes(link[match.end() :])
    if "base64" in match[1].lower():
        try:
            raw = base64.b64decode(raw)
        except (binascii.Error, ValueError):
            return None
    return size_of(raw)


def _natural_size(root: ET.Element) -> tuple[float, float] | None:
    width, height = _length(root.get("width")), _length(root.get("height"))
    box = _view_box(root.get("viewBox", ""))
    if box is not None:
        if width is None and height is None:
            return box
        if width is None and height is not None:
            width = height * box[0] / box[1]
        elif height is None and width is not None:
            height = width * box[1] / box[0]
    if width is None or height is None:
        return None
    return width, height


def _view_box(text: str) -> tuple[float, float] | None:
    """Return width and height of a view box that has both."""
    try:
        numbers = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        return None
    if len(numbers) != 4 or not all(0 < side < 1e6 for side in numbers[2:]):
        return None
    return numbers[2], numbers[3]


def _length(text: str | None) -> float | None:
    match = _LENGTH.match(text or "")
    if match is None or match[2] not in _UNITS:
        return None
    value = float(match[1]) * _UNITS[match[2]]
    return value if 0 < value < 1e6 else None


def _render(
    svg_to_bytes: Callable[..., bytes], text: str, size: dict[str, int], *, fonts: bool
) -> bytes:
    try:
        return svg_to_bytes(
            svg_string=text, background="white", dpi=96.0, skip_system_fonts=not fonts, **size
        )
    except ValueError as error:
        raise DamagedDrawing(f"it can't be drawn ({error})") from error
    except BaseException as error:
        # A Rust panic arrives as a BaseException of PyO3's own.
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedDrawing("the drawing program gave up on it") from error
