"""A collection with a folder beside it, and short ways to fill both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.records import About, Facts, Flag, Found
from impasto.core.space import Space
from impasto.store import Changes, Collection


def sha256(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


@dataclass
class Shelf:
    """A collection and the folder `pictures` beside it."""

    collection: Collection
    root: Path

    def put(self, contents: Mapping[str, bytes]) -> None:
        for name, data in contents.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def list(self, about: Mapping[str, About] | None = None) -> list[Found]:
        """List the real files, as a scan would."""
        files = sorted(file for file in self.root.rglob("*") if file.is_file())
        names = [file.relative_to(self.root).as_posix() for file in files]
        return [
            Found(
                self.root,
                name,
                file.stat().st_size,
                file.stat().st_mtime_ns,
                (about or {}).get(name, About()),
            )
            for name, file in zip(names, files, strict=True)
        ]

    def scan(self, about: Mapping[str, About] | None = None, *, prune: bool = True) -> Changes:
        return self.collection.record(
            self.list(about), root=self.root, prune=prune, hash_file=sha256
        )

    def imagine(self, n: int, about: Mapping[int, About] | None = None) -> NDArray[np.int64]:
        """Record `n` files that don't exist, image k being ``pK.png``; return all ids."""
        found = (
            Found(self.root, f"p{k:04}.png", 1000 + k, k, (about or {}).get(k, About()))
            for k in range(1, n + 1)
        )
        self.collection.record(found, root=self.root, prune=False, hash_file=sha256)
        return self.collection.order()

    def read(self) -> None:
        """Read every file that has to be read."""
        ids = self.collection.pending()
        images = self.collection.images(ids)
        self.collection.save_readings(
            [
                (
                    image.id,
                    Facts(sha256(image.file), image.size, 8, 8, "PNG"),
                    b"jpeg of " + image.file.read_bytes(),
                )
                for image in images
            ]
        )

    @staticmethod
    def facts(content: object, *flags: Flag) -> Facts:
        """Invent what reading a file of that content told."""
        digest = hashlib.sha256(repr(content).encode()).digest()
        return Facts(digest, 100, 64, 48, "PNG", flags)

    @staticmethod
    def points(n: int) -> dict[str, NDArray[Any]]:
        """Invent the arrays of a map."""
        chance = np.random.default_rng(n)
        return {
            "ids.i64": np.arange(1, n + 1),
            "rows.i64": np.arange(n),
            "positions.f32": chance.normal(size=(n, 2)).astype(np.float32),
            "cells.i32": chance.integers(0, 9, (n, 2)).astype(np.int32),
            "placed.u8": np.arange(n) % 3 == 0,
        }

    def paths(self) -> dict[int, str]:
        return {image.id: image.path for image in self.collection.images(self.collection.order())}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    root = tmp_path.resolve() / "pictures"
    root.mkdir()
    with Collection.create(tmp_path / "pictures.impasto") as collection:
        yield Shelf(collection, root)


@pytest.fixture
def space() -> Space:
    return Space("net", "fc7", 6, "00" * 32)
