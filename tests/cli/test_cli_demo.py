"""The demo, on a sample of a few pictures: the whole one would take a minute."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit import LABELS, draw, impasto


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_sample(folder: Path) -> Path:
        table = folder / "metadata.csv"
        if table.exists():
            return table
        draw(folder, 6)
        rows = [
            f"{label}/{number:02}.png,{label},drawn|{label}\n"
            for label in LABELS
            for number in range(6)
        ]
        table.write_text("file_name,label,tags\n" + "".join(rows))
        return table

    monkeypatch.setattr("impasto.collect.sample.write_sample", write_sample)


def test_the_demo_twice(small_sample: None, tmp_path: Path) -> None:
    said = impasto("demo", "--no-app", "--folder", tmp_path)
    assert said.code == 0, said.err
    path = tmp_path / "openmoji.impasto"
    for text in (
        "18 new",
        "18 images embedded",
        "This model",
        "Nearest neighbour",
        "report.html",
        "t-SNE",
    ):
        assert text in said.out
    assert f"impasto open {path}" in said.out

    data = impasto("demo", "--json", "--folder", tmp_path).data  # --json opens no app
    assert data["collection"] == str(path)
    assert data["added"]["same"] == 18
    assert data["embed"]["images"] == 0
    assert data["labels"] == list(LABELS)
    assert data["metrics"]["top1"]["value"] > 0.6 > data["metrics"]["top1"]["chance"]
    assert Path(data["report"]).is_file()
    assert (data["map"]["images"], data["map"]["made"]) == (18, True)
    assert impasto("status", path, "--json").data["tags"]["drawn"] == 18
