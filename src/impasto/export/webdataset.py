"""WebDataset: tar shards with ``KEY.jpg``, ``KEY.json`` and ``KEY.cls``."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np

from impasto.core.progress import Progress
from impasto.core.records import Image
from impasto.export import facts
from impasto.export.arrays import write_text
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey

MOST_BYTES = 1 << 30
"""Of one shard, beside the number of images in the plan."""


def write_webdataset(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``SPLIT-000000.tar`` and so on (``images-…`` without splits), and ``classes.txt``.

    Of each image there are its file, ``json`` with all facts, ``cls`` (the line in
    ``classes.txt``, counted from 0) if it has a label, and ``npy`` if vectors are wanted.
    """
    contents = found.contents
    carrier = Carrier(contents, "copy", plan.keep_formats)
    classes = {label: code for code, label in enumerate(sorted(found.labels))}
    shards = _Shards(into, plan.shard)
    progress.stage("Writing tar files", len(contents.ids))
    try:
        for ids, images, names in found.batches():
            vectors = None if contents.vectors is None else contents.vectors(ids)
            for place, (image, name) in enumerate(zip(images, names, strict=True)):
                progress.advance()
                read = carrier.read(image)
                if read is None:
                    continue
                there, data = read
                told = facts.row(there, name, contents.properties, splits=plan.splits)
                parts = {name.rpartition(".")[2]: data, "json": json.dumps(told).encode()}
                if image.label is not None:
                    parts["cls"] = str(classes[image.label]).encode()
                if vectors is not None and not np.isnan(vectors[place, 0]):
                    parts["npy"] = _npy(vectors[place])
                shards.add(_part(found, image), f"{image.id:09}", parts)
    finally:
        shards.close()
    write_text(into / "classes.txt", "".join(f"{label}\n" for label in classes))
    return carrier


def _part(found: Survey, image: Image) -> str:
    return (image.split or "unsplit") if found.layout.splits else "images"


def _npy(vector: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    out = io.BytesIO()
    np.save(out, vector)
    return out.getvalue()


class _Shards:
    """The open tar file of each split, and a new one whenever it is full."""

    def __init__(self, into: Path, most: int) -> None:
        self._into, self._most = into, most
        self._open: dict[str, tarfile.TarFile] = {}
        self._count: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._shards: Counter[str] = Counter()

    def add(self, part: str, key: str, parts: dict[str, bytes]) -> None:
        """Add the files of one image to the shard of its split."""
        full = self._count[part] >= self._most or self._bytes[part] >= MOST_BYTES
        if part not in self._open or full:
            self._next(part)
        for ending, data in parts.items():
            member = tarfile.TarInfo(
                f"{key}.{ending}"
            )  # no time, no owner: same images, same bytes
            member.size, member.mode = len(data), 0o644
            self._open[part].addfile(member, io.BytesIO(data))
            self._bytes[part] += len(data) + 512
        self._count[part] += 1

    def _next(self, part: str) -> None:
        if part in self._open:
            self._open[part].close()
        file = self._into / f"{part}-{self._shards[part]:06}.tar"
        self._open[part] = tarfile.open(file, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self._shards[part] += 1
        self._count[part] = self._bytes[part] = 0

    def close(self) -> None:
        for shard in self._open.values():
            shard.close()
