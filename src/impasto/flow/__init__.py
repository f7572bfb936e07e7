"""The recipes that wire the rooms, each in plain sight."""

from impasto.flow.ask import (
    Answer,
    ask,
    choose_space,
    compare,
    engine_of,
    open_picture,
    query,
    query_and_chance,
    read_terms,
    retrieval,
    space_for,
    vectors_of,
)
from impasto.flow.begin import Demo, Opened, begin, demo, fill
from impasto.flow.doctor import examine
from impasto.flow.export import ExportOptions, export
from impasto.flow.gather import (
    Added,
    Done,
    EmbedOptions,
    add,
    check_sources,
    embed,
    open_collection,
    open_engine,
    read,
)
from impasto.flow.maps import Mapped, choose_map, make_map, read_map
from impasto.flow.near import graph
from impasto.flow.places import (
    cache_folder,
    collection_for,
    data_folder,
    named_collection,
    sheets_folder,
)
from impasto.flow.teach import (
    REPORT,
    LearnOptions,
    Taught,
    Told,
    choose_model,
    learn,
    model_place,
    predict,
    tell,
)
from impasto.flow.terms import Term, parse
from impasto.flow.values import Values, values
from impasto.flow.words import vectors_of_words

__all__ = [
    "REPORT",
    "Added",
    "Answer",
    "Demo",
    "Done",
    "EmbedOptions",
    "ExportOptions",
    "LearnOptions",
    "Mapped",
    "Opened",
    "Taught",
    "Term",
    "Told",
    "Values",
    "add",
    "ask",
    "begin",
    "cache_folder",
    "check_sources",
    "choose_map",
    "choose_model",
    "choose_space",
    "collection_for",
    "compare",
    "data_folder",
    "demo",
    "embed",
    "engine_of",
    "examine",
    "export",
    "fill",
    "graph",
    "learn",
    "make_map",
    "model_place",
    "named_collection",
    "open_collection",
    "open_engine",
    "open_picture",
    "parse",
    "predict",
    "query",
    "query_and_chance",
    "read",
    "read_map",
    "read_terms",
    "retrieval",
    "sheets_folder",
    "space_for",
    "tell",
    "values",
    "vectors_of",
    "vectors_of_words",
]
