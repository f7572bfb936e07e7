"""`impasto compare-models` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures import Gallery
from kit import impasto


def test_models_side_by_side(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    said = impasto("compare-models", mine.path)
    assert said.code == 1 and "fewer than two models" in said.err
    for name, method in (("one", "logistic"), ("two", "linear-svm")):
        learn = ("learn", mine.path, "--method", method, "--folds", "3", "--name", name, "-q")
        assert impasto(*learn).code == 0
    page, figures = tmp_path / "models.html", tmp_path / "figures"
    said = impasto(
        "compare-models", mine.path, "one", "two", "--report", page, "--figures", figures
    )
    assert said.code == 0, said.err
    for words in ("one - two", "macro F1", "Nearest neighbour", "Drawing a class from a hat"):
        assert words in said.out
    text = page.read_text(encoding="utf-8")
    assert "Class by class" in text and "discs" in text
    names = {file.name for file in figures.iterdir()}
    assert names == {
        f"{n}.{e}" for n in ("measures", "classes", "differences") for e in ("svg", "png")
    }
    told = json.loads(impasto("compare-models", mine.path, "two", "one", "--json").out)
    assert told["models"] == ["two", "one"] and told["images"] == 24
    assert {row["kind"] for row in told["rows"]} == {"model", "baseline"}
    said = impasto("compare-models", mine.path, "one", "two", "--report", tmp_path / "models.txt")
    assert said.code == 1 and "written as .html or .json" in said.err
    assert not (tmp_path / "models.txt").exists()


def test_models_of_numbers_side_by_side(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    table = tmp_path / "sizes.csv"
    files = sorted(mine.pictures.glob("*/*.png"))
    lines = (f"{file},{i % 7},{file.parent.name}\n" for i, file in enumerate(files))
    table.write_text("path,size,label\n" + "".join(lines))
    assert impasto("add", mine.path, table).code == 0
    for name, method in (("ridge", "ridge"), ("near", "nearest")):
        asked = ("--target", "size", "--method", method, "--folds", "3", "--name", name, "-q")
        assert impasto("learn", mine.path, *asked).code == 0
    assert impasto("learn", mine.path, "--folds", "3", "--name", "labels", "-q").code == 0
    page, figures = tmp_path / "models.html", tmp_path / "figures"
    said = impasto(
        "compare-models", mine.path, "ridge", "near", "--report", page, "--figures", figures
    )
    assert said.code == 0, said.err
    for words in ("ridge - near", "mean distance", "root mean square", "R²", "Always the median"):
        assert words in said.out
    assert "comes closest" in page.read_text(encoding="utf-8")
    assert len(list(figures.iterdir())) == 6
    said = impasto("compare-models", mine.path, "ridge", "labels")
    assert said.code == 1
    assert "ridge tells numbers, labels tells labels" in said.err
