"""Long work in the background: one job at a time, with live progress, a stop, and a history."""

from __future__ import annotations

import errno
import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from impasto.core.errors import Cancelled, ImpastoError, InvalidInput, NotFound
from impasto.core.progress import Progress
from impasto.store import JobRecord, JobState


class JobProgress(Progress, Protocol):
    """The progress of a job, which the app watches."""

    def watch(self, curves: Mapping[str, Any]) -> None:
        """Show how learning goes, epoch by epoch (`impasto.learn.tune.Curves` as JSON data)."""


Work = Callable[[JobProgress], object]

KEPT = 100
"""Jobs that are shown; older ones stay in the catalogue."""

_WINDOW = 10.0  # seconds over which the rate is measured
_log = logging.getLogger("impasto.serve")


@dataclass(frozen=True, slots=True)
class Job(JobRecord):
    """A job as it stands at one moment: what is written down, and how fast it is now.

    Parameters
    ----------
    rate : float or None
        Units a second, lately.
    file : str or None
        Name of the file that it made and that can be fetched.
    curves : mapping or None
        How learning goes, of a job that tunes a network: JSON data.
    """

    rate: float | None = None
    file: str | None = None
    curves: Mapping[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def again(self) -> bool:
        """Whether it can be started again: it was asked for with options, and did not succeed."""
        return self.state in ("failed", "cancelled") and bool(self.options)

    @property
    def seconds_left(self) -> float | None:
        """Time left in the stage at the present rate."""
        if self.state != "running" or self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate


class Ledger(Protocol):
    """Where jobs are written down: the `jobs` of a collection."""

    def record(self, job: JobRecord) -> None:
        """Write a job, over what was there under its id."""

    def list(self, limit: int) -> Iterable[JobRecord]:
        """Read the jobs that were written last, the newest first."""


class Jobs:
    """The queue: jobs run one after the other in one thread, because a collection has one writer.

    Parameters
    ----------
    ledger : Ledger or None
        Jobs are written there when they begin and end; None keeps them in memory only.
    writes : bool
        False: earlier jobs are read there, but nothing can be written.
    """

    def __init__(self, ledger: Ledger | None = None, *, writes: bool = True) -> None:
        self._ledger = ledger if writes else None
        self._change = threading.Condition()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: deque[tuple[str, Work]] = deque()
        self._stopping: set[str] = set()
        self._version = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        for record in sorted(ledger.list(KEPT) if ledger else (), key=lambda job: job.started or 0):
            self._put(Job(**{each.name: getattr(record, each.name) for each in fields(record)}))

    @property
    def version(self) -> int:
        """A number that grows with every change of any job."""
        return self._version

    def list(self) -> list[Job]:
        """Return the jobs, the newest first."""
        with self._change:
            return list(reversed(self._jobs.values()))

    def __getitem__(self, id_: str) -> Job:
        """Return one job, or raise NotFound."""
        with self._change:
            if id_ in self._jobs:
                return self._jobs[id_]
        raise NotFound(f"There is no job {id_[:64]!r}.")

    def submit(
        self,
        kind: str,
        title: str,
        work: Work,
        options: Mapping[str, Any] | None = None,
        *,
        id_: str | None = None,
    ) -> Job:
        """Queue `work`; it gets a Progress whose calls raise Cancelled when the user stops it."""
        job = Job(id_ or secrets.token_hex(8), kind, title, "queued", options or {})
        with self._change:
            if self._closed:
                raise InvalidInput("The server is stopping; it takes no more jobs.")
            self._put(job)
        self._write(self[job.id])  # a job that waits must not be lost with the server
        with self._change:
            if self[job.id].over:
                return self[job.id]
            self._waiting.append((job.id, work))
            self._change.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="impasto-jobs", daemon=True)
                self._thread.start()
        return job

    def cancel(self, id_: str) -> Job:
        """Take a job out of the queue, or ask it to stop; a job that is over stays as it is."""
        with self._change:
            job = self[id_]
            if job.state == "running":
                self._stopping.add(id_)
            if job.state != "queued":
                return job
            self._waiting = deque(each for each in self._waiting if each[0] != id_)
            job = self._put(replace(job, state="cancelled", ended=time.time()))
        self._write(job)
        return job

    def wait(self, id_: str, timeout: float | None = None) -> Job:
        """Block until a job is over (or the time is), and return it as it stands."""
        with self._change:
            self._change.wait_for(lambda: self[id_].over, timeout)
            return self[id_]

    def close(self, timeout: float = 10.0) -> None:
        """Stop the running job, cancel the others, and wait for the thread to end."""
        with self._change:
            self._closed = True
            left = [job.id for job in self._jobs.values() if not job.over]
        for id_ in left:
            self.cancel(id_)
        with self._change:
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or self._waiting)
                if not self._waiting:
                    return
                id_, work = self._waiting.popleft()
                job = self._put(replace(self[id_], state="running", started=time.time()))
            self._write(job)
            state, error = _outcome(work, _Reporter(self, id_))
            with self._change:
                self._stopping.discard(id_)
                job = replace(self[id_], state=state, error=error, ended=time.time(), rate=None)
            self._write(job)
            self._put(job)

    def _put(self, job: Job) -> Job:
        """Keep a job as it stands now, and tell everybody."""
        with self._change:
            self._jobs[job.id] = job
            for old in list(self._jobs.values())[: max(len(self._jobs) - KEPT, 0)]:
                if old.over:
                    del self._jobs[old.id]
            self._version += 1
            self._change.notify_all()
        return job

    def _write(self, job: Job) -> None:
        """Write a job down, never with the lock held: the writer may be waiting for us.

        A history that can't be written must not stop the work.
        """
        if self._ledger is None:
            return
        try:
            self._ledger.record(job)
        except Exception as problem:  # noqa: BLE001 - the server's edge: the queue must go on
            _log.error("The job %s could not be written down", job.id, exc_info=problem)

    def report(self, id_: str, **changes: Any) -> None:
        """Change what a running job says about itself; raise Cancelled when it is to stop."""
        with self._change:
            self._put(replace(self[id_], **changes))
            if id_ in self._stopping:
                raise Cancelled("Stopped.")


