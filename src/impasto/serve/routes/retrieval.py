"""How well spaces retrieve a label, a tag or a selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve import present
from impasto.serve.routes.given import StudioIn
from impasto.serve.schemas import By, OverviewOut, RetrievalOut

if TYPE_CHECKING:
    from impasto.core.space import Space
    from impasto.serve.studio import Studio

router = APIRouter(prefix="/retrieval", tags=["retrieval"])

MOST = 10**10
"""Products of two numbers that are computed at once, about a second's worth; more is for a job."""


@router.get("")
def retrieval(
    studio: StudioIn,
    label: Annotated[str | None, Query()] = None,
    tag: Annotated[str | None, Query()] = None,
    selection: Annotated[str | None, Query()] = None,
    space: Annotated[str | None, Query(description="Absent: all spaces.")] = None,
    wait: Annotated[bool, Query(description="Measure at once, however long it takes.")] = False,
) -> RetrievalOut:
    """Measure how well images of X find each other; what takes long is left to a job."""
    named = {"label": label, "tag": tag, "selection": selection}
    given = [f"{kind}:{name}" for kind, name in named.items() if name is not None]
    if len(given) != 1:
        raise InvalidInput("Give label, tag or selection: the X that is to be retrieved.")
    x = flow.X.parse(given[0])
    spaces = (
        flow.filled(studio.collection)
        if space is None
        else [flow.choose_space(studio.collection, space)]
    )
    at_once = wait or _cost(studio, x, spaces) <= MOST
    found, missing, impossible = [], [], []
    for one in spaces:
        try:
            result = studio.answers.retrieval(one.name, x, known=not at_once)
        except InvalidInput as problem:  # fewer than two images, or nothing but X
            impossible.append(str(problem))
            continue
        if result is None:
            missing.append(one.name)
        else:
            found.append(result)
    return present.retrieval(x, found, missing, impossible)


@router.get("/overview")
def retrieval_overview(studio: StudioIn, by: By = "label") -> OverviewOut | None:
    """Give the table of all labels or tags by all spaces, as a job last measured it, or null."""
    found = flow.kept_overview(studio.collection, by)
    return None if found is None else present.overview(found, studio.collection)


def _cost(studio: Studio, x: flow.X, spaces: list[Space]) -> int:
    """Count the products of two numbers that the answer takes."""
    asking = min(flow.QUERIES, len(x.ids(studio.collection)))
    rows = {info.space.name: info.rows for info in studio.collection.spaces()}
    return sum(rows[space.name] * space.dimension * asking for space in spaces)
