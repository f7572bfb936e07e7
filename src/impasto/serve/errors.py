"""Errors as JSON: ``{"error": {"kind": ..., "message": ...}}`` with the right status."""

from __future__ import annotations

import logging
import re

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from impasto.core.errors import (
    Busy,
    Cancelled,
    ImpastoError,
    InvalidInput,
    MissingExtra,
    MissingWeights,
    NotFound,
    SpaceMismatch,
    WrongCollection,
)
from impasto.serve.headers import HEADERS

STATUS: dict[type[ImpastoError], int] = {
    InvalidInput: 400,
    NotFound: 404,
    WrongCollection: 409,
    Busy: 409,
    SpaceMismatch: 409,
    MissingWeights: 409,
    MissingExtra: 501,
    Cancelled: 409,
}

KINDS: dict[int, str] = {
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid_input",
    500: "internal",
}

_log = logging.getLogger("impasto.serve")


class Forbidden(ImpastoError):
    """What the server must not hand out, such as a file outside the collection's folders."""


def error(status: int, message: str, *, kind: str | None = None) -> JSONResponse:
    """Make the body of an answer that is not a success."""
    detail = {"kind": kind or KINDS.get(status, "http"), "message": message}
    return JSONResponse({"error": detail}, status_code=status)


def install(app: FastAPI) -> None:
    """Give the app one shape for every error."""
    app.add_exception_handler(ImpastoError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(Exception, _unforeseen)


def _ours(_: Request, problem: Exception) -> JSONResponse:
    status = 403 if isinstance(problem, Forbidden) else STATUS.get(_known(type(problem)), 400)
    return error(status, str(problem), kind=_snake(type(problem).__name__))


def _known(kind: type[Exception]) -> type[ImpastoError]:
    return next((base for base in kind.__mro__ if base in STATUS), ImpastoError)


def _http(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, HTTPException)
    answer = error(problem.status_code, str(problem.detail))
    answer.headers.update(problem.headers or {})
    return answer


def _parameters(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    said = []
    for each in problem.errors()[:5]:
        where = ".".join(str(part) for part in each["loc"][1:]) or "the body"
        said.append(f"{where}: {each['msg']}")
    return error(422, "; ".join(said) + ".")


def _unforeseen(request: Request, problem: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=problem)
    answer = error(
        500,
        f"Something went wrong inside impasto ({type(problem).__name__}); "
        "the server's terminal shows the details.",
    )
    answer.headers.update(HEADERS)  # this one is made outside of the guard that adds them
    return answer


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
