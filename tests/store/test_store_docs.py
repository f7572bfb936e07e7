"""docs/storage.md against what the code makes."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from impasto.core.records import Graph
from impasto.core.space import Space
from impasto.store import collection, graphs, maps, schema, spaces

if TYPE_CHECKING:
    from tests.store.conftest import Shelf

DOC = Path(__file__).parents[2] / "docs" / "storage.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)


def made(*scripts: str) -> dict[str, str]:
    db = sqlite3.connect(":memory:")
    for script in scripts:
        db.executescript(script)
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    db.close()
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows}


def test_the_schemas_are_those_of_the_code() -> None:
    documented = made(*blocks("sql"))
    created = made(*schema.CATALOGUE) | made(*schema.THUMBNAILS)
    assert documented == created


def test_the_formats_are_named() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert f"It describes format {collection.FORMAT}." in text
    assert f"The schema, made by {len(schema.CATALOGUE)} migrations:" in text
    assert len(schema.THUMBNAILS) == 1  # else tell of the others there


def test_every_file_is_described(shelf: Shelf, space: Space) -> None:
    text = DOC.read_text(encoding="utf-8")
    tree = blocks("")[0]
    with shelf.collection.writing(space, Space("n", "l", 2, "00", flip="both")):
        pass
    vectors = shelf.collection.vectors(space)
    none = np.empty((0, 3), np.int32), np.empty((0, 3), np.float32)
    shelf.collection.save_graph(Graph(space, vectors.ids, *none), vectors)
    shelf.collection.save_index(
        space, {"codes.usearch": b"", "centre.f32": b""}, {"format": 1, "space": space.name}
    )
    axes = {"axes.f32": np.zeros((3, 2))}
    shelf.collection.save_map("m", shelf.points(1) | axes, {"images": 1})
    for file in shelf.collection.path.rglob("*"):
        if not file.name.endswith(("-wal", "-shm")):
            assert file.name in tree or file.parent.name in ("spaces", "maps"), file
        if file.is_file() and file.parent.name in ("graph", "index"):
            assert f"{file.parent.name}/{file.name}" in tree
    table = dict(re.findall(r"^\| `(\w+\.\w\d+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE))
    given = {"dimension": 5, "k": 7}
    sizes = {name: eval(w.replace("×", "*"), given) for name, w in table.items()}
    widths = spaces.row_bytes(Space("n", "l", 5, "00", flip="both")) | graphs.row_bytes(7)
    assert sizes == widths | maps.row_bytes(5)


def test_the_example_runs(shelf: Shelf, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = shelf.imagine(3)
    rows = np.arange(18, dtype=np.float32).reshape(3, 6)
    with shelf.collection.writing(space) as writing:
        writing.save((), ids, [rows])
    monkeypatch.chdir(shelf.collection.path)
    names: dict[str, object] = {"name": space.name}
    exec(blocks("python")[0], names)
    assert np.array_equal(names["vectors"], rows)  # type: ignore[arg-type]
    assert np.array_equal(names["ids"], [1, 2, 3])  # type: ignore[arg-type]
