import numpy as np
import pytest

from impasto.core.errors import InvalidInput, NotFound, not_found
from impasto.core.records import Facts, Flag, Neighbours
from impasto.core.registry import Registry
from impasto.core.space import Space


def test_unknown_names_get_near_spellings() -> None:
    assert "vgg19" in str(not_found("network", "vgg91", ["vgg16", "vgg19", "alexnet"]))
    assert "There are: alexnet" in str(not_found("network", "zzz", ["alexnet"]))
    assert "none yet" in str(not_found("model", "birds", []))


def test_a_name_is_registered_once() -> None:
    methods: Registry[int] = Registry("method")
    methods.register("one", 1)
    with pytest.raises(InvalidInput, match="already"):
        methods.register("one", 2)
    with pytest.raises(NotFound, match="one"):
        methods["onne"]
    assert list(methods) == ["one"]


def test_facts_without_a_picture_are_not_usable() -> None:
    assert not Facts(b"", 0, 0, 0, "", (Flag("empty", "zero bytes"),)).usable
    assert Facts(b"", 9, 4, 4, "PNG", (Flag("tiny", "4 × 4 pixels"),)).usable


def test_neighbours_need_one_similarity_per_id() -> None:
    with pytest.raises(InvalidInput):
        Neighbours(Space("n", "l", 2, ""), np.arange(3), np.zeros(2, np.float32))
