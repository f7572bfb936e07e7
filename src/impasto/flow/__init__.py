"""The recipes that wire the rooms, each in plain sight."""

from impasto.flow.ask import choose_space, engine_of, open_picture, query, vectors_of
from impasto.flow.gather import (
    Added,
    Done,
    EmbedOptions,
    add,
    embed,
    open_collection,
    open_engine,
    read,
)
from impasto.flow.places import cache_folder, collection_for, data_folder, named_collection
from impasto.flow.terms import Term, parse

__all__ = [
    "Added",
    "Done",
    "EmbedOptions",
    "Term",
    "add",
    "cache_folder",
    "choose_space",
    "collection_for",
    "data_folder",
    "embed",
    "engine_of",
    "named_collection",
    "open_collection",
    "open_engine",
    "open_picture",
    "parse",
    "query",
    "read",
    "vectors_of",
]
