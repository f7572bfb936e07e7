from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.collect.labels import infer
from impasto.core.errors import InvalidInput


def test_class_folders_are_labels() -> None:
    got = infer({"": 0, "cats": 5, "dogs": 7})
    assert got.labels == {"": None, "cats": "cats", "dogs": "dogs"}
    assert got.splits == {"": None, "cats": None, "dogs": None}
    assert got.reason == "The folder is the label: 2 classes."


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val", "validation"),
        ("valid", "validation"),
        ("validation", "validation"),
        ("test", "test"),
    ],
)
def test_split_folders_above_class_folders(name: str, split: str) -> None:
    got = infer({"train/cats": 5, "train/dogs": 5, f"{name}/cats": 2, f"{name}/dogs": 2})
    assert got.labels[f"{name}/dogs"] == "dogs"
    assert got.splits[f"{name}/dogs"] == split
    assert "classes" in got.reason


def test_splits_without_classes() -> None:
    got = infer({"train": 50, "val": 5, "test": 9})
    assert set(got.labels.values()) == {None}
    assert got.splits == {"train": "train", "val": "validation", "test": "test"}
    assert "test (9)" in got.reason


@pytest.mark.parametrize(
    ("folders", "why"),
    [
        ({"": 9}, "one folder"),
        ({"2019": 5, "2019/may": 3, "2020": 4}, "different depths"),
        ({"": 1, "cats": 5, "dogs": 5}, "different depths"),
        ({"a/b": 3, "a/c": 4}, "2 folders deep"),
        ({"cats": 5}, "one class"),
        ({"train/cats": 5, "test/cats": 5}, "one class"),
        ({"cats": 0}, "no images"),
        ({}, "no images"),
    ],
)
def test_what_does_not_look_like_classes(folders: dict[str, int], why: str) -> None:
    got = infer(folders)
    assert set(got.labels.values()) <= {None}
    assert why in got.reason


def test_a_class_that_is_called_like_a_split_stays_a_class() -> None:
    got = infer({"test": 5, "exam": 5})
    assert got.labels == {"test": "test", "exam": "exam"}
    assert set(got.splits.values()) == {None}


def test_asked_for_parent_or_top() -> None:
    folders = {"": 1, "animals/birds": 2, "animals": 3, "train": 4}
    assert infer(folders, "parent").labels == {
        "": None,
        "animals/birds": "animals/birds",
        "animals": "animals",
        "train": "train",
    }
    assert infer(folders, "top").labels["animals/birds"] == "animals"
    assert "1 images have none" in infer(folders, "top").reason
    split = infer({"train/a/b": 2, "test/a/c": 3}, "parent")
    assert split.labels == {"train/a/b": "a/b", "test/a/c": "a/c"}
    assert split.splits["test/a/c"] == "test"
    assert set(infer(folders, "none").labels.values()) == {None}


def test_another_way_is_refused() -> None:
    with pytest.raises(InvalidInput, match="parent"):
        infer({}, "leaf")  # type: ignore[arg-type]


names = st.sampled_from(["train", "test", "val", "cats", "dogs", "a", "b"])
paths = st.lists(names, max_size=3).map("/".join)


@given(
    st.dictionaries(paths, st.integers(0, 9)), st.sampled_from(["auto", "parent", "top", "none"])
)
def test_every_folder_gets_an_answer_and_a_sentence(folders: dict[str, int], how: str) -> None:
    got = infer(folders, how)  # type: ignore[arg-type]
    assert got.labels.keys() == got.splits.keys() == folders.keys()
    assert got.reason.endswith(".")
    for folder, label in got.labels.items():
        assert label is None or label in folder
        assert got.splits[folder] is None or folder
