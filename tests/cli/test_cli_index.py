"""`impasto index` and what `status` says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures import Gallery
from kit import impasto


def test_index(gallery: Gallery, tmp_path: Path) -> None:
    pytest.importorskip("usearch.index")
    path = gallery.copy(tmp_path).path
    made = json.loads(impasto("index", path, "--json", "-q").out)
    assert made["rows"] == 24
    assert made["library"].startswith("usearch ")
    assert made["recall"]["10"]["value"] == 1
    said = impasto("index", path, "-q").out
    assert "24 vectors indexed" in said
    assert "10 nearest" in said
    status = impasto("status", path).out
    assert "Approximate index of 24 vectors: finds 100.0% of the 10 nearest" in status
    card = json.loads(impasto("status", path, "--json").out)["spaces"][-1]["index"]
    assert card["recall"].keys() == made["recall"].keys()
    assert (card["rows"], card["library"]) == (24, made["library"])
