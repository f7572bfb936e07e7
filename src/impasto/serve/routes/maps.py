"""Maps: their cards, their points, their grids, and what images can be coloured by."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from impasto import flow
from impasto.serve import present
from impasto.serve.routes.given import StudioIn, octets, octets_of
from impasto.serve.schemas import MapOut, ValuesOut
from impasto.serve.studio import Studio

router = APIRouter(tags=["maps"])

POINTS = octets_of(
    "Rows of little-endian int32 id, float32 x, float32 y, in the order of the map; both in "
    "[0, 1], x from the left, y from the top. The longer side of the map is 1 and the shorter one "
    "is centred, so distances compare across both. Images that are gone or hidden are left out."
)
GRID = octets_of(
    "The same rows with the centre of each image's own cell. Cells are squares of side "
    "1 / max(columns, rows), `columns` and `rows` as the card gives them; the grid is centred."
)
DATA = octets_of(
    "One little-endian number per image, in the order of the map's points or, without a map, of "
    "`GET order` without a filter. Of categories int32, the position in `categories`, -1 for none; "
    "of numbers float32, NaN for none."
)
_ROW = np.dtype([("id", "<i4"), ("x", "<f4"), ("y", "<f4")])

By = Annotated[
    str,
    Query(
        max_length=1000,
        description="`label`, `split`, `tag:NAME`, `selection:NAME`, `property:NAME`, `model:NAME` "
        "(its answer when it was tested on the image), `model:NAME:score` (probability of the true "
        "label), `model:NAME:confidence`, `model:NAME:margin`, `model:NAME:error`; of tags also "
        "`model:NAME:missing`, `model:NAME:superfluous` and `model:NAME:tag:TAG`; or, with a map, "
        "`placed` (whether the image was put beside those it resembles).",
    ),
]
MapName = Annotated[str | None, Query(alias="map", description="Name of a map: its images.")]


@router.get("/maps")
def maps(studio: StudioIn) -> list[MapOut]:
    """List the maps of the collection."""
    return [present.map_(record) for record in studio.collection.maps()]


@router.get("/maps/{name}")
def map_(studio: StudioIn, name: str) -> MapOut:
    """Tell what a map shows, how it was made and how faithful it is."""
    return present.map_(studio.collection.map(name))


@router.delete("/maps/{name}", status_code=204)
def remove_map(studio: StudioIn, name: str) -> None:
    """Delete a map."""
    studio.collection.remove_map(name)


@router.get("/maps/{name}/points", response_class=Response, responses=POINTS)
def points(request: Request, studio: StudioIn, name: str) -> Response:
    """Give the places of the images on a map."""
    shown = flow.read_map(studio.collection, name)
    return octets(rows(shown.ids, shown.points), request)


@router.get("/maps/{name}/grid", response_class=Response, responses=GRID)
def grid(request: Request, studio: StudioIn, name: str) -> Response:
    """Give the places of the images in a map's grid, where none overlap."""
    shown = flow.read_map(studio.collection, name)
    return octets(rows(shown.ids, shown.centres), request)


@router.get("/values")
def values(studio: StudioIn, by: By, map_name: MapName = None) -> ValuesOut:
    """Tell what images can be coloured by: categories with names, or numbers with a range."""
    return present.values(_values(studio, by, map_name))


@router.get("/values/data", response_class=Response, responses=DATA)
def values_data(request: Request, studio: StudioIn, by: By, map_name: MapName = None) -> Response:
    """Give one number per image to colour by."""
    found = _values(studio, by, map_name)
    kind = "<f4" if found.kind == "number" else "<i4"
    return octets(found.data.astype(kind), request)


def rows(ids: NDArray[np.int64], places: NDArray[np.float32]) -> NDArray[np.void]:
    """Return places (n_images, 2) as the API gives them."""
    made = np.empty(len(ids), _ROW)
    made["id"], made["x"], made["y"] = ids, places[:, 0], places[:, 1]
    return made


def _values(studio: Studio, by: str, map_name: str | None) -> flow.Values:
    if map_name is None:
        return flow.values(studio.collection, by, studio.collection.order())
    shown = flow.read_map(studio.collection, map_name)
    return flow.values(studio.collection, by, shown.ids, shown)
