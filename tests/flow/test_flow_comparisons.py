"""Comparisons: kept and opened again, written as figure and data, alike everywhere."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import impasto

import impasto as library
from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.library import Query
from impasto.store import Collection, KeptQuery

QUERIES: dict[str, Query] = {"discs": "label:discs", "stripes": ["label:stripes", 3]}


@pytest.fixture
def collection(gallery: Gallery) -> Iterator[Collection]:
    with Collection.open(gallery.path, writable=False) as collection:
        yield collection


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_titles_and_terms(collection: Collection) -> None:
    terms = [[flow.parse("label:discs")], [flow.parse("tag:round"), flow.parse("-image:1")]]
    found = flow.compare(collection, terms, titles=["", "round"], k=5)
    assert found.titles == ("discs", "round")
    assert found.k == 5


def test_the_data_are_those_of_the_comparison(gallery: Gallery, tmp_path: Path) -> None:
    with library.open(gallery.path, writable=False) as c:
        compared = c.compare(QUERIES, k=6)
        file = tmp_path / "all.zip"
        c.write_comparison(compared, file, title="Both", date="2026-01-02")
        first = file.read_bytes()
        c.write_comparison(compared, file, title="Both", date="2026-01-02")
        assert file.read_bytes() == first
        for name in ("figure.svg", "numbers.json", "images.csv"):
            c.write_comparison(compared, tmp_path / name, title="Both", date="2026-01-02")
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    assert held["figure.svg"] == (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert held["comparison.json"] == (tmp_path / "numbers.json").read_text(encoding="utf-8")
    assert held["images.csv"] == (tmp_path / "images.csv").read_text(encoding="utf-8")
    said = json.loads(held["comparison.json"])
    assert (said["title"], said["date"], said["letters"]) == ("Both", "2026-01-02", ["A", "B"])
    assert said["titles"] == ["discs", "stripes"]
    assert said["overlap_chance"] == 6 / 24
    images = rows(held["images.csv"])
    assert [int(row["image"]) for row in images] == compared.ids.tolist()
    np.testing.assert_allclose(
        [float(row["similarity B"]) for row in images], compared.similarities[1], atol=1e-6
    )
    assert [int(row["rank A"]) for row in images] == compared.ranks[0].tolist()
    assert {row["label"] for row in images} == {"checks", "discs", "stripes"}
    bins = rows(held["distributions.csv"])
    assert [int(row["images A"]) for row in bins] == compared.distributions[0].counts.tolist()
    distance, chance = rows(held["distances.csv"])
    assert float(distance["Wasserstein"]) == pytest.approx(compared.wasserstein[0, 1], abs=1e-6)
    assert distance["title of the second"] == "stripes"
    assert chance["first"] == "chance"
    assert float(chance["overlap@6"]) == 0.25


def test_the_command_line_writes_the_same_bytes(gallery: Gallery, tmp_path: Path) -> None:
    words = ["find", gallery.path, "label:discs", "--versus", "label:stripes", "--title", "Both"]
    figure, data = tmp_path / "c.svg", tmp_path / "c.json"
    said = impasto(*words, "--figure", figure, "--data", data, "--json").data
    assert said["files"] == [str(figure), str(data)]
    assert said["comparison"]["rbo_chance"] < said["comparison"]["overlap_chance"] == 1
    with library.open(gallery.path, writable=False) as c:
        compared = c.compare(["label:discs", "label:stripes"])
        c.write_comparison(compared, tmp_path / "l.svg", title="Both")
        c.write_comparison(compared, tmp_path / "l.json", title="Both")
    assert figure.read_bytes() == (tmp_path / "l.svg").read_bytes()
    assert data.read_bytes() == (tmp_path / "l.json").read_bytes()
    assert impasto(*words, "--figure", tmp_path / "c.pdf").sentence.startswith("'c.pdf' does not")
    assert "--versus" in impasto("find", gallery.path, "1", "--data", data).sentence
    png = tmp_path / "c.PNG"
    out = impasto(*words, "--figure", png).out
    assert f"written: {png}" in out
    assert "nothing to do with each other" in out
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_write_that_fails_leaves_nothing(collection: Collection, tmp_path: Path) -> None:
    found = flow.compare(collection, [[flow.parse("image:1")], [flow.parse("image:2")]])
    with pytest.raises(InvalidInput, match="letter of its own"):
        flow.write_comparison(collection, found, tmp_path / "x.svg", flow.Look(slots=(0, 0)))
    assert list(tmp_path.iterdir()) == []


def test_kept_and_opened_again(gallery: Gallery, tmp_path: Path) -> None:
    with library.open(gallery.copy(tmp_path).path) as c:
        kept = c.save_comparison("  discs or stripes ", QUERIES, k=5)
        assert kept.name == "discs or stripes"
        assert [query.terms for query in kept.queries] == [
            ("label:discs",),
            ("label:stripes", "image:3"),
        ]
        again, compared = c.comparison("discs or stripes"), c.compare(QUERIES, k=5)
        np.testing.assert_array_equal(again.similarities, compared.similarities)
        assert (again.titles, again.k) == (("discs", "stripes"), 5)
        _, look = flow.compare_kept(c.stored, "discs or stripes")
        assert look == flow.Look("discs or stripes", (0, 1))
        assert [each.name for each in c.comparisons()] == ["discs or stripes"]
        c.remove_comparison("discs or stripes")
        with pytest.raises(NotFound):
            c.comparison("discs or stripes")
        with pytest.raises(InvalidInput, match="no term"):
            flow.keep(c.stored, "x", [KeptQuery(("cats",)), KeptQuery(("tag:round",), slot=1)])
        with pytest.raises(InvalidInput, match="from outside"):
            file = gallery.pictures / "discs" / "00.png"
            c.save_comparison("x", [1, file])
