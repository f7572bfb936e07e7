"""Each format read back with the tool it is for, where that is installed."""

from __future__ import annotations

import csv
import gc
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from impasto.core.records import Image

if TYPE_CHECKING:
    from tests.export.conftest import Shop

IN_TEST_EXTRA = {"datasets", "pandas", "pycocotools", "torchvision", "webdataset"}


def needs(name: str) -> Any:
    """Import a tool; without it skip with a reason, but fail under CI if the test extra has it."""
    if find_spec(name) is None:
        reason = f"{name} is not installed"
        if name in IN_TEST_EXTRA and os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return import_module(name)


def images_of(shop: Shop, without: set[str] = frozenset()) -> dict[int, Image]:  # type: ignore[assignment]
    ids = [shop.ids[path] for path in shop.there - set(without)]
    return {image.id: image for image in shop.collection.images(ids)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pandas_reads_the_tables(shop: Shop, tmp_path: Path) -> None:
    pandas = needs("pandas")
    shop.export(tmp_path / "a.csv")
    shop.export(tmp_path / "a.parquet", space="net")
    from_csv = pandas.read_csv(tmp_path / "a.csv", converters={"tags": json.loads})
    frame = pandas.read_parquet(tmp_path / "a.parquet")
    assert list(from_csv.columns) == [name for name in frame.columns if name != "vector"]
    assert from_csv["id"].tolist() == frame["id"].tolist()
    assert from_csv["tags"].tolist() == [list(tags) for tags in frame["tags"]]
    assert from_csv["file_name"].tolist() == frame["file_name"].tolist()
    vectors = np.stack(frame["vector"].to_list())
    wanted = np.stack([shop.vectors[path] for path in frame["file_name"]])
    np.testing.assert_array_equal(vectors, wanted)


def test_torchvision_reads_the_folders(shop: Shop, tmp_path: Path) -> None:
    needs("torchvision")
    from torchvision.datasets import ImageFolder

    shop.export(tmp_path / "out", "imagefolder", splits=False)
    found = ImageFolder(str(tmp_path / "out"))
    assert len(found) == len(images_of(shop, {"no label.png"}))
    assert found.classes == ["Cat", "a_b_ c_", "cat-2"]
    for picture, _ in found:
        assert min(picture.size) >= 40
    shop.export(tmp_path / "parts", "imagefolder")
    assert len(ImageFolder(str(tmp_path / "parts" / "test"))) == 4


LEAKS = (  # these libraries leave files open; gc.collect() makes them warn here
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
)


@LEAKS[0]
@LEAKS[1]
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_hugging_face_reads_the_metadata(
    shop: Shop, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = needs("datasets")
    splits = kind == "parquet"
    shop.export(tmp_path / "out", "hf", metadata=kind, splits=splits)
    read = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache")
    )
    assert set(read) == ({"train", "validation", "test"} if splits else {"train"})
    wanted = images_of(shop, {"no split.png"} if splits else set())
    seen = {}
    for split, part in read.items():
        for row in part:
            seen[row["id"]] = row
            image = wanted[row["id"]]
            assert image.split == split or not splits
            assert row["label"] == image.label
            assert (row["image"].width, row["image"].height) == (row["width"], row["height"])
            if kind != "csv":
                assert row["tags"] == list(image.tags)
    assert set(seen) == set(wanted)
    gc.collect()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of its masks
def test_pycocotools_reads_the_annotations(shop: Shop, tmp_path: Path) -> None:
    needs("pycocotools")
    from pycocotools.coco import COCO

    shop.export(tmp_path / "out", "coco", splits=False)
    coco = COCO(str(tmp_path / "out" / "annotations" / "instances.json"))
    wanted = images_of(shop)
    assert set(coco.getImgIds()) == set(wanted)
    cats = coco.getCatIds(catNms=["Cat"], supNms=["label"])
    assert set(coco.getImgIds(catIds=cats)) == {
        image.id for image in wanted.values() if image.label == "Cat"
    }
    red = coco.getCatIds(catNms=["red"], supNms=["tag"])
    assert set(coco.getImgIds(catIds=red)) == {
        image.id for image in wanted.values() if "red" in image.tags
    }
    for annotation in coco.loadAnns(coco.getAnnIds()):
        assert coco.annToMask(annotation).shape[0] == annotation["bbox"][3]


@LEAKS[0]
@LEAKS[1]
def test_webdataset_reads_the_shards(shop: Shop, tmp_path: Path) -> None:
    webdataset = needs("webdataset")
    shop.export(tmp_path / "out", "webdataset", space="net", splits=False)
    shards = [str(file) for file in sorted((tmp_path / "out").glob("images-*.tar"))]
    classes = (tmp_path / "out" / "classes.txt").read_text(encoding="utf-8").splitlines()
    samples = webdataset.WebDataset(shards, shardshuffle=False).decode("pil")
    wanted = images_of(shop)
    seen = set()
    for sample in samples:
        image = wanted[sample["json"]["id"]]
        picture = next(sample[ending] for ending in ("jpg", "png") if ending in sample)
        assert picture.size == (sample["json"]["width"], sample["json"]["height"])
        if image.label is not None:
            assert classes[sample["cls"]] == image.label
        np.testing.assert_array_equal(sample["npy"], shop.vectors[image.path])
        seen.add(image.id)
    assert seen == set(wanted)
    gc.collect()


def test_tensorboard_reads_the_projector(shop: Shop, tmp_path: Path) -> None:
    needs("tensorboard")
    text_format = import_module("google.protobuf.text_format")
    config_pb2 = import_module("tensorboard.plugins.projector.projector_config_pb2")
    shop.export(tmp_path / "out", "projector")
    text = (tmp_path / "out" / "projector_config.pbtxt").read_text(encoding="ascii")
    (one,) = text_format.Parse(text, config_pb2.ProjectorConfig()).embeddings
    plugin = import_module("tensorboard.plugins.projector.projector_plugin")
    vectors = plugin._read_tensor_tsv_file(str(tmp_path / "out" / one.tensor_path))
    assert list(one.tensor_shape) == list(vectors.shape)
    with (tmp_path / "out" / one.metadata_path).open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream, delimiter="\t"))) == len(vectors) + 1
    assert (tmp_path / "out" / one.sprite.image_path).is_file()
    assert list(one.sprite.single_image_dim) == [100, 100]
    assert one.tensor_name == "shop: net fc7"


