"""Queries side by side: compared, kept under a name, written as a figure and as data."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, get_args

from impasto._version import __version__
from impasto.core.errors import InvalidInput
from impasto.flow.ask import query_and_chance, space_for
from impasto.flow.terms import Term, parse
from impasto.store import KeptComparison, KeptQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as Picture

    from impasto.explore import Comparison
    from impasto.store import Collection

Format = Literal["svg", "png", "json", "csv", "zip"]
"""A figure; its numbers; similarity and rank of every image; all of these but the PNG."""

_AT_ONCE = 5000  # images whose names are read together
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of files in a zip, so that it has the same bytes again


@dataclass(frozen=True, slots=True)
class Look:
    """How a comparison is written down.

    Parameters
    ----------
    title : str
        "" for the titles of the queries.
    slots : tuple of int or None
        Letter and colour of each query, 0 for A; None: in order.
    pair : tuple of two ints
        The queries of the scatter, by place.
    date : str
        "" for today, UTC.
    """

    title: str = ""
    slots: tuple[int, ...] | None = None
    pair: tuple[int, int] = (0, 1)
    date: str = ""


def compare(
    collection: Collection,
    queries: Sequence[Sequence[Term]],
    pictures: Mapping[str, Picture] | None = None,
    *,
    titles: Sequence[str] | None = None,
    space: str | None = None,
    k: int = 100,
) -> Comparison:
    """Put several queries side by side in one space.

    Parameters
    ----------
    collection : Collection
    queries : sequence of sequence of Term
    pictures : mapping of str to PIL.Image.Image
        What the terms of kind ``upload`` stand for.
    titles : sequence of str or None
        What people read; None, or "" for one of them: the terms.
    space : str or None
        The newest when none is named.
    k : int
        Nearest images compared.
    """
    from impasto.explore import background
    from impasto.explore import compare as compare_queries

    every = [term for terms in queries for term in terms]
    vectors = collection.vectors(space_for(collection, every, space))
    made = [query_and_chance(collection, vectors, terms, pictures) for terms in queries]
    named = [
        replace(asked, title=title or asked.title)
        for (asked, _), title in zip(made, titles or [""] * len(made), strict=True)
    ]
    like = cache(lambda parts: background(vectors, parts=parts))
    random = [by_chance or like(asked.parts) for asked, by_chance in made]
    return compare_queries(vectors, named, k=k, random=random)


def keep(
    collection: Collection,
    name: str,
    queries: Sequence[KeptQuery],
    *,
    space: str | None = None,
    k: int = 100,
) -> KeptComparison:
    """Keep a comparison under a name, instead of the one that had it.

    Only the queries are kept: opened again, the images of today are compared.
    """
    every = [parse(term) for each in queries for term in each.terms]
    kept = KeptComparison(
        name=name.strip(),
        space=space_for(collection, every, space).name,
        queries=tuple(queries),
        k=k,
        saved=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    collection.save_comparison(kept)
    return kept


def compare_kept(collection: Collection, name: str) -> tuple[Comparison, Look]:
    """Compute a kept comparison again, and say how it is written down."""
    kept = collection.comparison(name)
    found = compare(
        collection,
        [[parse(term) for term in each.terms] for each in kept.queries],
        titles=[each.title for each in kept.queries],
        space=kept.space,
        k=kept.k,
    )
    return found, Look(title=kept.name, slots=tuple(each.slot for each in kept.queries))


def format_of(file: Path) -> Format:
    """Tell by the ending how a comparison is written to a file."""
    for known in get_args(Format):
        if file.suffix.lower() == f".{known}":
            found: Format = known
            return found
    raise InvalidInput(
        f"{file.name!r} does not say what to write. Let it end in .svg or .png (the figure), .json "
        "(its numbers), .csv (similarity and rank of every image) or .zip (all of them)."
    )


def write_comparison(
    collection: Collection, comparison: Comparison, file: Path, look: Look | None = None
) -> None:
    """Write a comparison to a file, as its ending says; nothing is left of a write that failed."""
    kind = format_of(file)
    new = file.with_name(f".new-{file.name}")
    try:
        with new.open("wb") as stream:
            stream_comparison(stream, collection, comparison, kind, look or Look())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def stream_comparison(
    stream: IO[bytes],
    collection: Collection,
    comparison: Comparison,
    kind: Format,
    look: Look,
) -> None:
    """Write a comparison to an open file; the same input and date give the same bytes."""
    from impasto.explore import figure

    look = replace(
        look,
        title=look.title or _listed(comparison.titles),
        slots=look.slots or tuple(range(len(comparison.titles))),
        date=look.date or datetime.now(UTC).date().isoformat(),
    )

    def drawn() -> str:
        caption = f"impasto {__version__}, {look.date}."
        return figure.draw(
            comparison, title=look.title, caption=caption, slots=look.slots, pair=look.pair
        )

    if kind == "svg":
        stream.write(drawn().encode())
    elif kind == "png":
        stream.write(figure.to_png(drawn()))
    elif kind == "json":
        stream.write(_json(comparison, look))
    elif kind == "csv":
        with _text(stream) as text:
            _images(text, collection, comparison, look)
    else:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, data in (
                ("figure.svg", drawn().encode()),
                ("comparison.json", _json(comparison, look)),
                ("distributions.csv", _table(_distributions, comparison, look)),
                ("distances.csv", _table(_distances, comparison, look)),
            ):
                archive.writestr(_entry(name), data)
            with (
                archive.open(_entry("images.csv"), "w", force_zip64=True) as entry,
                _text(entry) as text,
            ):
                _images(text, collection, comparison, look)


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return the numbers of a comparison as JSON data."""
    return {
        "space": comparison.space.name,
        "images": len(comparison.ids),
        "titles": list(comparison.titles),
        "edges": comparison.distributions[0].edges.tolist(),
        "counts": [one.counts.tolist() for one in comparison.distributions],
        "cumulative": comparison.cumulative.tolist(),
        "backgrounds": [one.counts.tolist() for one in comparison.backgrounds],
        "background_totals": [one.total for one in comparison.backgrounds],
        "ks": comparison.ks.tolist(),
        "wasserstein": comparison.wasserstein.tolist(),
        "spearman": comparison.spearman.tolist(),
        "overlap": comparison.overlap.tolist(),
        "overlap_chance": comparison.overlap_chance,
        "rbo": comparison.rbo.tolist(),
        "rbo_chance": comparison.rbo_chance,
        "k": comparison.k,
        "cuts": list(comparison.cuts),
    }


