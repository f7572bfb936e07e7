"""What goes wrong is said in one clear sentence, and nothing half-written is left."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import Own, draw, impasto, process, vectors_on_disk
from PIL import Image

from impasto.cli.main import COMMANDS


@pytest.fixture
def here(gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in a folder with a copy of the gallery and some things that are none."""
    gallery.copy(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "ordinary.impasto").mkdir()
    (tmp_path / "note.txt").write_text("hello")
    (tmp_path / "table.csv").write_text("name,colour\na.png,red\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "lines.jsonl").write_text("no JSON\n")
    (tmp_path / "table.parquet").write_text("no Parquet")
    (tmp_path / "protocol4.pth").write_bytes(pickle.dumps({"a": print}, protocol=4))
    monkeypatch.chdir(tmp_path)
    before = tree(tmp_path)
    yield tmp_path
    assert tree(tmp_path) == before  # nothing made, nothing changed


def tree(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder: names, vectors and models; SQLite's own files may differ."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm", "lock")) and path.suffix != ".sqlite"
    }


@dataclass(frozen=True)
class Wrong:
    """A command line that can't work, and words that the answer must have."""

    words: str
    says: tuple[str, ...]


WRONG = [
    Wrong("add new nowhere", ("There is no file or folder 'nowhere'",)),
    Wrong("add new shapes nowhere", ("There is no file or folder 'nowhere'",)),
    Wrong("add new shape", ("Did you mean", "shapes")),
    Wrong("add new note.txt", ("is text", "folder", ".csv")),
    Wrong("add new shapes.impasto", ("is a collection", "folder or table")),
    Wrong("add new table.csv", ("table.csv", "file_name", "'name', 'colour'")),
    Wrong("add new shapes table.csv", ("table.csv", "file_name")),
    Wrong("add shapes table.csv", ("table.csv", "file_name")),
    Wrong("add new empty.csv", ("empty.csv has no header",)),
    Wrong("add new lines.jsonl", ("lines.jsonl", "JSON object")),
    Wrong("add new table.parquet", ("table.parquet", "not a Parquet file")),
    Wrong("add ordinary shapes", ("not a collection", "choose another name")),
    Wrong("add note.txt shapes", ("is a file", "NAME.impasto")),
    Wrong("add / shapes", ("can't name a collection",)),
    Wrong("status nowhere", ("nowhere.impasto is not a collection", "impasto open")),
    Wrong("status note.txt", ("is a file",)),
    Wrong("status ordinary", ("not a collection",)),
    Wrong("open nowhere", ("isn't there", "folder with pictures")),
    Wrong("open note.txt", ("neither a folder of images nor a collection",)),
    Wrong("embed shapes --layer nope", ("No layer", "'nope'", "stage1", "pool")),
    Wrong("embed shapes --layer stage9", ("Did you mean 'stage",)),
    Wrong("embed shapes --layer pool --layer pool", ("twice",)),
    Wrong("embed shapes --network nope", ("No network 'nope'", "vgg19")),
    Wrong("embed shapes --network vgg91", ("Did you mean 'vgg19'",)),
    Wrong("embed shapes --device tpu", ("No device 'tpu'", "auto")),
    Wrong("embed shapes --weights shapes/discs/00.png", ("can't be read as weights", "format")),
    Wrong("embed shapes --weights protocol4.pth", ("can't be read as weights",)),
    Wrong("find shapes 99", ("No image 99",)),
    Wrong("find shapes 99999999999999999999", ("No image 99999999999999999999",)),
    Wrong("find shapes image:x", ("takes the number of an image", "'x'")),
    Wrong("find shapes label:disks", ("No label 'disks'. Did you mean 'discs'",)),
    Wrong("find shapes tag:rund", ("No tag 'rund'. Did you mean 'round'",)),
    Wrong("find shapes label:", ("is no term", "label:NAME")),
    Wrong("find shapes nothing.png", ("neither a file nor a term",)),
    Wrong("find shapes note.txt", ("note.txt", "text")),
    Wrong("find shapes empty", ("empty", "not a regular file")),
    Wrong("find shapes 1 --space nope", ("No space 'nope'", "efficientnet_lite0-pool")),
    Wrong("find shapes 1 --not label:disks", ("Did you mean 'discs'",)),
    Wrong("find shapes 1 --versus 99", ("No image 99",)),
    Wrong("retrieve shapes discs", ("label:NAME, tag:NAME", "'discs'")),
    Wrong("retrieve shapes label:disks", ("Did you mean 'discs'",)),
    Wrong("learn shapes --method svm", ("No method 'svm'", "rbf-svm")),
    Wrong("learn shapes --target colour", ("label, tags or a property", "'colour'")),
    Wrong("learn shapes --folds 50", ("folds", "50")),
    Wrong("learn shapes --only z*", ("No label is like z*",)),
    Wrong("learn shapes --only discs", ("learning takes two",)),
    Wrong("learn shapes --min-images 9", ("learning takes two",)),
    Wrong("learn shapes --name ../mine", ("can't be the name of a model", "letters")),
    Wrong("learn shapes --test nan", ("between 0 and 1", "nan")),
    Wrong("learn shapes --space nope", ("No space 'nope'",)),
    Wrong("predict shapes 99", ("No image 99",)),
    Wrong("predict shapes label:discs", ("asked about pictures",)),
    Wrong("predict shapes 1 --model mine", ("No model 'mine'", "label-linear-svm")),
    Wrong("evaluate shapes mine", ("No model 'mine'",)),
    Wrong("networks nope", ("No network 'nope'",)),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.words)
def test_one_sentence(here: Path, wrong: Wrong) -> None:
    sentence = impasto(*wrong.words.split()).sentence
    for words in wrong.says:
        assert words in sentence
    assert len(sentence) < 400


@pytest.mark.parametrize(
    "words",
    [
        "",
        "frobnicate",
        "add shapes",
        "add shapes shapes --labels maybe",
        "embed",
        "embed shapes --pooling average",
        "embed shapes --batch 0",
        "embed shapes --precision f16",
        "embed shapes --weights nowhere.pth",
        "find shapes",
        "find shapes 1 -k 0",
        "find shapes 1 --seed -1",
        "find shapes -5",
        "learn shapes --folds 1",
        "learn shapes --test 0",
        "learn shapes --seed 4294967296",
        "open shapes --port 65536",
        "status shapes --nope",
    ],
)
def test_wrong_usage(here: Path, words: str) -> None:
    said = impasto(*words.split())
    assert said.code == 2
    assert said.out == ""
    assert "Usage: impasto" in said.err
    assert "Traceback" not in said.err


def test_near_spellings_of_commands() -> None:
    assert "Did you mean `impasto find`?" in impasto("finds").err
    assert "impasto --help" in impasto("frobnicate").err
    for command in COMMANDS:
        assert f"`impasto {command}`" in impasto(command + "e").err


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    path = tmp_path / "empty.impasto"
    said = impasto("add", path, tmp_path / "empty")
    assert said.code == 0
    assert said.out == f"{tmp_path / 'empty'}: no images.\n"
    said = impasto("embed", path)
    assert (said.code, said.err) == (0, "")  # at once: no network was loaded
    assert "no images yet" in said.out
    assert "has no vectors yet" in impasto("learn", path).sentence
    assert "has no vectors yet" in impasto("find", path, "1").sentence
    assert "has no model yet" in impasto("predict", path, "1").sentence
    assert impasto("status", path, "--json").data["images"] == 0
    assert impasto("evaluate", path, "--json").data["models"] == []


def test_one_image(tmp_path: Path, own: Own) -> None:
    draw(tmp_path / "one", 1, labels=["discs"])
    path = tmp_path / "one.impasto"
    assert impasto("add", path, tmp_path / "one" / "discs" / "00.png").code == 0
    assert impasto("embed", path, *own.words, "--json").data["embedded"] == 1
    found = impasto("find", path, "1", "--json").data
    assert found["neighbours"] == []
    assert found["distribution"]["total"] == 0
    assert impasto("find", path, "1").code == 0
    outside = impasto("find", path, tmp_path / "one" / "discs" / "00.png", "--json").data
    assert [one["id"] for one in outside["neighbours"]] == [1]
    assert "has no labels" in impasto("learn", path).sentence


def test_labels_too_few_to_learn(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    table = tmp_path / "shapes" / "labels.csv"

    def relabel(labels: list[str]) -> None:
        names = sorted(mine.pictures.rglob("*.png"))
        rows = [
            f"{name.relative_to(mine.pictures).as_posix()},{label}"
            for name, label in zip(names, labels, strict=True)
        ]
        table.write_text("file_name,label\n" + "\n".join(rows))
        assert impasto("add", mine.path, table).code == 0

    relabel(["all"] * 24)
    assert "learning takes two" in impasto("learn", mine.path).sentence
    relabel(["all"] * 23 + ["rare"])
    assert "learning takes two" in impasto("learn", mine.path).sentence
    relabel(["all"] * 12 + ["other"] * 11 + ["rare"])
    said = impasto("learn", mine.path, "--json").data
    assert said["labels"] == ["all", "other"]
    assert "Left out, with fewer than 2 images: rare." in said["notes"]
    relabel([f"label {number}" for number in range(24)])
    assert "learning takes two" in impasto("learn", mine.path).sentence


def test_copies_of_one_picture_are_no_class(tmp_path: Path, own: Own) -> None:
    for number in range(4):
        for label, shade in (("dark", 20), ("light", 230)):
            (tmp_path / "flat" / label).mkdir(parents=True, exist_ok=True)
            picture = Image.new("RGB", (40, 40), (shade, shade, shade))
            picture.save(tmp_path / "flat" / label / f"{number}.png")
    path = tmp_path / "flat.impasto"
    assert impasto("add", path, tmp_path / "flat").code == 0
    assert impasto("embed", path, *own.words).code == 0
    assert "distinct images" in impasto("learn", path).sentence
    assert not list((path / "models").iterdir())


def test_weights_that_are_not_numbers(gallery: Gallery, tmp_path: Path, own: Own) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    mine = gallery.copy(tmp_path)
    before = vectors_on_disk(mine.path)
    state = load_file(own.file)
    state["conv_stem.weight"] = torch.full_like(state["conv_stem.weight"], float("nan"))
    save_file(state, tmp_path / "nan.safetensors")
    words = ("--network", own.network, "--weights", tmp_path / "nan.safetensors")
    said = impasto("embed", mine.path, *words)
    assert "no number (NaN)" in said.sentence
    assert vectors_on_disk(mine.path) == before
    assert len(impasto("status", mine.path, "--json").data["spaces"]) == 1


def test_weights_of_another_network(gallery: Gallery, tmp_path: Path, own: Own) -> None:
    mine = gallery.copy(tmp_path)
    sentence = impasto("embed", mine.path, "--weights", own.file).sentence
    assert "not weights of efficientnet-lite0" in sentence
    assert len(impasto("status", mine.path, "--json").data["spaces"]) == 1


def test_pictures_that_vanish_between_listing_and_reading(tmp_path: Path, own: Own) -> None:
    pictures = draw(tmp_path / "shapes", 2)
    path = tmp_path / "shapes.impasto"
    assert impasto("add", path, pictures, "--list-only").code == 0
    (pictures / "discs" / "00.png").unlink()
    (pictures / "discs" / "01.png").write_bytes(b"")
    said = impasto("embed", path, *own.words, "--json").data
    assert (said["images"], said["embedded"]) == (6, 4)
    assert said["flags"] == {"unreadable": 1, "empty": 1}
    assert "2 flagged" not in impasto("status", path).out
    draw(pictures, 2)
    (source,) = impasto("add", path, pictures, "--json").data["sources"]
    assert source["gone"] == 0
    assert impasto("embed", path, *own.words, "--json").data["embedded"] == 2


def test_a_damaged_collection(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    catalogue = mine.path / "catalogue.sqlite"
    catalogue.write_bytes(b"no database" * 1000)
    assert "catalogue.sqlite" in impasto("status", mine.path).sentence
    (mine.path / "impasto.json").write_text("{")
    assert "impasto.json can't be read" in impasto("status", mine.path).sentence
    (mine.path / "impasto.json").write_text(json.dumps({"format": 99, "name": "x"}))
    assert "Install a newer impasto" in impasto("status", mine.path).sentence


def test_vectors_cut_short(gallery: Gallery, tmp_path: Path) -> None:
    mine = gallery.copy(tmp_path)
    (file,) = mine.path.glob("spaces/*/vectors.f16")
    values = np.fromfile(file, np.float16)
    values[:1280].tofile(file)
    assert "vectors.f16" in impasto("find", mine.path, "1").sentence


def test_a_port_that_is_taken(gallery: Gallery) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = process("open", gallery.path, "--no-browser", "--port", port, timeout=60)
    assert str(port) in said.sentence or "in use" in said.sentence
