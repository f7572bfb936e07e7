"""What every format promises, checked with nothing but the standard library, NumPy and Arrow."""

from __future__ import annotations

import csv
import hashlib
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow

from impasto import flow
from impasto.core.errors import Cancelled, ImpastoError, InvalidInput, NotFound
from impasto.core.progress import Quiet
from impasto.core.space import Space
from impasto.export import FORMATS
from impasto.export.projector import tile_side
from impasto.export.survey import ENDINGS
from impasto.store import Filter

if TYPE_CHECKING:
    from tests.export.conftest import Shop

WITH_FILES = [name for name, one in FORMATS.items() if one.files[0] == "copy"]


def files_below(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(files_below(folder))}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_nothing_of_this_machine(shop: Shop, tmp_path: Path, name: str) -> None:
    shop.export(tmp_path / "out", name)
    for file, data in bytes_below(tmp_path / "out").items():
        assert b"secret place" not in data, file
        assert str(shop.root.parent).encode() not in data, file


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_collection_gives_the_same_bytes(shop: Shop, tmp_path: Path, name: str) -> None:
    for there in ("first", "second"):
        shop.export(tmp_path / there, name)
    assert bytes_below(tmp_path / "first") == bytes_below(tmp_path / "second")
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize("name", FORMATS)
def test_what_stays_out_is_counted_with_its_reason(shop: Shop, tmp_path: Path, name: str) -> None:
    done = shop.export(tmp_path / "out", name)
    reasons = {one.path: one.reason for one in done.skipped}
    assert "broken.png" in reasons
    assert ("vanishes.png" in reasons) == FORMATS[name].needs.file or name == "coco"
    with (tmp_path / "out" / "skipped.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["file_name"]: row["reason"] for row in csv.DictReader(stream)} == reasons
    told = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))
    assert (told["format"], told["skipped"]) == (name, len(reasons))
    assert done.images + len(done.skipped) == len(shop.ids)
    assert done.bytes == sum(map(len, bytes_below(tmp_path / "out").values()))