def _json(comparison: Comparison, look: Look) -> bytes:
    data = {
        "title": look.title,
        "date": look.date,
        "made_by": f"impasto {__version__}",
        "letters": _letters(look),
        "space_title": comparison.space.title,
        **describe_comparison(comparison),
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _images(file: IO[str], collection: Collection, comparison: Comparison, look: Look) -> None:
    """Write one line per image: where it lies, its label, similarity and rank by each query."""
    lines = csv.writer(file, lineterminator="\n")
    columns = [f"{what} {letter}" for letter in _letters(look) for what in ("similarity", "rank")]
    lines.writerow(["image", "file", "label", *columns])
    for begin in range(0, len(comparison.ids), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        ids = comparison.ids[some].tolist()
        known = collection.places(ids)
        similarities = comparison.similarities[:, some].T.tolist()
        ranks = comparison.ranks[:, some].T.tolist()
        lines.writerows(
            [image, path, label or "", *chain(*zip(map(_six, near), rank, strict=True))]
            for image, (path, label), near, rank in zip(
                ids, known, similarities, ranks, strict=True
            )
        )


_six = "{:.6f}".format  # digits


def _distributions(file: IO[str], comparison: Comparison, look: Look) -> None:
    """Write one line per bin: images of each query, and what random queries like it give."""
    lines = csv.writer(file, lineterminator="\n")
    columns = [f"{what} {letter}" for what in ("images", "random") for letter in _letters(look)]
    lines.writerow(["from", "to", *columns])
    edges = comparison.distributions[0].edges.tolist()
    counts = [one.counts.tolist() for one in comparison.distributions + comparison.backgrounds]
    for number, (low, high) in enumerate(pairwise(edges)):
        row = [each[number] for each in counts]
        lines.writerow([f"{low:.6g}", f"{high:.6g}", *row])


def _distances(file: IO[str], comparison: Comparison, look: Look) -> None:
    """Write one line per two queries, and what chance gives."""
    lines = csv.writer(file, lineterminator="\n")
    distances = comparison.distances
    lines.writerow(["first", "second", *distances, "title of the first", "title of the second"])
    letters, titles = _letters(look), comparison.titles
    for i in range(len(letters)):
        for j in range(i + 1, len(letters)):
            numbers = [f"{matrix[i, j]:.6f}" for matrix in distances.values()]
            lines.writerow([letters[i], letters[j], *numbers, titles[i], titles[j]])
    chance = ["0", f"{comparison.overlap_chance:.6f}", f"{comparison.rbo_chance:.6f}"]
    lines.writerow(["chance", "", "", "", *chance, "", ""])


def _letters(look: Look) -> list[str]:
    from impasto.explore.figure import letter

    return [letter(slot) for slot in look.slots or ()]


def _listed(titles: Sequence[str]) -> str:
    return f"{', '.join(titles[:-1])} and {titles[-1]}"


def _table(
    write: Callable[[IO[str], Comparison, Look], None], comparison: Comparison, look: Look
) -> str:
    file = io.StringIO()
    write(file, comparison, look)
    return file.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


@contextmanager
def _text(stream: IO[bytes]) -> Iterator[IO[str]]:
    """Write text into a stream of bytes that stays open."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        yield text
    finally:
        text.detach()
