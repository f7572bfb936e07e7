"""From the names of files to classes: words, mapping, how well they are known, decisions."""

from impasto.curate.names.audit import ClassAudit, ImageDecision, labels_of
from impasto.curate.names.known import Known, known_classes
from impasto.curate.names.mapping import Mapped, map_names
from impasto.curate.names.review import ClassSeen, Shown, render_review
from impasto.curate.names.words import Word, read_words, tokens

__all__ = [
    "ClassAudit",
    "ClassSeen",
    "ImageDecision",
    "Known",
    "Mapped",
    "Shown",
    "Word",
    "known_classes",
    "labels_of",
    "map_names",
    "read_words",
    "render_review",
    "tokens",
]
