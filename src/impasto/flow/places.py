"""Where collections, caches and the demo lie on this machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path, user_data_path

from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.store import Collection

SUFFIX = ".impasto"


def data_folder() -> Path:
    """Return the user's data folder of impasto (``IMPASTO_DATA`` overrides it)."""
    named = os.environ.get("IMPASTO_DATA")
    return Path(named) if named else user_data_path("impasto", appauthor=False)


def cache_folder() -> Path:
    """Return the user's cache folder of impasto (``IMPASTO_CACHE`` overrides it)."""
    named = os.environ.get("IMPASTO_CACHE")
    return Path(named) if named else user_cache_path("impasto", appauthor=False)


def sheets_folder(collection: Collection) -> Path:
    """Return where sheets of thumbnails are kept.

    In the collection, or in the user's cache when the collection is open for reading only.
    """
    if collection.writable:
        return collection.path / "sheets"
    digest = hashlib.sha256(os.fsencode(collection.path)).hexdigest()[:16]
    return cache_folder() / "sheets" / digest


def collection_for(folder: Path) -> Path:
    """Choose where the collection of a folder of images lies.

    Beside the folder when that place can be written (or when it is there already); else in the
    user's data folder, under a name that no other folder gets.
    """
    folder = folder.resolve()
    if folder.name:  # a whole drive has no name, and nothing lies beside it
        beside = folder.with_name(folder.name + SUFFIX)
        if beside.exists() or os.access(folder.parent, os.W_OK):
            return beside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    return data_folder() / f"{folder.name or 'images'}-{digest}{SUFFIX}"


def new_beside(collection: Collection, name: str) -> Path:
    """Return the path of something new beside a collection, where the app may write.

    Parameters
    ----------
    collection : Collection
    name : str
        A plain name.

    Raises
    ------
    InvalidInput
        When it is no plain name, or something is there.
    """
    name = name.strip()
    there = collection.path.parent / name
    if name.startswith(".") or not name or there.name != name or "\\" in name or ":" in name:
        raise InvalidInput(
            f"The app writes beside the collection, under a plain name, not {name!r}. "
            f"For other places: impasto export {collection.path} DESTINATION"
        )
    if there.exists() or there.is_symlink():
        raise InvalidInput(f"{there} exists already. Choose another name.")
    return there


def named_collection(text: str | Path) -> Path:
    """Return the path that a user means by COLLECTION: `pictures` is ``pictures.impasto``.

    Raises
    ------
    InvalidInput
        When a file is in the way, or the path has no name to go by.
    """
    from impasto.store import is_collection

    path = Path(text).expanduser()
    if path.name in ("", ".."):  # of ".", "/" and "..", only the folder itself knows the name
        path = path.resolve()
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"{path} is a file; a collection is a folder named NAME{SUFFIX}.")
    if path.suffix == SUFFIX or is_collection(path):
        return path
    if not path.name:
        raise InvalidInput(f"{path} can't name a collection; give one, such as pictures{SUFFIX}.")
    return path.with_name(path.name + SUFFIX)
