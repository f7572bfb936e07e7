"""What the routes need, in one place: a collection, recipes, uploads, answers, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

Filter = Any
Sort = Any


class Studio:
    """One collection, open in the app."""

    collection: Any
    uploads: Any
    answers: Any
    jobs: Any
