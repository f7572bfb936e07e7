"""A site to look at without Python: the app's own pages, and its answers written down beforehand.

What is filtered, sorted and searched in the browser are the images' facts; every other number was
computed here, by the code that the server runs.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto._version import __version__
from impasto.core.errors import ImpastoError, InvalidInput, NotFound
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Skipped
from impasto.core.space import Space, Vectors
from impasto.export import Exported, Place
from impasto.export.place import bytes_below, check_space
from impasto.flow.export import some_of
from impasto.serve import present, site_comparisons, site_distributions
from impasto.serve.front import STATIC
from impasto.serve.routes.maps import rows as place_rows
from impasto.serve.routes.sprites import SHAPE
from impasto.serve.schemas import Background, CollectionOut
from impasto.serve.sprites import COLUMNS, PER_SHEET, SIDES, pack
from impasto.store import Filter, Sort

if TYPE_CHECKING:
    from impasto.store import Collection

CHUNK = 500
"""Images whose facts lie in one file; the page asks for at most so many at once."""

PER_FOLDER = 1000
"""Thumbnails in one folder: image 12,345 lies in folder 12."""

NEIGHBOURS = 50
EVERYTHING = Filter()

TAGS = 60
"""Tags that a map can be coloured by: the most frequent ones, which the page offers."""

NEAR = np.dtype([("id", "<i4"), ("similarity", "<f4"), ("percentile", "<f4"), ("z", "<f4")])
"""A neighbour in the files of a space: `k` of them an image, id -1 where there are fewer."""

_CARD, _PAGES = 420, 700_000  # bytes: of an image's facts, roughly, and of the pages themselves

_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)

_README = """\
{name}: a site written by impasto {version}

