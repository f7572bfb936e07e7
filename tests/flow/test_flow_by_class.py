"""The scatter of a report: classes that are apart lie apart, and it is the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import Gallery

from impasto.core.answered import Answered
from impasto.core.progress import Quiet
from impasto.flow import by_class
from impasto.store import Collection


def test_classes_in_the_plane(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(gallery.path, writable=False) as collection:
        known, labels = collection.labelled()
        names, truth = np.unique(labels, return_inverse=True)
        n = len(known)
        kept = Answered(
            names=tuple(names.tolist()),
            ids=known,
            scores=np.eye(len(names), dtype=np.float32)[truth],
            truth=truth.astype(np.int32),
            fold=np.zeros(n, np.int16),
            groups=np.arange(n),
        )
        space = collection.vectors(collection.space_names()[0]).space
        assert by_class.scatter(collection, space, kept, Quiet()) == ""  # too few
        monkeypatch.setattr(by_class, "FEWEST", 10)
        drawn = by_class.scatter(collection, space, kept, Quiet())
        assert drawn == by_class.scatter(collection, space, kept, Quiet())
        dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="3.4" fill="(#\w+)"', drawn)
        assert len(dots) == n and len({colour for *_, colour in dots}) == len(names)
        places = np.array([[float(x), float(y)] for x, y, _ in dots])
        colours = np.array([colour for *_, colour in dots])
        gaps = np.linalg.norm(places[:, None] - places, axis=2) + 1e9 * np.eye(n)
        nearest_alike = (colours[gaps.argmin(axis=1)] == colours).mean()
        assert nearest_alike > 0.8  # a third by chance
        monkeypatch.setattr(by_class, "MOST", 12)
        some = by_class.scatter(collection, space, kept, Quiet())
        assert some.count('r="3.4"') == 12 and f"12 of {n}, drawn at random" in some
        tags = replace(kept, truth=truth[:, None] == [0, 1, 9], given=np.zeros((n, 3), bool))
        assert "others" in by_class.scatter(collection, space, tags, Quiet())
