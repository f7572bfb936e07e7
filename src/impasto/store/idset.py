"""A set of image ids that takes one byte per id, up to the largest."""

from __future__ import annotations

from collections.abc import Iterable


class IdSet:
    """Ids from 0 up; a million of them take a megabyte."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._marks = bytearray()
        for image in ids:
            self.add(image)

    def add(self, image: int) -> None:
        """Put an id in."""
        missing = image + 1 - len(self._marks)
        if missing > 0:
            self._marks.extend(bytes(max(missing, len(self._marks), 1024)))
        self._marks[image] = 1

    def discard(self, image: int) -> None:
        """Take an id out, if it is in."""
        if image < len(self._marks):
            self._marks[image] = 0

    def __contains__(self, image: int) -> bool:
        return image < len(self._marks) and self._marks[image] == 1
