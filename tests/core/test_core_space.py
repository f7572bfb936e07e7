import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import InvalidInput, SpaceMismatch
from impasto.core.space import Preprocessing, Space, Vectors, check_same_space

SPACE = Space("vgg19", "fc7", 4096, "ab" * 32)


@given(
    st.sampled_from(["crop", "squash"]),
    st.integers(1, 1024),
    st.floats(0.1, 1),
    st.tuples(*[st.floats(0, 255)] * 3),
    st.sampled_from(["none", "mean", "both"]),
    st.text(min_size=1, max_size=30),
)
def test_a_space_survives_json(fit, size, crop, mean, flip, layer):  # type: ignore[no-untyped-def]
    space = Space(
        "n", layer, 7, "00", Preprocessing(size=size, crop=crop, fit=fit, mean=mean), flip=flip
    )
    again = Space.from_json(json.loads(json.dumps(space.to_json())))
    assert again == space
    assert again.name == space.name


@pytest.mark.parametrize(
    "change",
    [
        {"network": "vgg16"},
        {"layer": "fc6"},
        {"weights": "cd" * 32},
        {"pooling": "max"},
        {"precision": "bf16"},
        {"flip": "mean"},
        {"preprocessing": Preprocessing(size=225)},
        {"preprocessing": Preprocessing(mean=(127.0, 127.0, 127.0))},
    ],
)
def test_anything_that_changes_vectors_changes_the_space(change: dict[str, object]) -> None:
    other = replace(SPACE, **change)  # type: ignore[arg-type]
    assert other.name != SPACE.name
    with pytest.raises(SpaceMismatch, match=next(iter(change))):
        check_same_space(SPACE, other)


def test_names_are_safe_folder_names() -> None:
    name = Space("timm/vit:a b", "blocks.11/../x", 3, "00").name
    assert not set(name) & set('/\\: *?"<>|')


def test_short_side_of_the_usual_centre_crop() -> None:
    assert Preprocessing(size=224, crop=0.875).short_side == 256
    assert Preprocessing(size=224, fit="squash").short_side == 224


def test_impossible_preprocessing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="crop"):
        Preprocessing(crop=0)
    with pytest.raises(InvalidInput, match="std"):
        Preprocessing(std=(1.0, 0.0, 1.0))
    with pytest.raises(InvalidInput, match="size"):
        Preprocessing(size=0)


def test_vectors_must_fit_their_space() -> None:
    ids = np.arange(2, dtype=np.int64)
    norms = np.ones(2, np.float32)
    with pytest.raises(SpaceMismatch, match="4096"):
        Vectors(SPACE, ids, np.zeros((2, 3), np.float16), norms)
    with pytest.raises(InvalidInput, match="2 ids"):
        Vectors(SPACE, ids[:1], np.zeros((2, 4096), np.float16), norms)
