"""Server-sent events: what changed, as soon as it changes."""

from __future__ import annotations

from typing import Any


def stream(studio: Any, gone: Any) -> Any: ...
