"""A made-up collection of any size, in minutes: for benchmarks, and to see what a million is like.

    python benchmarks/synthetic.py /tmp/million --images 1000000
    impasto open /tmp/million/pictures.impasto

It is a true collection, written through the store: every image has a file, a thumbnail, facts, a
vector, mostly a label, tags and properties; a few are broken. Only two things are not real. The
files are hard links to a few thousand drawings, so that a million of them take no room (their
content hashes are equal, and `learn` rightly takes them for copies). And the vectors are drawn
from clusters instead of being computed: they sit in the space of EfficientNet-Lite0 (so that
`impasto open` finds nothing left to embed), but no picture was looked at.

Labels, tags and makers are skewed as in the wild (Zipf): the commonest of 120 labels has about a
fifth of all images, the rarest a handful. Tags belong to clusters, with noise. Vectors are
rectified and have about 64 dimensions of their own, as those of a network have far fewer than
their length; two random images have a cosine of about 0.4.
"""

from __future__ import annotations

import argparse
import colorsys
import hashlib
import io
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto import flow
from impasto.core.records import About, Facts, Flag, Found, Split
from impasto.core.space import Space
from impasto.store import Collection, SourceRecord

LABELS, TAGS, MAKERS = 120, 400, 2000
CLUSTERS = 5  # per label
LATENT = 64
BROKEN = 2000  # one image in so many
BATCH = 10_000
SYLLABLES = [a + b for a in "bcdfglmnprst" for b in "aeiou"]


