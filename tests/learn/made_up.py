"""Made-up vectors for the tests of the learn room."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.space import Space

D = 24
SPACE = Space("made-up", "pool", D, "0" * 64)


def clusters(
    n: int, classes: int, *, seed: int = 0, noise: float = 1.0, scale: float = 5.0
) -> tuple[NDArray[np.float32], list[str]]:
    """Return n vectors around one centre per class, sizes skewed, and their labels."""
    rng = np.random.default_rng(seed)
    share = np.arange(1, classes + 1) / np.arange(1, classes + 1).sum()
    codes = np.concatenate([np.repeat(np.arange(classes), 4), rng.choice(classes, n, p=share)])[:n]
    centres = rng.standard_normal((classes, D))
    values = centres[codes] + noise * rng.standard_normal((n, D)) + 2  # far from the origin
    return (scale * values).astype(np.float32), [f"class {code}" for code in codes]


def kwargs(n: int) -> dict[str, Any]:
    """Return what `learn` needs beside vectors and labels."""
    return {"space": SPACE, "ids": np.arange(n) + 1000}
