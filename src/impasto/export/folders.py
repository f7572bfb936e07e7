"""Folders that mean something: torchvision's ImageFolder, and Hugging Face's with metadata."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from impasto.core.errors import InvalidInput
from impasto.core.progress import Progress
from impasto.core.records import Image
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey
from impasto.export.tables import Rows, table


def write_imagefolder(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``label/file``, or ``split/label/file`` when images have splits."""
    carrier = Carrier(found.contents, plan.files, plan.keep_formats)
    progress.stage("Writing image files", len(found.contents.ids))
    for _, images, names in found.batches():
        for image, name in zip(images, names, strict=True):
            carrier.put(image, into / name)
            progress.advance()
    return carrier


def write_hf(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write image files and ``metadata.parquet`` beside them; with splits, per split.

    Raises
    ------
    InvalidInput
        For other metadata than Parquet when there are splits. Hugging Face guesses the types of
        CSV and JSON lines file by file, and takes no two files that differ.
    """
    contents = found.contents
    parts = sorted(found.splits) if found.layout.splits else [""]
    if plan.metadata != "parquet" and len(parts) > 1:
        raise InvalidInput(
            f"With splits the metadata has to be Parquet: of {plan.metadata} Hugging Face guesses "
            "the types split by split, and gives up where they differ. Leave out --metadata, or "
            "the splits (--no-splits)."
        )
    carrier = Carrier(contents, plan.files, plan.keep_formats)
    progress.stage("Writing image files", len(contents.ids))
    with ExitStack() as stack:
        adding = {}
        for part in parts:
            (into / part).mkdir(exist_ok=True)
            file = into / part / f"metadata.{plan.metadata}"
            adding[part] = stack.enter_context(table(file, plan.metadata, contents.properties))
        for _, images, names in found.batches():
            rows: dict[str, Rows] = {part: [] for part in parts}
            for image, name in zip(images, names, strict=True):
                part, own = split_off(found, image, name)
                there = carrier.put(image, into / name)
                if there is not None:
                    row = facts.row(there, own, contents.properties, splits=plan.splits)
                    rows[part].append(row)
                progress.advance()
            for part, some in rows.items():
                adding[part](some)
    return carrier


def split_off(found: Survey, image: Image, name: str) -> tuple[str, str]:
    """Return the folder of an image's split ("" where splits are no folders), and the rest."""
    if not found.layout.splits:
        return "", name
    part = image.split or ""
    return part, name.removeprefix(f"{part}/")