@dataclass(frozen=True)
class Drawing:
    """A picture that many images share."""

    file: Path
    facts: Facts
    thumbnail: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Plan:
    """What every image is: drawn once, the same for the same seed and number of images."""

    label: NDArray[np.int64]  # (n,)
    cluster: NDArray[np.int64]  # (n,), of all clusters
    drawing: NDArray[np.int64]  # (n,)
    maker: NDArray[np.int64]  # (n,)
    year: NDArray[np.int64]  # (n,)
    broken: NDArray[np.bool_]  # (n,)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--drawings", type=int, default=2400)
    parser.add_argument(
        "--dimension", type=int, help="of a made-up space, instead of EfficientNet-Lite0's"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    path = make(
        options.folder,
        options.images,
        drawings=options.drawings,
        dimension=options.dimension,
        seed=options.seed,
    )
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    print(f"{path}: {size / 1e9:.2f} GB in {time.monotonic() - began:.0f} s")


def make(
    folder: Path, n: int, *, drawings: int = 2400, dimension: int | None = None, seed: int = 0
) -> Path:
    """Make a collection of `n` images below a new folder; return its path."""
    folder.mkdir(parents=True)
    root = folder / "pictures"
    drawn = [draw(folder / "drawings", number) for number in range(min(drawings, max(n, 1)))]
    print(f"{len(drawn):,} drawings")
    what = plan(n, len(drawn), seed)
    with Collection.create(folder / "pictures.impasto") as collection:
        collection.record(
            found(root, what, drawn, seed), root=root, prune=True, hash_file=lambda _: b""
        )
        collection.remember_source(SourceRecord(root, "none"))
        print(f"{n:,} files listed")
        space = (
            flow.open_engine(flow.EmbedOptions()).spaces[0]
            if dimension is None
            else Space("synthetic", "clusters", dimension, "0" * 64)
        )
        fill(collection, space, what, drawn, seed)
    return collection.path


def draw(folder: Path, number: int) -> Drawing:
    """Draw a shape for the label and a colour for the cluster, with something of its own."""
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng([7, number])
    cluster = number % (LABELS * CLUSTERS)
    hue, kind = cluster % CLUSTERS, cluster // CLUSTERS
    width, height = [(640, 480), (480, 640), (640, 640), (640, 360)][int(chance.integers(4))]
    paper = colour(hue / CLUSTERS + kind / LABELS, 0.2, 0.9)
    ink = colour(hue / CLUSTERS + kind / LABELS + 0.5, 0.8, 0.6)
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    for _ in range(1 + kind % 4):
        radius = int(chance.integers(45, 90))
        x, y = (int(chance.integers(radius, side - radius)) for side in (width, height))
        if kind % 3 == 0:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        else:
            pen.regular_polygon((x, y, radius), 2 + kind % 3 + kind % 5, fill=ink)
    file = folder / f"{number:05}.jpg"
    picture.save(file, quality=85)
    small = io.BytesIO()
    picture.thumbnail((256, 256))
    picture.save(small, "JPEG", quality=80)
    data, state = file.read_bytes(), file.stat()
    facts = Facts(hashlib.sha256(data).digest(), len(data), width, height, "JPEG")
    return Drawing(file, facts, small.getvalue(), state.st_size, state.st_mtime_ns)


def colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def plan(n: int, drawings: int, seed: int) -> Plan:
    """Decide what every image is."""
    rng = np.random.default_rng([seed, 0])
    label = zipf(rng, LABELS, n)
    cluster = label * CLUSTERS + rng.integers(0, CLUSTERS, n)
    turns = max(1, drawings // (LABELS * CLUSTERS))
    return Plan(
        label,
        cluster,
        (cluster + LABELS * CLUSTERS * rng.integers(0, turns, n)) % drawings,
        zipf(rng, MAKERS, n),
        2025 - rng.gamma(2, 18, n).astype(np.int64),
        rng.integers(0, BROKEN, n) == 0,
    )


def zipf(rng: np.random.Generator, kinds: int, n: int) -> NDArray[np.int64]:
    """Draw kinds, the k-th one 1/k as often as the first."""
    share = 1 / np.arange(1, kinds + 1)
    return rng.choice(kinds, n, p=share / share.sum())


def word(number: int, salt: int) -> str:
    """Make a word up."""
    rest, text = number * 37 + salt * 101 + 300, ""
    while rest:
        rest, syllable = divmod(rest, len(SYLLABLES))
        text += SYLLABLES[syllable]
    return text


def found(root: Path, what: Plan, drawn: list[Drawing], seed: int) -> Iterator[Found]:
    """Link the files of all images and say what a table would say about them."""
    rng = np.random.default_rng([seed, 1])
    labels = [word(number, 1) for number in range(LABELS)]
    tags = [word(number, 2) for number in range(TAGS)]
    makers = [f"{word(number, 3)} {word(number, 4)}".title() for number in range(MAKERS)]
    splits: list[Split] = ["train"] * 8 + ["validation", "test"]
    usual = rng.integers(0, TAGS, (LABELS * CLUSTERS, 3))
    for name in labels:
        (root / name).mkdir(parents=True)
    for begin in range(0, len(what.label), BATCH):
        some = range(begin, min(begin + BATCH, len(what.label)))
        has = rng.random((len(some), 3)) < (0.8, 0.5, 0.2)
        odd = zipf(rng, TAGS, 2 * len(some)).reshape(-1, 2)
        few = rng.integers(0, 3, len(some))
        labelled = rng.random(len(some)) < 0.9
        side = rng.integers(0, 10, len(some))
        score = rng.normal(0, 1, len(some)).round(4) + what.label[some] / 40
        for at, image in enumerate(some):
            label, drawing = labels[what.label[image]], drawn[what.drawing[image]]
            path = f"{label}/{image:07}.jpg"
            os.link(drawing.file, root / path)
            own = [*usual[what.cluster[image]][has[at]], *odd[at, : few[at]]]
            yield Found(
                root,
                path,
                drawing.size,
                drawing.mtime_ns,
                About(
                    label if labelled[at] else None,
                    tuple(dict.fromkeys(tags[tag] for tag in own)),
                    splits[side[at]],
                    {
                        "year": int(what.year[image]),
                        "score": float(score[at]),
                        "maker": makers[what.maker[image]],
                        "published": bool(side[at] % 2),
                    },
                ),
            )


def fill(collection: Collection, space: Space, what: Plan, drawn: list[Drawing], seed: int) -> None:
    """Save facts, thumbnails and vectors of all images."""
    n, d = len(what.label), space.dimension
    rng = np.random.default_rng([seed, 2])
    centres = np.repeat(rng.standard_normal((LABELS, LATENT)), CLUSTERS, axis=0)
    centres = centres + 0.8 * rng.standard_normal(centres.shape)
    spread = (0.97 ** np.arange(LATENT)).astype(np.float32)
    out = rng.standard_normal((LATENT, d)).astype(np.float32) / np.sqrt(LATENT)
    bent = Facts(b"", 0, 0, 0, "", (Flag("broken", "The file ends before its picture begins."),))
    with collection.writing(space) as writing:
        for begin in range(0, n, BATCH):
            some = np.arange(begin, min(begin + BATCH, n))
            ids = some + 1  # the store counts from 1 in the order in which images were found
            usable = ~what.broken[some]
            latent = rng.standard_normal((len(some), LATENT), np.float32) * spread
            latent += centres[what.cluster[some]].astype(np.float32)
            values = np.maximum(latent @ out + 0.2, 0)
            pictures = [drawn[which] for which in what.drawing[some]]
            writing.save(
                [
                    (image, one.facts, one.thumbnail) if good else (image, bent, None)
                    for image, one, good in zip(
                        ids.tolist(), pictures, usable.tolist(), strict=True
                    )
                ],
                ids[usable],
                [values[usable]],
            )
            if begin % (20 * BATCH) == 0:
                print(f"{begin + len(some):,} filled")


if __name__ == "__main__":
    main()
