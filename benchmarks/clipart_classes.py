"""Clip art, part (a): what tells its classes? Each head on frozen vectors, each layer plan, + SVM.

The 34 folders of `clipart.py`, in the form of work 4's table 3, and of its table 4 for the
classes: first every head on the vectors of EfficientNet-Lite0 as it is, then the network tuned by
each layer plan, told by its own last layer and by an SVM on its vectors. All that bears one seed
sees the same images in the same parts (20 % tested, near-duplicates on one side; of the rest heads
choose inside folds, plans keep a fifth aside), so the differences compare image by image.

Two cores are slow: by default every class gives 40 images, and plans read pictures at a side of 96
pixels (the network was trained at 224, and heads stay there), for 6 epochs, so that a plan takes a
minute. "probe" is the network as it is at that size, with a new last layer. On a graphics card
take ``--size 224 --most 1000 --epochs 30``. Every result is kept as a line of ``--results``; the
same command goes on where it stopped, and ``--table`` prints what is there.

    apt-get download openclipart-png && dpkg -x openclipart-png_*.deb clipart
    python benchmarks/clipart_classes.py clipart/usr/share/openclipart/png --results classes.jsonl
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
from impasto.learn import METHODS, Evaluation
from impasto.learn.tune import PRESETS

LEAST = 30
Image.MAX_IMAGE_PIXELS = None  # huge ones are left out by their headers

KEYS = ("head", "plan", "seed", "setting")
Line = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="openclipart/png of the package")
    parser.add_argument("--results", type=Path, required=True, help="lines of JSON")
    parser.add_argument("--heads", nargs="*", default=list(METHODS))
    parser.add_argument("--plans", nargs="*", default=list(PRESETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--size", type=int, default=96, help="side of the pictures plans see")
    parser.add_argument("--most", type=int, default=40, help="images of a class")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--then", default="rbf-svm")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    options = parser.parse_args()
    if not options.table:
        with tempfile.TemporaryDirectory() as home:
            pictures = chosen(options.folder, Path(home) / "clipart", options.most)
            with flow.open_collection(Path(home) / "c", create=True) as collection:
                flow.add(collection, pictures, labels="parent")
                plain = flow.embed(collection, flow.EmbedOptions(fit="squash"))
                for seed in range(options.seeds):
                    for head in options.heads:
                        teach(collection, plain.spaces[0].name, head, seed, options)
                for seed in range(options.seeds):
                    for plan in options.plans:
                        tune(collection, plan, seed, options)
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


def teach(collection: Any, space: str, head: str, seed: int, options: argparse.Namespace) -> None:
    """Learn one head on the plain vectors with one seed, unless that was done."""
    line: Line = {"head": head, "seed": seed, "setting": {"most": options.most}}
    if known(line, options.results):
        return
    start, cpu = time.perf_counter(), time.process_time()
    taught = flow.learn(
        collection,
        flow.LearnOptions(
            method=head, space=space, seed=seed, min_images=LEAST // 2, name=f"{head}-{seed}"
        ),
    )
    keep(line | {"svm": told(taught)} | about(taught) | spent(start, cpu), options.results)


def tune(collection: Any, plan: str, seed: int, options: argparse.Namespace) -> None:
    """Tune by one plan with one seed, unless that was done."""
    setting = {"size": options.size, "most": options.most, "epochs": options.epochs}
    line: Line = {"plan": plan, "seed": seed, "setting": setting, "then": options.then}
    if known(line, options.results):
        return
    start, cpu = time.perf_counter(), time.process_time()
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
    line |= {"own": told(tuned.taught), "svm": told(tuned.then)} | about(tuned.taught)
    line["epoch"] = tuned.taught.card["parameters"]["epoch"]
    keep(line | spent(start, cpu), options.results)


def told(taught: flow.Taught) -> Line:
    """Return what a model told of the tested images, in the order of their numbers."""
    evaluation = taught.evaluation
    assert isinstance(evaluation, Evaluation)
    answers = evaluation.answers
    order = np.argsort(answers.ids)
    return {
        "top1": evaluation.top1.value,
        "top5": evaluation.top5.value,
        "ids": answers.ids[order].tolist(),
        "right": (answers.order[:, 0] == answers.truth)[order].astype(int).tolist(),
        "classes": {score.label: score.top1.value for score in evaluation.classes},
    }


def about(taught: flow.Taught) -> Line:
    """Return what there was to tell."""
    evaluation = taught.evaluation
    assert isinstance(evaluation, Evaluation)
    return {
        "chance": evaluation.top1.chance,
        "nearest": evaluation.baselines[0].top1.value,
        "tested": evaluation.tested,
        "trained": taught.card["images"],
    }


def spent(start: float, cpu: float) -> Line:
    return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}


def known(line: Line, results: Path) -> bool:
    return any(all(old.get(key) == line.get(key) for key in KEYS) for old in read(results))


def keep(line: Line, results: Path) -> None:
    with results.open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    print(line.get("head") or line["plan"], line["seed"], f"{line['svm']['top1']:.3f}", flush=True)


def read(file: Path) -> list[Line]:
    """Return the lines kept, each once even when two runs wrote it."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    return list({tuple(str(line.get(key)) for key in KEYS): line for line in lines}.values())


