"""The first look at what is exported: what stays out and why, what the files will be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.core.progress import Progress
from impasto.core.records import Image, Skipped
from impasto.export import names
from impasto.export.records import Contents

BATCH = 1000
"""Images whose records are in memory at the same time."""

ENDINGS = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "GIF": ".gif",
    "PPM": ".ppm",
}
"""Formats that image programs open without further ado, and the ending their files get."""

UNSPLIT = "unsplit"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an image must have to be in an export.

    Parameters
    ----------
    file : bool
        A file that is there, as it was when it was read.
    label, split, vector, point : bool
        Split: only when any image has one.
    """

    file: bool = False
    label: bool = False
    split: bool = False
    vector: bool = False
    point: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the files of an export are called.

    Parameters
    ----------
    splits, labels : bool
        Whether the split and the label are folders.
    keep_formats : bool
        Whether pictures that few programs open keep their format (and ending).
    """

    splits: bool = False
    labels: bool = False
    keep_formats: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What the first look found.

    Parameters
    ----------
    contents : Contents
        With the ids that go out only.
    layout : Layout
    numbered : ndarray of shape (n_images,), bool
        Which images have their number in the name of their file.
    labels, tags, splits : Counter of str
        Of the images that go out.
    folders : dict of str to str
        Folder of each label.
    bytes : int
        Of the originals.
    skipped : list of Skipped
    """

    contents: Contents
    layout: Layout
    numbered: NDArray[np.bool_]
    labels: Counter[str]
    tags: Counter[str]
    splits: Counter[str]
    folders: dict[str, str]
    bytes: int
    skipped: list[Skipped]

    def batches(self) -> Iterator[tuple[NDArray[np.int64], list[Image], list[str]]]:
        """Yield (ids, images, names of their files) of some images at a time."""
        for start in range(0, len(self.contents.ids), BATCH):
            ids = self.contents.ids[start : start + BATCH]
            images = self.contents.images(ids.tolist())
            marks = self.numbered[start : start + BATCH].tolist()
            yield (
                ids,
                images,
                [
                    file_name(image, self.layout, self.folders, numbered=mark)
                    for image, mark in zip(images, marks, strict=True)
                ],
            )


def survey(
    contents: Contents, needs: Needs, layout: Layout, progress: Progress, *, use_splits: bool = True
) -> Survey:
    """Look at every image once: decide what goes out, and what the files are called.

    Parameters
    ----------
    contents : Contents
    needs : Needs
    layout : Layout
    progress : Progress
    use_splits : bool
        False: as if no image had a split.
    """
    progress.stage("Looking at what there is", len(contents.ids))
    any_split = use_splits and contents.splits and _any_split(contents)
    needs = replace(needs, split=needs.split and any_split)
    layout = replace(layout, splits=layout.splits and any_split)
    labels, tags, splits = Counter[str](), Counter[str](), Counter[str]()
    kept: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    keys: list[NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    skipped: list[Skipped] = []
    total = 0
    for start in range(0, len(contents.ids), BATCH):
        ids = contents.ids[start : start + BATCH]
        images = contents.images(ids.tolist())
        reasons = _reasons(contents, ids, images, needs)
        for image, reason in zip(images, reasons, strict=True):
            if reason is not None:
                skipped.append(Skipped(contents.original(image), reason))
                continue
            labels.update([image.label] if image.label is not None else [])
            tags.update(image.tags)
            splits.update([image.split] if image.split is not None and use_splits else [])
            total += image.size
        stay = np.array([reason is None for reason in reasons], np.bool_)
        kept.append(ids[stay])
        keys.append(_keys(images, layout)[stay])
        progress.advance(len(ids))
    going = replace(contents, ids=np.concatenate(kept))
    numbered = _numbered(going, layout, np.concatenate(keys))
    return Survey(
        going, layout, numbered, labels, tags, splits, names.folders(labels), total, skipped
    )


def file_name(image: Image, layout: Layout, folders: dict[str, str], *, numbered: bool) -> str:
    """Name the file of an image, relative to where the files go."""
    parts = [_own_name(image, layout, numbered=numbered)]
    if layout.labels and image.label is not None:
        parts.insert(0, folders[image.label])
    if layout.splits:
        parts.insert(0, image.split or UNSPLIT)
    return "/".join(parts)


def _own_name(image: Image, layout: Layout, *, numbered: bool) -> str:
    """Name a file without its folders; the ending says what the bytes are."""
    original = Path(image.name)
    ending = ENDINGS.get(image.format)
    if ending is None:
        ending = original.suffix.lower() if layout.keep_formats else ".png"
    number = f"-{image.id}" if numbered else ""  # stays, whatever is cut
    room = names.LONGEST - len(number) - len(ending)
    return names.safe(original.stem, longest=room) + number + ending


def _keys(images: list[Image], layout: Layout, *, numbered: bool = False) -> NDArray[np.uint64]:
    """Return keys that two images share when their files would be in each other's way."""
    return np.array(
        [
            names.key(
                f"{image.split if layout.splits else ''}/{image.label if layout.labels else ''}/"
                + _own_name(image, layout, numbered=numbered)
            )
            for image in images
        ],
        np.uint64,
    )


def _numbered(contents: Contents, layout: Layout, plain: NDArray[np.uint64]) -> NDArray[np.bool_]:
    def again(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        made = [np.empty(0, np.uint64)]
        for start in range(0, len(rows), BATCH):
            ids = contents.ids[rows[start : start + BATCH]]
            made.append(_keys(contents.images(ids.tolist()), layout, numbered=True))
        return np.concatenate(made)

    return names.clashing(plain, again)


def _any_split(contents: Contents) -> bool:
    starts = range(0, len(contents.ids), BATCH)
    batches = (contents.images(contents.ids[i : i + BATCH].tolist()) for i in starts)
    return any(image.split is not None for images in batches for image in images)


def _reasons(
    contents: Contents, ids: NDArray[np.int64], images: list[Image], needs: Needs
) -> list[str | None]:
    """Say of each image why it stays out; None: it does not."""
    has_vector = has_point = np.ones(len(ids), np.bool_)
    if needs.vector and contents.vectors is not None:
        has_vector = ~np.isnan(contents.vectors(ids)[:, 0])
    if needs.point and contents.points is not None:
        has_point = ~np.isnan(contents.points(ids)[:, 0])
    said = []
    for image, vector, point in zip(images, has_vector.tolist(), has_point.tolist(), strict=True):
        reason = _without_picture(image)
        if reason is None and needs.file:
            reason = _file_changed(image)
        if reason is None and needs.label and image.label is None:
            reason = "It has no label, and in this format the folder is the label."
        if reason is None and needs.split and image.split is None:
            reason = "It has no split, though others have one; --no-splits takes all."
        if reason is None and not vector and contents.space is not None:
            reason = f"It has no vector in {contents.space.name}; impasto embed makes one."
        if reason is None and not point:
            reason = "It has no place on the map."
        said.append(reason)
    return said


def _without_picture(image: Image) -> str | None:
    for flag in image.flags:
        if flag.blocking or flag.kind == "gone":
            return flag.reason
    return None if image.width else "It was not read yet; impasto add or embed reads it."


def _file_changed(image: Image) -> str | None:
    try:
        size = image.file.stat().st_size
    except OSError as error:
        return f"The file can't be read now ({error.strerror})."
    return None if size == image.size else "The file changed since it was read; add it again."
