"""The tags as they were looked over last, so that a page that comes back need not wait."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from impasto import flow

if TYPE_CHECKING:
    from impasto.curate.tags import TagDecision
    from impasto.store import Collection

_Key = tuple[str | None, int, tuple["TagDecision", ...]]


class Vocabulary:
    """Looks at the tags again only when the collection, or what was decided, has changed."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = Lock()
        self._held: tuple[_Key, flow.TagsSeen] | None = None

    def seen(self, space: str | None) -> flow.TagsSeen:
        """Return what the tags are like, compared in a space (None: the newest)."""
        with self._lock:
            decided = tuple(flow.stored_decisions(self._collection))
            key = (space, self._collection.version, decided)
            if self._held is None or self._held[0] != key:
                self._held = key, flow.look_at_tags(self._collection, space=space)
            return self._held[1]
