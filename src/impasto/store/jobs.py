"""The history of long tasks, kept so that the app can show it after a restart."""

# ruff: noqa: S608 - SQL is composed of constants of this room only; values are bound

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from impasto.core.errors import InvalidInput
from impasto.store.database import Database

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
_COLUMNS = "id, kind, title, state, options, started, ended, stage, done, total, unit, error, notes"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One long task.

    Parameters
    ----------
    id, kind, title : str
    state : {"queued", "running", "done", "failed", "cancelled"}
    options : mapping
        JSON data.
    started, ended : float or None
        Seconds since 1970.
    stage : str
    done : int
    total : int or None
        Units of the stage; None while unknown.
    unit : str
    error : str or None
        One sentence.
    notes : tuple of str
    """

    id: str
    kind: str
    title: str
    state: JobState
    options: Mapping[str, Any] = field(default_factory=dict)
    started: float | None = None
    ended: float | None = None
    stage: str = ""
    done: int = 0
    total: int | None = None
    unit: str = "images"
    error: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the state."""
        if self.state not in get_args(JobState):
            raise InvalidInput(f"A job is {', '.join(get_args(JobState))}, not {self.state!r}.")


class Jobs:
    """The jobs of a collection."""

    def __init__(self, catalogue: Database) -> None:
        self._catalogue = catalogue

    def record(self, job: JobRecord) -> None:
        """Write a job, or how it stands now."""
        values = (
            job.id, job.kind, job.title, job.state, json.dumps(dict(job.options)), job.started,
            job.ended, job.stage, job.done, job.total, job.unit, job.error, json.dumps(job.notes),
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        with self._catalogue.writing() as db:
            db.execute(f"INSERT OR REPLACE INTO jobs ({_COLUMNS}) VALUES ({marks})", values)

    def list(self, limit: int = 100) -> tuple[JobRecord, ...]:
        """Return the jobs recorded last, newest first."""
        with self._catalogue.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM jobs ORDER BY rowid DESC LIMIT ?", (limit,)
            ).fetchall()
        return tuple(
            JobRecord(
                id=row[0], kind=row[1], title=row[2], state=row[3], options=json.loads(row[4]),
                started=row[5], ended=row[6], stage=row[7], done=row[8], total=row[9],
                unit=row[10], error=row[11], notes=tuple(json.loads(row[12])),
            )
            for row in rows
        )  # fmt: skip

    def end_interrupted(self) -> None:
        """Say of jobs that were under way when their program ended that they failed."""
        with self._catalogue.writing() as db:
            db.execute(
                "UPDATE jobs SET state = 'failed', ended = ?, error = ? "
                "WHERE state IN ('queued', 'running')",
                (time.time(), "The program ended before this was done; start it again."),
            )
