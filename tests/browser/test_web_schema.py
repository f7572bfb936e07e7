"""The front end is built against this API, not an older one."""

from __future__ import annotations

import json
from pathlib import Path

from impasto.serve.openapi import schema

KEPT = Path(__file__).parents[2] / "web" / "src" / "api" / "openapi.json"


def test_the_front_end_knows_the_current_api() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(schema()))
    kept["info"].pop("version")
    now["info"].pop("version")
    assert kept == now, (
        "The API changed. Run: python -m impasto.serve.openapi > web/src/api/openapi.json && "
        "python hatch_build.py npm run types"
    )
