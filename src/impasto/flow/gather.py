"""From a source to vectors on disk: scan, read, decode, embed, save, each file once."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import ImpastoError, InvalidInput, WrongCollection
from impasto.core.progress import Progress, Quiet
from impasto.core.records import Found, Skipped
from impasto.core.space import Fit, Flip, Pooling, Precision, Space
from impasto.flow import made_before, own_weights
from impasto.flow.own_networks import find_tuned, remember_tuned
from impasto.flow.places import cache_folder, named_collection

if TYPE_CHECKING:
    from impasto.collect.labels import How
    from impasto.embed import Engine
    from impasto.store import Changes, Collection

DECODED_SIDE = 512
"""Short side, pixels, to decode to when no network asks for another: twice the thumbnail."""


@dataclass(frozen=True, slots=True)
class Added:
    """What adding a source found.

    Parameters
    ----------
    source : Path
    changes : Changes
        How many images are new, changed, moved, gone, the same, returned.
    skipped : Counter of str
        How many files were left out, by reason.
    labels : str
        One sentence on what the folder names were taken for; "" for a table.
    moved_from : Path or None
        Where the folder lay before it was moved or renamed as a whole.
    """

    source: Path
    changes: Changes
    skipped: Counter[str]
    labels: str
    moved_from: Path | None = None


DEVICES = ("auto", "cpu", "cuda", "mps")
_CHOICES = {"fit": Fit, "pooling": Pooling, "flip": Flip, "precision": Precision}


@dataclass(frozen=True, slots=True)
class EmbedOptions:
    """Which vectors to compute, and how.

    Parameters
    ----------
    network : str
        A name from the catalogue, ``timm/ID`` or ``torchvision/ID``; ``model:NAME``, a network
        that was tuned on the collection, or the folder of one.
    layers : tuple of str
        Several layers are read in one pass; empty: the network's default layer.
    weights : Path or None
        The user's own weights file.
    fit : {"crop", "squash"} or None
        The central square, or the whole picture squashed to a square; None: as the network was
        trained.
    pooling : {"mean", "max", "none"}
    flip : {"none", "mean", "both"}
    precision : {"f32", "bf16"}
    device : str
        "auto", "cpu", "cuda" or "mps".
    batch : int or None
        Images per forward pass; None: what suits the device.
    """

    network: str = "efficientnet-lite0"
    layers: tuple[str, ...] = ()
    weights: Path | None = None
    fit: Fit | None = None
    pooling: Pooling = "mean"
    flip: Flip = "none"
    precision: Precision = "f32"
    device: str = "auto"
    batch: int | None = None

    def __post_init__(self) -> None:
        """Check what would otherwise be taken for something else."""
        for name, kind in _CHOICES.items():
            given, allowed = getattr(self, name), get_args(kind)
            if given not in allowed and (name, given) != ("fit", None):
                raise InvalidInput(f"{name} can be {', '.join(allowed)}, not {given!r}.")
        device, _, number = self.device.partition(":")
        if device not in DEVICES or (number and device != "cuda"):
            raise InvalidInput(
                f"No device {self.device!r}. There are: {', '.join(DEVICES)} and cuda:N."
            )
        if self.batch is not None and self.batch < 1:
            raise InvalidInput(f"A batch holds at least 1 image, not {self.batch}.")


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass over the images did.

    Parameters
    ----------
    images : int
        Files read.
    embedded : int
        Of these, images that have vectors now.
    flags : Counter of str
        How many images got which flag.
    spaces : tuple of Space
    seconds : float
    engine : str
        What did the arithmetic and why; "" when nothing was embedded.
    notes : tuple of str
        Sentences on images that were left for later.
    """

    images: int = 0
    embedded: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    spaces: tuple[Space, ...] = ()
    seconds: float = 0.0
    engine: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Images per second."""
        return self.images / self.seconds if self.seconds else 0.0


def open_collection(path: str | Path, *, create: bool = False, writable: bool = True) -> Collection:
    """Open a collection by its path, with or without ``.impasto`` at the end.

    Parameters
    ----------
    path : str or Path
    create : bool
        Make it when there is none.
    writable : bool
        False to only look, also while another program writes.

    Raises
    ------
    WrongCollection
        When the path is something else.
    Busy
        When another program is writing it.
    """
    from impasto.store import Collection, is_collection

    place = named_collection(path)
    if create and not is_collection(place):
        if place.exists():
            raise WrongCollection(
                f"{place} is not a collection, and it is in the way of a new one: choose another "
                "name, or move it."
            )
        return Collection.create(place)
    opened = Collection.open(place, writable=writable)
    remember_tuned(opened)
    return opened


def check_sources(sources: Iterable[str | Path]) -> None:
    """Raise InvalidInput when one of them is not there or can't name images."""
    from impasto.collect.sources import open_source

    for source in sources:
        opened = open_source(Path(source))
        if opened.kind == "table":
            next(opened.find(), None)  # a table shows at its beginning whether it is one


