"""A collection: one folder of ours that describes many images."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.answered import Answered
from impasto.core.errors import Busy, ImpastoError, InvalidInput, WrongCollection, not_found
from impasto.core.records import Found, Graph, Image, Skipped, Split
from impasto.core.space import Space, Vectors
from impasto.store import (
    catalogue,
    comparisons,
    edits,
    facets,
    files,
    gather,
    graphs,
    left,
    maps,
    models,
    query,
    reports,
    roots,
    schema,
    selections,
    several,
    sources,
    spaces,
)
from impasto.store.catalogue import Counts, Memberships
from impasto.store.comparisons import KeptComparison
from impasto.store.database import Database
from impasto.store.edits import Action
from impasto.store.facets import BINS, Facet, Facets
from impasto.store.gather import Changes
from impasto.store.jobs import Jobs
from impasto.store.kept import Kept
from impasto.store.lock import WriterLock
from impasto.store.maps import MapRecord
from impasto.store.models import ModelRecord
from impasto.store.query import AS_ADDED, EVERYTHING, Filter, Page, Sort
from impasto.store.runs import Run, open_run
from impasto.store.scores import MODEL as BY_MODEL
from impasto.store.scores import Scores
from impasto.store.selections import Selection
from impasto.store.sources import SourceRecord
from impasto.store.spaces import IndexRecord, SpaceInfo
from impasto.store.writing import Reading, Writing

FORMAT = 1
SUFFIX = ".impasto"
MANIFEST, CATALOGUE, THUMBNAILS, LOCK = (
    "impasto.json",
    "catalogue.sqlite",
    "thumbnails.sqlite",
    "lock",
)
SPACES, MODELS, MAPS, SHEETS = "spaces", "models", "maps", "sheets"
COMPARISONS, REPORTS = "comparisons", "reports"
REVIEWED = "reviewed.json"
_FOLDERS = (SPACES, MODELS, MAPS, REPORTS, SHEETS)


def is_collection(path: Path) -> bool:
    """Tell whether a folder is a collection (of any format)."""
    return (Path(path) / MANIFEST).is_file()


class Collection:
    """A folder ``NAME.impasto`` that describes images which lie elsewhere.

    Made by `Collection.create` and `Collection.open`; a context manager. Any number of
    threads may use it. Any number of programs may read a collection, one may write it.

    Attributes
    ----------
    path : Path
        Absolute folder.
    name : str
    writable : bool
    jobs : Jobs
        History of long tasks.
    """

    path: Path
    name: str
    writable: bool
    jobs: Jobs

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = Path(path).resolve()
        self.writable = writable
        self.name = _read_manifest(self.path)["name"]
        self._being_written: set[str] = set()
        self._guard = Lock()
        self._read: dict[str, tuple[int, Vectors]] = {}  # by space: version, and what it held
        self._reading = Lock()
        self._orders = Kept[NDArray[np.int64]](lambda: self.version, 4)
        self._shapes = Kept[tuple[NDArray[np.int64], NDArray[np.float32]]](lambda: self.version, 1)
        self._counted = Kept[Counts](lambda: self.version, 1)
        self._facets = Kept[Facets](lambda: self.version, 16)
        self._memberships = Kept[Memberships](lambda: self.version, 2)
        self._scores = Scores(self.path / MODELS)
        self._lock = _take_lock(self.path) if writable else None
        try:
            self._catalogue = Database(
                self.path / CATALOGUE,
                schema.CATALOGUE,
                writable=writable,
                prepare=self._scores.register,
            )
            try:
                self._thumbnails = Database(
                    self.path / THUMBNAILS, schema.THUMBNAILS, writable=writable, page_size=16384
                )
                self.jobs = Jobs(self._catalogue)
                if writable:
                    self._tidy()
            except BaseException:
                self._catalogue.close()
                raise
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    @classmethod
    def create(cls, path: Path, *, name: str | None = None) -> Collection:
        """Make a new, empty collection and open it for writing.

        Parameters
        ----------
        path : Path
            Folder to make; its name ends in ``.impasto``.
        name : str or None
            What people see; the folder's name without its ending when None.
        """
        path = Path(path).resolve()
        if path.suffix != SUFFIX:
            raise InvalidInput(f"The folder of a collection ends in {SUFFIX}, not {path.name!r}.")
        if path.exists():
            raise InvalidInput(f"{path} exists already; open it, or choose another name.")
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".new-{path.name}")
        shutil.rmtree(new, ignore_errors=True)
        manifest = {
            "format": FORMAT,
            "name": name or path.stem,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "created_by": f"impasto {__version__}",
        }
        with files.explained(path.parent):
            for folder in _FOLDERS:
                (new / folder).mkdir(parents=True)
            for file in (CATALOGUE, THUMBNAILS):
                (new / file).touch()
            Database(new / CATALOGUE, schema.CATALOGUE, writable=True).close()
            Database(new / THUMBNAILS, schema.THUMBNAILS, writable=True, page_size=16384).close()
            text = json.dumps(manifest, indent=2, ensure_ascii=False)
            files.replace(new / MANIFEST, f"{text}\n".encode())
            new.rename(path)
            files.sync_folder(path.parent)
        return cls(path, writable=True)

    @classmethod
    def open(cls, path: Path, *, writable: bool = True) -> Collection:
        """Open a collection.

        Parameters
        ----------
        path : Path
        writable : bool
            Reading only is possible at any time, also where nothing can be written.

        Raises
        ------
        WrongCollection
            When the folder is not a collection, is damaged or has a newer format.
        Busy
            When someone else has it open for writing.
        """
        return cls(Path(path), writable=writable)

    def close(self) -> None:
        """Let go of all files; closing twice is fine."""
        with self._reading:
            self._read.clear()  # mapped files; where files can't be unlinked while open, they stay
        self._thumbnails.close()
        self._catalogue.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Collection({str(self.path)!r})"

    def _tidy(self) -> None:
        """Make good what a killed run left."""
        for folder in _FOLDERS:
            (self.path / folder).mkdir(exist_ok=True)
        with self._catalogue.reading() as db:
            spaces.trim(db, self.path / SPACES)
        for home in (MODELS, MAPS):
            models.recover(self.path / home)
        self.jobs.end_interrupted()

    # Gathering

    def record(
        self,
        found: Iterable[Found],
        *,
        root: Path,
        prune: bool,
        hash_file: Callable[[Path], bytes],
    ) -> Changes:
        """Bring the catalogue up to date with what a source holds.

        Parameters
        ----------
        found : iterable of Found
            Read as a stream, committed in steps. What it says about an image is written
            unless a person said otherwise since.
        root : Path
            Folder that was looked through.
        prune : bool
            Whether `found` is all there is below `root`: other images there are gone then.
        hash_file : callable
            Return the SHA-256 of a file (32 bytes); called for new files of the size of a
            missing image, to recognise those that moved. They keep their id and all edits.

        Returns
        -------
        Changes
        """
        return gather.record(
            self._catalogue, self.path, found, root=root, prune=prune, hash_file=hash_file
        )

    def record_skipped(self, source: str, skipped: Iterable[Skipped]) -> int:
        """Keep what a source could not give, instead of what it could not give last time."""
        with self._catalogue.writing() as db:
            return gather.record_skipped(db, source, skipped)

    def skipped(self) -> list[Skipped]:
        """Return what the sources could not give, with the reasons."""
        with self._catalogue.reading() as db:
            rows = db.execute("SELECT path, reason FROM skipped ORDER BY id")
            return [Skipped(path, reason) for path, reason in rows]

    def roots(self) -> list[Path]:
        """Return the folders that hold the originals."""
        with self._catalogue.reading() as db:
            return list(roots.known(db, self.path).values())

    def relocate(self, root: Path, new: Path) -> None:
        """Say that the originals below `root` lie below `new` now."""
        with self._catalogue.writing() as db:
            roots.relocate(db, root, new, self.path)
            sources.relocate(db, self.path, root.resolve(), new.resolve())

    def remember_source(self, source: SourceRecord) -> None:
        """Keep what was added, so that it can be looked through again."""
        with self._catalogue.writing() as db:
            sources.remember(db, self.path, source)

    def sources(self) -> list[SourceRecord]:
        """Return what was added, oldest first."""
        with self._catalogue.reading() as db:
            return sources.known(db, self.path)

    def folder_counts(self, root: Path) -> dict[str, int]:
        """Count the images directly in each folder below `root` ("" is `root` itself)."""
        with self._catalogue.reading() as db:
            return gather.folder_counts(db, self.path, root)

    def set_folder_labels(
        self,
        root: Path,
        labels: Mapping[str, str | None],
        splits: Mapping[str, Split | None],
    ) -> int:
        """Label images by their folders, where neither a table nor a person said more.

        Parameters
        ----------
        root : Path
        labels, splits : mapping of str to str or None
            By the folder of the images, relative to `root`, as `folder_counts` gives them;
            None takes away what an earlier look at the folders gave.

        Returns
        -------
        int
            How many labels changed.
        """
        with self._catalogue.writing() as db:
            return gather.set_folder_labels(db, self.path, root, labels, splits)

    # Reading and embedding

    def pending(self, *wanted: Space) -> NDArray[np.int64]:
        """Return the images that work is left for.

        Parameters
        ----------
        *wanted : Space

        Returns
        -------
        ndarray of shape (n_images,), int64
            Rising: images that are unread or changed since they were read, and usable images
            without a vector in any one of the spaces.
        """
        with self._catalogue.reading() as db:
            left = [catalogue.unread(db)]
            usable = catalogue.usable(db) if wanted else np.empty(0, np.int64)
            known = spaces.names(db)
            for space in wanted:
                has = np.empty(0, np.int64)
                if space.name in known:
                    number, _, rows = spaces.load(db, self.path / SPACES, space.name)
                    has = spaces.live_ids(db, self.path / SPACES, number, space, rows)
                left.append(np.setdiff1d(usable, has))
        return np.unique(np.concatenate(left))

    def writing(self, *wanted: Space) -> Writing:
        """Begin to save readings and vectors: ``with collection.writing(space) as writing``.

        Parameters
        ----------
        *wanted : Space
            Spaces that get vectors, made when they don't exist; none to only save readings.

        Raises
        ------
        Busy
            When one of them is being written by another task of this program.
        """
        names = {space.name for space in wanted}
        if len(names) != len(wanted):
            raise InvalidInput("A space was given twice.")
        with self._guard:
            if twice := names & self._being_written:
                raise Busy(f"Another task is writing the space {min(twice)}; wait for its end.")
            self._being_written |= names
        try:
            return Writing(
                self._catalogue,
                self._thumbnails,
                self.path / SPACES,
                wanted,
                done=lambda: self._being_written.difference_update(names),
            )
        except BaseException:
            self._being_written -= names
            raise

    def save_readings(self, batch: Sequence[Reading]) -> None:
        """Save what reading files told, in one transaction.

        Parameters
        ----------
        batch : sequence of (int, Facts, bytes or None)
            Image, facts and thumbnail (JPEG).
        """
        with self.writing() as session:
            session.save(batch)

    def thumbnail(self, image: int) -> bytes | None:
        """Return the thumbnail of an image (JPEG), or None when it has none yet."""
        with self._thumbnails.reading() as db:
            row = db.execute("SELECT jpeg FROM thumbnails WHERE image = ?", (image,)).fetchone()
        return None if row is None else bytes(row[0])

    def thumbnails(self, ids: Iterable[int]) -> dict[int, bytes]:
        """Return the thumbnails (JPEG) of those images that have one."""
        with self._thumbnails.reading() as db:
            return dict(
                db.execute(
                    "SELECT t.image, t.jpeg FROM json_each(?) j "
                    "CROSS JOIN thumbnails t ON t.image = j.value",
                    (json.dumps([int(image) for image in ids]),),
                )
            )

    def space_names(self) -> list[str]:
        """Return the names of the spaces, oldest first."""
        with self._catalogue.reading() as db:
            return spaces.names(db)

    def spaces(self) -> list[SpaceInfo]:
        """Return the spaces, oldest first."""
        with self._catalogue.reading() as db:
            return [spaces.info(db, self.path / SPACES, name) for name in spaces.names(db)]

    def vectors(self, space: Space | str) -> Vectors:
        """Return the vectors of a space as they are now.

        Parameters
        ----------
        space : Space or str
            The space or its name.

        Returns
        -------
        Vectors
            Memory-mapped, all arrays read-only; ids are -1 where the image changed since, is gone
            or has no picture any more. As long as nothing of that changes it is the same object,
            so that what was computed from it can be kept with it.

        Raises
        ------
        NotFound
            When the collection does not have the space.
        """
        name = space if isinstance(space, str) else space.name
        with self._reading:
            version = self.version
            before, kept = self._read.get(name, (None, None))
            if kept is not None and before == version:
                return kept
            with self._catalogue.reading() as db:
                vectors = spaces.vectors(db, self.path / SPACES, name)
            if kept is not None and np.array_equal(kept.ids, vectors.ids):
                vectors = kept  # what changed was something else
            self._read[name] = version, vectors
            return vectors

    def graph(self, space: Space | str) -> Graph | None:
        """Return the nearest images of every image, as far as they were computed and still hold.

        Parameters
        ----------
        space : Space or str

        Returns
        -------
        Graph or None
            None when there is none. Images that came since are missing from it; those that went
            are left out, so that some lists may be shorter than they could be:
            `impasto.flow.graph` completes it.
        """
        name = space if isinstance(space, str) else space.name
        with self._catalogue.reading() as db:
            return graphs.load(db, self.path / SPACES, name)

    def save_graph(self, graph: Graph, vectors: Vectors) -> None:
        """Keep a graph beside the vectors that it was made of, instead of an older one."""
        with self._guard:
            if not self.writable:
                raise InvalidInput(f"{self.path} is open for reading only.")
            if graph.space.name not in self.space_names():
                raise not_found("space", graph.space.name, self.space_names())
            graphs.save(self.path / SPACES / graph.space.name, graph, vectors)

    def index(self, space: Space | str) -> IndexRecord | None:
        """Return the approximate index of a space, or None when there is none."""
        name = space if isinstance(space, str) else space.name
        with self._catalogue.reading() as db:
            return spaces.index(db, self.path / SPACES, name)

    def save_index(
        self, space: Space, contents: Mapping[str, bytes], card: Mapping[str, Any]
    ) -> IndexRecord:
        """Write the approximate index of a space, instead of an older one."""
        with self._guard:
            if not self.writable:
                raise InvalidInput(f"{self.path} is open for reading only.")
            if space.name not in self.space_names():
                raise not_found("space", space.name, self.space_names())
            made = {**card, "made_by": f"impasto {__version__}"}
            folder = models.save(self.path / SPACES / space.name, spaces.INDEX, contents, made)
        return IndexRecord(space, made, folder)

    def remove_space(self, space: Space | str) -> None:
        """Delete the vectors of a space; raise Busy while they are being written."""
        name = space if isinstance(space, str) else space.name
        with self._guard:
            if name in self._being_written:
                raise Busy(f"A task is writing the space {name}; wait for its end.")
            with self._reading:
                self._read.pop(name, None)
            spaces.remove(self._catalogue, self.path / SPACES, name)

    # Looking

    @property
    def version(self) -> int:
        """A number that is another after each change of the catalogue, by whichever program."""
        return self._catalogue.version()

    def counts(self) -> Counts:
        """Count the images: all, usable, unread, gone."""

        def read() -> Counts:
            with self._catalogue.reading() as db:
                return catalogue.counts(db)

        return self._counted.get("counts", read)

    def image(self, image: int) -> Image:
        """Return one image, or raise NotFound."""
        return self.images([image])[0]

    def images(self, ids: Iterable[int]) -> list[Image]:
        """Return images in the order of their ids; raise NotFound when one is missing."""
        with self._catalogue.reading() as db:
            return catalogue.images(db, self.path, ids)

    def places(self, ids: Iterable[int]) -> list[tuple[str, str | None]]:
        """Return path (below its root) and label of images; raise NotFound when one is missing."""
        with self._catalogue.reading() as db:
            return catalogue.places(db, ids)

    def order(self, wanted: Filter = EVERYTHING, sort: Sort = AS_ADDED) -> NDArray[np.int64]:
        """Return the ids of all matching images, in order.

        Returns
        -------
        ndarray of shape (n_images,), int64
            Read-only.
        """

        def read() -> NDArray[np.int64]:
            with self._catalogue.reading() as db:
                ids = query.order(db, wanted, sort)
            ids.flags.writeable = False
            return ids

        return self._orders.get((wanted, sort, self._asked(wanted, sort.key)), read)

    def page(
        self,
        wanted: Filter = EVERYTHING,
        sort: Sort = AS_ADDED,
        *,
        after: str | None = None,
        limit: int = 100,
    ) -> Page:
        """Return some matching images in order.

        Parameters
        ----------
        wanted : Filter
        sort : Sort
        after : str or None
            What the page before gave as `next`; None for the first page.
        limit : int
        """
        by_model = sort.key.startswith(BY_MODEL)
        order = self.order(wanted, sort) if by_model else None  # kept, unlike pages
        self._asked(wanted)
        with self._catalogue.reading() as db:
            if order is not None:
                ids, following = query.page_of(order, sort, after, limit)
            else:
                ids, following = query.page_ids(db, wanted, sort, after, limit)
            return Page(tuple(catalogue.images(db, self.path, ids)), following)

    def count(self, wanted: Filter = EVERYTHING) -> int:
        """Count the matching images."""
        self._asked(wanted)
        with self._catalogue.reading() as db:
            return query.count(db, wanted)

    def _asked(self, wanted: Filter, key: str = "") -> tuple[tuple[int, int], ...]:
        """Read what models said, as far as it is asked for; return a stamp of it.

        SQLite could not say what is wrong with a model that it asks for.
        """
        return self._scores.check([*(one.key for one in wanted.ranges), key], wanted.answers)

    def facets(self, wanted: Filter = EVERYTHING) -> Facets:
        """Count the matching images by label, tag, split and flag."""

        def read() -> Facets:
            with self._catalogue.reading() as db:
                return facets.facets(db, wanted)

        return self._facets.get((wanted, self._asked(wanted)), read)

    def facet(self, key: str, wanted: Filter = EVERYTHING, *, bins: int = BINS) -> Facet:
        """Divide the matching images by one property or number.

        Parameters
        ----------
        key : str
            "property:NAME", "size", "width", "height", "aspect", "pixels" or "model:NAME:WHAT".
        wanted : Filter
        bins : int
            Most bars of the histogram of a number.
        """
        self._asked(wanted, key)
        with self._catalogue.reading() as db:
            return facets.facet(db, key, wanted, bins)

    def properties(self) -> dict[str, str]:
        """Return the names of the properties and their types: str, int, float or bool."""
        with self._catalogue.reading() as db:
            return dict(db.execute("SELECT name, type FROM property_types ORDER BY name"))

    def labelled(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        """Return the labelled images.

        Returns
        -------
        ids : ndarray of shape (n_images,), int64
            Rising.
        labels : ndarray of shape (n_images,), str
        """
        with self._catalogue.reading() as db:
            return catalogue.labelled(db)

    def memberships(self, by: Literal["label", "tag"]) -> Memberships:
        """Return which image has which label, or which tags; read-only."""

        def read() -> Memberships:
            with self._catalogue.reading() as db:
                return catalogue.memberships(db, by)

        return self._memberships.get(by, read)

    def without_tags(self) -> NDArray[np.int64]:
        """Return the images, rising, from which a person took all tags."""
        with self._catalogue.reading() as db:
            return catalogue.without_tags(db)

    def ids_with(
        self, *, label: str | None = None, tag: str | None = None, selection: str | None = None
    ) -> NDArray[np.int64]:
        """Return the images that have all that is given, rising; NotFound if it is unknown."""
        with self._catalogue.reading() as db:
            return catalogue.ids_with(db, label, tag, selection)

    def splits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the images that are in a split, rising, and the positions of theirs in SPLITS."""
        with self._catalogue.reading() as db:
            return catalogue.splits(db)

    def property_values(self, name: str) -> tuple[NDArray[np.int64], list[str | int | float]]:
        """Return the images that have a property, rising, and its values; a bool is 0 or 1."""
        with self._catalogue.reading() as db:
            return catalogue.property_values(db, name)

    def hashes(self, ids: NDArray[np.int64]) -> list[bytes | None]:
        """Return the SHA-256 of images' files, None for those never read."""
        with self._catalogue.reading() as db:
            return catalogue.hashes(db, ids)

    def shapes(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return how wide the pictures are for their height.

        Returns
        -------
        ids : ndarray of shape (n_images,), int64
            Rising: the images that have a picture.
        ratios : ndarray of shape (n_images,), float32
            Width over height of the upright picture.
        """

        def read() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            with self._catalogue.reading() as db:
                ids, ratios = catalogue.shapes(db)
            for each in (ids, ratios):
                each.flags.writeable = False
            return ids, ratios

        return self._shapes.get((), read)

    # Editing

    def set_label(self, ids: Iterable[int], label: str | None) -> int:
        """Set (or, with None, take away) the label; return how many images changed."""
        with self._catalogue.writing() as db:
            return edits.set_label(db, ids, label)

    def set_split(self, ids: Iterable[int], split: Split | None) -> int:
        """Set (or, with None, take away) the split; return how many images changed."""
        with self._catalogue.writing() as db:
            return edits.set_split(db, ids, split)

    def add_tags(self, ids: Iterable[int], tags: Iterable[str]) -> int:
        """Give images tags; return how many images changed."""
        with self._catalogue.writing() as db:
            return edits.add_tags(db, ids, tags)

    def remove_tags(self, ids: Iterable[int], tags: Iterable[str]) -> int:
        """Take tags from images; return how many images changed."""
        with self._catalogue.writing() as db:
            return edits.remove_tags(db, ids, tags)

    def set_flag(self, ids: Iterable[int], note: str | None = "") -> int:
        """Flag images with a note, or (with None) take the flag away; return how many changed."""
        with self._catalogue.writing() as db:
            return edits.set_flag(db, ids, note)

    def set_hidden(self, ids: Iterable[int], hidden: bool = True) -> int:
        """Hide images everywhere, or show them again; return how many changed."""
        with self._catalogue.writing() as db:
            return edits.set_hidden(db, ids, hidden)

    def assign_labels(self, labels: Mapping[int, str | None], title: str) -> int:
        """Give each image its own label (None: none) in one edit; return how many changed."""
        with self._catalogue.writing() as db:
            return several.assign_labels(db, labels, title)

    def assign_splits(self, splits: Mapping[int, Split | None], title: str) -> int:
        """Put each image into its own split (None: none) in one edit; return how many changed."""
        with self._catalogue.writing() as db:
            return several.assign_splits(db, splits, title)

    def change_tags(
        self,
        *,
        add: Mapping[str, Iterable[int]],
        remove: Mapping[str, Iterable[int]],
        title: str,
        hide: Iterable[int] = (),
    ) -> int:
        """Give and take tags, and hide images, in one edit; return how many images changed.

        Parameters
        ----------
        add, remove : mapping of str to iterable of int
            The images of each tag; what is in both is removed.
        title : str
            What was done, in words.
        hide : iterable of int
        """
        with self._catalogue.writing() as db:
            return several.change_tags(db, add, remove, hide, title)

    def undo(self) -> Action:
        """Take back the latest edit, whichever program made it; raise NotFound without one."""
        with self._catalogue.writing() as db:
            return edits.undo(db)

    def redo(self) -> Action:
        """Do again what was undone last; raise NotFound when nothing was."""
        with self._catalogue.writing() as db:
            return edits.redo(db)

    def next_steps(self) -> tuple[Action | None, Action | None]:
        """Return what `undo` would take back and what `redo` would do again, None for nothing."""
        with self._catalogue.reading() as db:
            return edits.next_steps(db)

    def history(self, limit: int = 100) -> list[Action]:
        """Return the latest edits, newest first; those that were undone come first."""
        with self._catalogue.reading() as db:
            return edits.history(db, limit)

    # Selections

    def save_selection(self, name: str, ids: Iterable[int]) -> Selection:
        """Keep images under a name, instead of those that had it."""
        with self._catalogue.writing() as db:
            return selections.save(db, name, ids)

    def selections(self) -> list[Selection]:
        """Return the selections, by name."""
        with self._catalogue.reading() as db:
            return selections.known(db)

    def rename_selection(self, name: str, new: str) -> None:
        """Give a selection another name; raise InvalidInput when another one has it."""
        with self._catalogue.writing() as db:
            selections.rename(db, name, new)

    def remove_selection(self, name: str) -> None:
        """Forget a selection, or raise NotFound; its images stay as they are."""
        with self._catalogue.writing() as db:
            selections.remove(db, name)

    # Models

    def save_model(self, name: str, contents: Mapping[str, bytes], card: Mapping[str, Any]) -> Path:
        """Write a model, instead of the one that had its name; return its folder.

        Parameters
        ----------
        name : str
            Letters, digits, ``-``, ``_`` and ``.``.
        contents : mapping of str to bytes
            File name to content (weights, ``report.html``, ``report.json``).
        card : mapping
            JSON data, written as ``card.json``.
        """
        with self._guard:
            self._check_writable()
            return models.save(self.path / MODELS, name, contents, card)

    def add_to_model(self, name: str, contents: Mapping[str, bytes]) -> None:
        """Write more files (name to content) into the folder of a model; they go with it."""
        with self._guard:
            self._check_writable()
            models.add(self.path / MODELS, name, contents)

    def model(self, name: str) -> ModelRecord:
        """Return a model, or raise NotFound."""
        return models.load(self.path / MODELS, name)

    def models(self) -> list[ModelRecord]:
        """Return all models, by name."""
        return [self.model(name) for name in models.names(self.path / MODELS)]

    def tested(self, model: str) -> Answered:
        """Return what a model said of images that it had not learned from; read-only.

        Raises
        ------
        NotFound
            When there is no such model, or its answers were not kept.
        """
        return self._scores.tested(model)

    def run(self, name: str) -> Run:
        """Return what an unfinished run of that name keeps, begun or not."""
        return open_run(self.path, name)

    def rename_model(self, name: str, new: str) -> None:
        """Give a model another name.

        Raises
        ------
        NotFound
            When there is none of that name.
        InvalidInput
            When another one has the new name, or vectors are from its network.
        """
        with self._guard:
            self._check_writable()
            self._check_no_space_of(name)
            models.rename(self.path / MODELS, name, new)

    def remove_model(self, name: str) -> None:
        """Delete a model with its report.

        Raises
        ------
        NotFound
            When there is none of that name.
        InvalidInput
            When vectors are from its network: they could not be computed any more.
        """
        with self._guard:
            self._check_writable()
            self._check_no_space_of(name)
            models.remove(self.path / MODELS, name)

    def _check_no_space_of(self, model: str) -> None:
        """Raise InvalidInput when a space is of the network that a model is."""
        names = [one.space.name for one in self.spaces() if one.space.network == f"model:{model}"]
        if names:
            raise InvalidInput(
                f"The vectors of {', '.join(names)} are from the network {model}; its model keeps "
                "its place and name as long as they are there."
            )

    # Maps

    def save_map(
        self, name: str, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]
    ) -> Path:
        """Write a map, instead of the one that had its name; return its folder.

        Parameters
        ----------
        name : str
            Letters, digits, ``-``, ``_`` and ``.``.
        arrays : mapping of str to ndarray
            File name to array, as docs/storage.md lists them.
        card : mapping
            JSON data, written as ``card.json``; ``images`` says how many points there are.
        """
        with self._guard:
            self._check_writable()
            return maps.save(self.path / MAPS, name, arrays, card)

    def map(self, name: str) -> MapRecord:
        """Return a map without its arrays, or raise NotFound."""
        return maps.load(self.path / MAPS, name)

    def maps(self) -> list[MapRecord]:
        """Return all maps, by name."""
        return [self.map(name) for name in models.names(self.path / MAPS)]

    def map_parts(self, name: str) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
        """Read a map: its card, and its arrays (flat) by the names of their files."""
        with self._guard:  # it is not replaced between the two
            return maps.parts(self.path / MAPS, name)

    def remove_map(self, name: str) -> None:
        """Delete a map, or raise NotFound."""
        with self._guard:
            self._check_writable()
            maps.remove(self.path / MAPS, name)

    # Comparisons

    def save_comparison(self, comparison: KeptComparison) -> None:
        """Keep a comparison, instead of the one that had its name."""
        with self._guard:
            self._check_writable()
            comparisons.save(self.path / COMPARISONS, comparison)

    def comparison(self, name: str) -> KeptComparison:
        """Return a comparison, or raise NotFound."""
        return comparisons.load(self.path / COMPARISONS, name)

    def comparisons(self) -> list[KeptComparison]:
        """Return the comparisons that were kept, by name."""
        return comparisons.known(self.path / COMPARISONS)

    def rename_comparison(self, name: str, new: str) -> None:
        """Give a comparison another name, which no other one has."""
        with self._guard:
            self._check_writable()
            comparisons.rename(self.path / COMPARISONS, name, new)

    def remove_comparison(self, name: str) -> None:
        """Forget a comparison, or raise NotFound."""
        with self._guard:
            self._check_writable()
            comparisons.remove(self.path / COMPARISONS, name)

    # Reports

    def save_report(
        self, name: str, data: Mapping[str, Any], pages: Mapping[str, bytes] | None = None
    ) -> Path:
        """Keep what long work found about the whole collection (JSON data) under a name.

        `pages` are the same for people, by the end of their name: "html", "svg". Returns the
        folder of the reports.
        """
        with self._guard:
            self._check_writable()
            reports.save(self.path / REPORTS, name, data, pages or {})
        return self.path / REPORTS

    def report(self, name: str) -> Mapping[str, Any] | None:
        """Return a report that was kept, or None."""
        return reports.load(self.path / REPORTS, name)

    def report_page(self, name: str, ending: str) -> bytes | None:
        """Return a page of a report that was kept, or None."""
        return reports.page(self.path / REPORTS, name, ending)

    # Suspected tags

    def reviewed(self) -> left.Left:
        """Return which answers about tags a person looked at and left as they are."""
        return left.load(self.path / REVIEWED)

    def leave_tag(self, image: int, tag: str, has: bool, *, keep: bool = True) -> None:
        """Remember that a person found an image's having or lacking a tag right, or forget it."""
        self.image(image)
        with self._guard:
            self._check_writable()
            before = left.load(self.path / REVIEWED)
            one = frozenset([(image, tag, has)])
            left.save(self.path / REVIEWED, before | one if keep else before - one)

    def _check_writable(self) -> None:
        if not self.writable:
            raise InvalidInput(f"{self.path} is open for reading only.")


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        number, _ = manifest["format"], manifest["name"]
    except FileNotFoundError:
        raise WrongCollection(
            f"{path} is not a collection (it has no {MANIFEST}). "
            "`impasto open` makes one from a folder of images."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongCollection(f"{file} can't be read; restore it from a copy ({error}).") from error
    if not isinstance(number, int) or number > FORMAT:
        raise WrongCollection(
            f"{path} has format {number}; this impasto reads up to {FORMAT}. "
            "Install a newer impasto."
        )
    return dict(manifest)


def _take_lock(path: Path) -> WriterLock:
    try:
        return WriterLock(path / LOCK)
    except OSError as error:
        raise ImpastoError(
            f"{path} can't be written here ({error.strerror}); open it for reading only, or copy "
            "it to where you can write."
        ) from error
