"""The queue: order, progress, stopping, failures, history."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress
from impasto.serve.jobs import KEPT, Job, Jobs
from impasto.store import Collection, JobRecord


class Book:
    """A ledger in memory, as the catalogue keeps it."""

    def __init__(self) -> None:
        self.jobs: dict[str, JobRecord] = {}
        self.states: list[str] = []

    def record(self, job: JobRecord) -> None:
        self.jobs[job.id] = job
        self.states.append(job.state)

    def list(self, limit: int) -> list[JobRecord]:
        return list(reversed(self.jobs.values()))[:limit]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    runner = Jobs()
    yield runner
    runner.close()


def test_a_job_reports_and_ends(jobs: Jobs) -> None:
    go = threading.Event()

    def work(progress: Progress) -> None:
        progress.stage("Reading", total=4, unit="files")
        progress.advance(3)
        progress.note("One file was broken.")
        time.sleep(0.06)
        progress.advance(0)
        assert go.wait(5)
        progress.advance()

    job = jobs.submit("embed", "Embed", work, {"network": "x"})
    assert job.state == "queued"
    until(lambda: jobs[job.id].rate is not None)
    seen = jobs[job.id]
    assert (seen.state, seen.stage, seen.done, seen.total) == ("running", "Reading", 3, 4)
    assert seen.unit == "files"
    assert seen.rate is not None
    assert seen.rate <= 3 / 0.05
    assert seen.seconds_left == pytest.approx(1 / seen.rate)
    go.set()
    over = jobs.wait(job.id, 5)
    assert (over.state, over.done, over.error) == ("done", 4, None)
    assert over.notes == ("One file was broken.",)
    assert over.seconds_left is None
    assert over.started is not None
    assert over.ended is not None
    assert over.started <= over.ended
    assert over.options == {"network": "x"}


def test_jobs_run_one_at_a_time_in_order(jobs: Jobs) -> None:
    order: list[str] = []
    running = threading.Semaphore(1)

    def work(name: str) -> Callable[[Progress], None]:
        def run(_: Progress) -> None:
            assert running.acquire(blocking=False), "two jobs ran at the same time"
            time.sleep(0.01)
            order.append(name)
            running.release()

        return run

    ids = [jobs.submit("add", name, work(name)).id for name in "abcd"]
    for id_ in ids:
        assert jobs.wait(id_, 5).state == "done"
    assert order == list("abcd")
    assert [job.title for job in jobs.list()] == list("dcba")


def test_cancelling_stops_the_running_one_at_its_next_step_and_the_queued_one_at_once(
    jobs: Jobs,
) -> None:
    begun, ran = threading.Event(), []

    def endless(progress: Progress) -> None:
        progress.stage("Working", None)
        begun.set()
        while True:
            progress.advance()
            time.sleep(0.002)

    first = jobs.submit("embed", "Endless", endless)
    second = jobs.submit("embed", "Never", lambda _: ran.append(1))
    third = jobs.submit("embed", "After", lambda _: ran.append(3))
    assert begun.wait(5)
    assert jobs.cancel(second.id).state == "cancelled"
    jobs.cancel(first.id)
    assert jobs.wait(first.id, 5).state == "cancelled"
    assert jobs.wait(third.id, 5).state == "done"
    assert ran == [3]
    assert jobs.cancel(third.id).state == "done"
    assert jobs[first.id].error is None


def test_failures_become_one_sentence_and_the_queue_goes_on(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(problem: Exception) -> Job:
        def work(_: Progress) -> None:
            raise problem

        return jobs.wait(jobs.submit("learn", "Fails", work).id, 5)

    with caplog.at_level(logging.CRITICAL, "impasto.serve"):
        ours = fail(InvalidInput("There are no labels."))
        full = fail(OSError(errno.ENOSPC, "No space left on device"))
        other = fail(ZeroDivisionError("division by zero"))
    assert ours.error == "There are no labels."
    assert full.error is not None
    assert full.error.startswith("The disk is full.")
    assert other.error is not None
    assert "ZeroDivisionError" in other.error
    assert {ours.state, full.state, other.state} == {"failed"}
    assert jobs.wait(jobs.submit("learn", "Works", lambda _: None).id, 5).state == "done"


def test_every_change_raises_the_version(jobs: Jobs) -> None:
    before = jobs.version
    job = jobs.submit("learn", "Works", lambda progress: progress.stage("One"))
    jobs.wait(job.id, 5)
    assert jobs.version == before + 4  # queued, running, the stage, done


def test_history_is_written_and_read() -> None:
    book = Book()
    first = Jobs(book)
    done = first.submit("learn", "Works", lambda progress: progress.note("Fine."))
    first.wait(done.id, 5)
    first.close()
    assert book.states == ["queued", "running", "done"]
    second = Jobs(book)
    assert second[done.id].notes == ("Fine.",)
    second.close()


def test_what_waits_is_written_too() -> None:
    book, go = Book(), threading.Event()
    jobs = Jobs(book)
    first = jobs.submit("add", "First", lambda _: go.wait(5), {"n": 1})
    waiting, dropped = (jobs.submit("add", name, lambda _: None, {"n": 1}) for name in "ab")
    assert book.jobs[waiting.id].state == "queued"
    jobs.cancel(dropped.id)
    assert book.jobs[dropped.id].state == "cancelled"
    go.set()
    jobs.wait(waiting.id, 5)
    jobs.close()
    assert [book.jobs[job.id].state for job in (first, waiting)] == ["done", "done"]
    assert [jobs[job.id].again for job in (first, waiting, dropped)] == [False, False, True]


def test_the_catalogue_keeps_the_history(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "a.impasto") as collection:
        jobs = Jobs(collection.jobs)
        ids = [jobs.submit("add", name, lambda _: None, {"n": 1}).id for name in "abc"]
        jobs.wait(ids[-1], 5)
        jobs.close()
        again = Jobs(collection.jobs)
        assert [job.title for job in again.list()] == ["c", "b", "a"]
        assert again[ids[0]] == replace(jobs[ids[0]], rate=None)


def test_a_ledger_that_fails_does_not_stop_the_work(caplog: pytest.LogCaptureFixture) -> None:
    class Torn(Book):
        def record(self, job: JobRecord) -> None:
            raise OSError(errno.EIO, "Input/output error")

    jobs = Jobs(Torn())
    with caplog.at_level(logging.CRITICAL, "impasto.serve"):
        assert jobs.wait(jobs.submit("add", "Works", lambda _: None).id, 5).state == "done"
    jobs.close()


def test_old_jobs_make_room(jobs: Jobs) -> None:
    ids = [jobs.submit("add", str(n), lambda _: None).id for n in range(KEPT + 5)]
    jobs.wait(ids[-1], 10)
    assert len(jobs.list()) == KEPT
    with pytest.raises(NotFound):
        jobs[ids[0]]


def test_a_closed_queue_takes_nothing(jobs: Jobs) -> None:
    begun = threading.Event()

    def endless(progress: Progress) -> None:
        begun.set()
        while True:
            progress.advance()
            time.sleep(0.002)

    running = jobs.submit("embed", "Endless", endless)
    assert begun.wait(5)
    jobs.close()
    assert jobs[running.id].state == "cancelled"
    with pytest.raises(InvalidInput, match="stopping"):
        jobs.submit("add", "Late", lambda _: None)


def until(true: object, seconds: float = 5.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)
