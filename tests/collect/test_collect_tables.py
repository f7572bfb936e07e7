from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.collect.tables import FILE_COLUMNS, read_table
from impasto.core.errors import InvalidInput
from impasto.core.records import Found, Skipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "sub/c d.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(name.encode())
    (tmp_path / "outside.jpg").write_bytes(b"x")
    return tmp_path / "set"


def rows(table: Path) -> tuple[dict[str, Found], list[Skipped]]:
    items = list(read_table(table))
    found = {item.path: item for item in items if isinstance(item, Found)}
    return found, [item for item in items if isinstance(item, Skipped)]


def write(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_text(text, encoding=encoding, newline="")
    return folder / name


def test_a_csv_with_everything(folder: Path) -> None:
    table = write(
        folder,
        "file_name,label,tags,split,year,score,fine,code,note\n"
        'a.jpg,cat,"red, big ,red",train,1999,0.5,true,007,\n'
        "b.jpg,,x|y,VAL,2001,1e3,False,12,hello \n"
        '"sub/c d.png",dog,"[""one, two"", 3]",fold 1,,2,,5,"a, b"\n',
    )
    found, skipped = rows(table)

    assert skipped == []
    assert list(found) == ["a.jpg", "b.jpg", "sub/c d.png"]
    a, b, c = (item.about for item in found.values())
    assert (a.label, a.tags, a.split) == ("cat", ("red", "big"), "train")
    assert dict(a.properties) == {"year": 1999, "score": 0.5, "fine": True, "code": "007"}
    assert (b.label, b.tags, b.split) == (None, ("x", "y"), "validation")
    assert dict(b.properties) == {
        "year": 2001,
        "score": 1000.0,
        "fine": False,
        "code": "12",
        "note": "hello",
    }
    assert (c.label, c.tags, c.split) == ("dog", ("one, two", "3"), None)
    assert dict(c.properties) == {"split": "fold 1", "score": 2.0, "code": "5", "note": "a, b"}
    assert all(isinstance(item.about.properties["score"], float) for item in found.values())
    assert found["a.jpg"].size == 5
    assert found["a.jpg"].root == folder


@pytest.mark.parametrize("cell", ["red|big", "red; big;", "red, big", '[""red"", ""big""]'])
@pytest.mark.parametrize("column", FILE_COLUMNS)
def test_what_people_call_the_file_and_put_between_tags(
    folder: Path, column: str, cell: str
) -> None:
    found, _ = rows(write(folder, f'{column},tags\na.jpg,"{cell}"\n'))
    assert found["a.jpg"].about.tags == ("red", "big")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("column", ["file_name", "Filename", "PATH", "filepath", "image"])
def test_delimiters_encodings_and_names_of_the_column(
    folder: Path, delimiter: str, encoding: str, column: str
) -> None:
    text = f"label,{column},größe\r\nKatze,a.jpg,3\r\n".replace(",", delimiter)
    found, skipped = rows(write(folder, text, encoding=encoding))
    assert skipped == []
    assert found["a.jpg"].about.label == "Katze"
    assert dict(found["a.jpg"].about.properties) == {"größe": 3}


def test_files_outside_missing_or_named_twice_are_skipped(folder: Path) -> None:
    inside = folder / "b.jpg"
    names = [
        "../outside.jpg",
        "sub/../../outside.jpg",
        str(folder.parent / "outside.jpg"),
        "none.jpg",
        "https://example.org/a.jpg",
        "sub",
        "",
        "./a.jpg",
        "a.jpg",
        str(inside),
        "sub\\c d.png",
    ]
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "n"], *[[name, 1] for name in names]])
    found, skipped = rows(folder / "table.csv")

    assert list(found) == ["a.jpg", "b.jpg", "sub/c d.png"]
    reasons = [item.reason for item in skipped]
    assert len(found) + len(skipped) == len(names)
    assert [
        sum(word in reason for reason in reasons) for word in ("outside", "no such", "web")
    ] == [
        3,
        1,
        1,
    ]
    assert "named again" in " ".join(reasons)


