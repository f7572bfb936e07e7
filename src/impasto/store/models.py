"""Learned models: a folder of files each, replaced as a whole."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.core.errors import InvalidInput, WrongCollection, not_found
from impasto.store import files

CARD = "card.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_NEW, _OLD = ".new-", ".old-"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model of a collection.

    Parameters
    ----------
    name : str
    card : mapping
        What it is, how it was made and how good it is (JSON data).
    folder : Path
        Absolute folder of its files.
    """

    name: str
    card: Mapping[str, Any]
    folder: Path


def check_name(name: str, what: str = "model") -> None:
    """Raise InvalidInput when a model (or one of its files) can't be called that."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise InvalidInput(
            f"{name!r} can't be the name of a {what}: use letters, digits, '-', '_' and '.', "
            "beginning with a letter or digit."
        )


def save(
    home: Path,
    name: str,
    contents: Mapping[str, bytes],
    card: Mapping[str, Any],
    what: str = "model",
) -> Path:
    """Write a model, instead of the one that had its name; return its folder."""
    check_name(name, what)
    for file in contents:
        check_name(file, "file")
    if CARD in contents:
        raise InvalidInput(f"{CARD} is written from `card`; name your file differently.")
    new, target = home / f"{_NEW}{name}", home / name
    shutil.rmtree(new, ignore_errors=True)
    with files.explained(home):
        new.mkdir()
        for file, data in contents.items():
            files.write(new / file, data)
        text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
        files.write(new / CARD, f"{text}\n".encode())
        files.sync_folder(new)
    put(new, target)
    return target


def add(home: Path, name: str, contents: Mapping[str, bytes]) -> None:
    """Write files into the folder of a model, each instead of the one that had its name."""
    if name not in (known := names(home)):
        raise not_found("model", name, known)
    for file in contents:
        check_name(file, "file")
    if CARD in contents:
        raise InvalidInput(f"{CARD} is written with the model; name your file differently.")
    with files.explained(home):
        for file, data in contents.items():
            files.replace(home / name / file, data)


def put(new: Path, target: Path) -> None:
    """Rename a finished folder into place; `recover` completes it after a kill."""
    old = target.with_name(f"{_OLD}{target.name}")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    files.sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def discard(target: Path) -> None:
    """Delete a folder of files as a whole: a kill leaves it, or nothing that anybody sees."""
    new = target.with_name(f"{_NEW}{target.name}")
    shutil.rmtree(new, ignore_errors=True)
    target.rename(new)
    files.sync_folder(target.parent)
    shutil.rmtree(new, ignore_errors=True)


def rename(home: Path, name: str, new: str) -> None:
    """Give a model another name, which no other one has."""
    known = names(home)
    if name not in known:
        raise not_found("model", name, known)
    check_name(new)
    if new == name:
        return
    if new in known:
        raise InvalidInput(f"There is a model {new!r} already; choose another name.")
    (home / name).rename(home / new)
    files.sync_folder(home)


def remove(home: Path, name: str) -> None:
    """Delete a model."""
    if name not in (known := names(home)):
        raise not_found("model", name, known)
    discard(home / name)


def recover(home: Path) -> None:
    """Finish or undo what a killed run left half done."""
    for folder in home.iterdir():
        target = home / folder.name.removeprefix(_OLD)
        if folder.name.startswith(_OLD) and not target.exists():
            folder.rename(target)
        elif folder.name.startswith((_OLD, _NEW)):
            shutil.rmtree(folder, ignore_errors=True)


def load(home: Path, name: str) -> ModelRecord:
    """Return a model, or raise NotFound."""
    return ModelRecord(name, read_card(home, name), home / name)


def read_card(home: Path, name: str, what: str = "model") -> dict[str, Any]:
    """Return the card of a model, or raise NotFound."""
    if name not in (known := names(home)):
        raise not_found(what, name, known)
    file = home / name / CARD
    try:
        card: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongCollection(f"{file} can't be read ({error}).") from error
    return card


def names(home: Path) -> list[str]:
    """Return the names of the models, sorted."""
    if not home.is_dir():
        return []
    return sorted(
        folder.name
        for folder in home.iterdir()
        if not folder.name.startswith(".") and (folder / CARD).is_file()
    )
