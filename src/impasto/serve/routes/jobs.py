"""Long work: list it, start it, stop it, follow it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from impasto.core.errors import NotFound
from impasto.serve import present, work
from impasto.serve.events import stream
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import CurvesOut, JobIn, JobOut

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def jobs(studio: StudioIn) -> list[JobOut]:
    """List jobs, the newest first."""
    return [present.job(job) for job in studio.jobs.list()]


@router.post("", status_code=202)
def start(studio: StudioIn, asked: JobIn) -> JobOut:
    """Put a job into the queue; one runs at a time."""
    return present.job(work.start(studio, asked))


@router.get("/{id}/curves")
def job_curves(studio: StudioIn, id: str) -> CurvesOut:  # noqa: A002
    """Tell how a job that tunes a network goes: one value per label and epoch so far."""
    found = studio.jobs[id].curves
    if found is None:
        raise NotFound(f"The job {id[:64]!r} has no curves, or none yet.")
    return CurvesOut.model_validate(found)


@router.post("/{id}/again", status_code=202)
def again(studio: StudioIn, id: str) -> JobOut:  # noqa: A002
    """Start a job once more that failed, was stopped, or was under way when the server went."""
    return present.job(work.again(studio, id))


@router.post("/{id}/cancel")
def cancel(studio: StudioIn, id: str) -> JobOut:  # noqa: A002
    """Ask a job to stop; what it committed stays."""
    return present.job(studio.jobs.cancel(id))


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `jobs` with [JobOut], first at once and then "
            "whenever one changes; `collection` with CountsOut when the collection changes; "
            "`session` with ShownOut where a notebook listens; `beat` after fifteen seconds "
            "without any.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def events(request: Request, studio: StudioIn) -> StreamingResponse:
    """Follow jobs and counts as they change."""
    return StreamingResponse(
        stream(studio, request.is_disconnected),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
