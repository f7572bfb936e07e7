"""What the routes need, in one place: a collection and what the server keeps around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.serve.answers import Answers
from impasto.serve.compared import Compared
from impasto.serve.exports import Exports
from impasto.serve.jobs import Jobs
from impasto.serve.models import Models
from impasto.serve.shown import Exchange
from impasto.serve.sprites import Sprites
from impasto.serve.uploads import Uploads
from impasto.serve.vocabulary import Vocabulary

if TYPE_CHECKING:
    from impasto.store import Collection


class Studio:
    """One collection, open in the app.

    Parameters
    ----------
    collection : Collection
        Open for writing if jobs are to run; the studio does not close it.

    Attributes
    ----------
    collection : Collection
    jobs : Jobs
        The command line submits its own long work here too, so that the app shows it.
    uploads : Uploads
    answers : Answers
        Similarities of the latest queries.
    compared : Compared
        The latest comparisons.
    models : Models
    sprites : Sprites
    vocabulary : Vocabulary
    exports : Exports
        Files made for browsers to fetch.
    exchange : Exchange or None
        Between the pages and the notebook that shows them; None when there is none.
    """

    def __init__(self, collection: Collection, *, exchange: Exchange | None = None) -> None:
        self.collection = collection
        self.jobs = Jobs(collection.jobs, writes=collection.writable)
        self.uploads = Uploads()
        self.answers = Answers(collection, self.uploads)
        self.compared = Compared(self.answers)
        self.models = Models(collection, self.answers, self.uploads)
        self.sprites = Sprites(collection)
        self.vocabulary = Vocabulary(collection)
        self.exports = Exports()
        self.exchange = exchange
        self._streams_ended = False

    @property
    def streams_ended(self) -> bool:
        """Whether event streams are to end, because the server stops."""
        return self._streams_ended

    def end_streams(self) -> None:
        """Let event streams end; a server that stops would wait for them."""
        self._streams_ended = True

    def close(self) -> None:
        """Stop jobs and event streams; what they committed is kept, what they exported is not."""
        self.end_streams()
        self.jobs.close()
        self.exports.close()
