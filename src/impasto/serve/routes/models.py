"""Learned models: their cards, their reports, their answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import present
from impasto.serve.headers import REPORT_HEADERS
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import ModelDetail, ModelOut, PredictOut, TermIn

router = APIRouter(tags=["models"])


@router.get("/models")
def models(studio: StudioIn) -> list[ModelOut]:
    """List the models of the collection."""
    return [present.model(record) for record in studio.collection.models()]


@router.get("/models/{name}")
def model(studio: StudioIn, name: str) -> ModelDetail:
    """Give a model's card and scores."""
    return present.model_detail(studio.collection.model(name))


@router.get("/models/{name}/report", response_class=HTMLResponse)
def report(studio: StudioIn, name: str) -> HTMLResponse:
    """Give the report of a model, a page that can load and send nothing."""
    file = studio.collection.model(name).folder / "report.html"
    if not file.is_file():
        raise NotFound(f"The model {name!r} has no report; learn it again to get one.")
    return HTMLResponse(file.read_bytes(), headers=REPORT_HEADERS)


async def _asked(request: Request) -> bytes | str:
    """Read the body: a picture (multipart `file`) or a term (JSON)."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("The form has no file; send the picture as the field `file`.")
            return await file.read()
    if kind == "application/json":
        try:
            return TermIn.model_validate_json(await request.body()).term
        except ValidationError:
            raise InvalidInput(
                'The body must be {"term": "image:12"} or a form with a file.'
            ) from None
    raise InvalidInput(
        f"A prediction needs a form with a file or JSON with a term, not {kind or 'nothing'!r}."
    )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["term"],
                    "properties": {"term": {"type": "string", "examples": ["image:12"]}},
                }
            },
        },
    }
}


@router.post("/models/{name}/predict", openapi_extra=_BODY)
def predict(
    studio: StudioIn, name: str, asked: Annotated[bytes | str, Depends(_asked)]
) -> PredictOut:
    """Ask a model about a picture: a file, an image of the collection or an upload."""
    return present.prediction(studio.predict(name, asked))
