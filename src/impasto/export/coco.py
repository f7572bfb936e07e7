"""COCO: one JSON document a split, with labels and tags as categories."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from impasto.core.progress import Progress
from impasto.core.records import Image
from impasto.export import facts
from impasto.export.files import Carrier
from impasto.export.folders import split_off
from impasto.export.records import Plan
from impasto.export.survey import Survey

LABEL, TAG = "label", "tag"


def write_coco(found: Survey, into: Path, plan: Plan, progress: Progress) -> Carrier:
    """Write ``annotations/instances[_SPLIT].json``, and image files below ``images`` or the split.

    A label or tag of an image becomes an annotation whose box is the whole picture: COCO knows
    no classes of whole pictures. Categories of labels and of tags differ in their supercategory.
    """
    contents = found.contents
    carrier = Carrier(contents, plan.files, plan.keep_formats)
    categories = categories_of(found.labels, found.tags)
    numbers = {(one["supercategory"], one["name"]): one["id"] for one in categories}
    parts = sorted(found.splits) if found.layout.splits else [""]
    (into / "annotations").mkdir()
    progress.stage("Writing COCO", len(contents.ids))
    annotation = 0
    with ExitStack() as stack:
        documents = {
            part: stack.enter_context(
                _document(
                    into / "annotations" / (f"instances_{part}.json" if part else "instances.json"),
                    {
                        "info": {"description": contents.name, "version": "1.0"},
                        "licenses": [],
                        "categories": categories,
                    },
                )
            )
            for part in parts
        }
        for _, images, names in found.batches():
            for image, name in zip(images, names, strict=True):
                progress.advance()
                part, own = split_off(found, image, name)
                there, shown = _carried(carrier, image, into / (part or "images"), own)
                if there is None:
                    continue
                documents[part].add("images", _image(found, there, shown, plan))
                for named in _named(there):
                    annotation += 1
                    documents[part].add(
                        "annotations", _annotation(annotation, there, numbers[named])
                    )
    return carrier


def categories_of(labels: Iterable[str], tags: Iterable[str]) -> list[dict[str, Any]]:
    """Make the categories: labels, then tags, numbered from 1.

    Examples
    --------
    >>> [(one["id"], one["name"]) for one in categories_of({"cat"}, {"red", "cat"})]
    [(1, 'cat'), (2, 'cat'), (3, 'red')]
    """
    named = [(LABEL, label) for label in sorted(labels)] + [(TAG, tag) for tag in sorted(tags)]
    return [
        {"id": number, "name": name, "supercategory": kind}
        for number, (kind, name) in enumerate(named, 1)
    ]


def _carried(carrier: Carrier, image: Image, folder: Path, name: str) -> tuple[Image | None, str]:
    """Put the file of an image, if files are wanted; return it as it goes out, and its name."""
    if carrier.files == "none":
        return image, carrier.contents.original(image)
    return carrier.put(image, folder / name), name


def _named(image: Image) -> list[tuple[str, str]]:
    own = [(LABEL, image.label)] if image.label is not None else []
    return own + [(TAG, tag) for tag in image.tags]


def _image(found: Survey, image: Image, name: str, plan: Plan) -> dict[str, Any]:
    """Return the entry of an image: what COCO asks for, then all other facts."""
    row = facts.row(image, name, found.contents.properties, splits=plan.splits)
    first = {key: row.pop(key) for key in ("id", "file_name", "width", "height")}
    return first | row


def _annotation(number: int, image: Image, category: int) -> dict[str, Any]:
    width, height = image.width, image.height
    return {
        "id": number,
        "image_id": image.id,
        "category_id": category,
        "bbox": [0, 0, width, height],
        "area": width * height,
        "iscrowd": 0,
        "segmentation": [[0, 0, width, 0, width, height, 0, height]],
    }


class _Lists:
    """Two lists that grow at the same time, one in the document and one beside it."""

    def __init__(self, files: dict[str, Any]) -> None:
        self._files = files
        self._empty = set(files)

    def add(self, name: str, entry: dict[str, Any]) -> None:
        comma = "\n" if name in self._empty else ",\n"
        self._empty.discard(name)
        self._files[name].write(comma + json.dumps(entry, ensure_ascii=False, allow_nan=False))


@contextmanager
def _document(file: Path, head: dict[str, Any]) -> Iterator[_Lists]:
    """Write a document whose lists `images` and `annotations` are too long for the memory."""
    beside = file.with_suffix(".annotations")
    with file.open("w+", encoding="utf-8", newline="\n") as images:
        images.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "images": [')
        with beside.open("w+", encoding="utf-8", newline="\n") as annotations:
            yield _Lists({"images": images, "annotations": annotations})
            images.write('\n], "annotations": [')
            annotations.seek(0)
            shutil.copyfileobj(annotations, images)
            images.write("\n]}\n")
    beside.unlink()