def test_embedding_atlas_opens_the_file(shop: Shop, tmp_path: Path) -> None:
    """Its own command makes a site of our file; the map stands in for one of ours."""
    needs("embedding_atlas")
    shop.export(tmp_path / "a.parquet", "embedding-atlas")
    table = pq.read_table(tmp_path / "a.parquet")
    places = np.random.default_rng(0).normal(size=(2, table.num_rows)).astype(np.float32)
    for name, values in zip(("projection_x", "projection_y"), places, strict=True):
        table = table.append_column(name, [values])
    pq.write_table(table, tmp_path / "mapped.parquet")
    words = "--x projection_x --y projection_y --neighbors neighbors --image image"
    subprocess.run(
        [
            sys.executable, "-c", "from embedding_atlas.cli import main; main()",
            str(tmp_path / "mapped.parquet"),
            *words.split(), "--export-application", str(tmp_path / "site"),
        ],
        check=True,
        timeout=200,
    )  # fmt: skip
    assert (tmp_path / "site" / "index.html").is_file()


def test_embedding_atlas_neighbours_are_the_nearest(shop: Shop, tmp_path: Path) -> None:
    """The column by its documented form, against the obvious computation."""
    shop.export(tmp_path / "a.parquet", "embedding-atlas")
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    values = np.array([row["vector"] for row in rows], np.float64)
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    for number, row in enumerate(rows):
        order = np.argsort(distances[number], kind="stable")
        assert row["neighbors"]["ids"] == order[: len(row["neighbors"]["ids"])].tolist()
        assert len(row["neighbors"]["ids"]) == min(16, len(rows))
        np.testing.assert_allclose(
            row["neighbors"]["distances"], distances[number][row["neighbors"]["ids"]], atol=1e-5
        )
        assert row["image"]["bytes"] == shop.collection.thumbnail(row["id"])
