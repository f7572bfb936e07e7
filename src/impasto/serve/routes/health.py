"""Whether the server is up."""

from __future__ import annotations

from fastapi import APIRouter

from impasto._version import __version__
from impasto.serve.schemas import HealthOut

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> HealthOut:
    """Say that the server is up, and its version."""
    return HealthOut(status="ok", version=__version__)
