"""Clip art, part (a): does tuning beat frozen vectors? Each layer plan, then the same with an SVM.

The 34 folders of `clipart.py`, told by EfficientNet-Lite0 tuned by each layer plan, first by its
own last layer, then by an SVM on its vectors: the form of work 4's table 3, and of its table 4 for
the classes. "probe" is the network as it is, with a new last layer. All plans of a seed see the
same images in the same three parts (64/16/20, near-duplicates on one side), so the last column
compares image by image.

Two cores are slow: by default pictures are read at a side of 64 pixels (the network was trained at
224), every class gives 30 images, and there are 5 epochs, so that a plan takes a minute. That is no
fair test of plans that need much data; on a graphics card take
``--size 224 --most 1000 --epochs 30``. Every result is kept as a line of ``--results``; the same
command goes on where it stopped, and ``--table`` prints what is there.

    apt-get download openclipart-png && dpkg -x openclipart-png_*.deb clipart
    python benchmarks/clipart_plans.py clipart/usr/share/openclipart/png --results plans.jsonl
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from clipart import TOPS
from PIL import Image

from impasto import flow
from impasto.learn.tune import PRESETS

LEAST = 30
Image.MAX_IMAGE_PIXELS = None  # huge ones are left out by their headers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="openclipart/png of the package")
    parser.add_argument("--results", type=Path, required=True, help="lines of JSON")
    parser.add_argument("--plans", nargs="+", default=list(PRESETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--most", type=int, default=30, help="images of a class")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--then", default="rbf-svm")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    options = parser.parse_args()
    if not options.table:
        with tempfile.TemporaryDirectory() as home:
            pictures = chosen(options.folder, Path(home) / "clipart", options.most)
            with flow.open_collection(Path(home) / "c", create=True) as collection:
                flow.add(collection, pictures, labels="parent")
                flow.embed(collection)
                for seed in range(options.seeds):
                    for plan in options.plans:
                        run(collection, plan, seed, options)
    print(table(read(options.results)))


def chosen(source: Path, target: Path, most: int) -> Path:
    """Copy so many distinct pictures of each folder with enough of them, shrunk to 512 pixels.

    The first ones by digest are taken; shrunk, because they are decoded once more for every plan.
    Pictures of more than 20 megapixels are left out.
    """
    folders: dict[str, dict[str, Path]] = defaultdict(dict)
    for file in sorted(source.rglob("*.png")):
        name = file.parent.relative_to(source).as_posix()
        if name.split("/")[0] in TOPS and file.is_file():
            folders[name][hashlib.sha256(file.read_bytes()).hexdigest()] = file
    for name, files in folders.items():
        if len(files) >= LEAST:
            place = target / name
            place.mkdir(parents=True, exist_ok=True)
            for digest in [each for each in sorted(files) if small(files[each])][:most]:
                with Image.open(files[digest]) as opened:
                    picture = opened.convert("RGBA")
                    picture.thumbnail((512, 512))
                    picture.save(place / f"{digest[:12]}.png", compress_level=1)
    return target


def small(file: Path) -> bool:
    with Image.open(file) as picture:  # reads only the header
        return picture.width * picture.height <= 20_000_000


def run(collection: Any, plan: str, seed: int, options: argparse.Namespace) -> None:
    """Tune by one plan with one seed, unless that was done; keep the line."""
    setting = {"size": options.size, "most": options.most, "epochs": options.epochs}
    done = read(options.results)
    if any((r["plan"], r["seed"], r["setting"]) == (plan, seed, setting) for r in done):
        return
    start = time.perf_counter()
    cpu = time.process_time()
    tuned = flow.tune(
        collection,
        flow.TuneOptions(
            plan=plan,
            seed=seed,
            size=options.size,
            fit="squash",
            epochs=options.epochs,
            batch=32,
            patience=0,
            min_images=LEAST // 2,
            name=f"{plan}-{seed}",
            then=options.then,
        ),
    )
    assert tuned is not None and tuned.then is not None
    line: dict[str, Any] = {"plan": plan, "seed": seed, "setting": setting, "then": options.then}
    for name, taught in (("own", tuned.taught), ("svm", tuned.then)):
        evaluation = taught.evaluation
        answers = evaluation.answers  # type: ignore[union-attr]
        order = np.argsort(answers.ids)
        line[name] = {
            "top1": evaluation.top1.value,  # type: ignore[union-attr]
            "top5": evaluation.top5.value,  # type: ignore[union-attr]
            "right": (answers.order[:, 0] == answers.truth)[order].astype(int).tolist(),
            "classes": {s.label: s.top1.value for s in evaluation.classes},  # type: ignore[union-attr]
        }
    evaluation = tuned.taught.evaluation
    line |= {
        "chance": evaluation.top1.chance,  # type: ignore[union-attr]
        "nearest": evaluation.baselines[0].top1.value,  # type: ignore[union-attr]
        "tested": evaluation.tested,
        "trained": tuned.taught.card["images"],
        "epoch": tuned.taught.card["parameters"]["epoch"],
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
    }
    with options.results.open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    print(plan, seed, f"{line['own']['top1']:.3f} {line['svm']['top1']:.3f}", flush=True)


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


def table(lines: list[dict[str, Any]]) -> str:
    """Write work 4's table 3, and its table 4 for the frozen network and the best plan."""
    base = {line["seed"]: line for line in lines if line["plan"] == "probe"}
    plans = [plan for plan in PRESETS if any(line["plan"] == plan for line in lines)]
    rows = [
        "| layer plan | seeds | top-1 | top-5 | + SVM top-1 | + SVM top-5 "
        "| beside frozen + SVM, points | CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    means: dict[str, float] = {}
    for plan in plans:
        mine = [line for line in lines if line["plan"] == plan]
        values = [
            spread([line[way][k] for line in mine])
            for way in ("own", "svm")
            for k in ("top1", "top5")
        ]
        means[plan] = float(np.mean([line["svm"]["top1"] for line in mine]))
        pairs = [(line, base[line["seed"]]) for line in mine if line["seed"] in base]
        gain = "" if plan == "probe" else paired(pairs)
        seconds = np.mean([line["cpu_seconds"] for line in mine])
        rows.append(f"| {plan} | {len(mine)} | {' | '.join(values)} | {gain} | {seconds:.0f} |")
    if not lines:
        return "nothing yet"
    first = lines[0]
    rows += [
        "",
        f"Chance {first['chance']:.3f}, nearest neighbour of the frozen network at its own size "
        f"{first['nearest']:.3f}; {first['tested']} images tested, {first['trained']} learned from "
        f"(seed {first['seed']}); setting {first['setting']}.",
        "",
    ]
    best = max((plan for plan in plans if plan != "probe"), key=lambda p: means[p], default="probe")
    rows += [f"| class | frozen + SVM | {best} + SVM |", "|---|---|---|"]
    for label in first["svm"]["classes"]:
        each = [
            np.nanmean([line["svm"]["classes"][label] for line in lines if line["plan"] == plan])
            for plan in ("probe", best)
        ]
        rows.append(f"| {label} | {each[0]:.2f} | {each[1]:.2f} |")
    return "\n".join(rows)


def spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" + (
        f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    )


def paired(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Say how much more images were told than by the frozen network, with a 95 % interval."""
    if not pairs:
        return ""
    difference = np.concatenate(
        [np.subtract(a["svm"]["right"], b["svm"]["right"]) for a, b in pairs]
    )
    chance = np.random.default_rng(0)
    picks = chance.integers(0, len(difference), (2000, len(difference)))
    low, high = np.quantile(difference[picks].mean(axis=1), (0.025, 0.975))
    return f"{100 * difference.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


if __name__ == "__main__":
    main()
