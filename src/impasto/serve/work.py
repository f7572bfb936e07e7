"""The kinds of jobs: what the browser asked for → a recipe that runs in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput
from impasto.serve.errors import Forbidden
from impasto.serve.schemas import AddJobIn, AddOptions, EmbedJobIn, EmbedOptions, LearnOptions

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.serve.jobs import Job, Work
    from impasto.serve.schemas import JobIn
    from impasto.serve.studio import Studio
    from impasto.store import Collection


def start(studio: Studio, asked: JobIn) -> Job:
    """Queue a job.

    Raises
    ------
    InvalidInput
        When the collection is open for reading only.
    Forbidden
        When a source lies outside of the collection's folders.
    """
    collection = studio.collection
    if not collection.writable:
        raise InvalidInput(
            f"{collection.name} is open for reading only, because its folder can't be written or "
            "another impasto writes it; nothing can be added, embedded or learned here."
        )
    title, work = _planned(collection, asked)
    return studio.jobs.submit(asked.kind, title, work, asked.options.model_dump())


def _planned(collection: Collection, asked: JobIn) -> tuple[str, Work]:
    """Check what can be checked now, and say what the job is called and does."""
    if isinstance(asked, AddJobIn):
        return _add(collection, asked.options)
    if isinstance(asked, EmbedJobIn):
        return _embed(collection, asked.options)
    return _learn(collection, asked.options)
