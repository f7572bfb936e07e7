"""Divide labelled images into parts: stratified, seeded, and no group on two sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput


def partition(
    labels: NDArray[Any], groups: NDArray[Any], shares: Sequence[float], *, seed: int
) -> NDArray[np.int64]:
    """Put every image into one part so that each class is shared out as asked.

    Groups stay whole. Those of several images go first, the largest ones first, each to the part
    that still lacks most of its classes (rare classes weigh more); single images then fill the
    parts up. A class with at least as many groups as there are parts ends up in all of them.

    Parameters
    ----------
    labels : ndarray of shape (n_images,), of str or int
        Class of each image.
    groups : ndarray of shape (n_images,), of int or str
        Images with the same group stay together (near-duplicates, one author, one shoot).
    shares : sequence of float
        Share of each part, at least 0; they need not add up to 1. A part with share 0 stays empty.
    seed : int
        Same input and seed, same parts.

    Returns
    -------
    ndarray of shape (n_images,), int64
        Position in `shares` of the part of each image.

    Examples
    --------
    >>> labels = np.array(["a"] * 4 + ["b"] * 4)
    >>> parts = partition(labels, np.arange(8), (0.5, 0.5), seed=0)
    >>> [int(np.sum(labels[parts == part] == "a")) for part in (0, 1)]
    [2, 2]
    """
    share = _checked(labels, groups, shares)
    open_parts = np.flatnonzero(share)
    if len(labels) == 0:
        return np.empty(0, np.int64)
    _, label = np.unique(labels, return_inverse=True)
    _, group = np.unique(groups, return_inverse=True)
    plan = _Plan(label, group, share[open_parts], np.random.default_rng(seed))
    plan.place_groups()
    plan.place_singles()
    plan.reach_all_parts()
    result: NDArray[np.int64] = open_parts[plan.part_of[group]]
    return result


def _checked(
    labels: NDArray[Any], groups: NDArray[Any], shares: Sequence[float]
) -> NDArray[np.float64]:
    if labels.ndim != 1 or labels.shape != groups.shape:
        raise InvalidInput(
            f"Every image needs one label and one group; there are labels of shape {labels.shape} "
            f"and groups of shape {groups.shape}."
        )
    share = np.asarray(shares, np.float64)
    if share.ndim != 1 or not np.isfinite(share).all() or (share < 0).any() or share.sum() <= 0:
        raise InvalidInput(
            f"Shares are numbers of at least 0, and one of them is above 0; not {shares}."
        )
    normalised: NDArray[np.float64] = share / share.sum()
    return normalised


class _Plan:
    """Who goes where: `part_of` (n_groups,) and the images of each class still `lacking`."""

    def __init__(
        self,
        label: NDArray[np.intp],
        group: NDArray[np.intp],
        share: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> None:
        self.rng = rng
        self.label, self.group = label, group
        self.sizes = np.bincount(group)  # (n_groups,)
        totals = np.bincount(label)  # (n_classes,)
        self.lacking = share[:, None] * totals  # (n_parts, n_classes)
        self.weight = 1 / totals  # rare classes first
        self.part_of = np.full(len(self.sizes), -1, np.int64)
        by_group = np.argsort(group, kind="stable")
        self.members = np.split(by_group, np.cumsum(self.sizes)[:-1])

    def put(self, group: int, part: int) -> None:
        """Place or move a group and keep the books."""
        counts = np.bincount(self.label[self.members[group]], minlength=len(self.weight))
        if self.part_of[group] >= 0:
            self.lacking[self.part_of[group]] += counts
        self.part_of[group] = part
        self.lacking[part] -= counts

    def place_groups(self) -> None:
        """Place groups of several images, the largest first."""
        several = np.flatnonzero(self.sizes > 1)
        several = self.rng.permutation(several)
        for group in several[np.argsort(-self.sizes[several], kind="stable")]:
            classes = self.label[self.members[group]]
            wanted = (self.lacking[:, classes] * self.weight[classes]).sum(axis=1)  # (n_parts,)
            best = np.flatnonzero(wanted >= wanted.max() - 1e-12)
            self.put(int(group), int(best[self.lacking[best].sum(axis=1).argmax()]))

    def place_singles(self) -> None:
        """Fill up with single images, class by class, the rarest first."""
        single = np.flatnonzero(self.sizes == 1)
        label = self.label[[self.members[group][0] for group in single]]
        for klass in np.argsort(-self.weight, kind="stable"):
            mine = self.rng.permutation(single[label == klass])
            if len(mine) == 0:
                continue
            quota = self._quota(int(klass), len(mine))
            self.part_of[mine] = np.repeat(np.arange(len(quota)), quota)
            self.lacking[:, klass] -= quota

    def _quota(self, klass: int, n: int) -> NDArray[np.int64]:
        """Share `n` images of a class out by what lacks: whole numbers by largest remainder."""
        wanted = np.maximum(self.lacking[:, klass], 0)
        ideal = wanted * (n / wanted.sum())  # (n_parts,)
        quota: NDArray[np.int64] = np.floor(ideal + 1e-9).astype(np.int64)
        overall = self.lacking.sum(axis=1)
        order = np.lexsort((-overall, -np.round(ideal - quota, 9)))  # remainder, then emptiness
        quota[order[: n - quota.sum()]] += 1
        return quota

    def reach_all_parts(self) -> None:
        """Move small groups until no class misses a part that it could be in."""
        n_parts, n_classes = self.lacking.shape
        pairs = np.unique(np.stack((self.label, self.group)), axis=1)  # (2, n_pairs)
        if n_parts < 2:
            return
        table = np.zeros((n_parts, n_classes), np.int64)  # groups of a class in a part
        np.add.at(table, (self.part_of[pairs[1]], pairs[0]), 1)
        for klass in np.flatnonzero((table.sum(axis=0) >= n_parts) & (table == 0).any(axis=0)):
            mine = pairs[1][pairs[0] == klass]
            mine = mine[np.argsort(self.sizes[mine], kind="stable")]
            for part in np.flatnonzero(table[:, klass] == 0):
                for group in mine:
                    source = self.part_of[group]
                    classes = np.unique(self.label[self.members[group]])
                    if (table[source, classes] > 1).all():
                        table[source, classes] -= 1
                        table[part, classes] += 1
                        self.put(int(group), int(part))
                        break


def partition_tags(
    tags: NDArray[Any], groups: NDArray[Any], shares: Sequence[float], *, seed: int
) -> NDArray[np.int64]:
    """Put every image into one part so that each tag is shared out as asked.

    Iterative stratification: Sechidis, Tsoumakas & Vlahavas, "On the stratification of
    multi-label data", ECML PKDD 2011, algorithm 1, with groups in place of single examples. The
    tag with the fewest images left is dealt out first, each of its groups (the largest first) to
    the part that lacks it most; images without a tag fill the parts up.

    Parameters
    ----------
    tags : ndarray of shape (n_images, n_tags), bool or 0/1
    groups : ndarray of shape (n_images,), of int or str
        Images with the same group stay together.
    shares : sequence of float
        Share of each part, at least 0; they need not add up to 1. A part with share 0 stays empty.
    seed : int

    Returns
    -------
    ndarray of shape (n_images,), int64
        Position in `shares` of the part of each image.

    Examples
    --------
    >>> tags = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> parts = partition_tags(tags, np.arange(4), (0.5, 0.5), seed=0)
    >>> [tags[parts == part].sum(axis=0).tolist() for part in (0, 1)]
    [[1, 1], [1, 1]]
    """
    if tags.ndim != 2:
        raise InvalidInput(f"Tags have the shape (n_images, n_tags), not {tags.shape}.")
    share = _checked(groups, groups, shares)
    open_parts = np.flatnonzero(share)
    if len(tags) == 0:
        return np.empty(0, np.int64)
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group)
    held = np.zeros((len(sizes), tags.shape[1]), np.int64)  # images of a group with a tag
    np.add.at(held, group, np.asarray(tags).astype(np.int64))
    chance = np.random.default_rng(seed)
    rank = np.lexsort((chance.random(len(sizes)), -sizes))  # large groups first, the rest by chance
    lacking = share[open_parts][:, None] * held.sum(axis=0)  # (n_parts, n_tags)
    room = share[open_parts] * len(tags)  # (n_parts,)
    part_of = np.full(len(sizes), -1, np.int64)

    def put(group: int, wanted: NDArray[np.float64]) -> None:
        best = np.flatnonzero(wanted >= wanted.max() - 1e-9)
        best = best[room[best] >= room[best].max() - 1e-9]
        part = int(chance.choice(best))
        part_of[group] = part
        lacking[part] -= held[group]
        room[part] -= sizes[group]

    left = held.sum(axis=0)
    while (left > 0).any():
        tag = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        for each in rank[(part_of[rank] < 0) & (held[rank, tag] > 0)]:
            put(int(each), lacking[:, tag])
            left = left - held[each]
    for each in rank[part_of[rank] < 0]:
        put(int(each), room)
    result: NDArray[np.int64] = open_parts[part_of[group]]
    return result
