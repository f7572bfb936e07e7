"""Images that belong together: by what they share, and several such groupings at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput


def grouped(values: Sequence[Hashable | None]) -> NDArray[np.int64]:
    """Give images numbers by a value they share; an image without one (None) is a group of its own.

    Parameters
    ----------
    values : sequence of hashable or None, n_images long

    Returns
    -------
    ndarray of shape (n_images,), int64
        Numbered by first appearance.

    Examples
    --------
    >>> grouped(["ann", "bob", None, "ann", None]).tolist()
    [0, 1, 2, 0, 3]
    """
    numbers: dict[object, int] = {}
    found = [
        numbers.setdefault(("alone", row) if value is None else ("value", value), len(numbers))
        for row, value in enumerate(values)
    ]
    return np.array(found, np.int64)


def join_groups(*groupings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join groupings: images that share a group in any of them end up in one.

    Parameters
    ----------
    *groupings : ndarray of shape (n_images,), int64
        At least one.

    Returns
    -------
    ndarray of shape (n_images,), int64
        Numbered by first appearance.

    Examples
    --------
    >>> join_groups(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
    [0, 0, 0, 1]
    """
    if not groupings or len({each.shape for each in groupings}) != 1:
        raise InvalidInput("Groupings to join give each of the same images one group.")
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(groupings[0])
    if n == 0:
        return np.empty(0, np.int64)
    rows, hubs, first = [], [], n  # a graph of images and, behind them, the groups
    for each in groupings:
        _, group = np.unique(each, return_inverse=True)
        rows.append(np.arange(n))
        hubs.append(group + first)
        first += int(group.max()) + 1
    row, hub = np.concatenate(rows), np.concatenate(hubs)
    links = coo_array((np.ones(len(row), np.int8), (row, hub)), shape=(first, first))
    _, component = connected_components(links, directed=False)
    return grouped(component[:n].tolist())
