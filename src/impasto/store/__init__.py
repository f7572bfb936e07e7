"""The only room that writes a collection."""

from impasto.store.catalogue import Counts, Memberships
from impasto.store.collection import Collection, is_collection
from impasto.store.comparisons import KeptComparison, KeptQuery
from impasto.store.edits import Action
from impasto.store.facets import Bin, Facet, Facets
from impasto.store.gather import Changes
from impasto.store.jobs import JobRecord, Jobs, JobState
from impasto.store.maps import MapRecord
from impasto.store.models import ModelRecord
from impasto.store.models import check_name as check_model_name
from impasto.store.query import MEASURES, Filter, Page, Range, Sort, SortKey
from impasto.store.scores import FILE as SCORES_FILE
from impasto.store.scores import MODEL as BY_MODEL
from impasto.store.scores import parse as parse_said
from impasto.store.scores import to_bytes as scores_to_bytes
from impasto.store.selections import Selection
from impasto.store.sheets import SheetName, Sheets
from impasto.store.sources import SourceRecord
from impasto.store.spaces import IndexRecord, SpaceInfo
from impasto.store.writing import Reading, Writing

__all__ = [
    "BY_MODEL",
    "MEASURES",
    "SCORES_FILE",
    "Action",
    "Bin",
    "Changes",
    "Collection",
    "Counts",
    "Facet",
    "Facets",
    "Filter",
    "IndexRecord",
    "JobRecord",
    "JobState",
    "Jobs",
    "KeptComparison",
    "KeptQuery",
    "MapRecord",
    "Memberships",
    "ModelRecord",
    "Page",
    "Range",
    "Reading",
    "Selection",
    "SheetName",
    "Sheets",
    "Sort",
    "SortKey",
    "SourceRecord",
    "SpaceInfo",
    "Writing",
    "check_model_name",
    "is_collection",
    "parse_said",
    "scores_to_bytes",
]
