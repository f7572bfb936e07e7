"""Vectors to look at: what `store` would hand over, made in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.core.space import Flip, Space, Vectors

Make = Callable[..., Vectors]


@pytest.fixture(scope="session")
def make() -> Make:
    """Build Vectors around an array; ids are 10, 11, ... unless given."""

    def build(
        values: NDArray[Any],
        ids: NDArray[np.int64] | None = None,
        mirrored: NDArray[Any] | None = None,
        network: str = "test",
    ) -> Vectors:
        n, d = values.shape
        flip: Flip = "none" if mirrored is None else "both"
        norms = np.linalg.norm(values.astype(np.float64), axis=1).astype(np.float32)
        ids = np.arange(10, 10 + n) if ids is None else ids
        space = Space(network, "last", d, "0" * 64, flip=flip)
        return Vectors(space, ids, values, norms, mirrored)

    return build


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
