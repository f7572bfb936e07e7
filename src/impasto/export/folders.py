"""Folders that mean something: torchvision's ImageFolder, and Hugging Face's with metadata."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from impasto.core.progress import Progress
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.records import Plan
from impasto.export.survey import Survey
from impasto.export.tables import table


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
    """Write image files, and ``metadata.jsonl`` (or csv, parquet) beside them, per split."""
    contents = found.contents
    carrier = Carrier(contents, plan.files, plan.keep_formats)
    parts = sorted(found.splits) if found.layout.splits else [""]
    progress.stage("Writing image files", len(contents.ids))
    with ExitStack() as stack:
        adding = {}
        for part in parts:
            (into / part).mkdir(exist_ok=True)
            file = into / part / f"metadata.{plan.metadata}"
            adding[part] = stack.enter_context(table(file, plan.metadata, contents.properties))
        for _, images, names in found.batches():
            rows: dict[str, list[dict[str, object]]] = {part: [] for part in parts}
            for image, name in zip(images, names, strict=True):
                part = (image.split or "") if found.layout.splits else ""
                there = carrier.put(image, into / name)
                if there is not None:
                    inner = name.removeprefix(f"{part}/") if part else name
                    rows[part].append(
                        facts.row(there, inner, contents.properties, splits=plan.splits)
                    )
                progress.advance()
            for part, some in rows.items():
                adding[part](some)
    return carrier
