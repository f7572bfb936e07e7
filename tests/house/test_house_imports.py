"""What a plain import and the quick commands load."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fixtures import Gallery
from kit import process

from impasto import __version__
from impasto.cli.main import COMMANDS

HEAVY = {"torch", "torchvision", "timm", "openvino", "sklearn", "scipy", "pandas", "pyarrow"}
HEAVY |= {"numba", "openTSNE", "umap"}
LIGHT = {"numpy", "PIL", "llvmlite", "fastapi", "jinja2", "safetensors", "huggingface_hub"}


def loaded(program: str) -> set[str]:
    """Return the packages that a program has loaded at its end."""
    tail = "\nimport sys; sys.stderr.write(' '.join({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", program + tail], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def command(*words: object) -> str:
    return f"from impasto.cli.main import run; assert run({[str(word) for word in words]}) == 0"


def test_the_package() -> None:
    assert not loaded("import impasto; impasto.__version__") & (HEAVY | LIGHT | {"click"})


@pytest.mark.parametrize(
    "room", ["collect", "store", "explore", "networks", "embed", "curate", "learn", "flow", "serve"]
)
def test_the_rooms(room: str) -> None:
    assert not loaded(f"import impasto.{room}") & HEAVY


def test_version_and_help() -> None:
    assert not loaded(command("--version")) & (HEAVY | LIGHT)
    assert not loaded(command("--help")) & (HEAVY | LIGHT)
    program = "\n".join(command(name, "--help") for name in COMMANDS)
    assert not loaded(program) & (HEAVY | LIGHT)


def test_looking_at_a_collection(gallery: Gallery) -> None:
    program = "\n".join(
        command(*words)
        for words in (["status", gallery.path], ["find", gallery.path, 1], ["networks"])
    )
    assert not loaded(program) & HEAVY


def test_version() -> None:
    assert process("--version").out == f"impasto {__version__}\n"
