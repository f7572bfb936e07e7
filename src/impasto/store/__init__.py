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
from impasto.store.selections import Selection
from impasto.store.sheets import SheetName, Sheets
from impasto.store.sources import SourceRecord
from impasto.store.spaces import IndexRecord, SpaceInfo
from impasto.store.writing import Reading, Writing

__all__ = [
    "MEASURES",
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
]
