"""TensorBoard's Embedding Projector: vectors and metadata as TSV, and a sprite of thumbnails."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

from impasto.core.progress import Progress
from impasto.export import facts
from impasto.export.arrays import write_text
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey

SHEET = 8192
"""Longest side of a sprite that TensorBoard shows, pixels."""

LARGEST, SMALLEST = 100, 8
"""Sides of a thumbnail in the sprite, pixels."""

SHOWN = 100_000
"""Rows that TensorBoard loads."""


def tile_side(n: int) -> int:
    """Return the side of each thumbnail so that `n` of them fit; 0 when they would be specks.

    Examples
    --------
    >>> tile_side(1_000), tile_side(100_000), tile_side(2_000_000)
    (100, 25, 0)
    """
    side = min(LARGEST, SHEET // max(1, math.isqrt(max(n, 1) - 1) + 1))
    return side if side >= SMALLEST else 0


def write_projector(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``vectors.tsv``, ``metadata.tsv``, ``sprite.png`` and ``projector_config.pbtxt``."""
    contents = found.contents
    assert contents.space is not None
    assert contents.vectors is not None
    n, side = len(contents.ids), tile_side(len(contents.ids))
    sheet = _Sheet(n, side) if side and n else None
    columns = list(facts.columns(contents.properties))
    progress.stage("Writing vectors and thumbnails", n)
    with (
        (into / "vectors.tsv").open("w", encoding="ascii", newline="\n") as vectors,
        (into / "metadata.tsv").open("w", encoding="utf-8", newline="\n") as metadata,
    ):
        metadata.write("\t".join(columns) + "\n")
        for ids, images, _ in found.batches():
            rows = contents.vectors(ids).tolist()
            vectors.writelines("\t".join(f"{x:.7g}" for x in row) + "\n" for row in rows)
            for image in images:
                row = facts.row(
                    image, contents.original(image), contents.properties, splits=plan.splits
                )
                metadata.write("\t".join(_cell(row[name]) for name in columns) + "\n")
                if sheet is not None:
                    sheet.add(contents.thumbnail(image.id))
            progress.advance(len(ids))
    if sheet is not None:
        sheet.save(into / "sprite.png")
    write_text(into / "projector_config.pbtxt", _config(found, side if sheet else 0))
    return Carrier(contents, "none", plan.keep_formats, remarks=_remarks(n, side))


def _remarks(n: int, side: int) -> list[str]:
    said = []
    if n > SHOWN:
        said.append(f"TensorBoard shows the first {SHOWN:,} of {n:,} images; --limit writes fewer.")
    if n and not side:
        said.append(
            f"There is no sprite: {n:,} thumbnails would be smaller than {SMALLEST} pixels."
        )
    return said


def _config(found: Survey, side: int) -> str:
    """Return the configuration, in the text format of protocol buffers."""
    contents = found.contents
    assert contents.space is not None
    lines = [
        f"  tensor_name: {_quoted(f'{contents.name}: {contents.space.title}')}",
        f"  tensor_shape: [{len(contents.ids)}, {contents.space.dimension}]",
        '  tensor_path: "vectors.tsv"',
        '  metadata_path: "metadata.tsv"',
    ]
    if side:
        lines.append(
            '  sprite { image_path: "sprite.png" '
            f"single_image_dim: {side} single_image_dim: {side} }}"
        )
    return "embeddings {\n" + "\n".join(lines) + "\n}\n"


def _quoted(text: str) -> str:
    r"""Quote a text for protocol buffers, bytes beyond ASCII as octal escapes.

    Examples
    --------
    >>> print(_quoted('a "b" é'))
    "a \"b\" \303\251"
    """
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else _escape(byte)
        for byte in text.encode()
    )
    return f'"{escaped}"'


def _escape(byte: int) -> str:
    return f"\\{chr(byte)}" if chr(byte) in '"\\' else f"\\{byte:03o}"


def _cell(value: object) -> str:
    """Write a cell: no tabs and no line breaks, lists as JSON."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    return " ".join(text.split())


class _Sheet:
    """One picture of all thumbnails, row by row, as the projector cuts it up."""

    def __init__(self, n: int, side: int) -> None:
        from PIL import Image as Pillow

        self.side = side
        self.columns = math.isqrt(n - 1) + 1  # the projector takes the sheet for square
        self.sheet: Any = Pillow.new("RGB", (self.columns * side, self.columns * side), "white")
        self.filled = 0

    def add(self, jpeg: bytes | None) -> None:
        """Paste the next thumbnail into its square, whole and in the middle."""
        from PIL import Image as Pillow

        row, column = divmod(self.filled, self.columns)
        self.filled += 1
        if jpeg is None:
            return
        with Pillow.open(io.BytesIO(jpeg), formats=["JPEG", "WEBP"]) as thumbnail:
            small = thumbnail.convert("RGB")
        small.thumbnail((self.side, self.side))
        left = column * self.side + (self.side - small.width) // 2
        top = row * self.side + (self.side - small.height) // 2
        self.sheet.paste(small, (left, top))

    def save(self, file: Path) -> None:
        """Write the sheet."""
        self.sheet.save(file)
