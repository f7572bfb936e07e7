"""Records and vectors → files of other programs: the way out, as `collect` is the way in."""

from impasto.export.formats import FORMATS, Format, format_for
from impasto.export.place import Place
from impasto.export.records import Contents, Exported, Files, Metadata, Plan
from impasto.export.survey import Survey, survey

__all__ = [
    "FORMATS",
    "Contents",
    "Exported",
    "Files",
    "Format",
    "Metadata",
    "Place",
    "Plan",
    "Survey",
    "format_for",
    "survey",
]
