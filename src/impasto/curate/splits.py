"""Train, validation and test parts, and folds: stratified, and near-duplicates never straddle."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.core.partition import partition, partition_tags
from impasto.core.records import SPLITS


def split(
    labels: NDArray[Any],
    groups: NDArray[Any],
    *,
    shares: tuple[float, float, float] = (0.8, 0.0, 0.2),
    seed: int = 0,
) -> NDArray[np.str_]:
    """Divide images into train, validation and test.

    Parameters
    ----------
    labels : ndarray of shape (n_images,), of str or int
    groups : ndarray of shape (n_images,), of int
        Images with the same group end up in the same part; ``np.arange(n_images)`` for none.
    shares : tuple of 3 floats
        Of train, validation and test; each class is shared out alike.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), str
        "train", "validation" or "test".

    Raises
    ------
    InvalidInput
        If there is no image, or the shares leave nothing to train on or to test with.

    Examples
    --------
    >>> parts = split(np.array(["a", "a", "b", "b"]), np.arange(4), shares=(0.5, 0, 0.5))
    >>> sorted(parts.tolist())
    ['test', 'test', 'train', 'train']
    """
    _check_shares(shares)
    _check_some(labels)
    parts: NDArray[np.str_] = np.array(SPLITS)[partition(labels, groups, shares, seed=seed)]
    return parts


def split_tags(
    tags: NDArray[Any],
    groups: NDArray[Any],
    *,
    shares: tuple[float, float, float] = (0.8, 0.0, 0.2),
    seed: int = 0,
) -> NDArray[np.str_]:
    """Divide tagged images into train, validation and test by iterative stratification.

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool
    groups : ndarray of shape (n_images,), of int
        Images with the same group end up in the same part.
    shares : tuple of 3 floats
        Of train, validation and test; each tag is shared out alike, the rarest first.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), str

    Examples
    --------
    >>> tags = np.array([[1, 0], [1, 1], [1, 0], [1, 1]], bool)
    >>> parts = split_tags(tags, np.arange(4), shares=(0.5, 0, 0.5))
    >>> tags[parts == "test"].sum(axis=0).tolist()
    [2, 1]
    """
    _check_shares(shares)
    _check_some(tags, "tagged")
    parts: NDArray[np.str_] = np.array(SPLITS)[partition_tags(tags, groups, shares, seed=seed)]
    return parts


def parse_parts(text: str) -> tuple[float, float, float]:
    """Read how much goes where: ``train=64,val=16,test=20``; they need not add up to 100.

    Examples
    --------
    >>> parse_parts("train=64,val=16,test=20")
    (64.0, 16.0, 20.0)
    >>> parse_parts("test=0.2, train=0.8")
    (0.8, 0.0, 0.2)
    """
    shares = dict.fromkeys(SPLITS, 0.0)
    said = set()
    for part in text.split(","):
        name, sign, number = (each.strip() for each in part.partition("="))
        name = {"val": "validation", "valid": "validation"}.get(name, name)
        try:
            share = float(number)
        except ValueError:
            share = -1
        if not sign or name not in shares or name in said or not 0 <= share < np.inf:
            raise InvalidInput(
                "Parts are written train=64,val=16,test=20, each at most once and with a number "
                f"of at least 0; not {text[:80]!r}."
            )
        said.add(name)
        shares[name] = share
    train, validation, test = shares.values()
    _check_shares((train, validation, test))
    return train, validation, test


def folds(
    labels: NDArray[Any], groups: NDArray[Any], k: int = 5, *, seed: int = 0
) -> NDArray[np.int64]:
    """Divide images into `k` folds, so that each image is once tested and never by its double.

    Parameters
    ----------
    labels : ndarray of shape (n_images,), of str or int
    groups : ndarray of shape (n_images,), of int
        Images with the same group end up in the same fold; ``np.arange(n_images)`` for none.
    k : int
        At least 2, at most the number of groups.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), int64
        Fold of each image, 0 to k - 1.

    Raises
    ------
    InvalidInput
        If there is no image, or there are fewer groups than folds.
    """
    _check_some(labels)
    distinct = len(np.unique(groups))
    if not 2 <= k <= distinct:
        raise InvalidInput(
            f"{distinct} distinct images can be divided into 2 to {distinct} folds, not {k}."
            if distinct > 1
            else "All images are copies of one: there is nothing to divide into folds."
        )
    return partition(labels, groups, [1.0] * k, seed=seed)


def rare_classes(labels: NDArray[Any], groups: NDArray[Any], at_least: int = 2) -> dict[str, int]:
    """Find classes with fewer than `at_least` distinct images (groups), which can't be judged.

    Returns
    -------
    dict of str to int
        Class to number of groups, the rarest first.

    Examples
    --------
    >>> rare_classes(np.array(["cat", "cat", "dog", "dog"]), np.array([0, 1, 2, 2]))
    {'dog': 1}
    """
    seen = set(zip(labels.tolist(), groups.tolist(), strict=True))
    counts = Counter(str(label) for label, _ in seen)
    return dict(sorted(((k, n) for k, n in counts.items() if n < at_least), key=lambda x: x[::-1]))


def _check_shares(shares: tuple[float, float, float]) -> None:
    if len(shares) != 3 or not shares[0] > 0 or shares[1] + shares[2] <= 0:
        raise InvalidInput(
            f"The shares of train, validation and test are three numbers, the first and one other "
            f"of them above 0 (0.8, 0, 0.2); not {shares}."
        )


def _check_some(images: NDArray[Any], kind: str = "labelled") -> None:
    if len(images) == 0:
        verb = "label" if kind == "labelled" else "tag"
        raise InvalidInput(f"There is no {kind} image to divide; {verb} some images first.")