def test_rows_with_too_many_cells_are_skipped_with_their_line(folder: Path) -> None:
    found, skipped = rows(write(folder, "file_name,label\na.jpg,x,y\n\nb.jpg\n"))
    assert list(found) == ["b.jpg"]
    assert found["b.jpg"].about.label is None
    assert skipped == [Skipped("table.csv:2", "the row has 3 cells for 2 columns")]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"name,label\na.jpg,x\n", "'name', 'label'"),
        ("t.csv", b"", "header"),
        ("t.csv", b"file_name\ncaf\xe9.jpg\n", "UTF-8"),
        ("t.csv", b"file_name,x,x\n", "several columns 'x'"),
        ("t.csv", b'file_name\n"' + b"a" * 200_000 + b'"\n', "field"),
        ("t.jsonl", b"[1]\nnothing\n", "JSON object"),
        ("t.jsonl", b'{"name": "a.jpg"}\n', "'name'"),
        ("t.parquet", b"PAR1 rubbish", "Parquet"),
        ("t.xlsx", b"", "reads .csv"),
    ],
)
def test_tables_that_can_not_be_used(folder: Path, name: str, data: bytes, message: str) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=message):
        list(read_table(folder / name))
    with pytest.raises(InvalidInput, match="no table"):
        read_table(folder / "none.csv")


def test_json_lines(folder: Path) -> None:
    lines = [
        {"file_name": "a.jpg", "label": 3, "tags": ["x", "y", "x", None], "n": 1, "ok": True},
        {
            "file_name": "b.jpg",
            "label": None,
            "tags": [],
            "f": 0.5,
            "deep": {"a": [1]},
            "none": None,
        },
        {"file_name": "sub/c d.png", "tags": "x, y", "big": 1 << 70, "bad": "\ud800"},
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n{broken\n[1]\n\n"
    found, skipped = rows(write(folder, text, "t.jsonl"))

    a, b, c = (item.about for item in found.values())
    assert (a.label, a.tags, dict(a.properties)) == ("3", ("x", "y"), {"n": 1, "ok": True})
    assert (b.label, b.tags) == (None, ())
    assert dict(b.properties) == {"f": 0.5, "deep": '{"a": [1]}'}
    assert c.tags == ("x", "y")
    assert dict(c.properties) == {"big": str(1 << 70), "bad": "\\ud800"}
    assert [item.path for item in skipped] == ["t.jsonl:4", "t.jsonl:5"]


def test_parquet_keeps_its_types(folder: Path) -> None:
    table = pa.table(
        {
            "file_name": pa.array(["a.jpg", "b.jpg", None]).dictionary_encode(),
            "label": [1, None, 2],
            "tags": [["x"], None, ["y"]],
            "year": [1, 2, 3],
            "score": [0.5, float("nan"), 1.0],
            "day": [dt.date(2020, 1, 2)] * 3,
            "blob": [b"\0"] * 3,
        }
    )
    pq.write_table(table, folder / "t.parquet")
    found, skipped = rows(folder / "t.parquet")
    assert dict(found["a.jpg"].about.properties) == {"year": 1, "score": 0.5, "day": "2020-01-02"}
    assert found["a.jpg"].about.label == "1"
    assert found["a.jpg"].about.tags == ("x",)
    assert "score" not in found["b.jpg"].about.properties
    assert found["b.jpg"].about.tags is None
    assert skipped == [Skipped("t.parquet:3", "the row names no file")]


def test_parquet_with_pictures_inside_is_explained(folder: Path) -> None:
    pictures = pa.array([{"bytes": b"x", "path": "a.jpg"}])
    pq.write_table(pa.table({"image": pictures}), folder / "t.parquet")
    with pytest.raises(InvalidInput, match="write the pictures to files"):
        read_table(folder / "t.parquet")


cells = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.booleans().map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8),
)


@settings(deadline=None)
@given(values=st.lists(cells, min_size=2, max_size=2))
def test_a_csv_column_is_typed_without_losing_anything(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("typed")
    for name in ("a.jpg", "b.jpg"):
        (folder / name).touch()
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "v"])
        writer.writerows(zip(("a.jpg", "b.jpg"), values, strict=True))
    found, _ = rows(folder / "t.csv")
    got: list[Any] = [item.about.properties.get("v") for item in found.values()]
    said = [text.strip() for text in values]
    kinds = {type(value) for value in got if value is not None}
    assert len(kinds) <= 1
    for value, text in zip(got, said, strict=True):
        if value is None:
            assert text == ""
        elif isinstance(value, bool):
            assert str(value).lower() == text.lower()
        elif isinstance(value, int):
            assert str(value) == text
        elif isinstance(value, float):
            assert value == float(text)
        else:
            assert value == text
