"""What the tests of the whole house share: pictures, the command line, what it said."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.cli.main import run

LABELS = ("checks", "discs", "stripes")


def draw(folder: Path, n: int = 8, *, labels: Sequence[str] = LABELS, seed: int = 0) -> Path:
    """Write `n` small pictures a class, no two alike, into a folder per class."""
    chance = np.random.default_rng(seed)
    for label in labels:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(n):
            _drawn(label, chance).save(folder / label / f"{number:02}.png")
    return folder


def _drawn(label: str, chance: np.random.Generator) -> Image.Image:
    width, height, step = (int(x) for x in chance.integers((90, 90, 6), (160, 160, 16)))
    paper, ink = (tuple(int(x) for x in chance.integers(0, 256, 3)) for _ in range(2))
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    if label == "discs":
        x, y, r = (int(x) for x in chance.integers((40, 40, 20), (60, 60, 40)))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    elif label == "stripes":
        for x in range(0, width + height, 2 * step):
            pen.line((x, 0, x - height, height), fill=ink, width=step)
    else:
        for x in range(0, width, step):
            for y in range(x // step % 2 * step, height, 2 * step):
                pen.rectangle((x, y, x + step - 1, y + step - 1), fill=ink)
    return picture


@dataclass(frozen=True)
class Said:
    """What a command line gave back."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The one JSON object on standard output; anything beside it fails."""
        assert self.code == 0, self.err
        data = json.loads(self.out, parse_constant=_refuse)
        assert isinstance(data, dict), self.out
        assert self.out.count("\n") == 1, self.out
        return data

    @property
    def sentence(self) -> str:
        """The one line that says why it failed; a traceback or anything on stdout fails."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err, self.err
        *progress, last = self.err.splitlines()
        assert last.startswith("impasto: "), self.err
        assert not any(line.startswith("impasto: ") for line in progress), self.err
        assert "Error" not in last, last
        assert "Errno" not in last, last
        return last.removeprefix("impasto: ")


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def impasto(*words: object) -> Said:
    """Run a command line in this process, which has loaded torch already."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def program(*words: object) -> list[str]:
    """Return how to run a command line in a process of its own."""
    return [sys.executable, "-c", "from impasto.cli import main; main()", *map(str, words)]


def process(*words: object, **options: Any) -> Said:
    """Run a command line in a process of its own, and wait for it."""
    done = subprocess.run(program(*words), **{"capture_output": True, "text": True, **options})
    return Said(done.returncode, done.stdout, done.stderr)


def as_anyone() -> list[str]:
    """Return what to put before a program so that permissions count, also for root."""
    if os.name != "posix" or os.geteuid() != 0:
        return []
    assert shutil.which("setpriv"), "run these tests as another user than root"
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def vectors_on_disk(collection: Path) -> dict[str, bytes]:
    """Return every byte below ``spaces/``."""
    folder = collection / "spaces"
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@dataclass(frozen=True)
class Own:
    """A network with weights of its own."""

    network: str
    file: Path

    @property
    def words(self) -> list[str]:
        """Options of the command line."""
        return ["--network", self.network, "--weights", str(self.file)]


def own_weights(
    folder: Path, *, seed: int = 0, classes: int = 5, ending: str = "safetensors"
) -> Own:
    """Invent weights for a tiny network of timm, as a user would have trained them."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    network = timm.create_model("test_efficientnet", num_classes=classes).train()
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = None  # take the statistics as they are: the network then sees something
    with torch.no_grad():
        network(torch.nn.functional.interpolate(torch.randn(8, 3, 12, 12), size=160))
    state = network.state_dict()
    file = folder / f"own-{seed}.{ending}"
    if ending == "safetensors":
        save_file(state, file)
    else:
        torch.save(state, file)
    return Own("timm/test_efficientnet", file)


def assert_same(ours: NDArray[np.floating[Any]], theirs: NDArray[np.floating[Any]]) -> None:
    """Check that vectors agree, measured by how much those of different images differ."""
    spread = np.linalg.norm(theirs - theirs.mean(axis=0), axis=1).mean()
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours - theirs, axis=1).max() < 0.02 * spread
    assert len(ours) < 2 or np.linalg.norm(ours - theirs[::-1], axis=1).max() > 0.5 * spread
