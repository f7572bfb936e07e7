"""What people change, and take back."""

from __future__ import annotations

from fastapi import APIRouter

from impasto.serve import present
from impasto.serve.routes.given import StudioIn, chosen
from impasto.serve.schemas import (
    ChangeIn,
    HistoryOut,
    SetFlagIn,
    SetHiddenIn,
    SetLabelIn,
    SetSplitIn,
    SetTagsIn,
)

router = APIRouter(prefix="/edits", tags=["edits"])


@router.get("")
def history(studio: StudioIn) -> HistoryOut:
    """Tell what would be undone and done again."""
    return present.history(studio.collection)


@router.post("")
def edit(studio: StudioIn, asked: ChangeIn) -> HistoryOut:
    """Change a set of images, however many, all of them or (on an error) none."""
    collection, wanted = studio.collection, asked.edit
    ids = chosen(collection, asked.images)
    if isinstance(wanted, SetTagsIn):
        change = collection.add_tags if wanted.kind == "tag" else collection.remove_tags
        changed = change(ids, wanted.tags)
    elif isinstance(wanted, SetLabelIn):
        changed = collection.set_label(ids, wanted.label)
    elif isinstance(wanted, SetSplitIn):
        changed = collection.set_split(ids, wanted.split)
    elif isinstance(wanted, SetFlagIn):
        changed = collection.set_flag(ids, wanted.note)
    elif isinstance(wanted, SetHiddenIn):
        changed = collection.set_hidden(ids, wanted.hidden)
    return present.history(collection, changed)


@router.post("/undo")
def undo(studio: StudioIn) -> HistoryOut:
    """Take back the latest edit, whichever program made it."""
    return present.history(studio.collection, studio.collection.undo().images)


@router.post("/redo")
def redo(studio: StudioIn) -> HistoryOut:
    """Do again what was undone last."""
    return present.history(studio.collection, studio.collection.redo().images)
