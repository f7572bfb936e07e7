"""A small real collection, open in the app: drawn, read and stored by the rooms themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image as Pillow

from impasto.collect.decode import read
from impasto.core.records import About, Found
from impasto.core.space import Space
from impasto.serve.app import create_app
from impasto.serve.studio import Studio
from impasto.store import Collection

SPACE = Space("drawn", "by-hand", dimension=16, weights="0" * 64)
OTHER = Space("drawn", "other", dimension=8, weights="0" * 64)
BASE = "http://127.0.0.1:8585"
COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


@dataclass
class Room:
    """What a test gets: the app's client, and the truth to compare with."""

    client: TestClient
    studio: Studio
    ids: dict[str, int]  # by path
    vectors: NDArray[np.float32]  # rows of SPACE, in the order of the usable ids
    usable: list[int]
    space: Space = SPACE
    other: Space = OTHER

    @property
    def collection(self) -> Collection:
        """The collection."""
        return self.studio.collection


def draw(folder: Path) -> list[Found]:
    """Write 30 small pictures, and some that are trouble."""
    noise = np.random.default_rng(0)
    found = []

    def add(path: str, about: About) -> None:
        state = (folder / path).stat()
        found.append(Found(folder, path, state.st_size, state.st_mtime_ns, about))

    for number in range(30):
        name = list(COLOURS)[number % 3]
        (folder / name).mkdir(exist_ok=True)
        pixels = np.clip(noise.normal(COLOURS[name], 20, (40 + number, 60, 3)), 0, 255)
        path = f"{name}/{number:02}.{'jpg' if number % 2 else 'png'}"
        Pillow.fromarray(pixels.astype(np.uint8)).save(folder / path)
        tags = ("warm", "bright") if name == "red" else ("cold",)
        split = ("train", "validation", "test")[number % 5 % 3]
        about = About(name, tags, split, {"year": 1900 + number, "note": f"n° {number}"})  # type: ignore[arg-type]
        add(path, about if number < 27 else About())
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    add("broken.png", About(label="red"))
    turned = Pillow.new("RGB", (64, 32), "white")
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(folder / "turned.jpg", exif=exif)
    add("turned.jpg", About())
    Pillow.new("RGBA", (3000, 2000), (0, 0, 255, 128)).save(folder / "large.webp", lossless=True)
    add("large.webp", About())
    outside = folder.parent / "outside.png"
    Pillow.new("RGB", (50, 50)).save(outside)
    (folder / "escape.png").symlink_to(outside)
    add("escape.png", About())
    Pillow.new("RGB", (50, 51)).save(folder / "lost.png")
    add("lost.png", About())
    return found


def gather(path: Path, folder: Path) -> Collection:
    """Make a collection of what `draw` drew."""
    collection = Collection.create(path)
    found = draw(folder)
    collection.record(
        found,
        root=folder,
        prune=True,
        hash_file=lambda file: hashlib.sha256(file.read_bytes()).digest(),
    )
    readings = []
    for image in collection.images(collection.pending()):
        reading = read(image.file)
        readings.append((image.id, reading.facts, reading.thumbnail))
    collection.save_readings(readings)
    (folder / "lost.png").unlink()
    return collection


def embed(collection: Collection, space: Space, seed: int) -> tuple[list[int], NDArray[np.float32]]:
    """Give every usable image a vector: its colour's direction and noise."""
    ids = collection.pending(space)
    random = np.random.default_rng(seed)
    values = random.normal(0, 0.5, (len(ids), space.dimension)).astype(np.float32)
    for row, image in enumerate(collection.images(ids)):
        if image.label is not None:
            values[row, list(COLOURS).index(image.label)] += 2
    values = values.astype(np.float16).astype(np.float32)
    with collection.writing(space) as writing:
        writing.save(ids=ids, values=[values])
    return ids.tolist(), values


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """The collection in the app; tests of a module share it and leave it as it was."""
    home = tmp_path_factory.mktemp("serve")
    (home / "pictures").mkdir()
    with gather(home / "pictures.impasto", home / "pictures") as collection:
        usable, vectors = embed(collection, OTHER, 1)
        usable, vectors = embed(collection, SPACE, 0)
        studio = Studio(collection)
        ids = {image.path: image.id for image in collection.images(collection.order())}
        with TestClient(create_app(studio), base_url=BASE) as client:
            yield Room(client, studio, ids, vectors, usable)
        studio.close()
