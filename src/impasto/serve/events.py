"""Server-sent events: jobs and what changed, at once and then whenever they change."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.concurrency import run_in_threadpool

from impasto.serve import present
from impasto.serve.studio import Studio

TICK = 0.25  # seconds between two looks at the jobs
COUNTS = 2.0  # seconds between two looks at the counts while a job runs
IDLE = 10.0  # the same while none does; what changes then, here or elsewhere, is told at once
HEARTBEAT = 15.0  # seconds after which silence is broken: proxies keep the line, pages know it


async def stream(
    studio: Studio, gone: Callable[[], Awaitable[bool]], *, tick: float = TICK
) -> AsyncIterator[str]:
    """Yield events until the browser is gone or the server stops."""
    yield "retry: 2000\n\n"
    version, asked, counts, state = -1, -1, "", -1
    states: list[tuple[str, str]] = []
    look_at = spoke = time.monotonic()
    while not studio.streams_ended and not await gone():
        now = time.monotonic()
        if studio.jobs.version != version:
            version = studio.jobs.version
            jobs = [present.job(job).model_dump(mode="json") for job in studio.jobs.list()]
            yield event("jobs", json.dumps(jobs))
            spoke = now
            before, states = states, [(job["id"], job["state"]) for job in jobs]
            if before != states:
                look_at = now  # a job began or ended: say the counts at once
        if studio.exchange is not None and (shown := studio.exchange.now).version != asked:
            asked = shown.version
            yield event("session", present.shown(shown).model_dump_json())
        busy = any(doing == "running" for _, doing in states)
        if not busy and await run_in_threadpool(_state, studio) != state:
            look_at = now
        if now >= look_at:
            look_at = now + (COUNTS if busy else IDLE)
            held = await run_in_threadpool(present.counts, studio.collection)
            state = held.state
            if (fresh := held.model_dump_json()) != counts:
                counts = fresh
                yield event("collection", counts)
                spoke = now
        if now - spoke >= HEARTBEAT:
            yield event("beat", "{}")
            spoke = now
        await asyncio.sleep(tick)


def _state(studio: Studio) -> int:
    return studio.collection.version


def event(name: str, data: str) -> str:
    r"""Write one event; `data` is JSON, so it has no line breaks.

    Examples
    --------
    >>> event("jobs", "[]")
    'event: jobs\ndata: []\n\n'
    """
    return f"event: {name}\ndata: {data}\n\n"
