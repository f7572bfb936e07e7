"""Random forests, kept as arrays: the vote of many trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from impasto.learn.heads import Scaling, Scores
from impasto.learn.methods import Examples, Setting

_BLOCK = 1 << 21  # places in trees looked at together


@dataclass(frozen=True, slots=True, eq=False)
class ForestHead:
    """Trees that ask one feature at a time.

    Parameters
    ----------
    roots : ndarray of shape (n_trees,), int32
        Node where each tree begins.
    feature : ndarray of shape (n_nodes,), int32
        Feature that a node asks.
    threshold : ndarray of shape (n_nodes,), float64
        Up to it one goes left; infinite in a leaf, which leads to itself.
    left, right : ndarray of shape (n_nodes,), int32
    leaf : ndarray of shape (n_nodes,), int32
        Row of `shares`; -1 for a node that is no leaf.
    shares : ndarray of shape (n_leaves, n_classes), float32
        Of each class among the images that ended there.
    depth : int
        Steps after which every image has reached a leaf.
    """

    kind: ClassVar[str] = "forest"

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    leaf: NDArray[np.int32]
    shares: NDArray[np.float32]
    depth: int

    @classmethod
    def of(cls, trees: Sequence[Any], present: NDArray[np.int64], n_classes: int) -> ForestHead:
        """Keep fitted trees of scikit-learn, whose classes are those `present`."""
        sizes = [tree.node_count for tree in trees]
        roots = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
        inner = np.concatenate([tree.children_left >= 0 for tree in trees])
        own = np.arange(sum(sizes))
        left = np.concatenate([t.children_left + r for t, r in zip(trees, roots, strict=True)])
        right = np.concatenate([t.children_right + r for t, r in zip(trees, roots, strict=True)])
        feature = np.concatenate([tree.feature for tree in trees])
        threshold = np.concatenate([tree.threshold for tree in trees])
        value = np.concatenate([tree.value[:, 0, :] for tree in trees])[~inner]
        shares = np.zeros((len(value), n_classes), np.float32)
        shares[:, present] = value / value.sum(axis=1, keepdims=True)
        leaf = np.full(len(own), -1, np.int32)
        leaf[~inner] = np.arange(len(value))
        return cls(
            roots=roots,
            feature=np.where(inner, feature, 0).astype(np.int32),
            threshold=np.where(inner, threshold, np.inf),
            left=np.where(inner, left, own).astype(np.int32),
            right=np.where(inner, right, own).astype(np.int32),
            leaf=leaf,
            shares=shares,
            depth=max(int(tree.max_depth) for tree in trees),
        )

    def scores(self, rows: NDArray[np.float32]) -> Scores:
        """Return the log of the mean share of each class, of shape (n_images, n_classes).

        One tree more is counted, which holds all classes alike: no share is 0.
        """
        n_trees, k = len(self.roots), self.shares.shape[1]
        scores = np.empty((len(rows), k))
        block = max(1, _BLOCK // n_trees)
        for low in range(0, len(rows), block):
            some = rows[low : low + block]
            at = np.broadcast_to(self.roots, (len(some), n_trees))
            image = np.arange(len(some))[:, None]
            for _ in range(self.depth):
                goes_left = some[image, self.feature[at]] <= self.threshold[at]
                at = np.where(goes_left, self.left[at], self.right[at])
            total = np.stack(
                [self.shares[self.leaf[one]].sum(axis=0, dtype=np.float64) for one in at]
            )
            scores[low : low + block] = np.log((total + 1 / k) / (n_trees + 1))
        return scores

    def to_json(self) -> Mapping[str, Any]:
        """Return the depth of the deepest tree."""
        return {"depth": self.depth}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the trees."""
        return {
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "leaf": self.leaf,
            "shares": self.shares,
        }

    @classmethod
    def load(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ForestHead:
        """Read what was stored."""
        return cls(**arrays, depth=data["depth"])


class ForestTrainer:
    """Fit random forests on subsets of the same images.

    Parameters
    ----------
    examples : Examples
    """

    parallel = False  # a forest uses all threads already

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def scores(
        self, train: NDArray[np.int64], held: NDArray[np.int64], settings: Sequence[Setting]
    ) -> list[Scores]:
        """Fit on `train` with each setting and score the images `held` out."""
        found = []
        for setting in settings:
            scaling, head = self.fit(train, setting)
            found.append(head.scores(scaling.apply(self.examples.rows[held])))
        return found

    def fit(self, train: NDArray[np.int64], setting: Setting) -> tuple[Scaling, ForestHead]:
        """Fit on `train` and keep the trees."""
        from sklearn.ensemble import RandomForestClassifier

        examples, scaling = self.examples, self.examples.scaling(train)
        codes = examples.codes[train]
        forest = RandomForestClassifier(
            setting.trees, random_state=examples.seed, n_jobs=examples.threads
        ).fit(scaling.apply(examples.rows[train]), codes)
        trees = [one.tree_ for one in forest.estimators_]
        return scaling, ForestHead.of(trees, np.unique(codes), examples.n_classes)
