"""The recipes that wire the rooms, each in plain sight."""

from impasto.flow.ask import (
    Answer,
    ask,
    choose_space,
    compare,
    engine_of,
    open_picture,
    query,
    read_terms,
    retrieval,
    vectors_of,
)
from impasto.flow.doctor import examine
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
    "Answer",
    "Done",
    "EmbedOptions",
    "Term",
    "add",
    "ask",
    "cache_folder",
    "choose_space",
    "collection_for",
    "compare",
    "data_folder",
    "embed",
    "engine_of",
    "examine",
    "named_collection",
    "open_collection",
    "open_engine",
    "open_picture",
    "parse",
    "query",
    "read",
    "read_terms",
    "retrieval",
    "vectors_of",
]
