"""From a collection to files that other programs read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Skipped
from impasto.core.space import Space, Vectors
from impasto.export.records import Contents, Drawn, Exported, Files, Metadata, Plan
from impasto.flow.ask import choose_space
from impasto.flow.maps import Mapped, read_map
from impasto.store import Filter, Sort

if TYPE_CHECKING:
    from impasto.export import Format, Survey
    from impasto.store import Collection

MANIFEST, SKIPPED = "export.json", "skipped.csv"
EVERYTHING = Filter()
NEIGHBOURS = 15
"""Of each image, in formats that have a list of them."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a collection goes out.

    Parameters
    ----------
    format : str or None
        A name of `impasto.export.FORMATS`; None: by the ending of the destination.
    wanted : Filter
        Which images.
    ids : sequence of int or None
        Only these of them; None: all of them.
    limit : int or None
        At most so many of them, in the order in which they were added.
    space : str or None
        Of the vectors: a name or its beginning. None: the newest where vectors belong to the
        format, else none.
    map : str or None
        Places on this map, by its name or the beginning of it, in formats that have columns for
        them. None: none, but Embedding Atlas takes the first map of the space.
    files : {"none", "copy", "link", "symlink"} or None
        Whether image files come along; None: as is usual for the format.
    splits : bool
        Whether train, validation and test go apart, and are written down.
    metadata : {"parquet", "jsonl", "csv"}
        Kind of the metadata file of format ``hf``.
    keep_formats : bool
        Leave SVG, HEIC and others as they are, which few programs open.
    overwrite : bool
        Replace what is at the destination.
    """

    format: str | None = None
    wanted: Filter = EVERYTHING
    ids: Sequence[int] | None = None
    limit: int | None = None
    space: str | None = None
    map: str | None = None
    files: Files | None = None
    splits: bool = True
    metadata: Metadata = "parquet"
    keep_formats: bool = False
    overwrite: bool = False


def export(
    collection: Collection,
    destination: str | Path,
    options: ExportOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Exported:
    """Write images, vectors and what is known of them for other programs: all of it or nothing.

    Parameters
    ----------
    collection : Collection
        May be open for reading only.
    destination : str or Path
        A folder; for tables also a file with the ending of the format.
    options : ExportOptions, optional
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        When the destination holds something, or an option does not fit the format.
    NotFound
        When no image is left to be written.
    """
    from impasto.export import Place, format_for, survey
    from impasto.export.place import bytes_below, check_space

    options, progress = options or ExportOptions(), progress or Quiet()
    there = Path(destination).expanduser().absolute()
    form = format_for(options.format, there)
    plan = _plan(form, options)
    place = Place(
        there,
        file=bool(form.ending) and there.suffix.lower() == form.ending,
        overwrite=options.overwrite,
        protected=(collection.path, *collection.roots()),
    )
    if place.file and plan.files != "none":
        raise InvalidInput(
            "Image files need a folder to go to: name a destination without an ending, "
            "and the format."
        )
    place.check()
    contents = _contents(collection, form, options, progress)
    layout = replace(form.layout, keep_formats=plan.keep_formats)
    needs = replace(
        form.needs,
        file=form.needs.file or plan.files != "none",
        point=form.needs.vector and contents.points is not None,
    )
    found = survey(contents, needs, layout, progress, use_splits=plan.splits)
    if not len(found.contents.ids):
        raise NotFound(_nothing(found))
    check_space(there, _least(found, plan))
    with place.writing() as new:
        carrier = form.write(found, new, plan, progress)
        skipped = (*found.skipped, *carrier.skipped)
        if not place.file:
            _account(new, found, form, plan, skipped)
        size = bytes_below(new)
    return Exported(
        there,
        form.name,
        len(found.contents.ids) - len(carrier.skipped),
        size,
        skipped,
        tuple(carrier.notes()),
    )


def _plan(form: Format, options: ExportOptions) -> Plan:
    """Check that the options fit the format."""
    files = options.files or form.files[0]
    if files not in form.files:
        raise InvalidInput(
            f"The format {form.name} takes files={' or '.join(form.files)}, not {files}."
        )
    if options.space is not None and form.vectors == "never":
        from impasto.export import FORMATS

        able = [one.name for one in FORMATS.values() if one.vectors != "never"]
        raise InvalidInput(
            f"The format {form.name} holds no vectors; {', '.join(able)} do. "
            "Leave out the space, or take one of them."
        )
    if options.map is not None and not form.points:
        raise InvalidInput(
            f"The format {form.name} has no columns for places on a map; parquet and "
            "embedding-atlas have. Leave out the map, or take one of them."
        )
    if options.limit is not None and options.limit < 1:
        raise InvalidInput(f"Export at least one image, not {options.limit}.")
    return Plan(files, options.splits, options.metadata, options.keep_formats)


def _contents(
    collection: Collection, form: Format, options: ExportOptions, progress: Progress
) -> Contents:
    ids = collection.order(options.wanted, Sort("added"))
    if options.ids is not None:
        ids = ids[np.isin(ids, np.asarray(options.ids, np.int64))]
    ids = ids[: options.limit]
    vectors = None
    if form.vectors == "always" or options.space is not None:
        vectors = collection.vectors(choose_space(collection, options.space))
    shown = _map(collection, form, options, None if vectors is None else vectors.space)
    return Contents(
        name=collection.name,
        ids=ids,
        images=collection.images,
        properties=collection.properties(),
        splits=bool(collection.facets(options.wanted).splits),
        roots=_root_names(collection.roots()),
        thumbnail=collection.thumbnail,
        draw=_draw,
        space=None if vectors is None else vectors.space,
        vectors=None if vectors is None else rows_of(vectors),
        neighbours=_neighbours_of(vectors, progress) if vectors is not None else None,
        points=None if shown is None else _points_of(shown),
    )


def _root_names(roots: Sequence[Path]) -> dict[Path, str]:
    """Call each folder of originals by its own name, numbered where two share it; one alone "".

    Examples
    --------
    >>> _root_names([Path("/a/birds"), Path("/b/birds")]) == {
    ...     Path("/a/birds"): "birds",
    ...     Path("/b/birds"): "birds-2",
    ... }
    True
    """
    if len(roots) == 1:
        return {roots[0]: ""}
    made: dict[Path, str] = {}
    for root in roots:
        name, n = root.name or "root", 1
        while name in made.values():
            n += 1
            name = f"{root.name or 'root'}-{n}"
        made[root] = name
    return made


def rows_of(vectors: Vectors) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """Return how to get the vectors of some ids: (n_ids, n_features) float32, NaN for none."""
    order = np.argsort(vectors.ids, kind="stable")
    rising = vectors.ids[order]

    def get(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        place = np.minimum(np.searchsorted(rising, ids), max(len(rising) - 1, 0))
        found = np.full((len(ids), vectors.space.dimension), np.nan, np.float32)
        if len(rising):
            has = rising[place] == ids
            found[has] = vectors.values[order[place[has]]]
        return found

    return get


def _map(
    collection: Collection, form: Format, options: ExportOptions, space: Space | None
) -> Mapped | None:
    """Return the map whose places go out, if any."""
    if options.map is not None:
        return read_map(collection, options.map)
    if form.name != "embedding-atlas" or space is None:
        return None
    of_space = (read_map(collection, one.name) for one in collection.maps())
    return next((one for one in of_space if one.map.space == space), None)


def _points_of(shown: Mapped) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
    """Return how to get the places of some ids on a map: (n_ids, 2) float32, NaN for none."""
    rising = np.argsort(shown.ids)
    known, places = shown.ids[rising], shown.positions[rising]

    def get(ids: NDArray[np.int64]) -> NDArray[np.float32]:
        found = np.full((len(ids), 2), np.nan, np.float32)
        has = np.isin(ids, known)
        found[has] = places[np.searchsorted(known, ids[has])]
        return found

    return get


def _neighbours_of(
    vectors: Vectors, progress: Progress
) -> Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return how to find the nearest among some ids: each image itself first, at distance 0."""

    def find(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        from impasto.explore import knn_graph

        k = min(NEIGHBOURS, max(len(ids) - 1, 1))
        found = knn_graph(some_of(vectors, ids), k, progress=progress)
        by_id = np.argsort(ids)  # node i of the graph is the image with the i-th smallest id
        own = np.searchsorted(found.ids, ids)
        nodes = found.neighbours[own]
        rows = np.where(nodes < 0, -1, by_id[nodes])
        itself = np.arange(len(ids))[:, None]
        return (
            np.concatenate([itself, rows], axis=1),
            np.concatenate(
                [np.zeros((len(ids), 1), np.float32), 1 - found.similarities[own]], axis=1
            ).clip(0),
        )

    return find


def some_of(vectors: Vectors, ids: NDArray[np.int64]) -> Vectors:
    """Return the vectors of some images only."""
    rows = np.flatnonzero(np.isin(vectors.ids, ids))
    mirrored = vectors.mirrored
    return Vectors(
        vectors.space,
        vectors.ids[rows],
        vectors.values[rows],
        vectors.norms[rows],
        None if mirrored is None else mirrored[rows],
    )


def _draw(file: Path) -> Drawn:
    """Draw a file as PNG, as large as it is."""
    import io

    from impasto.collect.decode import read

    reading = read(file, short_side=_DRAWN, thumbnail=None)
    if reading.picture is None:
        raise InvalidInput(" ".join(flag.reason for flag in reading.facts.flags if flag.blocking))
    out = io.BytesIO()
    reading.picture.save(out, "PNG")
    return Drawn(out.getvalue(), *reading.picture.size)


_DRAWN = 1024
"""Pixels that matter only to drawings (SVG), whose short side becomes half of it."""


def _nothing(found: Survey) -> str:
    if not found.skipped:
        return "No image is like that, so there is nothing to export."
    reasons = {one.reason for one in found.skipped}
    return f"All {len(found.skipped):,} images stay out: {' '.join(sorted(reasons)[:3])}"


def _least(found: Survey, plan: Plan) -> int:
    """Return how many bytes an export takes for sure."""
    space: Space | None = found.contents.space
    vectors = 2 * len(found.contents.ids) * space.dimension if space else 0
    return vectors + (found.bytes if plan.files == "copy" else 0)


def _account(
    new: Path, found: Survey, form: Format, plan: Plan, skipped: Sequence[Skipped]
) -> None:
    """Write down beside the export what it is, and what stayed out of it."""
    space = found.contents.space
    told = {
        "format": form.name,
        "title": form.title,
        "written_by": f"impasto {__version__}",
        "collection": found.contents.name,
        "images": len(found.contents.ids),
        "skipped": len(skipped),
        "space": None if space is None else space.to_json(),
        "plan": asdict(plan),
    }
    (new / MANIFEST).write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )
    if skipped:
        with (new / SKIPPED).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["file_name", "reason"])
            writer.writerows((one.path, one.reason) for one in skipped)
