"""The formats there are: a plain dictionary, and what each of them needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.core.errors import InvalidInput, not_found
from impasto.core.progress import Progress
from impasto.export.arrays import write_numpy
from impasto.export.atlas import write_atlas
from impasto.export.coco import write_coco
from impasto.export.files import Carrier
from impasto.export.folders import write_hf, write_imagefolder
from impasto.export.projector import write_projector
from impasto.export.records import Files, Plan
from impasto.export.survey import Layout, Needs, Survey
from impasto.export.tables import write_csv, write_parquet
from impasto.export.webdataset import write_webdataset

NOTHING, FLAT = Needs(), Layout()
Writer = Callable[[Survey, Path, Plan, Progress], Carrier]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how it is written, and what it needs.

    Parameters
    ----------
    name, title : str
    write : callable
    files : tuple of {"none", "copy", "link", "symlink"}
        What can be done with image files; the first is the default.
    vectors : {"never", "possible", "always"}
    points : bool
        Whether places on a map can be written.
    needs : Needs
    layout : Layout
    ending : str
        Of a destination that is one file; "" when it is always a folder.
    """

    name: str
    title: str
    write: Writer
    files: tuple[Files, ...] = ("none", "copy", "link", "symlink")
    vectors: Literal["never", "possible", "always"] = "never"
    points: bool = False
    needs: Needs = NOTHING
    layout: Layout = FLAT
    ending: str = ""


_FILES: tuple[Files, ...] = ("copy", "link", "symlink")

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("csv", "CSV, one row an image", write_csv, ending=".csv"),
        Format(
            "parquet",
            "Parquet, one row an image",
            write_parquet,
            vectors="possible",
            points=True,
            ending=".parquet",
        ),
        Format(
            "numpy",
            "NumPy arrays of vectors, ids and labels",
            write_numpy,
            vectors="always",
            needs=Needs(vector=True),
        ),
        Format(
            "imagefolder",
            "folders that torchvision's ImageFolder reads",
            write_imagefolder,
            files=_FILES,
            needs=Needs(file=True, label=True),
            layout=Layout(splits=True, labels=True),
        ),
        Format(
            "hf",
            "Hugging Face imagefolder with metadata",
            write_hf,
            files=_FILES,
            needs=Needs(file=True, split=True),
            layout=Layout(splits=True),
        ),
        Format(
            "coco",
            "COCO JSON, labels and tags as categories",
            write_coco,
            files=(*_FILES, "none"),
            needs=Needs(split=True),
            layout=Layout(splits=True),
        ),
        Format(
            "webdataset",
            "tar shards for WebDataset",
            write_webdataset,
            files=("copy",),
            vectors="possible",
            needs=Needs(file=True),
            layout=Layout(splits=True),
        ),
        Format(
            "projector",
            "TensorBoard's Embedding Projector",
            write_projector,
            files=("none",),
            vectors="always",
            needs=Needs(vector=True),
        ),
        Format(
            "embedding-atlas",
            "one Parquet file for Embedding Atlas",
            write_atlas,
            files=("none",),
            vectors="always",
            points=True,
            needs=Needs(vector=True),
            ending=".parquet",
        ),
    )
}


def format_for(name: str | None, destination: Path) -> Format:
    """Return the format that is meant: by its name, else by the ending of the destination.

    Raises
    ------
    InvalidInput
        When nothing says which format is meant.
    NotFound
        When there is no such format.
    """
    if name is not None:
        if name not in FORMATS:
            raise not_found("format", name, FORMATS)
        return FORMATS[name]
    for one in FORMATS.values():
        if one.ending and destination.suffix.lower() == one.ending:
            return one
    raise InvalidInput(f"Say which format to write: {', '.join(FORMATS)}.")
