"""From the vectors of a space to a map in the collection, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from impasto._version import __version__
from impasto.core.errors import InvalidInput, NotFound, not_found
from impasto.core.progress import Progress, Quiet
from impasto.flow.ask import choose_space
from impasto.flow.neighbourhood import K, graph

if TYPE_CHECKING:
    from impasto.core.space import Vectors
    from impasto.explore.maps import Faithfulness, Map, Settings
    from impasto.store import Collection

_SIDE = 1024  # of the matrices that are multiplied to see how fast that goes


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A map in its collection, as far as it still stands.

    Parameters
    ----------
    name : str
    map : Map
        As it is stored.
    standing : ndarray of shape (n_points,), bool
        False for points whose image is gone or hidden, or has other content since.
    made : bool
        Whether it was made just now; else it was there before.
    added : int
        Images that were put on a map that was there before, just now.
    """

    name: str
    map: Map
    standing: NDArray[np.bool_]
    made: bool = False
    added: int = 0

    def __len__(self) -> int:
        """Count the images on it."""
        return int(np.count_nonzero(self.standing))

    @property
    def left(self) -> int:
        """Count the points that stand for no image now."""
        return len(self.standing) - len(self)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Image of each point, shape (n_images,)."""
        return self.map.ids[self.standing]

    @property
    def positions(self) -> NDArray[np.float32]:
        """Places in the units of the method, shape (n_images, 2)."""
        return self.map.positions[self.standing]

    @property
    def points(self) -> NDArray[np.float32]:
        """Places in the unit square, shape (n_images, 2); see `Map.points`."""
        return self.map.points[self.standing]

    @property
    def centres(self) -> NDArray[np.float32]:
        """Centres of the cells in the grid, shape (n_images, 2); see `Map.centres`."""
        return self.map.centres[self.standing]

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Images that came after the map was made, shape (n_images,)."""
        return self.map.placed[self.standing]

    @property
    def faithfulness(self) -> Faithfulness | None:
        """How much of the neighbourhoods of its space it keeps."""
        return self.map.faithfulness

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        if self.made:
            return f"{len(self):,} images are on the map {self.name}."
        sentence = f"The map {self.name} stays as it was made"
        if self.added:
            sentence += f"; new or changed images, put beside those they resemble: {self.added:,}"
        if self.left:
            sentence += f"; left out, because they are gone or hidden: {self.left:,}"
        return f"{sentence}."


def make_map(
    collection: Collection,
    settings: Settings | None = None,
    *,
    space: str | None = None,
    name: str | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> Mapped:
    """Make a map of a space (the newest when none is named), or add what is new to it.

    On a map that is there already new and changed images are put beside those they resemble, and
    the others stay where they are.

    Parameters
    ----------
    collection : Collection
    settings : Settings, optional
    space : str or None
        Name of a space, or the beginning of it.
    name : str or None
        Of the map; None: method and space.
    again : bool
        Make it anew.
    progress : Progress, optional

    Raises
    ------
    InvalidInput
        When a map of that name was made otherwise and is not to be made anew.
    NotFound
        When there are no vectors, or no such space.
    """
    from impasto.explore.maps import Settings, forecast, links, make
    from impasto.store import check_model_name

    settings, progress = settings or Settings(), progress or Quiet()
    chosen = choose_space(collection, space)
    name = name or f"{settings.method}-{chosen.name}"
    check_model_name(name, "map")
    vectors = collection.vectors(chosen)
    if not again and name in {record.name for record in collection.maps()}:
        old = _read(collection, name)
        if old.space != chosen or old.settings.used != settings.used:
            raise InvalidInput(
                f"There is a map {name!r} already, made otherwise ({old.title}, "
                f"{_words(old.settings)}). Make it anew (--again), or give this one another name "
                "(--name)."
            )
        return _extended(collection, name, old, vectors, progress)
    n = int(np.count_nonzero(vectors.ids >= 0))
    if said := forecast(settings, n, chosen.dimension, _speed()):
        progress.note(said)
    k = links(settings, n) if settings.fitted(n) == n else 0
    near = graph(collection, chosen.name, k=max(k, K), progress=progress) if k else None
    made = make(
        vectors, settings, _label_numbers(collection, vectors), graph=near, progress=progress
    )
    _save(collection, name, made)
    return Mapped(name, made, np.ones(len(made), bool), made=True)


def read_map(collection: Collection, name: str | None = None) -> Mapped:
    """Return a map as it is now: without images that are gone or hidden, or changed since.

    Parameters
    ----------
    collection : Collection
    name : str or None
        The beginning of its name is enough when only one begins so; None: the only map.

    Raises
    ------
    NotFound
        When there is no such map.
    InvalidInput
        When several are meant.
    """
    name = choose_map(collection, name)
    held = _read(collection, name)
    return Mapped(name, held, held.standing(collection.vectors(held.space)))


def choose_map(collection: Collection, name: str | None = None) -> str:
    """Return the name of the map that is meant: by name or the beginning of it, or the only one."""
    known = [record.name for record in collection.maps()]
    if name in known:
        return str(name)
    like = [one for one in known if one.startswith(name or "")]
    if not known:
        raise NotFound(f"{collection.name} has no map yet. Make one: impasto map {collection.path}")
    if not like:
        raise not_found("map", name, known)
    if len(like) > 1:
        raise InvalidInput(f"Name one of the maps: {', '.join(like)}.")
    return like[0]


def _extended(
    collection: Collection, name: str, old: Map, vectors: Vectors, progress: Progress
) -> Mapped:
    from impasto.explore.maps import extend

    new = extend(old, vectors, _label_numbers(collection, vectors), progress=progress)
    if new is not old:
        _save(collection, name, new)
    added = np.count_nonzero(vectors.ids >= 0) - np.count_nonzero(old.standing(vectors))
    return Mapped(name, new, new.standing(vectors), added=int(added))


def _read(collection: Collection, name: str) -> Map:
    from impasto.explore.maps import Map

    return Map.from_parts(*collection.map_parts(name))


def _save(collection: Collection, name: str, made: Map) -> None:
    card = made.card() | {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "created_by": f"impasto {__version__}",
    }
    collection.save_map(name, made.arrays(), card)


def _label_numbers(collection: Collection, vectors: Vectors) -> NDArray[np.int64]:
    """Return the number of the label of each row, -1 for none."""
    ids, labels = collection.labelled()
    numbers = np.full(len(vectors.ids), -1)
    if len(ids):
        at = np.minimum(np.searchsorted(ids, vectors.ids), len(ids) - 1)
        known = (vectors.ids >= 0) & (ids[at] == vectors.ids)
        numbers[known] = np.unique(labels, return_inverse=True)[1][at[known]]
    return numbers


def _speed() -> float:
    """Measure how fast matrices are multiplied here: the best of a few, per second."""
    square = np.full((_SIDE, _SIDE), 0.5, np.float32)
    best = np.inf
    for _ in range(4):
        began = perf_counter()
        square @ square
        best = min(best, perf_counter() - began)
    return 2 * _SIDE**3 / best


def _words(settings: Settings) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.used.items() if name != "method")
