"""What an export job writes: one of the formats, or a site, as the browser asked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import flow
from impasto.core.errors import InvalidInput
from impasto.serve.routes.given import filter_of
from impasto.serve.schemas import FormatOut
from impasto.store import Filter

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.export import Exported
    from impasto.serve.schemas import ExportOptions
    from impasto.store import Collection

SITE = FormatOut(
    name="app",
    title="A site to look at without Python",
    files=["none"],
    vectors="possible",
    maps=True,
    metadata=False,
)
"""The format that is none of `impasto.export.FORMATS`: what ``impasto export --app`` writes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An export that was checked as far as it can be before the work begins.

    Parameters
    ----------
    title : str
        What the job is called.
    name : str
        Of the file or folder that is written, where none is named.
    write : callable
        Writes to a destination, telling a Progress.
    """

    title: str
    name: str
    write: Callable[[Path, Progress], Exported]


def formats() -> list[FormatOut]:
    """List what can be written."""
    from impasto.export import FORMATS

    known = [
        FormatOut(
            name=one.name,
            title=one.title,
            files=list(one.files),
            vectors=one.vectors,
            maps=one.points,
            metadata=one.name == "hf",
        )
        for one in FORMATS.values()
    ]
    return [*known, SITE]


def wish(collection: Collection, options: ExportOptions) -> Wish:
    """Understand what is wanted.

    Raises
    ------
    InvalidInput
        When the options do not fit each other.
    NotFound
        When there is no such format, space, map or comparison.
    """
    if options.files in ("link", "symlink") and options.folder is None:
        raise InvalidInput("Links can't be fetched: name a folder beside the collection.")
    if options.map is not None:
        flow.read_map(collection, options.map)
    if options.format == SITE.name:
        return _site(collection, options)
    return _format(collection, options)


def _format(collection: Collection, options: ExportOptions) -> Wish:
    from impasto.export import format_for

    form = format_for(options.format, Path())
    if options.space is not None or form.vectors == "always":
        flow.choose_space(collection, options.space)
    wanted = flow.ExportOptions(
        format=options.format,
        wanted=_filter(options),
        ids=options.images.ids,
        space=options.space,
        map=options.map,
        files=options.files,
        splits=options.splits,
        metadata=options.metadata,
        keep_formats=options.keep_formats,
    )

    def write(there: Path, progress: Progress) -> Exported:
        return flow.export(collection, there, wanted, progress=progress)

    single = form.ending and (options.files or form.files[0]) == "none"
    ending = form.ending if single else ""
    return Wish(f"Export as {form.title}", f"{_plain(collection)}-{form.name}{ending}", write)


def _site(collection: Collection, options: ExportOptions) -> Wish:
    from impasto.serve.site import SiteOptions, write_site

    if options.space is not None:
        flow.choose_space(collection, options.space)
    for name in options.comparisons:
        collection.comparison(name)
    wanted = SiteOptions(
        wanted=_filter(options),
        ids=options.images.ids,
        spaces=() if options.space is None else (options.space,),
        k=options.k,
        maps=None if options.map is None else (options.map,),
        comparisons=tuple(options.comparisons),
        title=options.title or None,
    )

    def write(there: Path, progress: Progress) -> Exported:
        return write_site(collection, there, wanted, progress=progress)

    return Wish("Export as a site", f"{_plain(collection)}-{SITE.name}", write)


def _filter(options: ExportOptions) -> Filter:
    which = options.images.filter
    return Filter() if which is None else filter_of(which)


def _plain(collection: Collection) -> str:
    """Return the collection's name as a file may be called."""
    plain = "".join(c if c.isalnum() or c in " -_." else "-" for c in collection.name)
    return plain.strip(" .") or "pictures"
