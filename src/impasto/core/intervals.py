"""95 % intervals that several rooms need."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""97.5 % quantile of the normal distribution."""


def wilson(value: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % score interval (1927) of a share seen on `n` independent cases.

    Examples
    --------
    >>> low, high = wilson(0.8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    middle = (value + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(value * (1 - value) / n + Z**2 / (4 * n * n))
    return max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half))
