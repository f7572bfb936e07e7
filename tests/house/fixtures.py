"""Fixtures of the rooms that test the whole house; tests/conftest.py offers them to all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kit import LABELS, Own, draw, impasto, own_weights
from towers import two_towers

CACHES = {
    "IMPASTO_CACHE": "cache",
    "IMPASTO_DATA": "data",
    "TORCH_HOME": "torch",
    "HF_HOME": "huggingface",
    "XDG_CACHE_HOME": "xdg",
}


@dataclass(frozen=True)
class Gallery:
    """A folder of 24 pictures in three classes; its collection, embedded, with a model.

    Pictures of discs have the tag "round", all others the tag "angular".
    """

    pictures: Path
    path: Path

    def copy(self, folder: Path) -> Gallery:
        """Copy both into another folder, for a test that changes them."""
        for part in (self.pictures, self.path):
            shutil.copytree(part, folder / part.name)
        return Gallery(folder / self.pictures.name, folder / self.path.name)


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return environment variables that keep the caches of this machine out of the tests."""
    home = tmp_path_factory.mktemp("home")
    return {variable: str(home / name) for variable, name in CACHES.items()}


@pytest.fixture(scope="module", autouse=True)
def elsewhere(caches: dict[str, str]) -> Iterator[None]:
    """Use those caches in the tests of every room."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, folder in caches.items():
            patch.setenv(variable, folder)
        yield


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory, caches: dict[str, str]) -> Gallery:
    """Return a gallery that no test may change."""
    pictures = draw(tmp_path_factory.mktemp("gallery") / "shapes")
    for label in LABELS:
        for number in range(8):
            tag = "round" if label == "discs" else "angular"
            (pictures / label / f"{number:02}.txt").write_text(f"{tag}, drawn")
    path = pictures.with_suffix(".impasto")
    with pytest.MonkeyPatch.context() as patch:
        for variable, folder in caches.items():
            patch.setenv(variable, folder)
        for words in (["add", path, pictures], ["embed", path], ["learn", path]):
            said = impasto(*words)
            assert said.code == 0, said.err
    return Gallery(pictures, path)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    """Return a tiny network with weights of its own: quicker than the default one."""
    return own_weights(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="session")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Own:
    """Return a tiny network that knows words, with weights of its own."""
    return two_towers(tmp_path_factory.mktemp("towers"))
