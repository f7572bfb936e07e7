"""The built front end, or a plain page that says how to build it."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>impasto</title>
<body style="font: 1.1rem/1.6 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The pages are not built yet</h1>
<p>The server runs, and so does its <a href="api/openapi.json">API</a>. The pages come from the
folder <code>web</code> of the source code; an installation builds them. To build them now, run
<code>make web</code> in the source folder, then load this page again.</p>
</body></html>
"""


class Built(StaticFiles):
    """Static files that may be kept for ever when their name holds their content's digest."""

    async def check_config(self) -> None:
        """Accept a folder that is not there yet: it can be built while the server runs."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        answer = await super().get_response(path, scope)
        kept = "private, max-age=31536000, immutable" if path.startswith("assets") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


def install(app: FastAPI, folder: Path = STATIC) -> None:
    """Serve the front end at the app's root."""

    @app.get("/", include_in_schema=False)
    def index() -> HTMLResponse:
        page = folder / "index.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else _NOT_BUILT
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})

    @app.get("/api/{rest:path}", include_in_schema=False)
    def unknown(request: Request, rest: str) -> Response:
        raise HTTPException(404, f"The API has no {request.method} {rest[:200]!r}.")

    app.mount("/", Built(directory=folder, check_dir=False), name="front")
