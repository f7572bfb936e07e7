"""From a path to a collection that is open, and the demo from nothing to a report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.errors import Busy, InvalidInput
from impasto.core.progress import Progress, Quiet
from impasto.flow.gather import Added, Done, EmbedOptions, add, embed
from impasto.flow.maps import Mapped, make_map
from impasto.flow.places import SUFFIX, collection_for, data_folder
from impasto.flow.teach import learn
from impasto.flow.teaching import LearnOptions, Taught

if TYPE_CHECKING:
    from impasto.store import Collection


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection that is open, and the source it has to look at again.

    Parameters
    ----------
    collection : Collection
    sources : tuple of Path
        Folders, tables and files to look for new images in; empty when the collection is open
        for reading only.
    note : str
        A sentence that the user should read; "" for none.
    """

    collection: Collection
    sources: tuple[Path, ...]
    note: str = ""


def begin(path: str | Path) -> Opened:
    """Open a collection, or make one of a folder of images.

    Raises
    ------
    InvalidInput
        When the path does not exist, or is neither a folder nor a collection.
    """
    from impasto.store import Collection, is_collection

    given = Path(path).expanduser()
    sources: tuple[Path, ...] = ()
    if is_collection(given):
        place = given
    elif given.suffix != SUFFIX and given.is_dir():
        place, sources = collection_for(given), (given.resolve(),)
    elif is_collection(given.with_name(given.name + SUFFIX)):
        place = given.with_name(given.name + SUFFIX)
    else:
        what = "is neither a folder of images nor a collection" if given.exists() else "isn't there"
        raise InvalidInput(f"{given} {what}. Give a folder with pictures in it.")
    if not is_collection(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        return Opened(Collection.create(place), sources)
    if not os.access(place, os.W_OK):
        note = f"{place} can't be written, so it is open to look only."
        return Opened(Collection.open(place, writable=False), (), note)
    try:
        collection = Collection.open(place)
    except Busy as error:
        return Opened(Collection.open(place, writable=False), (), f"{error} Opened to look only.")
    known = sources or tuple(source.path for source in collection.sources())
    away = [str(source) for source in known if not source.exists()]
    return Opened(
        collection,
        tuple(source for source in known if source.exists()),
        f"Not there now, so not looked through: {', '.join(away)}." if away else "",
    )


def fill(
    opened: Opened, options: EmbedOptions | None = None, *, progress: Progress | None = None
) -> tuple[list[Added], Done]:
    """List what is new in the sources, then read and embed it in one pass."""
    added = [add(opened.collection, source, progress=progress) for source in opened.sources]
    return added, embed(opened.collection, options, progress=progress)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo did.

    Parameters
    ----------
    path : Path
        The collection.
    added : Added
    done : Done
    taught : Taught
    mapped : Mapped
    """

    path: Path
    added: Added
    done: Done
    taught: Taught
    mapped: Mapped


def demo(folder: Path | None = None, *, seed: int = 0, progress: Progress | None = None) -> Demo:
    """Gather, embed, learn, report and map the sample: 1,903 drawings of OpenMoji.

    Parameters
    ----------
    folder : Path or None
        Where the drawings and the collection go; None: the user's data folder.
    seed : int
    progress : Progress, optional

    Raises
    ------
    MissingExtra
        When the packages of the sample are not installed.
    """
    from impasto.collect.sample import write_sample
    from impasto.explore.maps import Settings, usual_method
    from impasto.store import Collection, is_collection

    progress = progress or Quiet()
    home = folder or data_folder() / "demo"
    progress.stage("sample", unit="drawings")
    table = write_sample(home / "openmoji")
    place = home / f"openmoji{SUFFIX}"
    with Collection.open(place) if is_collection(place) else Collection.create(place) as opened:
        added = add(opened, table, progress=progress)
        done = embed(opened, progress=progress)
        taught = learn(
            opened, LearnOptions(method="linear-svm", folds=5, seed=seed), progress=progress
        )
        # Like the model the map is made each time, since it may be asked for with another seed.
        settings = Settings(usual_method(), seed=seed)
        mapped = make_map(opened, settings, again=True, progress=progress)
    return Demo(place, added, done, taught, mapped)
