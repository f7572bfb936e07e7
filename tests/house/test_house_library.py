"""The main job by `import impasto`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery
from kit import LABELS, Own, draw

import impasto
from impasto.core.errors import InvalidInput, NotFound, WrongCollection


def test_from_a_folder_to_predictions(tmp_path: Path, own: Own) -> None:
    pictures = draw(tmp_path / "shapes", 6)
    with impasto.open(tmp_path / "shapes", create=True) as c:
        assert c.path == tmp_path / "shapes.impasto"
        assert c.add(pictures).changes.new == 18
        assert len(c) == 18
        done = c.embed(own.network, ["pool", "logits"], weights=str(own.file))
        assert [space.layer for space in done.spaces] == ["pool", "logits"]
        assert c.spaces == [space.name for space in done.spaces]
        taught = c.learn(method="logistic", folds=3, space=c.spaces[0], name="mine")
        top1 = taught.metrics["top1"]
        assert top1["chance"] < 0.6 < top1["value"]
        prediction = c.predict("mine", pictures / "discs" / "00.png", 18)
        assert [best[0][0] for best in prediction.top(1)] == ["discs", "stripes"]


def test_a_walk(gallery: Gallery) -> None:
    with impasto.open(gallery.path, writable=False) as c:
        near = c.neighbours(1, k=3)
        assert 1 not in near.ids
        further = c.neighbours(near.ids[0], k=3)  # an id as NumPy has it
        assert near.ids[0] not in further.ids
        together = c.neighbours(near.ids, k=3)
        assert not set(together.ids) & set(near.ids)
        file = c.images([1])[0].file
        assert c.neighbours(file, k=1).ids[0] == 1
        assert c.neighbours(str(file), k=1).ids[0] == 1


def test_similarities_are_cosines(gallery: Gallery) -> None:
    with impasto.open(gallery.path, writable=False) as c:
        vectors = c.vectors()
        unit = np.asarray(vectors.values, np.float64)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        row = int(np.flatnonzero(vectors.ids == 5)[0])
        wanted = unit @ unit[row]
        got = c.similarities(5)
        assert got.shape == (24,)
        assert np.isnan(got[row])
        others = np.arange(24) != row
        np.testing.assert_allclose(got[others], wanted[others], atol=2e-4)
        best = vectors.ids[others][np.argsort(-wanted[others])][:4]
        assert c.neighbours(5, k=4).ids.tolist() == best.tolist()
        assert c.distribution(5, bins=10).counts.sum() == 23


def test_labels_tags_and_away(gallery: Gallery) -> None:
    with impasto.open(gallery.path, writable=False) as c:
        labels = {image.id: image.label for image in c.images()}
        for label in LABELS:
            near = c.neighbours(f"label:{label}", k=6)
            assert [labels[i] for i in near.ids] == [label] * 6
        assert {labels[i] for i in c.neighbours("tag:round", k=6).ids} == {"discs"}
        away = c.ask("tag:drawn", away=["label:discs"]).neighbours(8)
        assert "discs" not in {labels[i] for i in away.ids}


def test_queries_side_by_side(gallery: Gallery) -> None:
    with impasto.open(gallery.path, writable=False) as c:
        compared = c.compare(["label:discs", "label:stripes", ["label:discs"]])
        assert compared.ks[0, 2] == pytest.approx(0, abs=1e-9)
        assert compared.spearman[0, 2] == pytest.approx(1)
        assert compared.ks[0, 1] > 0
        (found,) = c.retrieval(tag="round")
        assert found.answer == "yes"
        assert found.precision[5].value > found.precision[5].chance


def test_a_file_called_like_a_number(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with impasto.open(gallery.path, writable=False) as c:
        picture = c.images([9])[0].file
        Path("3").write_bytes(picture.read_bytes())
        assert c.neighbours(Path("3"), k=1).ids[0] == 9
        assert c.ask("3").query.members == (3,)


def test_what_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(WrongCollection, match="is not a collection"):
        impasto.open(tmp_path / "nothing")
    with impasto.open(gallery.path, writable=False) as c:
        with pytest.raises(NotFound, match="No image 99"):
            c.neighbours(99)
        with pytest.raises(NotFound, match="Did you mean 'discs'"):
            c.neighbours("label:disks")
        with pytest.raises(InvalidInput, match="neither a file nor a term"):
            c.neighbours("discs")
        with pytest.raises(InvalidInput, match="pooling can be mean, max, none, not 'average'"):
            c.embed(pooling="average")
        with pytest.raises(InvalidInput, match="tuple of patterns"):
            c.learn(only="d*")
        with pytest.raises(InvalidInput, match="seed"):
            c.learn(seed=-1)
        with pytest.raises(InvalidInput, match="reading only"):
            c.add(gallery.pictures)
    with pytest.raises(InvalidInput, match="closed"):
        len(c)


def test_maps(gallery: Gallery, tmp_path: Path) -> None:
    own = gallery.copy(tmp_path)
    with impasto.open(own.path) as c:
        made = c.map("umap", neighbours=5, seed=3)
        assert made.ids.tolist() == list(range(1, 25))
        assert made.positions.shape == (24, 2)
        assert made.faithfulness is not None
        assert made.faithfulness.trustworthiness.value > made.faithfulness.trustworthiness.chance
        c.map("pca", name="plain")
        assert list(c.maps()) == ["plain", made.name]
        np.testing.assert_array_equal(c.maps()[made.name].positions, made.positions)