def add(
    collection: Collection,
    source: str | Path,
    *,
    labels: How | None = None,
    progress: Progress | None = None,
) -> Added:
    """List a source and bring the catalogue up to date; no picture is decoded yet.

    Parameters
    ----------
    collection : Collection
    source : str or Path
        A folder, a table (CSV, JSONL, Parquet) or an image file.
    labels : {"auto", "parent", "top", "none"} or None
        What folder names mean: "auto" takes them for labels when the folder looks like an
        ImageFolder, "parent" takes the whole folder path, "top" its first part; None means
        what it was last time, else "auto".

    Raises
    ------
    InvalidInput
        When the source does not exist or is of no known kind.
    """
    from impasto.collect.labels import infer
    from impasto.collect.sources import open_source
    from impasto.store import SourceRecord

    progress = progress or Quiet()
    opened = open_source(Path(source))
    earlier = {source.path: source.labels for source in collection.sources()}
    moved_from = _moved_from(collection, opened.root) if opened.whole else None
    if moved_from is not None:
        collection.relocate(moved_from, opened.root)
    how = labels or cast("How", earlier.get(moved_from or opened.path, "auto"))
    progress.stage("listing", unit="files")
    left_out: list[Skipped] = []
    changes = collection.record(
        _only_found(opened.find(), left_out, progress),
        root=opened.root,
        prune=opened.whole,
        hash_file=_hash_file,
    )
    collection.remember_source(SourceRecord(opened.path, how))
    collection.record_skipped(str(opened.path), left_out)
    sentence = ""
    if opened.kind == "folder" and any(astuple(changes)):
        inferred = infer(collection.folder_counts(opened.root), how=how)
        collection.set_folder_labels(opened.root, inferred.labels, inferred.splits)
        sentence = inferred.reason
    return Added(
        source=opened.path,
        changes=changes,
        skipped=Counter(item.reason for item in left_out),
        labels=sentence,
        moved_from=moved_from,
    )


def read(collection: Collection, *, progress: Progress | None = None) -> Done:
    """Read every new or changed file once: content hash, size, flags and thumbnail."""
    return _work(collection, None, progress or Quiet())


def embed(
    collection: Collection, options: EmbedOptions | None = None, *, progress: Progress | None = None
) -> Done:
    """Compute the vectors that are missing; files not read yet are read in the same pass.

    Safe to run again and to kill at any moment: it goes on where it stopped, and the result is
    the same to the byte.

    Raises
    ------
    MissingWeights
        When the network's weights can't be had; the message says where to get them.
    """
    progress = progress or Quiet()
    if not collection.counts().images:
        return Done()  # without the seconds that it takes to load a network
    options = options or EmbedOptions()
    network, weights = find_tuned(collection, options.network, options.weights)
    options = replace(options, network=network, weights=weights)
    before = made_before.recall(options)
    if before and not len(collection.pending(*before)):
        own_weights.remember(before[0].weights, options.weights)
        return Done(spaces=before)
    progress.stage("network", unit="networks")
    engine = open_engine(options)
    made_before.remember(options, engine.spaces)
    return _work(collection, engine, progress)


def open_engine(options: EmbedOptions) -> Engine:
    """Load a network and get its layers ready to run."""
    from impasto import networks
    from impasto.embed import BATCH
    from impasto.embed import open_engine as compiled
    from impasto.networks import Tap

    network = networks.load(options.network, weights=options.weights, cache=cache_folder())
    own_weights.remember(network.weights, options.weights)
    if options.fit is not None:
        fitted = replace(network.preprocessing, fit=options.fit)
        network = replace(network, preprocessing=fitted)
    layers = options.layers or (network.default_layer,)
    if len(set(layers)) != len(layers):
        raise InvalidInput(f"A layer was named twice: {', '.join(layers)}.")
    return compiled(
        network,
        [Tap(layer, options.pooling) for layer in layers],
        device=options.device,
        precision=options.precision,
        flip=options.flip,
        batch=options.batch or BATCH,
    )


