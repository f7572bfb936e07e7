"""`impasto map`: what it says, what it writes, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import Gallery
from kit import impasto
from PIL import Image


@pytest.fixture
def own(gallery: Gallery, tmp_path: Path) -> Gallery:
    return gallery.copy(tmp_path)


def test_a_map_for_machines_and_for_people(own: Gallery, tmp_path: Path) -> None:
    said = impasto("map", own.path, "--method", "pca", "--json").data
    assert said["map"].startswith("pca-")
    assert (said["images"], said["made"], said["added"], said["placed"]) == (24, True, 0, 0)
    assert said["figure"] is None
    found = said["faithfulness"]
    assert found["trustworthiness"]["chance"] < found["trustworthiness"]["value"]
    figure = tmp_path / "map.png"
    words = ["--figure", figure, "--grid", "--colour-by", "label", "--size", 300]
    again = impasto("map", own.path, "--method", "pca", *words)
    assert again.code == 0, again.err
    assert "stays as it was made" in again.out
    assert "trustworthiness" in again.out
    assert f"figure: {figure}" in again.out
    with Image.open(figure) as drawn:
        assert drawn.width == 300


def test_a_seeded_map(own: Gallery) -> None:
    words = ["map", own.path, "--method", "umap", "--neighbours", 5, "-q", "--json"]
    places = own.path / "maps"
    first = impasto(*words, "--seed", 4).data["map"]
    before = (places / first / "positions.f32").read_bytes()
    assert impasto(*words, "--seed", 4, "--again").data["made"]
    assert (places / first / "positions.f32").read_bytes() == before
    assert "seed 4" in impasto(*words, "--seed", 5).sentence
    assert impasto(*words, "--seed", 5, "--name", "other").data["map"] == "other"


def test_what_is_refused(own: Gallery) -> None:
    assert "not to 'map.gif'" in impasto("map", own.path, "--figure", "map.gif").sentence
    assert "name its file" in impasto("map", own.path, "--grid").sentence
    assert "No space 'nowhere'" in impasto("map", own.path, "--space", "nowhere").sentence
    assert impasto("map", own.path, "--method", "mds").code == 2
    assert impasto("map", own.path, "--perplexity", "0").code == 2