class _Reporter:
    """The Progress of one job."""

    def __init__(self, jobs: Jobs, id_: str) -> None:
        self._jobs = jobs
        self._id = id_
        self._lock = threading.Lock()
        self._done = 0
        self._marks: deque[tuple[float, int]] = deque()

    def stage(self, name: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a stage."""
        with self._lock:
            self._done = 0
            self._marks = deque([(time.monotonic(), 0)])
        self._jobs.report(self._id, stage=name, done=0, total=total, unit=unit, rate=None)

    def advance(self, n: int = 1) -> None:
        """Count what is done."""
        with self._lock:
            self._done += n
            done, rate = self._done, self._rate()
        self._jobs.report(self._id, done=done, rate=rate)

    def note(self, text: str) -> None:
        """Keep a sentence for the user; said twice it is kept once."""
        with self._lock:
            notes = self._jobs[self._id].notes
            if text not in notes:
                self._jobs.report(self._id, notes=(*notes, text))

    def watch(self, curves: Mapping[str, Any]) -> None:
        """Keep the curves as they are now."""
        self._jobs.report(self._id, curves=curves)

    def _rate(self) -> float | None:
        now = time.monotonic()
        if not self._marks or now - self._marks[-1][0] >= _WINDOW / 50:
            self._marks.append((now, self._done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW:
            self._marks.popleft()
        began, before = self._marks[0]
        return (self._done - before) / (now - began) if now - began > 0.05 else None


def _outcome(work: Work, progress: JobProgress) -> tuple[JobState, str | None]:
    """Do the work; any failure becomes one sentence."""
    try:
        work(progress)
    except Cancelled:
        return "cancelled", None
    except ImpastoError as problem:
        return "failed", str(problem)
    except OSError as problem:
        _log.error("A job failed", exc_info=problem)
        return "failed", _system(problem)
    except Exception as problem:  # noqa: BLE001 - the server's edge: the queue must go on
        _log.error("A job failed", exc_info=problem)
        return "failed", (
            f"Something went wrong inside impasto ({type(problem).__name__}: {problem}); "
            "the server's terminal shows the details."
        )
    return "done", None


def _system(problem: OSError) -> str:
    if problem.errno == errno.ENOSPC:
        return "The disk is full. Nothing committed is lost: free some space and start again."
    where = f" ({problem.filename})" if problem.filename else ""
    return f"{problem.strerror or problem}{where}."