SAMPLED = 1000
"""Images that are looked for when a folder may have been moved."""


def _moved_from(collection: Collection, folder: Path) -> Path | None:
    """Return the folder of the collection that is away and whose files lie below this one."""
    folder, roots = folder.resolve(), collection.roots()
    away = {root: Counter[bool]() for root in roots if not root.is_dir()}
    if not away or any(folder.is_relative_to(root) for root in roots):
        return None
    ids = collection.order().tolist()
    for image in collection.images(ids[:: max(1, len(ids) // SAMPLED)]):
        if image.root in away:
            away[image.root][_is_of_size(folder / image.path, image.size)] += 1
    found = [root for root, seen in away.items() if seen[True] > seen[False]]
    return found[0] if len(found) == 1 else None


def _is_of_size(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size == size
    except OSError:
        return False


def _only_found(
    items: Iterator[Found | Skipped], left_out: list[Skipped], progress: Progress
) -> Iterator[Found]:
    for item in items:
        progress.advance()
        if isinstance(item, Skipped):
            left_out.append(item)
        else:
            yield item


def _hash_file(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _work(collection: Collection, engine: Engine | None, progress: Progress) -> Done:
    """Run the one loop: load and decode, prepare, infer; save in order."""
    from impasto.collect.decode import Reading
    from impasto.collect.decode import read as decode
    from impasto.embed import embed as run
    from impasto.networks import prepare

    began = time.monotonic()
    spaces = engine.spaces if engine else ()
    ids, notes = _within_reach(collection, collection.pending(*spaces))
    files = _Files(collection)
    side = 2 * max((space.preprocessing.short_side for space in spaces), default=DECODED_SIDE // 2)

    def load(image: int) -> Reading:
        return decode(files[image], short_side=side)

    def prepared(reading: Reading) -> NDArray[np.uint8] | None:
        return prepare(reading.picture, spaces[0].preprocessing) if reading.picture else None

    progress.stage("embedding" if engine else "reading", len(ids))
    flags: Counter[str] = Counter()
    embedded = 0
    with (
        _without_empty(collection, spaces),
        collection.writing(*(spaces if len(ids) else ())) as writing,
        contextlib.closing(run(ids.tolist(), load, prepared, engine)) as chunks,
    ):
        for chunk in chunks:
            readings = zip(chunk.items, chunk.loaded, strict=True)
            writing.save(
                [(image, reading.facts, reading.thumbnail) for image, reading in readings],
                np.asarray(chunk.items, np.int64)[chunk.rows],
                chunk.values,
                chunk.mirrored,
            )
            embedded += len(chunk.rows)
            flags.update(flag.kind for reading in chunk.loaded for flag in reading.facts.flags)
            progress.advance(len(chunk.items))
    return Done(
        images=len(ids),
        embedded=embedded,
        flags=flags,
        spaces=spaces,
        seconds=time.monotonic() - began,
        engine=engine.why if engine else "",
        notes=notes,
    )


@contextlib.contextmanager
def _without_empty(collection: Collection, spaces: Sequence[Space]) -> Iterator[None]:
    """Leave no space behind that a failure kept empty."""
    try:
        yield
    except ImpastoError:
        for info in collection.spaces():
            if info.space in spaces and not info.rows:
                collection.remove_space(info.space)
        raise


def _within_reach(
    collection: Collection, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Leave images for later whose whole folder is away: a drive that is not plugged in."""
    away = [root for root in collection.roots() if not root.is_dir()]
    if not away:
        return ids, ()
    roots = [image.root for image in collection.images(ids.tolist())]
    counts = Counter(root for root in roots if root in away)
    notes = tuple(
        f"{n:,} images are left for later: {root} is not there now. Plug its drive in; or, if it "
        f"was moved, say where it lies: impasto add {collection.path} FOLDER"
        for root, n in counts.items()
    )
    return ids[[root not in counts for root in roots]], notes


class _Files:
    """Paths of images by id; the roots are looked up once, the paths a block at a time."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def __getitem__(self, image: int) -> Path:
        return self._collection.image(image).file