def rows_of(file: Path) -> dict[str, Mapping[str, Any]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def test_csv_has_a_row_an_image(shop: Shop, tmp_path: Path) -> None:
    done = shop.export(tmp_path / "shop.csv")
    assert done.format == "csv"
    rows = {row["file_name"]: row for row in rows_of(tmp_path / "shop.csv").values()}
    assert set(rows) == set(shop.ids) - {"broken.png"}
    first = rows["one/cat.png"]
    assert json.loads(first["tags"]) == ["a, b", "red"]
    assert (first["label"], first["split"], first["year"], first["price"]) == (
        "Cat", "train", "1900", "1.5",
    )  # fmt: skip
    assert rows["two/cat.png"]["property_id"] == "x"
    assert rows["no label.png"]["label"] == ""


def test_parquet_has_types_and_vectors_with_their_space(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "shop.parquet", space="net-fc7")
    table = pq.read_table(tmp_path / "shop.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["tags"] == "list<element: string>"
    assert kinds["vector"] == "fixed_size_list<element: float>[6]"
    assert (kinds["year"], kinds["price"], kinds["good"]) == ("int64", "double", "bool")
    assert json.loads(table.schema.metadata[b"impasto.space"])["network"] == "net"
    for row in table.to_pylist():
        assert row["id"] == shop.ids[row["file_name"]]
        np.testing.assert_array_equal(row["vector"], shop.vectors[row["file_name"]])


def test_numpy_rows_belong_together(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "numpy")
    vectors = np.load(tmp_path / "out" / "vectors.npy", mmap_mode="r")
    ids, labels = (np.load(tmp_path / "out" / f"{name}.npy") for name in ("ids", "labels"))
    names = (tmp_path / "out" / "file_names.txt").read_text(encoding="utf-8").splitlines()
    classes = (tmp_path / "out" / "classes.txt").read_text(encoding="utf-8").splitlines()
    assert vectors.dtype == np.float32
    assert len(vectors) == len(ids) == len(labels) == len(names) == len(shop.ids) - 1
    for row, path in enumerate(names):
        assert ids[row] == shop.ids[path]
        np.testing.assert_array_equal(vectors[row], shop.vectors[path])
        image = shop.collection.image(int(ids[row]))
        assert image.label == (classes[labels[row]] if labels[row] >= 0 else None)
    told = json.loads((tmp_path / "out" / "space.json").read_text(encoding="utf-8"))
    assert Space.from_json(told).layer == "fc7"


def test_imagefolder_names_are_safe_and_each_file_is_there_once(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "imagefolder")
    found = files_below(tmp_path / "out") - {"export.json", "skipped.csv"}
    ids = shop.ids
    assert {
        f"train/Cat/cat-{ids['one/cat.png']}.png",
        f"train/Cat/cat-{ids['two/cat.png']}.png",
        "train/Cat/CAT.PNG.jpg",
        "test/Cat/cat-2.png",
        "test/a_b_ c_/_con.png",
        "test/a_b_ c_/_hidden.png",
        "validation/Cat/really a jpeg.jpg",
        "train/Cat/drawing.png",
        "unsplit/Cat/no split.png",
    } < found
    (long,) = found - {
        name for name in found if not name.startswith("test/cat-2/")
    }  # the label "cat" has a folder apart from "Cat"
    assert len(Path(long).name.encode()) <= 120
    assert len(found) == len(shop.there) - 1  # without "no label.png"
    for name in found:
        if not name.endswith("drawing.png"):
            data = (tmp_path / "out" / name).read_bytes()
            assert any(data == (shop.root / path).read_bytes() for path in shop.there)


def test_hf_metadata_stands_beside_the_files_of_its_split(shop: Shop, tmp_path: Path) -> None:
    done = shop.export(tmp_path / "out", "hf")
    assert "no split.png" in {one.path for one in done.skipped}
    seen = set()
    for split in ("train", "validation", "test"):
        rows = pq.read_table(tmp_path / "out" / split / "metadata.parquet").to_pylist()
        there = files_below(tmp_path / "out" / split) - {"metadata.parquet"}
        assert there == {row["file_name"] for row in rows}
        assert {row["split"] for row in rows} == {split}
        seen |= {row["id"] for row in rows}
    assert seen == {shop.ids[path] for path in shop.there - {"no split.png"}}


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_hf_metadata_of_other_kinds_is_for_one_split(shop: Shop, tmp_path: Path, kind: str) -> None:
    with pytest.raises(InvalidInput, match="has to be Parquet"):
        shop.export(tmp_path / "out", "hf", metadata=kind)
    assert not (tmp_path / "out").exists()
    shop.export(tmp_path / "out", "hf", metadata=kind, splits=False)
    file = tmp_path / "out" / f"metadata.{kind}"
    rows: list[Mapping[str, Any]] = list(
        rows_of(file).values()
        if kind == "csv"
        else [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    )
    there = files_below(tmp_path / "out") - {file.name, "export.json", "skipped.csv"}
    assert there == {row["file_name"] for row in rows}
    assert {int(row["id"]) for row in rows} == {shop.ids[path] for path in shop.there}


def test_a_picture_drawn_anew_is_described_as_it_is_now(shop: Shop, tmp_path: Path) -> None:
    done = shop.export(tmp_path / "out", "hf", splits=False, metadata="jsonl")
    rows = {
        row["file_name"]: row
        for line in (tmp_path / "out" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
        if (row := json.loads(line))
    }
    assert any("PNG" in note for note in done.notes)
    for name, row in rows.items():
        data = (tmp_path / "out" / name).read_bytes()
        with Pillow.open(tmp_path / "out" / name) as picture:
            assert picture.size == (row["width"], row["height"])
            assert ENDINGS[picture.format or ""] == Path(name).suffix
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert row["size"] == len(data)
        assert row["split"] is None
    assert rows["drawing.png"]["height"] > 80

    kept = shop.export(tmp_path / "kept", "hf", splits=False, keep_formats=True)
    assert not kept.notes
    assert "drawing.svg" in files_below(tmp_path / "kept")


def test_coco_is_one_document_a_split(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "coco")
    images = annotations = 0
    for split in ("train", "validation", "test"):
        file = tmp_path / "out" / "annotations" / f"instances_{split}.json"
        told = json.loads(file.read_text(encoding="utf-8"))
        names = {one["id"]: one for one in told["categories"]}
        sizes = {}
        for one in told["images"]:
            sizes[one["id"]] = (one["width"], one["height"])
            with Pillow.open(tmp_path / "out" / split / one["file_name"]) as picture:
                assert picture.size == sizes[one["id"]]
        said: dict[int, set[tuple[str, str]]] = {}
        for one in told["annotations"]:
            assert one["bbox"] == [0, 0, *sizes[one["image_id"]]]
            category = names[one["category_id"]]
            said.setdefault(one["image_id"], set()).add(
                (category["supercategory"], category["name"])
            )
        for number in sizes:
            image = shop.collection.image(number)
            wanted = {("tag", tag) for tag in image.tags}
            if image.label is not None:
                wanted.add(("label", image.label))
            assert said.get(number, set()) == wanted
        images += len(told["images"])
        annotations += len(told["annotations"])
    assert images == len(shop.there) - 1
    assert annotations > images


def test_coco_without_files_names_the_originals(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "coco", files="none", splits=False)
    told = json.loads((tmp_path / "out" / "annotations" / "instances.json").read_text("utf-8"))
    assert {one["file_name"] for one in told["images"]} == set(shop.ids) - {"broken.png"}


def test_webdataset_shards_hold_whole_samples(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "webdataset", space="net")
    classes = (tmp_path / "out" / "classes.txt").read_text(encoding="utf-8").splitlines()
    seen = set()
    for file in sorted((tmp_path / "out").glob("*.tar")):
        samples: dict[str, dict[str, bytes]] = {}
        with tarfile.open(file) as tar:
            for member in tar:
                stream = tar.extractfile(member)
                assert stream is not None
                key, _, ending = member.name.partition(".")
                samples.setdefault(key, {})[ending] = stream.read()
        for key, parts in samples.items():
            told = json.loads(parts["json"])
            image = shop.collection.image(int(key))
            assert told["id"] == image.id
            assert file.name.startswith(image.split or "unsplit")
            if image.label is None:
                assert "cls" not in parts
            else:
                assert classes[int(parts["cls"])] == image.label
            (ending,) = set(parts) - {"json", "cls", "npy"}
            assert hashlib.sha256(parts[ending]).hexdigest() == told["sha256"]
            seen.add(image.id)
    assert seen == {shop.ids[path] for path in shop.there}


def test_projector_sheet_is_a_square_that_its_config_describes(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "out", "projector")
    folder = tmp_path / "out"
    vectors = np.loadtxt(folder / "vectors.tsv", delimiter="\t", dtype=np.float32)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    header, *rows = [line.split("\t") for line in lines]
    assert len(rows) == len(vectors) == len(shop.ids) - 1
    at = header.index("file_name")
    with Pillow.open(folder / "sprite.png") as opened:
        pixels = np.asarray(opened.convert("RGB"), np.int64)
    assert pixels.shape == (400, 400, 3)  # 13 thumbnails of 100 pixels: four in a row
    for number, row in enumerate(rows):
        np.testing.assert_allclose(vectors[number], shop.vectors[row[at]], rtol=1e-5)
        if row[at].endswith(".png") and (shop.root / row[at]).exists():
            middle = (number // 4 * 100 + 50, number % 4 * 100 + 50)
            with Pillow.open(shop.root / row[at]) as picture:
                wanted = np.asarray(picture.convert("RGB"), np.int64)[5, 5]
            np.testing.assert_allclose(pixels[middle], wanted, atol=6)


def test_sprites_stay_within_what_is_shown() -> None:
    for n in (1, 2, 100, 6_724, 6_725, 100_000, 1_048_576):
        side = tile_side(n)
        assert side >= 8
        assert side * (int(np.ceil(np.sqrt(n)))) <= 8192
    assert tile_side(1_048_577) == 0


@pytest.mark.parametrize("files", ["link", "symlink"])
def test_links_lead_to_the_originals(shop: Shop, tmp_path: Path, files: str) -> None:
    done = shop.export(tmp_path / "out", "hf", files=files, splits=False, metadata="csv")
    linked = tmp_path / "out" / "no label.png"
    assert linked.samefile(shop.root / "no label.png")
    assert linked.is_symlink() == (files == "symlink")
    mine = ("metadata.csv", "drawing.png", "export.json", "skipped.csv")
    assert done.bytes == sum((tmp_path / "out" / name).stat().st_size for name in mine)


def test_only_what_is_asked_for(shop: Shop, tmp_path: Path) -> None:
    shop.export(tmp_path / "a.csv", wanted=Filter(label="Cat", split="train"))
    shop.export(tmp_path / "b.csv", wanted=Filter(tags=("red",)))
    shop.export(tmp_path / "c.csv", limit=2)
    paths = [
        {row["file_name"] for row in rows_of(tmp_path / f"{name}.csv").values()} for name in "abc"
    ]
    assert paths[0] == {
        "one/cat.png", "two/cat.png", "two/CAT.PNG.jpg", "drawing.svg", "vanishes.png",
    }  # fmt: skip
    assert paths[1] == {"one/cat.png", "two/cat.png", ".hidden.png"}
    assert len(paths[2]) == 2


def test_what_is_there_stays_unless_it_may_go(shop: Shop, tmp_path: Path) -> None:
    theirs = tmp_path / "out"
    theirs.mkdir()
    shop.export(theirs, "numpy")  # an empty folder is nobody's
    (theirs / "my notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="overwrite"):
        shop.export(theirs, "imagefolder")
    assert (theirs / "my notes.txt").read_text() == "mine"
    shop.export(theirs, "imagefolder", overwrite=True)
    assert not (theirs / "my notes.txt").exists()
    assert (theirs / "train").is_dir()
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(InvalidInput, match="overwrite"):
        shop.export(tmp_path / "a.csv")


def test_originals_and_the_collection_are_never_replaced(shop: Shop) -> None:
    for there in (shop.root, shop.root.parent, shop.collection.path):
        with pytest.raises(InvalidInput, match="never replaces"):
            shop.export(there, "numpy", overwrite=True)
    assert (shop.root / "no label.png").is_file()


def test_a_failure_leaves_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import shutil

    before = tmp_path / "out"
    shop.export(before, "numpy")
    kept = bytes_below(before)

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setitem(__import__("impasto.export.files", fromlist=["_BY"])._BY, "copy", full)
    with pytest.raises(ImpastoError, match=r"There is no space left for .*out"):
        shop.export(before, "imagefolder", overwrite=True)
    assert bytes_below(before) == kept
    assert [one.name for one in tmp_path.iterdir()] == ["out"]

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(ImpastoError, match="at least"):
        shop.export(tmp_path / "more", "imagefolder")
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


class Stopper(Quiet):
    """A user who stops a task after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def advance(self, n: int = 1) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Cancelled


def test_what_is_stopped_or_killed_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    options = flow.ExportOptions(format="hf")
    with pytest.raises(Cancelled):
        flow.export(shop.collection, tmp_path / "out", options, progress=Stopper(4))
    assert not any(tmp_path.iterdir())
    (tmp_path / ".new-out" / "train").mkdir(parents=True)  # of a run that was killed
    (tmp_path / ".new-out" / "train" / "half.png").write_bytes(b"")
    shop.export(tmp_path / "out", "hf")
    assert [one.name for one in tmp_path.iterdir()] == ["out"]
    assert not (tmp_path / "out" / "train" / "half.png").exists()


def test_errors_say_what_to_do(shop: Shop, tmp_path: Path) -> None:
    for kind, words, options in (
        (InvalidInput, "holds no vectors; parquet", {"format_": "csv", "space": "net"}),
        (InvalidInput, "which format", {"format_": None}),
        (NotFound, "Did you mean 'imagefolder'", {"format_": "image-folder"}),
        (InvalidInput, "takes files=copy", {"format_": "hf", "files": "none"}),
        (NotFound, "No image is like that", {"format_": "csv", "wanted": Filter(label="dog")}),
        (NotFound, "stay out: It has no label", {
            "format_": "imagefolder", "wanted": Filter(unlabelled=True)}),
    ):  # fmt: skip
        with pytest.raises(kind, match=words):
            shop.export(tmp_path / "out", **options)
    with pytest.raises(InvalidInput, match="need a folder"):
        shop.export(tmp_path / "out.csv", files="copy")
    assert not any(tmp_path.iterdir())
