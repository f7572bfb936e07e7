"""A collection with every kind of name that makes trouble, its vectors, and a way to export it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from impasto import flow
from impasto.collect.decode import read
from impasto.core.records import About, Found
from impasto.core.space import Space
from impasto.export import Exported
from impasto.store import Collection

SPACE = Space("net", "fc7", 6, "00" * 32)
LONG = "ä" * 90  # 180 bytes

ABOUT: dict[str, About] = {
    "one/cat.png": About("Cat", ("red", "a, b"), "train", {"year": 1900, "price": 1.5}),
    "two/cat.png": About("Cat", ("red",), "train", {"year": 1901, "id": "x"}),
    "two/CAT.PNG.jpg": About("Cat", (), "train", {}),
    "two/cat-2.png": About("Cat", (), "test", {}),
    f"{LONG}.png": About("cat", ("日本",), "test", {"good": True}),
    "con.png": About("a/b: c?", (), "test", {}),
    ".hidden.png": About("a/b: c?", ("red",), "test", {"price": 2}),
    "really a jpeg.png": About("Cat", (), "validation", {}),
    "drawing.svg": About("Cat", (), "train", {}),
    "no label.png": About(None, (), "train", {}),
    "no split.png": About("Cat", (), None, {}),
    "broken.png": About("Cat", (), "train", {}),
    "gone.png": About("Cat", (), "train", {}),
    "vanishes.png": About("Cat", (), "train", {}),
}
LEFT_OUT = {"broken.png", "vanishes.png"}


@dataclass
class Shop:
    """A collection, the folder of its originals, and its vectors by path."""

    collection: Collection
    root: Path
    ids: dict[str, int]
    vectors: dict[str, NDArray[np.float32]]

    def export(self, destination: Path, format_: str | None = None, **options: object) -> Exported:
        """Export the collection as the command line would."""
        return flow.export(
            self.collection,
            destination,
            flow.ExportOptions(format=format_, **options),  # type: ignore[arg-type]
        )

    @property
    def there(self) -> set[str]:
        """Paths of the images that have a picture and a file."""
        return set(ABOUT) - LEFT_OUT - {"gone.png"}


def _picture(path: str) -> Pillow.Image:
    seed = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "little")
    colour = tuple(int(c) for c in np.random.default_rng(seed).integers(0, 256, 3))
    return Pillow.new("RGB", (40 + seed % 20, 60), colour)


def _write(file: Path, path: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if path == "broken.png":
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    elif path == "drawing.svg":
        file.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="80"/>')
    elif path == "really a jpeg.png" or path.endswith(".jpg"):
        _picture(path).save(file, "JPEG")
    else:
        _picture(path).save(file, "PNG")


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection on disk; made once."""
    home = tmp_path_factory.mktemp("shop").resolve()
    root = home / "secret place"
    root.mkdir()
    for path in ABOUT:
        _write(root / path, path)
    with Collection.create(home / "shop.impasto") as collection:
        collection.record(
            (
                Found(root, path, (root / path).stat().st_size, 1, about)
                for path, about in ABOUT.items()
            ),
            root=root,
            prune=True,
            hash_file=lambda file: hashlib.sha256(file.read_bytes()).digest(),
        )
        readings = []
        for image in collection.images(collection.pending()):
            reading = read(image.file)
            readings.append((image.id, reading.facts, reading.thumbnail))
        collection.save_readings(readings)
        ids = collection.pending(SPACE)
        values = np.random.default_rng(0).normal(size=(len(ids), 6)).astype(np.float16)
        with collection.writing(SPACE) as writing:
            writing.save(ids=ids, values=[values.astype(np.float32)])
        (root / "gone.png").unlink()
        collection.record(
            (
                Found(root, path, (root / path).stat().st_size, 1, about)
                for path, about in ABOUT.items()
                if path != "gone.png"
            ),
            root=root,
            prune=True,
            hash_file=lambda file: hashlib.sha256(file.read_bytes()).digest(),
        )
        (root / "vanishes.png").unlink()  # and nobody looked since
    return home


@pytest.fixture
def shop(stocked: Path) -> Iterator[Shop]:
    """The collection, open for reading."""
    with Collection.open(stocked / "shop.impasto", writable=False) as collection:
        ids = {image.path: image.id for image in collection.images(collection.order())}
        vectors = collection.vectors(SPACE)
        rows = {image: row for row, image in enumerate(vectors.ids.tolist())}
        yield Shop(
            collection,
            stocked / "secret place",
            ids,
            {
                path: vectors.values[rows[image]].astype(np.float32)
                for path, image in ids.items()
                if image in rows
            },
        )


def read_json(file: Path) -> dict[str, object]:
    data = json.loads(file.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data