Put this folder on any web server, at any address; it needs no Python and asks nothing of other
sites. Browsers do not run it from a file (file://). To look at it on this machine:

    python -m http.server

The pages' licences are in NOTICES.txt.
"""


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What goes into a site.

    Parameters
    ----------
    wanted : Filter
        Which images.
    ids : sequence of int or None
        Only these of them; None: all of them.
    limit : int or None
        At most so many, in the order in which they were added.
    spaces : tuple of str
        Spaces whose neighbours are written down, by name or the beginning of it; none: the
        newest, if there is one.
    k : int
        Neighbours of each image.
    maps : tuple of str or None
        Maps, by name or the beginning of it; None: all there are.
    comparisons : tuple of str
        Kept comparisons, by name, for the page Compare.
    title : str or None
        What visitors read; None: the name of the collection.
    overwrite : bool
        Replace what is at the destination.
    """

    wanted: Filter = EVERYTHING
    limit: int | None = None
    spaces: tuple[str, ...] = ()
    k: int = NEIGHBOURS
    maps: tuple[str, ...] | None = None
    comparisons: tuple[str, ...] = ()
    title: str | None = None
    overwrite: bool = False
    ids: Sequence[int] | None = None


def write_site(
    collection: Collection,
    destination: str | Path,
    options: SiteOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Exported:
    """Write a site of a collection, or of some of its images: all of it or nothing.

    Parameters
    ----------
    collection : Collection
        May be open for reading only.
    destination : str or Path
        A folder.
    options : SiteOptions, optional
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        When the destination holds something.
    NotFound
        When no image is left to be shown, or there is no such space.
    """
    options, progress = options or SiteOptions(), progress or Quiet()
    there = Path(destination).expanduser().absolute()
    place = Place(
        there, overwrite=options.overwrite, protected=(collection.path, *collection.roots())
    )
    place.check()
    if not (STATIC / "index.html").is_file():
        raise ImpastoError("The app's pages are not built; run `make web` in the source folder.")
    ids, skipped = _shown(collection, options)
    spaces = _spaces(collection, options)
    maps = _maps(collection, options, ids)
    size = _estimate(collection, ids, spaces, options.k)
    progress.note(f"The site of {len(ids):,} images takes about {size / 1e6:,.0f} MB.")
    check_space(there, size)
    with place.writing() as new:
        _write_pages(new, options.title or collection.name)
        writer = _Writer(collection, new / "data", ids, options, progress)
        writer.images()
        near = {space.name: writer.neighbours(space) for space in spaces}
        writer.maps(maps)
        compared = writer.comparisons()
        writer.summary(spaces, near, compared, writer.distributions(spaces, compared))
        size = bytes_below(new)
    return Exported(there, "app", len(ids), size, tuple(skipped), (_how_to_look(there),))


def _how_to_look(there: Path) -> str:
    return f"Look at it: python -m http.server --directory {there}"


def _shown(collection: Collection, options: SiteOptions) -> tuple[NDArray[np.int64], list[Skipped]]:
    """Return the images with a picture, and what stays out."""
    ids = collection.order(options.wanted, Sort("added"))
    if options.ids is not None:
        ids = ids[np.isin(ids, np.asarray(options.ids, np.int64))]
    ids = ids[: options.limit]
    usable = collection.order(replace(options.wanted, usable=True), Sort("added"))
    shown = ids[np.isin(ids, usable)]
    skipped = []
    for image in collection.images(ids[~np.isin(ids, usable)].tolist()):
        why = [flag.reason for flag in image.flags if flag.blocking]
        skipped.append(Skipped(image.path, why[0] if why else "It was not read yet."))
    if not len(shown):
        raise NotFound("No image with a picture is like that, so there is nothing to show.")
    return shown, skipped


def _spaces(collection: Collection, options: SiteOptions) -> list[Space]:
    if options.k < 1:
        raise InvalidInput(f"Write down at least one neighbour, not {options.k}.")
    if options.spaces:
        return [flow.choose_space(collection, name) for name in options.spaces]
    filled = [info for info in collection.spaces() if info.rows]
    return [flow.newest(filled)] if filled else []


def _maps(
    collection: Collection, options: SiteOptions, ids: NDArray[np.int64]
) -> list[flow.Mapped]:
    """Return the maps that are wanted, with just these images on them."""
    wanted = options.maps
    names = [record.name for record in collection.maps()] if wanted is None else wanted
    found = [flow.read_map(collection, name) for name in names]
    shown = [replace(one, standing=one.standing & np.isin(one.map.ids, ids)) for one in found]
    return [one for one in shown if len(one)]


def _estimate(
    collection: Collection, ids: NDArray[np.int64], spaces: Sequence[Space], k: int
) -> int:
    """Return about how many bytes the site takes: thumbnails by a sample of them."""
    sample = ids[np.linspace(0, len(ids) - 1, min(len(ids), 200)).astype(int)]
    sizes = [len(collection.thumbnail(image) or b"") for image in sample.tolist()]
    one = float(np.mean(sizes)) + _CARD + NEAR.itemsize * min(k, len(ids)) * len(spaces)
    return round(_PAGES + len(ids) * one)


def _write_pages(new: Path, title: str) -> None:
    """Copy the app's pages, and tell them where their data is."""
    shutil.copytree(
        STATIC, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("built-from.json", "*.map")
    )
    page = (new / "index.html").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8" />\n'
        f'    <meta http-equiv="Content-Security-Policy" content="{_POLICY}" />\n'
        '    <meta name="referrer" content="no-referrer" />\n'
        '    <meta name="impasto-data" content="data/" />'
    )
    page = page.replace('<meta charset="utf-8" />', head, 1)
    page = page.replace('<div id="app"></div>', f'<div id="app">{_WAITING}</div>', 1)
    (new / "index.html").write_text(page, encoding="utf-8", newline="\n")
    readme = _README.format(name=title, version=__version__)
    (new / "README.txt").write_text(readme, encoding="utf-8", newline="\n")


_WAITING = (
    "<style>@keyframes late { to { opacity: 1 } }</style>"
    '<p style="margin: 0 auto; max-width: 34rem; padding: 20vh 1rem; opacity: 0; '
    'animation: late 0s 3s forwards">If nothing comes, this page was opened from a file. '
    "Browsers run it from a web server only: see README.txt beside it.</p>"
)


class _Writer:
    """Writes the data of a site."""

    def __init__(
        self,
        collection: Collection,
        folder: Path,
        ids: NDArray[np.int64],
        options: SiteOptions,
        progress: Progress,
    ) -> None:
        self.collection, self.folder, self.ids = collection, folder, ids
        self.options, self.progress = options, progress
        some = options.limit is not None or options.ids is not None
        self.everything = options.wanted == EVERYTHING and not some
        self.answers: dict[str, str] = {}
        self.labels: Counter[str] = Counter()
        folder.mkdir()

    def chunks(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield (number, ids) of the images that share a file."""
        for number, start in enumerate(range(0, len(self.ids), CHUNK)):
            yield number, self.ids[start : start + CHUNK]

    def images(self) -> None:
        """Write the order of the images, their facts and their thumbnails."""
        self.progress.stage("Writing thumbnails", len(self.ids))
        (self.folder / "ids.i32").write_bytes(self.ids.astype("<i4").tobytes())
        ids, ratios = self.collection.shapes()
        here = np.isin(ids, self.ids)
        shapes = np.empty(int(np.count_nonzero(here)), SHAPE)
        shapes["id"], shapes["ratio"] = ids[here], ratios[here]
        self.answer("shapes", shapes.tobytes())
        (self.folder / "cards").mkdir()
        for number, ids in self.chunks():
            records = self.collection.images(ids.tolist())
            self.labels.update(record.label for record in records if record.label is not None)
            cards = [present.image(record).model_dump(mode="json") for record in records]
            _write_json(self.folder / "cards" / f"{number}.json", cards)
            for image in ids.tolist():
                data = self.collection.thumbnail(image)
                file = self.folder / "thumbnails" / str(image // PER_FOLDER) / f"{image}.jpg"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data or b"")
            self.progress.advance(len(ids))

    def neighbours(self, space: Space) -> dict[str, Any]:
        """Write the nearest images of each image; return what the page must know of them."""
        from impasto.explore.distribution import background

        vectors = self.collection.vectors(space)
        random = background(vectors, seed=0)
        graph = self._graph(space, vectors)
        home = self.folder / "near" / space.name
        home.mkdir(parents=True)
        rows = np.full(len(self.ids), -1)
        has = np.isin(self.ids, graph.ids)
        rows[has] = np.searchsorted(graph.ids, self.ids[has])
        for number, ids in self.chunks():
            first = number * CHUNK
            own = rows[first : first + len(ids)]
            nodes = np.where(own[:, None] < 0, -1, graph.neighbours[own])
            found = np.zeros(nodes.shape, NEAR)
            found["id"] = np.where(nodes < 0, -1, graph.ids[nodes])
            there = nodes >= 0
            similarities = np.where(there, graph.similarities[own], 0)
            found["similarity"] = similarities
            found["percentile"] = random.percentile(similarities)
            found["z"] = random.z(similarities)
            found[~there] = np.array((-1, 0, 0, 0), NEAR)
            (home / f"{number}.bin").write_bytes(found.tobytes())
        return {
            "k": graph.k,
            "total": max(len(graph) - 1, 0),
            "exact": graph.exact,
            "recall": graph.recall,
            "background": Background(mean=random.mean, std=random.std, of=random.of).model_dump(
                mode="json"
            ),
        }

    def _graph(self, space: Space, vectors: Vectors) -> Any:
        """Return the graph of just these images."""
        from impasto.explore import knn_graph

        if self.everything:
            return flow.graph(self.collection, space.name, k=self.options.k, progress=self.progress)
        return knn_graph(some_of(vectors, self.ids), self.options.k, progress=self.progress)

    def maps(self, maps: Sequence[flow.Mapped]) -> None:
        """Write maps: places, colours, and sheets of thumbnails."""
        if not maps:
            return
        from impasto.explore.maps import placing

        self.progress.stage("Writing maps", len(maps), "maps")
        records = {record.name: present.map_(record) for record in self.collection.maps()}
        cards = [
            records[one.name].model_copy(
                update={
                    "images": len(one),
                    "placed": (placed := int(np.count_nonzero(one.placed))),
                    "placing": placing(placed, one.map.drawn),
                }
            )
            for one in maps
        ]
        self.answer("maps", [card.model_dump(mode="json") for card in cards])
        for one in maps:
            self.answer(f"maps/{one.name}/points", place_rows(one.ids, one.points).tobytes())
            self.answer(f"maps/{one.name}/grid", place_rows(one.ids, one.centres).tobytes())
            for by in self._colours():
                found = flow.values(self.collection, by, one.ids, one)
                told = present.values(found).model_dump(mode="json")
                self.answer(f"values?by={by}&map={one.name}", told)
                kind = "<f4" if found.kind == "number" else "<i4"
                data = found.data.astype(kind).tobytes()
                self.answer(f"values/data?by={by}&map={one.name}", data)
            self.progress.advance()
        self._sheets()

    def _colours(self) -> list[str]:
        """Return what the page offers to colour by."""
        tags = self.collection.facets(self.options.wanted).tags[:TAGS]
        return [
            "label",
            "split",
            "placed",
            *(f"property:{name}" for name in self.collection.properties()),
            *(f"tag:{name}" for name, _ in tags),
        ]

    def _sheets(self) -> None:
        """Write sheets of these images' thumbnails; the cells of all others stay grey."""
        pages = np.unique(self.ids // PER_SHEET).tolist()
        self.progress.stage("Writing sheets of thumbnails", len(pages), "sheets")
        for page in pages:
            cells = range(page * PER_SHEET, (page + 1) * PER_SHEET)
            known = self.collection.thumbnails(self.ids[self.ids // PER_SHEET == page].tolist())
            for side in SIDES:
                sheet = pack((known.get(cell) for cell in cells), PER_SHEET, side, COLUMNS)
                self.answer(f"sprites/{side}/{page}", sheet)
            self.progress.advance()

    def comparisons(self) -> list[dict[str, Any]]:
        """Write the answers to kept comparisons; return what they ask."""
        names = self.options.comparisons
        if not names:
            return []
        self.progress.stage("Writing comparisons", len(names), "comparisons")
        found = []
        for number, name in enumerate(names):
            told = site_comparisons.write(self.collection, name, number, self.ids, self.answer)
            found.append(told)
            self.progress.advance()
        kept = [present.comparison(self.collection.comparison(name)) for name in names]
        self.answer("comparisons", [each.model_dump(mode="json") for each in kept])
        return found

    def distributions(
        self, spaces: Sequence[Space], compared: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Write the distributions that the site holds; return what they ask."""
        labels = [name for name, _ in self.labels.most_common()]
        wanted = site_distributions.queries(labels, self.options.wanted.selection, compared)
        names = [space.name for space in spaces]
        asked = [
            (name, terms) for space, terms in wanted for name in names if space in (None, name)
        ]
        self.progress.stage("Writing distributions", len(asked), "queries")
        found = []
        for number, (name, terms) in enumerate(asked):
            found.append(
                site_distributions.write(
                    self.collection, name, terms, number, self.ids, self.answer
                )
            )
            self.progress.advance()
        return found

    def answer(self, address: str, body: Any) -> None:
        """Write down what the API answers at an address below ``api/``: bytes, or JSON."""
        folder = self.folder / "answers"
        folder.mkdir(exist_ok=True)
        name = f"{len(self.answers)}.{'bin' if isinstance(body, bytes) else 'json'}"
        self.answers[address] = f"answers/{name}"
        if isinstance(body, bytes):
            (folder / name).write_bytes(body)
        else:
            _write_json(folder / name, body)

    def summary(
        self,
        spaces: Sequence[Space],
        near: dict[str, Any],
        comparisons: list[dict[str, Any]],
        distributions: list[dict[str, Any]],
    ) -> None:
        """Write what the page reads first."""
        title = self.options.title or self.collection.name
        known = {info.space.name: info for info in self.collection.spaces()}
        held = CollectionOut(
            name=title,
            images=len(self.ids),
            usable=len(self.ids),
            unread=0,
            spaces=[present.space(known[space.name]) for space in spaces],
            default_space=spaces[-1].name if spaces else None,
            models=[],
            version=__version__,
            writable=False,
            roots=[],
            state=0,
        )
        _write_json(
            self.folder / "site.json",
            {
                "format": 1,
                "written_by": f"impasto {__version__}",
                "collection": held.model_dump(mode="json"),
                "properties": self.collection.properties(),
                "rooms": [
                    "browse",
                    *(["neighbours"] if near else []),
                    *(["distribution"] if distributions else []),
                    *(["compare"] if comparisons else []),
                    *(["map"] if "maps" in self.answers else []),
                ],
                "chunk": CHUNK,
                "per_folder": PER_FOLDER,
                "near": near,
                "comparisons": comparisons,
                "distributions": distributions,
                "answers": self.answers,
            },
        )


def _write_json(file: Path, data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    file.write_text(text, encoding="utf-8", newline="\n")
