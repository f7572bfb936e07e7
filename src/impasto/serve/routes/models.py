"""Learned models: their cards, their reports, their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from impasto import flow
from impasto.core.errors import InvalidInput, NotFound
from impasto.serve import present
from impasto.serve.headers import REPORT_HEADERS
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import (
    CurvesOut,
    ElsewhereOut,
    LabelledNeighbour,
    ModelDetail,
    ModelOut,
    NameIn,
    NumberOut,
    PredictionOut,
    PredictOut,
    TermIn,
)

if TYPE_CHECKING:
    from impasto.learn import NumberPrediction, Prediction, TagPrediction

router = APIRouter(tags=["models"])
TOLD = 5


@router.get("/models")
def models(studio: StudioIn) -> list[ModelOut]:
    """List the models of the collection."""
    return [present.model(record) for record in studio.collection.models()]


@router.get("/models/{name}")
def model(studio: StudioIn, name: str) -> ModelDetail:
    """Give a model's card and scores."""
    record = studio.collection.model(name)
    return present.model_detail(record, flow.mistakes(studio.collection, name))


@router.patch("/models/{name}", status_code=204)
def rename_model(studio: StudioIn, name: str, asked: NameIn) -> None:
    """Give a model another name."""
    studio.collection.rename_model(name, asked.name)


@router.delete("/models/{name}", status_code=204)
def remove_model(studio: StudioIn, name: str) -> None:
    """Delete a model with its report."""
    studio.collection.remove_model(name)


@router.get("/models/{name}/report", response_class=HTMLResponse)
def report(studio: StudioIn, name: str) -> HTMLResponse:
    """Give the report of a model, a page that can load and send nothing."""
    file = studio.collection.model(name).folder / flow.REPORT
    if not file.is_file():
        raise NotFound(f"The model {name!r} has no report; learn it again to get one.")
    return HTMLResponse(file.read_bytes(), headers=REPORT_HEADERS)


@router.get("/models/{name}/curves")
def model_curves(studio: StudioIn, name: str) -> CurvesOut:
    """Tell how tuning went, epoch by epoch and label by label, or what each step cost."""
    file = studio.collection.model(name).folder / flow.CURVES
    if not file.is_file():
        raise NotFound(f"The model {name!r} has no curves: it was not learned step by step.")
    return CurvesOut.model_validate_json(file.read_bytes())


@router.get("/models/{name}/elsewhere")
def elsewhere(studio: StudioIn, name: str) -> list[ElsewhereOut]:
    """Tell how a model did on other collections, as far as it was judged there."""
    return [present.judged(one) for one in flow.judged(studio.collection, name)]


@router.get("/models/{name}/elsewhere/{other}/report", response_class=HTMLResponse)
def elsewhere_report(studio: StudioIn, name: str, other: str) -> HTMLResponse:
    """Give the report on that, a page that can load and send nothing."""
    page = flow.judged_page(studio.collection, name, other)
    return HTMLResponse(page, headers=REPORT_HEADERS)


async def _asked(request: Request, studio: StudioIn) -> str:
    """Read the body, JSON with a term or a form with a file, which becomes an upload: a term."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("The form has no file; send the picture as the field `file`.")
            data, name = await file.read(), file.filename or ""
        upload = await run_in_threadpool(studio.uploads.add, data, name)
        return f"upload:{upload.id}"
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
def predict(studio: StudioIn, name: str, term: Annotated[str, Depends(_asked)]) -> PredictOut:
    """Ask a model about a picture: a file, an image of the collection or an upload."""
    prediction, like = studio.models.ask(name, term)
    return PredictOut(
        predictions=[
            PredictionOut(label=label, probability=probability)
            for label, probability in prediction.top(TOLD)[0]
        ],
        number=_number(prediction),
        neighbours=[
            LabelledNeighbour(id=one.id, label=one.label, similarity=similarity)
            for one, similarity in like
        ],
    )


def _number(prediction: Prediction | TagPrediction | NumberPrediction) -> NumberOut | None:
    """Return the number that was told; None where classes were."""
    from impasto.learn import NumberPrediction

    if not isinstance(prediction, NumberPrediction):
        return None
    return NumberOut(
        name=prediction.target, value=float(prediction.numbers[0]), error=prediction.error
    )
