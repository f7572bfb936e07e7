"""Named sets of images: list, save, rename, remove."""

from __future__ import annotations

from fastapi import APIRouter

from impasto.serve import present
from impasto.serve.routes.given import StudioIn, chosen
from impasto.serve.schemas import NameIn, SelectionIn, SelectionOut

router = APIRouter(prefix="/selections", tags=["selections"])


@router.get("")
def selections(studio: StudioIn) -> list[SelectionOut]:
    """List the selections, by name."""
    return [present.selection(one) for one in studio.collection.selections()]


@router.post("", status_code=201)
def save_selection(studio: StudioIn, asked: SelectionIn) -> SelectionOut:
    """Keep a set of images under a name, instead of those that had it."""
    ids = chosen(studio.collection, asked.images)
    return present.selection(studio.collection.save_selection(asked.name, ids))


@router.patch("/{name:path}", status_code=204)
def rename_selection(studio: StudioIn, name: str, asked: NameIn) -> None:
    """Give a selection another name."""
    studio.collection.rename_selection(name, asked.name)


@router.delete("/{name:path}", status_code=204)
def remove_selection(studio: StudioIn, name: str) -> None:
    """Forget a selection; its images stay as they are."""
    studio.collection.remove_selection(name)
