"""Print the API's OpenAPI schema as JSON: ``python -m impasto.serve.openapi``."""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI

from impasto.serve.app import api_only
from impasto.serve.schemas import CountsOut, ShownOut


def schema() -> dict[str, Any]:
    """Return the OpenAPI schema of the API, with what only events carry (no route returns it)."""
    app: FastAPI = api_only()
    described: dict[str, Any] = app.openapi()
    for carried in (CountsOut, ShownOut):
        described["components"]["schemas"][carried.__name__] = carried.model_json_schema()
    return described


def main() -> None:
    """Write the schema to standard output, the same bytes every time."""
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
