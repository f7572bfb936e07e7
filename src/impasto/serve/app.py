"""The app factory: everything it needs is given to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from impasto._version import __version__
from impasto.serve import errors, front
from impasto.serve.routes import (
    classes,
    collection,
    compare,
    comparisons,
    distribution,
    division,
    edits,
    exports,
    health,
    images,
    jobs,
    learning,
    maps,
    models,
    models_compared,
    neighbours,
    pictures,
    retrieval,
    review,
    selections,
    session,
    sprites,
    uploads,
    vocabulary,
)
from impasto.serve.safety import Safety, check_access
from impasto.serve.schemas import ErrorOut
from impasto.serve.studio import Studio

_ROUTES = (
    health,
    collection,
    images,
    selections,
    edits,
    pictures,
    sprites,
    uploads,
    neighbours,
    distribution,
    compare,
    comparisons,
    retrieval,
    models_compared,  # before models, one of which could have that name
    models,
    review,
    vocabulary,
    classes,
    division,
    maps,
    jobs,
    exports,
    learning,
    session,
)


def create_app(
    studio: Studio,
    *,
    token: str | None = None,
    hosts: Iterable[str] = (),
    root_path: str = "",
    framed_by: Iterable[str] = (),
) -> FastAPI:
    """Build the web app of one collection.

    Parameters
    ----------
    studio : Studio
        The collection and the recipes the routes call.
    token : str or None
        What a browser must bring (``?token=`` once, then a cookie; or ``Authorization: Bearer``).
        None is safe only for a server bound to this machine's own address.
    hosts : iterable of str
        Names the server may be called by besides localhost; ``*`` allows any and needs a token.
    root_path : str
        Prefix of the path under which a proxy shows the app, whether it takes it off or not.
    framed_by : iterable of str
        Origins whose pages may show the app in a frame, at an address that holds the token.

    Raises
    ------
    InvalidInput
        For ``*`` without a token, or a token too short to be a secret.
    """
    app = api_only()
    app.state.studio = studio
    front.install(app)
    check_access(token, tuple(hosts))
    app.add_middleware(Safety, token=token, hosts=tuple(hosts), framed_by=tuple(framed_by))
    app.add_middleware(Prefix, root_path=root_path)
    return app


class Prefix:
    """ASGI middleware: the same answers whether or not a proxy took the prefix off the path."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app = app
        self.root_path = "/" + root_path.strip("/") if root_path.strip("/") else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the router about the prefix; it takes it off where it is."""
        if self.root_path:
            scope = {**scope, "root_path": self.root_path}
        await self.app(scope, receive, send)


def api_only() -> FastAPI:
    """Build the routes of the API without a collection, a front end or a guard."""
    app = FastAPI(
        title="impasto",
        version=__version__,
        description="Look at, learn from and look inside a collection of images.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=_operation,
    )
    errors.install(app)
    said: dict[int | str, dict[str, Any]] = {
        "default": {"model": ErrorOut, "description": "One clear sentence."}
    }
    api = APIRouter(prefix="/api", responses=said)
    for module in _ROUTES:
        api.include_router(module.router)
    app.include_router(api)
    return app


def _operation(route: APIRoute) -> str:
    """Name operations after their functions: `neighbours`, not `neighbours_api_neighbours_get`."""
    return route.name