def table(lines: list[Line]) -> str:
    """Write work 4's table 3, and its table 4 for the frozen vectors and the best plan."""
    if not lines:
        return "nothing yet"
    heads = [head for head in METHODS if any(line.get("head") == head for line in lines)]
    plans = [plan for plan in PRESETS if any(line.get("plan") == plan for line in lines)]
    rows = [
        "| what tells | seeds | top-1 | top-5 | beside, points | CPU s |",
        "|---|---|---|---|---|---|",
    ]
    radial = of(lines, "head", "rbf-svm")
    rows += [row(f"frozen + {head}", "svm", of(lines, "head", head), radial) for head in heads]
    frozen = of(lines, "plan", "probe")
    for plan in plans:
        for way, name in (("own", plan), ("svm", f"{plan} + SVM")):
            rows.append(row(name, way, of(lines, "plan", plan), frozen))
    first = lines[0]
    rows += [
        "",
        f"Chance {first['chance']:.3f}, nearest neighbour {first['nearest']:.3f}; "
        f"{first['tested']} images tested, {first['trained']} learned from (seed {first['seed']}).",
        "",
    ]
    if len(plans) > 1:
        rows += by_class(of(lines, "plan", "probe"), lines, plans)
    return "\n".join(rows)


def of(lines: list[Line], kind: str, name: str) -> list[Line]:
    return [line for line in lines if line.get(kind) == name]


def row(name: str, way: str, mine: list[Line], base: list[Line]) -> str:
    """Write one row; what stands beside is the SVM of the lines in `base`."""
    values = [spread([line[way][k] for line in mine]) for k in ("top1", "top5")]
    of_seed = {line["seed"]: line for line in base}
    pairs = [(line[way], of_seed[line["seed"]]["svm"]) for line in mine if line["seed"] in of_seed]
    gain = "" if all(a is b for a, b in pairs) else paired(pairs)
    seconds = np.mean([line["cpu_seconds"] for line in mine])
    return f"| {name} | {len(mine)} | {' | '.join(values)} | {gain} | {seconds:.0f} |"


def by_class(frozen: list[Line], lines: list[Line], plans: list[str]) -> list[str]:
    """Write the rows of work 4's table 4: the classes by frozen vectors and by the best plan."""
    means = {p: np.mean([line["svm"]["top1"] for line in of(lines, "plan", p)]) for p in plans}
    best = max((plan for plan in plans if plan != "probe"), key=lambda plan: means[plan])
    rows = [f"| class | frozen + SVM | {best} + SVM |", "|---|---|---|"]
    for label in sorted({label for line in frozen for label in line["svm"]["classes"]}):
        each = [
            np.nanmean([line["svm"]["classes"].get(label, np.nan) for line in group])
            for group in (frozen, of(lines, "plan", best))
        ]
        rows.append(f"| {label} | {each[0]:.2f} | {each[1]:.2f} |")
    return rows


def spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" + (
        f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    )


def paired(pairs: list[tuple[Line, Line]]) -> str:
    """Say how many more images were told, with a 95 % interval over images.

    An image that several seeds tested is drawn as one.
    """
    ids = np.concatenate([ours["ids"] for ours, _ in pairs])
    difference = np.concatenate([np.subtract(a["right"], b["right"]) for a, b in pairs])
    images, codes = np.unique(ids, return_inverse=True)
    totals = np.bincount(codes, difference, len(images))
    counts = np.bincount(codes, minlength=len(images))
    picks = np.random.default_rng(0).integers(0, len(images), (2000, len(images)))
    means = totals[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{100 * difference.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


if __name__ == "__main__":
    main()
